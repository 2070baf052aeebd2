import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { compareContents, copyDatabase, integrity, vacuumInto } from './oracle.ts';
import { deleteRows, fillRandomDatabase, insertRows } from './random-database.ts';
import { createRandom } from './random-values.ts';

/** SQLITE_CASES=20000 for a long run; SQLITE_SEED=n SQLITE_CASES=1 replays one. */
const CASES = Number(process.env['SQLITE_CASES'] ?? 1500);
const FIRST_SEED = Number(process.env['SQLITE_SEED'] ?? 1);
const GROUPS = 10;
const TIMEOUT = 30_000 + CASES * 20;

for (let group = 0; group < Math.min(GROUPS, CASES); group += 1) {
  test(
    `random databases come back whole, group ${group + 1}`,
    async () => {
      for (let seed = FIRST_SEED + group; seed < FIRST_SEED + CASES; seed += GROUPS) {
        try {
          await checkCase(seed);
        } catch (cause) {
          throw new Error(`replay with SQLITE_SEED=${seed} SQLITE_CASES=1: ${cause}`, { cause });
        }
      }
    },
    TIMEOUT,
  );
}

async function checkCase(seed: number): Promise<void> {
  const random = createRandom(seed);
  using original = new DatabaseSync(':memory:');
  const tables = fillRandomDatabase(original, random);
  expect(integrity(original)).toEqual(['ok']);

  using copy = await copyDatabase(original);
  using vacuumed = vacuumInto(original, `seed${seed}`);
  // The contents were compared with the original's already: now and then is enough.
  if (seed % 4 === 0) compareContents(vacuumed, copy, { rowids: false });
  // Records added to by ALTER TABLE stay short in the original, and through VACUUM.
  if (!tables.some((table) => table.altered)) expect(payloads(copy)).toEqual(payloads(vacuumed));
  checkFullText(original, copy);

  // The file is not only readable: it goes on as a database.
  for (const table of tables) {
    deleteRows(copy, random, table);
    insertRows(copy, random, table, 20);
  }
  expect(integrity(copy)).toEqual(['ok']);
}

/**
 * Bytes of the records of every b-tree: equal when every value is stored in the form SQLite
 * chooses.
 */
function payloads(db: DatabaseSync): unknown {
  const sql =
    "SELECT name, sum(payload) AS bytes FROM dbstat WHERE name <> 'sqlite_schema' GROUP BY name ORDER BY name";
  return db.prepare(sql).all();
}

function checkFullText(original: DatabaseSync, copy: DatabaseSync): void {
  if (original.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'search'").get() === undefined) return;
  for (const word of ['naruto', 'наруто', '"o\'lim daftari"', 'pie*']) {
    const matches = (db: DatabaseSync) =>
      db.prepare('SELECT rowid, rank FROM search WHERE search MATCH ? ORDER BY rank, rowid').all(word);
    expect(matches(copy)).toEqual(matches(original));
  }
  copy.exec("INSERT INTO search(search) VALUES ('integrity-check')");
  copy.exec("INSERT INTO search(rowid, title, body) VALUES (100000, 'naruto written later', 'x')");
}
