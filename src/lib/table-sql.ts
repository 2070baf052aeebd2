/**
 * What the SQL of tables says besides their columns. `PRAGMA table_list` would say the same, but it
 * resolves every view of the database first, and views that are made of each other take it hours
 * (sqlite.org, pragma.c: PragTyp_TABLE_LIST). Pure.
 */
import { isWord, nameIn, type SqlToken, tokenizeSql } from './sql-tokens.ts';

/** What follows the definitions of a `CREATE TABLE`. */
export function optionsOf(statement: readonly SqlToken[]): readonly SqlToken[] {
  return statement.slice(statement.findLastIndex(({ text }) => text === ')') + 1);
}

export function tableOptions(tokens: readonly SqlToken[]): {
  readonly withoutRowid: boolean;
  readonly strict: boolean;
} {
  const options = optionsOf(tokens);
  return {
    withoutRowid: options.some((token, i) => isWord(token, 'WITHOUT') && isWord(options[i + 1], 'ROWID')),
    strict: options.some((token) => isWord(token, 'STRICT')),
  };
}

/** The module of a `CREATE VIRTUAL TABLE`, in lower case; undefined for any other statement. */
export function moduleOf(tokens: readonly SqlToken[]): string | undefined {
  if (!isWord(tokens[1], 'VIRTUAL')) return undefined;
  const module = tokens[tokens.findIndex((token) => isWord(token, 'USING')) + 1];
  return nameIn(module)?.toLowerCase() ?? '';
}

const FTS4 = ['content', 'docsize', 'segdir', 'segments', 'stat'];
const RTREE = ['node', 'parent', 'rowid'];
/** xShadowName of SQLite's own modules. */
const SHADOWS: Readonly<Record<string, readonly string[]>> = {
  fts3: FTS4,
  fts4: FTS4,
  fts5: ['config', 'content', 'data', 'docsize', 'idx'],
  geopoly: RTREE,
  rtree: RTREE,
  rtree_i32: RTREE,
};

/** Names, in lower case, of tables that lie behind virtual ones, whether they are there or not. */
export function shadowsOf(
  objects: readonly { readonly type: string; readonly name: string; readonly sql: string | null }[],
): ReadonlySet<string> {
  const names = objects
    .filter(({ type }) => type === 'table')
    .flatMap(({ name, sql }) =>
      (SHADOWS[moduleOf(tokenizeSql(sql ?? '')) ?? ''] ?? []).map((suffix) => `${name}_${suffix}`),
    );
  return new Set(names.map((name) => name.toLowerCase()));
}
