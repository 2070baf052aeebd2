/**
 * The keys of the bot's own tables: PRIMARY KEY, UNIQUE, unique indexes. A table that somebody
 * rebuilt without them ("copy table" of a database browser) has every row and every column, and
 * still takes none of the bot's writes, or takes a row twice.
 */
import { type Query, sql } from './database.ts';
import { migrations } from './migrations/all-migrations.ts';
import { ownSchema } from './own-tables.ts';

/** Table -> keys, all in lower case: columns in the order of the alphabet; see {@link keyOf}. */
export type Keys = ReadonlyMap<string, ReadonlySet<string>>;

export interface KeyPart {
  readonly table: string;
  /** Of the index; of a primary key, anything that no index is called. */
  readonly key: string;
  readonly column: string;
  readonly mark: Mark;
}

/**
 * ` where`: of some rows only. ` rowid`: SQLite numbers new rows. ` text`: no key, but a column
 * that keeps numbers as texts.
 */
export type Mark = '' | ' where' | ' rowid' | ' text';

/** `anime_code, part_number`, and the mark. */
function keyOf(parts: readonly Omit<KeyPart, 'table' | 'key'>[]): string {
  const columns = parts.map(({ column }) => column).toSorted();
  return `${columns.join(', ')}${parts[0]?.mark ?? ''}`;
}

export function keysOf(parts: readonly KeyPart[]): Keys {
  const keys = new Map<string, Set<string>>();
  for (const group of Map.groupBy(parts, ({ table, key }) => `${table}\n${key}`).values()) {
    const [{ table } = { table: '' }] = group;
    keys.set(table, (keys.get(table) ?? new Set()).add(keyOf(group)));
  }
  return keys;
}

const COLUMN =
  /(?:^ {2}|^CREATE TABLE \w+ \()"?([a-z_]+)"? [^\n]*?\b(INTEGER PRIMARY KEY|PRIMARY KEY|UNIQUE)\b/gm;
const CONSTRAINT = /^ {2}(?:PRIMARY KEY|UNIQUE) \(([^)]+)\)/gm;
const INDEX = /^CREATE UNIQUE INDEX \w+ ON (\w+) \(([^)]+)\)( WHERE)?/;

/** What the first `version` steps make. */
export function ownKeys(version: number): Keys {
  const keys = new Map<string, Set<string>>();
  const add = (table: string, columns: string, mark = ''): void => {
    const sorted = columns.split(/,\s*/).toSorted().join(', ');
    keys.set(table, (keys.get(table) ?? new Set()).add(`${sorted}${mark}`));
  };
  for (const text of migrations.slice(0, version).flatMap(({ up }) => up(new Map()))) {
    const [, table] = /^CREATE TABLE (\w+)/.exec(text) ?? [];
    const [, of, columns = '', where] = INDEX.exec(text) ?? [];
    if (of !== undefined) add(of, columns, where === undefined ? '' : ' where');
    if (table === undefined) continue;
    for (const [, column = '', what = ''] of text.matchAll(COLUMN))
      add(table, column, what.startsWith('INTEGER') ? ' rowid' : '');
    for (const [, constraint = ''] of text.matchAll(CONSTRAINT)) add(table, constraint);
  }
  return keys;
}

const MARK = / (?:where|rowid)$/;

export interface LostKey {
  readonly table: string;
  readonly finding: string;
}

/** Of the tables `there`, those whose keys are gone. */
export function lostKeys(found: Keys, there: (table: string) => boolean, version: number): LostKey[] {
  const { tables } = ownSchema(version);
  return [...ownKeys(version)].flatMap(([table, keys]) => {
    if (!there(table)) return [];
    // A column of a later step may have been an old bot's, of another type.
    const texts = (tables.get(table) ?? [])
      .filter(({ definition, isLater }) => !isLater && /^INTEGER\b/.test(definition))
      .map(({ name }) => name)
      .filter((column) => found.get(table)?.has(`${column} text`));
    if (texts.length > 0)
      return [{ table, finding: `table ${table} keeps texts where numbers belong (${texts.join(', ')})` }];
    const lost = [...keys].filter((key) => found.get(table)?.has(key) !== true);
    const named = lost.map((key) => `(${key.replace(MARK, '')})`);
    const key = named.length > 1 ? 'keys' : 'key';
    return lost.length === 0
      ? []
      : [{ table, finding: `table ${table} lacks its ${key} ${named.join(', ')}` }];
  });
}

/** The column is a key or a part of one; names in lower case. */
export function tellsRowsApart(keys: Keys, table: string, column: string): boolean {
  const parts = (key: string): string[] => key.replace(MARK, '').split(', ');
  return [...(keys.get(table) ?? [])].some((key) => !key.endsWith(' text') && parts(key).includes(column));
}

/** No name of ours has others, and libsql ends the process over one that is not UTF-8. */
export const ASCII = "NOT GLOB '*[^ -~]*'";

const MARKS: readonly Mark[] = ['', ' where', ' rowid', ' text'];

/** Affinity TEXT (https://sqlite.org/datatype3.html#determination_of_column_affinity). */
export function keepsText(declaredType: string): boolean {
  return !/INT/i.test(declaredType) && /CHAR|CLOB|TEXT/i.test(declaredType);
}
const KEEPS_TEXT =
  "c.type NOT LIKE '%INT%' AND (c.type LIKE '%CHAR%' OR c.type LIKE '%CLOB%' OR c.type LIKE '%TEXT%')";

export const existingKeys: Query<Keys> = {
  ...sql(
    `SELECT lower(t.name) AS "table", '' AS "key", lower(c.name) AS "column",
       CASE WHEN upper(c.type) = 'INTEGER' AND (SELECT COUNT(*) FROM pragma_table_info(t.name) WHERE pk > 0) = 1
         AND NOT EXISTS (SELECT 1 FROM pragma_index_list(t.name) WHERE origin = 'pk') THEN ' rowid' ELSE '' END AS mark
     FROM sqlite_schema AS t, pragma_table_info(t.name) AS c WHERE t.type = 'table' AND t.rootpage <> 0 AND c.pk > 0
       AND t.name ${ASCII} AND c.name ${ASCII}
     UNION ALL
     SELECT lower(t.name), 'index ' || i.seq, CASE WHEN c.name ${ASCII} THEN lower(c.name) ELSE '' END,
       CASE WHEN i.partial THEN ' where' ELSE '' END
     FROM sqlite_schema AS t, pragma_index_list(t.name) AS i, pragma_index_info(i.name) AS c
     WHERE t.type = 'table' AND t.rootpage <> 0 AND i."unique" = 1 AND i.origin <> 'pk'
       AND t.name ${ASCII}
     UNION ALL
     SELECT lower(t.name), ' text ' || c.cid, lower(c.name), ' text'
     FROM sqlite_schema AS t, pragma_table_info(t.name) AS c WHERE t.type = 'table' AND t.rootpage <> 0
       AND ${KEEPS_TEXT} AND t.name ${ASCII} AND c.name ${ASCII}`,
  ),
  parse: (rows) =>
    keysOf(
      rows.map((row) => ({
        table: row.text('table'),
        key: row.text('key'),
        column: row.text('column'),
        mark: MARKS.find((mark) => mark === row.text('mark')) ?? '',
      })),
    ),
};
