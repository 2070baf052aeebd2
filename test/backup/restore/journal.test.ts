/** Database files as people find them: with a journal beside them, or open in another program. */
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { importRecords } from '../../../src/backup/import/import.ts';
import { openImportFile } from '../../../src/backup/import/open-file.ts';
import { restore } from '../../../src/backup/restore/restore.ts';
import { copyDatabase } from '../../../src/backup/verify/copy-database.ts';
import { createWorld, type World } from '../../support/backup-world.ts';
import { partsOf, rowsOf } from './support.ts';

let world: World;
let own: DatabaseSync;
let path: string;
beforeEach(async () => {
  world = await createWorld();
  path = join(world.directory, 'theirs.db');
  own = new DatabaseSync(path);
  own.exec(
    'PRAGMA journal_mode = WAL; CREATE TABLE anime (id INTEGER PRIMARY KEY, code INTEGER, description TEXT)',
  );
  own.exec("PRAGMA wal_checkpoint(TRUNCATE); INSERT INTO anime VALUES (1, 501, 'only in the -wal')");
});
afterEach(() => {
  own.close();
  world.close();
});

async function importTheirs(file: string): Promise<unknown> {
  const directory = join(world.directory, 'scratch');
  mkdirSync(directory);
  const records = await openImportFile(file, { keys: undefined, directory, utcOffsetMinutes: 0 });
  return importRecords(world.db, records, { id: 'x', prefer: 'newer', dryRun: false });
}

test('import takes what stands only in the -wal of a database that is in use', async () => {
  expect(await importTheirs(path)).toMatchObject({ tables: [{ table: 'anime', added: 1 }] });
});

test('restore takes it too, and gives a database without WAL mode and without a journal of its own', async () => {
  await restore(partsOf(world), { from: { kind: 'file', path } });
  expect(rowsOf(join(world.directory, 'restored.db'), 'SELECT code FROM anime')).toEqual(['501']);
  expect(rowsOf(join(world.directory, 'restored.db'), 'PRAGMA journal_mode')).toEqual(['delete']);
});

test('a transaction that a crash left half written is rolled back in the copy; the file itself stays as it is', async () => {
  own.exec(
    `PRAGMA journal_mode = DELETE; PRAGMA cache_size = 1;
     WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 200)
     INSERT INTO anime SELECT i, 501, hex(zeroblob(1000)) FROM n`,
  );
  // More than the cache takes: pages of it are in the file before the commit.
  own.exec('BEGIN; UPDATE anime SET code = 777');
  // The machine dies here.
  const crashed = join(world.directory, 'crashed.db');
  for (const suffix of ['', '-journal']) copyFileSync(path + suffix, crashed + suffix);
  const before = readFileSync(crashed);
  const copy = join(world.directory, 'copy.db');
  await copyDatabase(crashed, copy);
  expect(rowsOf(copy, 'SELECT DISTINCT code FROM anime')).toEqual(['501']);
  expect(existsSync(`${copy}-journal`)).toBe(false);
  expect(readFileSync(crashed).equals(before)).toBe(true);
});
