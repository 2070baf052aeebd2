/**
 * What `OR REPLACE` takes away: rows that hold a unique value which the new row wants. SQLite
 * deletes them and fires no trigger for it (sqlite.org/lang_conflict.html), so the keys of such
 * rows are logged before each row comes. An entry for a row that stays does no harm: what is told
 * of a row is what it is when the log is read. Pure.
 */
import { isWord, quoteName, type SqlToken, tokenizeSql } from '../../lib/sql-tokens.ts';
import type { IndexInfo, TableInfo } from '../model/model.ts';

/** One unique index: rows that are equal in all its columns cannot both be there. */
export interface Conflict {
  readonly columns: readonly {
    /** In quotes. */
    readonly name: string;
    readonly collation: string;
    /** SQL of a constant: NOT NULL ON CONFLICT REPLACE puts it in the place of NULL. */
    readonly standIn: string | undefined;
  }[];
  /** Of a partial index: `"column" IS NULL`, `"column" = 1`. */
  readonly only: readonly { readonly name: string; readonly test: string }[];
}

const CONSTANT = "(?:[+-]?\\d+(?:\\.\\d+)?|'(?:[^']|'')*'|[xX]'[0-9a-fA-F]*')";
const TEST = `(?:IS NULL|IS NOT NULL|= ${CONSTANT})`;
const NAME = '"(?:[^"]|"")+"';

export interface Conflicts {
  readonly known: readonly Conflict[];
  /** Names of unique indexes that no trigger can follow. */
  readonly unknown: readonly string[];
}

export function conflictsOf(table: TableInfo, indexes: readonly IndexInfo[]): Conflicts {
  const known: Conflict[] = [];
  const unknown: string[] = [];
  const own = keyConflict(table);
  if (own !== undefined) known.push(own);
  for (const index of indexes) {
    if (index.table !== table.name || !index.unique) continue;
    const found = conflictOf(table, index);
    if (found === undefined) unknown.push(index.name);
    else known.push(found);
  }
  return { known, unknown };
}

function conflictOf(table: TableInfo, index: IndexInfo): Conflict | undefined {
  const only = index.partial ? partOf(index.sql ?? '', table) : [];
  const columns = index.columns
    .filter(({ key }) => key)
    .map(({ columnId, collation }) => {
      const column = table.columns[columnId];
      if (column === undefined) return undefined;
      const standIn = column.notNull && column.defaultValue !== null ? column.defaultValue : undefined;
      if (standIn !== undefined && !new RegExp(`^${CONSTANT}$`).test(standIn)) return undefined;
      return { name: quoteName(column.name), collation: quoteName(collation), standIn };
    });
  const sure = columns.filter((column) => column !== undefined);
  return only === undefined || sure.length < columns.length ? undefined : { columns: sure, only };
}

/**
 * The key of a WITHOUT ROWID table: a row under another spelling of the same key goes too. Its
 * collations stand in its text alone; where there are none, equal is the very same.
 */
function keyConflict(table: TableInfo): Conflict | undefined {
  if (!table.withoutRowid || !tokenizeSql(table.sql ?? '').some((token) => isWord(token, 'COLLATE')))
    return undefined;
  const keys = table.columns.filter(({ primaryKey }) => primaryKey > 0);
  return {
    columns: keys.map(({ name }) => ({ name: quoteName(name), collation: '', standIn: undefined })),
    only: [],
  };
}

/** `a IS NULL AND b = 1`; undefined for anything else. */
function partOf(sql: string, table: TableInfo): Conflict['only'] | undefined {
  const tokens = tokenizeSql(sql);
  const at = tokens.findIndex((token) => isWord(token, 'WHERE'));
  const terms: SqlToken[][] = [[]];
  for (const token of tokens.slice(at + 1)) {
    if (isWord(token, 'AND')) terms.push([]);
    else terms.at(-1)?.push(token);
  }
  const only = terms.map(([name, ...test]) => ({
    name: nameOf(name, table),
    test: test.map(({ kind, text }) => (kind === 'word' ? text.toUpperCase() : text)).join(' '),
  }));
  const isSure = only.every(({ name, test }) => name !== '' && new RegExp(`^${TEST}$`).test(test));
  return at >= 0 && isSure ? only : undefined;
}

/** As the table has it; empty for what is no column of it. */
function nameOf(token: SqlToken | undefined, { columns }: TableInfo): string {
  if (token?.kind !== 'word' && token?.kind !== 'name') return '';
  const bare = token.text.toLowerCase();
  const found = columns.find(({ name }) => [name, quoteName(name)].some((one) => one.toLowerCase() === bare));
  return found === undefined ? '' : quoteName(found.name);
}

/** SQL: rows `o` of the table that cannot stay beside `NEW`. */
export function conflictSql({ columns, only }: Conflict): string {
  return [
    ...columns.map(({ name, collation, standIn }) => {
      const wanted = standIn === undefined ? `NEW.${name}` : `COALESCE(NEW.${name}, ${standIn})`;
      return `o.${name} = ${wanted}${collation === '' ? '' : ` COLLATE ${collation}`}`;
    }),
    ...only.map(({ name, test }) => `o.${name} ${test}`),
  ].join(' AND ');
}

/** From such SQL, as far as it is such SQL: whoever asks makes the text anew and compares. */
export function conflictIn(text: string): Conflict {
  const equal = new RegExp(
    `o\\.(${NAME}) = (?:NEW\\.${NAME}|COALESCE\\(NEW\\.${NAME}, (${CONSTANT})\\))(?: COLLATE (${NAME}))?(?= AND o\\.|; |$)`,
    'g',
  );
  const part = new RegExp(`o\\.(${NAME}) (${TEST})(?= AND o\\.|; |$)`, 'g');
  return {
    columns: [...text.matchAll(equal)].map(([, name = '', standIn, collation = '']) => ({
      name,
      collation,
      standIn,
    })),
    only: [...text.matchAll(part)].map(([, name = '', test = '']) => ({ name, test })),
  };
}

/** Columns that an UPDATE has to set for a conflict; undefined: any may do it. */
export function columnsOf(conflicts: readonly Conflict[], table: TableInfo): string[] | undefined {
  const names = new Set(
    conflicts.flatMap(({ columns, only }) => [...columns, ...only].map(({ name }) => name)),
  );
  const isComputed = table.columns.some(
    ({ name, generated }) => generated !== 'no' && names.has(quoteName(name)),
  );
  return isComputed ? undefined : [...names];
}
