/** The SQL of an import, from staged rows to merged ones. Pure: the same text runs on a file and on a server. */
import { quoteName } from '../snapshot/sql-tokens.ts';
import { IMPORT_TABLES, type ImportTable } from './tables.ts';

/** Whose staged rows these are; gone once they are merged, so that a lost answer can be told from a lost question. */
export const IMPORT_CONTROL = 'importing_control';

/** A column of the living table. */
export interface LocalColumn {
  readonly name: string;
  readonly declaredType: string;
  readonly notNull: boolean;
  readonly defaultValue: string | null;
}

export interface StagedImport {
  readonly spec: ImportTable;
  /** `importing_anime` */
  readonly staging: string;
  /** Living columns that a file may fill. */
  readonly columns: readonly LocalColumn[];
}

/** Columns beside the living ones' that references of the file are resolved with. */
const OWN_COLUMNS = ['c_id', 'c_code', 'c_chat', 'c_anime_id', 'c_group_id'];

export type Preference = 'newer' | 'file' | 'database';

/** Tables of the living database that an import can fill. */
export function planStaging(local: ReadonlyMap<string, readonly LocalColumn[]>): StagedImport[] {
  return IMPORT_TABLES.flatMap((spec) => {
    const columns = local.get(spec.name);
    if (columns === undefined) return [];
    return [
      {
        spec,
        staging: `importing_${spec.name}`,
        columns: columns.filter(({ name }) => !spec.skip.includes(name)),
      },
    ];
  });
}

export function stagedColumns({ columns }: StagedImport): string[] {
  return [...new Set([...columns.map(({ name }) => `c_${name}`), ...OWN_COLUMNS])];
}

/** No types: values stay as they came. `verdict` says why a row is refused; `twin` marks a repeated event. */
export function createStaging(staged: StagedImport): string[] {
  const columns = stagedColumns(staged).map(quoteName).join(', ');
  return [
    `CREATE TABLE IF NOT EXISTS ${staged.staging} (n INTEGER PRIMARY KEY, place TEXT, verdict TEXT, twin INTEGER NOT NULL DEFAULT 0, ${columns})`,
  ];
}

/** References of the file resolved, faults named. Works on staged rows only and changes nothing when run again. */
export function judge(all: readonly StagedImport[]): string[] {
  const has = (name: string): boolean => all.some(({ spec }) => spec.name === name);
  const known = new Set(all.map(({ spec }) => spec.name));
  const refuse = (table: string, when: string, why: string): string[] =>
    has(table)
      ? [`UPDATE importing_${table} AS s SET verdict = ${why} WHERE verdict IS NULL AND ${when}`]
      : [];
  const statements = [
    'CREATE INDEX IF NOT EXISTS importing_anime_by_code ON importing_anime (c_code)',
    'CREATE INDEX IF NOT EXISTS importing_anime_by_id ON importing_anime (c_id)',
    'CREATE INDEX IF NOT EXISTS importing_groups_by_id ON importing_groups (c_id)',
    'CREATE INDEX IF NOT EXISTS importing_groups_by_chat ON importing_groups (c_group_id)',
    'CREATE INDEX IF NOT EXISTS importing_users_by_id ON importing_users (c_user_id)',
    ...refuse(
      'anime',
      `typeof(s.c_code) <> 'integer' OR s.c_code NOT BETWEEN 1 AND 999999`,
      `'code ' || s.c_code || ' is not from 1 to 999999'`,
    ),
  ];
  const animeExists = (code: string): string =>
    `(EXISTS (SELECT 1 FROM importing_anime AS a WHERE a.c_code = ${code} AND a.verdict IS NULL) OR EXISTS (SELECT 1 FROM anime AS a WHERE a.code = ${code}))`;
  for (const table of ['favourites', 'follows', 'watch_progress', 'anime_views'].filter(has))
    statements.push(
      `UPDATE importing_${table} AS s SET c_code = (SELECT a.c_code FROM importing_anime AS a WHERE a.c_id = s.c_anime_id AND a.verdict IS NULL LIMIT 1)`,
      `UPDATE importing_${table} AS s SET verdict = 'anime ' || COALESCE(s.c_anime_id, 'without number') || ' is not in the file' WHERE verdict IS NULL AND c_code IS NULL`,
    );
  statements.push(
    ...refuse(
      'anime_parts',
      `NOT ${animeExists('s.c_anime_code')}`,
      `'no anime has the code ' || s.c_anime_code`,
    ),
    ...refuse(
      'anime_groups',
      `NOT ${animeExists('s.c_anime_code')}`,
      `'no anime has the code ' || s.c_anime_code`,
    ),
    ...numberParts(),
  );
  if (has('anime_groups'))
    statements.push(
      `UPDATE importing_anime_groups AS s SET c_chat = COALESCE(
         (SELECT g.c_group_id FROM importing_groups AS g WHERE g.c_id = s.c_group_id AND g.verdict IS NULL LIMIT 1),
         (SELECT g.c_group_id FROM importing_groups AS g WHERE g.c_group_id = s.c_group_id AND g.verdict IS NULL LIMIT 1))`,
      `UPDATE importing_anime_groups SET verdict = 'group ' || c_group_id || ' is not in the file' WHERE verdict IS NULL AND c_chat IS NULL`,
    );
  // A viewer whom only his history names: his row is nothing but his id.
  for (const table of ['user_history', 'favourites', 'follows', 'watch_progress'].filter(has))
    statements.push(
      `INSERT INTO importing_users (place, c_user_id)
       SELECT MIN(s.place), s.c_user_id FROM importing_${table} AS s WHERE s.verdict IS NULL
         AND NOT EXISTS (SELECT 1 FROM importing_users AS u WHERE u.c_user_id = s.c_user_id)
         AND NOT EXISTS (SELECT 1 FROM users AS u WHERE u.user_id = s.c_user_id) GROUP BY s.c_user_id`,
    );
  for (const staged of all) statements.push(...twins(staged));
  return known.has('anime') && known.has('groups') && known.has('users') ? statements : [];
}

/** Parts without a number: that of the same file in the database, or the next one. */
function numberParts(): string[] {
  return [
    `UPDATE importing_anime_parts AS s SET c_part_number = (SELECT t.part_number FROM anime_parts AS t
       WHERE t.anime_code = s.c_anime_code AND t.file_id = s.c_file_id LIMIT 1) WHERE c_part_number IS NULL AND verdict IS NULL`,
    `UPDATE importing_anime_parts AS s SET c_part_number = r.k + MAX(
         COALESCE((SELECT MAX(t.part_number) FROM anime_parts AS t WHERE t.anime_code = s.c_anime_code), 0), r.highest)
       FROM (SELECT p.n, ROW_NUMBER() OVER (PARTITION BY p.c_anime_code ORDER BY p.n) AS k,
               COALESCE((SELECT MAX(o.c_part_number) FROM importing_anime_parts AS o WHERE o.c_anime_code = p.c_anime_code), 0) AS highest
             FROM importing_anime_parts AS p WHERE p.c_part_number IS NULL AND p.verdict IS NULL) AS r
       WHERE r.n = s.n`,
    `UPDATE importing_anime_parts SET verdict = 'part number ' || c_part_number || ' is not a number from 1'
       WHERE verdict IS NULL AND (typeof(c_part_number) <> 'integer' OR c_part_number NOT BETWEEN 1 AND 1000000)`,
  ];
}

/** The first of several rows with one key counts. Repeated events are one; anything else is refused with the place of the first. */
function twins({ spec, staging }: StagedImport): string[] {
  const same = spec.key.map((column) => `f.${column} IS s.${column}`).join(' AND ');
  const first = `(SELECT f.place FROM ${staging} AS f WHERE ${same} AND f.verdict IS NULL AND f.n < s.n ORDER BY f.n LIMIT 1)`;
  return [
    `CREATE INDEX IF NOT EXISTS ${staging}_by_key ON ${staging} (${spec.key.join(', ')})`,
    spec.addOnly === true
      ? `UPDATE ${staging} AS s SET twin = 1 WHERE twin = 0 AND verdict IS NULL AND ${first} IS NOT NULL`
      : `UPDATE ${staging} AS s SET verdict = 'stands in the file twice: first at ' || ${first} WHERE verdict IS NULL AND ${first} IS NOT NULL`,
  ];
}

const LIVE = 's.verdict IS NULL AND s.twin = 0';

/** One row: rows added, changed, kept (they differ and the database's are newer), refused, in all. */
export function countSql(staged: StagedImport, prefer: Preference): string {
  const { spec, staging } = staged;
  const isThere = `EXISTS (SELECT 1 FROM ${spec.name} AS t WHERE ${spec.match})`;
  const there = (what: string): string =>
    `(SELECT ${what} FROM ${spec.name} AS t WHERE ${spec.match} LIMIT 1)`;
  const { changed, differs } = comparison(staged, prefer);
  return `SELECT COUNT(*) AS "all", TOTAL(s.verdict IS NOT NULL) AS refused,
    TOTAL(${LIVE} AND NOT ${isThere}) AS added, TOTAL(${LIVE} AND COALESCE(${there(changed)}, 0)) AS changed,
    TOTAL(${LIVE} AND COALESCE(${there(`(${differs}) AND NOT (${changed})`)}, 0)) AS kept FROM ${staging} AS s`;
}

export function refusalsSql({ staging }: StagedImport, limit: number): string {
  return `SELECT place, verdict FROM ${staging} WHERE verdict IS NOT NULL ORDER BY n LIMIT ${limit}`;
}

/** Old rows first: rows just added are none that differ. */
export function mergeSql(staged: StagedImport, prefer: Preference): string[] {
  const { spec, staging, columns } = staged;
  const { changed, updates } = comparison(staged, prefer);
  const names = columns.map(({ name }) => quoteName(name)).join(', ');
  const values = columns.map((column) => insertValue(spec, column)).join(', ');
  const update = `UPDATE ${spec.name} AS t SET ${updates.join(', ')} FROM ${staging} AS s WHERE ${LIVE} AND ${spec.match} AND (${changed})`;
  return [
    ...(updates.length === 0 ? [] : [update]),
    `INSERT INTO ${spec.name} (${names}) SELECT ${values} FROM ${staging} AS s
     WHERE ${LIVE} AND NOT EXISTS (SELECT 1 FROM ${spec.name} AS t WHERE ${spec.match}) ORDER BY s.n`,
  ];
}

function insertValue(spec: ImportTable, { name, notNull, defaultValue }: LocalColumn): string {
  const mapped = spec.mapped?.[name];
  if (mapped !== undefined) return mapped;
  const value = `s.${quoteName(`c_${name}`)}`;
  if (defaultValue !== null) return `COALESCE(${value}, ${defaultValue})`;
  // The old bot allowed no name; here it is empty. A key is never null: the reader refuses such rows.
  return notNull ? `COALESCE(${value}, '')` : value;
}

interface Comparison {
  /** SQL over `t` and `s`: would the row change? */
  readonly changed: string;
  /** Does the file say anything else at all? */
  readonly differs: string;
  readonly updates: readonly string[];
}

/**
 * A value that the file lacks changes nothing; a gap in the database is filled; two different values are settled by the newer row, or
 * by whom the person prefers.
 */
function comparison({ spec, columns }: StagedImport, prefer: Preference): Comparison {
  const compared = columns.filter(
    ({ name }) =>
      !spec.fixed.includes(name) && spec.mapped?.[name] === undefined && !spec.key.includes(`c_${name}`),
  );
  if (spec.addOnly === true || compared.length === 0) return { changed: '0', differs: '0', updates: [] };
  const newer = spec.time === undefined ? '0' : `COALESCE(s.c_${spec.time} > t.${spec.time}, 0)`;
  const fileWins = prefer === 'newer' ? newer : prefer === 'file' ? '1' : '0';
  const pairs = compared.map(({ name }) => {
    const [old, given] = [`t.${quoteName(name)}`, `s.${quoteName(`c_${name}`)}`];
    const next =
      spec.highest?.includes(name) === true
        ? `MAX(COALESCE(${old}, 0), COALESCE(${given}, 0))`
        : `CASE WHEN ${given} IS NULL THEN ${old} WHEN ${old} IS NULL OR ${old} = '' OR ${fileWins} THEN ${given} ELSE ${old} END`;
    return { name, old, given, next };
  });
  return {
    changed: pairs.map(({ old, next }) => `(${next}) IS NOT ${old}`).join(' OR '),
    differs: pairs.map(({ old, given }) => `${given} IS NOT NULL AND ${given} IS NOT ${old}`).join(' OR '),
    updates: pairs.map(({ name, next }) => `${quoteName(name)} = ${next}`),
  };
}
