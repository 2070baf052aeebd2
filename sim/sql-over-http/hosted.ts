/**
 * The hosted service (Turso Cloud) where it differs from a server of one's own: it documents
 * `user_version` and `application_id` as read-only and `busy_timeout` and `journal_mode` as not
 * supported (docs.turso.tech/cloud/limitations). Clients were refused the reading, too ("SQL not
 * allowed statement: PRAGMA user_version", dbcodeio/public#446). It runs SQLite 3.47, which takes a
 * name in double quotes that fits no column for a text (sqlite.org/quirks.html 8).
 */
import { type SqlToken, tokenizeSql } from '../../src/lib/sql-tokens.ts';

export type Dialect = 'server' | 'hosted';

/** What clients were seen to use there; it refuses every other PRAGMA. */
const HOSTED_PRAGMAS = new Set(
  'collation_list compile_options database_list defer_foreign_keys encoding foreign_key_check foreign_key_list foreign_keys function_list index_info index_list index_xinfo integrity_check module_list page_count quick_check table_info table_list table_xinfo'.split(
    ' ',
  ),
);

/** The tokens of a PRAGMA statement. */
export function isRefusedByHost(tokens: readonly SqlToken[]): boolean {
  const name = tokens[tokens[2]?.text === '.' ? 3 : 1]?.text.toLowerCase() ?? '';
  return !HOSTED_PRAGMAS.has(name);
}

/** The words of the refusal; the code is the same. */
export function refusal(sql: string, dialect: Dialect): string {
  return dialect === 'hosted'
    ? `SQL not allowed statement: ${sql}`
    : `SQL string could not be parsed: unsupported statement: ${sql}`;
}

/** The statement with a quoted name that fits no column turned into a text; undefined for none. */
export function withTextForName(sql: string, missingColumn: string): string | undefined {
  const quoted = `"${missingColumn.replaceAll('"', '""')}"`;
  const token = tokenizeSql(sql).find(({ text }) => text === quoted);
  if (token === undefined) return undefined;
  return `${sql.slice(0, token.start)}'${missingColumn.replaceAll("'", "''")}'${sql.slice(token.end)}`;
}
