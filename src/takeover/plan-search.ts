/**
 * Orders to FTS5 that are not this program's, brought by a restore or an editor: the start makes
 * such an index anew.
 */
import { all, type Database, type Statement, sql } from '../db/database.ts';
import { existingTables } from '../db/existing-schema.ts';
import { configOf, FULL_TEXT, makeFullTextAnew, OWN_ROW } from '../db/search-config.ts';

/** Reads only. */
export async function planSearch(
  db: Database,
): Promise<{ readonly statements: readonly Statement[]; readonly notes: readonly string[] }> {
  const [tables] = await db.read([existingTables]);
  const there = [...FULL_TEXT.keys()].filter(
    (name) => tables.has(name) && ['k', 'v'].every((column) => tables.get(configOf(name))?.has(column)),
  );
  const found = await db.read(
    there.map((name) =>
      all(sql(`SELECT COUNT(*) = 1 AND TOTAL(${OWN_ROW}) = 1 AS own FROM ${configOf(name)}`), (row) =>
        row.bool('own'),
      ),
    ),
  );
  const strange = there.filter((_, i) => found[i]?.[0] !== true);
  return {
    statements: strange.flatMap(makeFullTextAnew).map((text) => sql(text)),
    notes: strange.map(
      (name) => `${name}: ${configOf(name)} held what this program does not write: the index was made anew`,
    ),
  };
}
