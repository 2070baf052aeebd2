/**
 * Where AUTOINCREMENT goes on, in a file that is restored. Nothing is signed: a number at the end
 * of the range would have every new row fail as on a full disk, and one beyond 2^53 is none that
 * this program can hold. Runs in the process for foreign files. Node only.
 */
import type { DatabaseSync } from 'node:sqlite';
import { quoteName } from '../../lib/sql-tokens.ts';

const HIGHEST = Number.MAX_SAFE_INTEGER;

/**
 * Sets what is beyond 2^53 to the highest id of its table, 0 where there is no such table; returns
 * what it did, for people.
 */
export function boundSequences(db: DatabaseSync): string[] {
  if (db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_sequence'").get() === undefined) return [];
  const found = db
    .prepare(
      `SELECT DISTINCT CAST(name AS TEXT) AS name, CAST(CAST(seq AS INTEGER) AS TEXT) AS seq FROM sqlite_sequence
       WHERE CAST(seq AS INTEGER) > ${HIGHEST}`,
    )
    .all();
  return found.map((row) => {
    const [name, seq] = [String(row['name']), String(row['seq'])];
    const key = db
      .prepare(
        `SELECT c.name FROM sqlite_schema AS t, pragma_table_info(t.name) AS c
         WHERE t.type = 'table' AND t.rootpage <> 0 AND t.name = ? AND c.pk = 1`,
      )
      .get(name)?.['name'];
    const highest =
      typeof key === 'string' ? `(SELECT max(${quoteName(key)}) FROM ${quoteName(name)})` : 'NULL';
    const [set] = db
      .prepare(
        `UPDATE sqlite_sequence SET seq = coalesce(${highest}, 0)
         WHERE CAST(name AS TEXT) = ? AND CAST(seq AS INTEGER) > ${HIGHEST} RETURNING CAST(seq AS TEXT) AS seq`,
      )
      .all(name);
    return `the number of the newest row ever in ${name} was given as ${seq}, after which no row can be added: it is ${String(set?.['seq'])} now, the highest there is`;
  });
}
