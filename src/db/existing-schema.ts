/** What the open database has of tables, columns, triggers, indexes and views. */
import { all, type Query, sql } from './database.ts';
import type { ExistingTables } from './migrations/migration.ts';
import { ASCII } from './own-keys.ts';
import type { Row } from './row.ts';

/**
 * Every table with its columns, names in lower case; those beyond ASCII are left out. Columns of
 * virtual tables are not asked for: what is wrong in one would fail all.
 */
export const existingTables: Query<ExistingTables> = {
  ...all(
    sql(`SELECT lower(t.name) AS "table", lower(c.name) AS "column" FROM sqlite_schema AS t, pragma_table_info(t.name) AS c
         WHERE t.type = 'table' AND t.rootpage <> 0 AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND t.name ${ASCII} AND c.name ${ASCII}
         UNION ALL
         SELECT lower(name), '' FROM sqlite_schema WHERE type = 'table' AND rootpage = 0 AND name ${ASCII}`),
    (row: Row) => row,
  ),
  parse: (rows) => {
    const tables = new Map<string, Set<string>>();
    for (const row of rows) {
      const table = row.text('table');
      tables.set(table, (tables.get(table) ?? new Set()).add(row.text('column')));
    }
    return tables;
  },
};

/** None of what is no table. */
export function columnsOf(table: string): Query<string[]> {
  return all(
    sql(
      "SELECT c.name FROM sqlite_schema AS t, pragma_table_info(t.name) AS c WHERE t.type = 'table' AND t.name = ?",
      table,
    ),
    (row) => row.text('name'),
  );
}

/** Of triggers and indexes, in lower case. */
export const existingNames = namesOf("'trigger', 'index'");
export const existingViews = namesOf("'view'");

/** In lower case. */
function namesOf(types: string): Query<ReadonlySet<string>> {
  return {
    ...sql(`SELECT lower(name) AS name FROM sqlite_schema WHERE type IN (${types}) AND name ${ASCII}`),
    parse: (rows) => new Set(rows.map((row) => row.text('name'))),
  };
}

/** In order: a step that was never recorded leaves a gap. */
export const recordedVersions: Query<number[]> = all(
  sql('SELECT version FROM schema_migrations ORDER BY version'),
  (row) => row.int('version'),
);

/** The newest step that is recorded; its answer is read by {@link versionIn}. */
export const NEWEST_VERSION = 'SELECT max(version) AS version FROM schema_migrations';

/** Null: no step is recorded, which is no version 0. */
export function versionIn(answer: unknown): number | null {
  const version = answer === null || answer === undefined ? Number.NaN : Number(answer);
  return Number.isSafeInteger(version) ? version : null;
}
