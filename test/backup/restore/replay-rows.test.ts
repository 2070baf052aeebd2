/** Rows of change files, however much of them has room in memory. */
import { copyFileSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { encodeChangeFile } from '../../../src/backup/changes/change-file.ts';
import { ensureTriggers } from '../../../src/backup/changes/ensure-triggers.ts';
import { ship } from '../../../src/backup/changes/ship.ts';
import { openForeign } from '../../../src/backup/foreign/connection.ts';
import type { Row } from '../../../src/backup/model/model.ts';
import { Replay, type ReplayFile } from '../../../src/backup/restore/replay-rows.ts';
import { replayTask } from '../../../src/backup/restore/replay-task.ts';
import { openEmbeddedSnapshotSource } from '../../../src/backup/snapshot/embedded.ts';
import { openFileSnapshotSource } from '../../../src/backup/snapshot/file.ts';
import { vacuumInto } from '../../../src/backup/snapshot/vacuum.ts';
import { sql } from '../../../src/db/database.ts';
import { createWorld, type World } from '../../support/backup-world.ts';
import { CHANGE_HEADER } from '../../support/change-header.ts';
import { createMemoryStore } from '../../support/memory-store.ts';
import { shippingOf } from '../../support/shipping.ts';

const TABLES = [
  'CREATE TABLE plain (id INTEGER PRIMARY KEY, x NOT NULL DEFAULT 7)',
  'CREATE TABLE loose (x, y AS (x || 1) STORED)',
  'CREATE INDEX loose_x ON loose (x)',
  'CREATE TABLE unlike (id INTEGER PRIMARY KEY, code UNIQUE)',
  'CREATE TABLE folded (k TEXT COLLATE NOCASE PRIMARY KEY, v) WITHOUT ROWID',
  'CREATE TABLE only_key (id INTEGER PRIMARY KEY)',
];
const NAMES = ['plain', 'loose', 'unlike', 'folded', 'only_key'];

let world: World;
let directory: string;
let base: string;
beforeEach(async () => {
  world = await createWorld();
  directory = mkdtempSync(join(tmpdir(), 'replay-rows-'));
  base = join(directory, 'base.db');
  await run(
    ...TABLES,
    "INSERT INTO plain VALUES (1, 'a'), (2, 'b'), (3, 'c')",
    "INSERT INTO loose (rowid, x) VALUES (-5, 'a'), (9, CAST(x'ff' AS TEXT))",
    "INSERT INTO unlike VALUES (1, 'one'), (2, 'two'), (3, 'three')",
    "INSERT INTO folded VALUES ('a', 1), ('b', 2)",
    'INSERT INTO only_key VALUES (1)',
  );
  await ensureTriggers(world.db, openEmbeddedSnapshotSource({ path: world.path }));
  await run('UPDATE change_state SET needs_base = NULL', 'DELETE FROM change_log');
  vacuumInto(world.path, base, 5_000);
});
afterEach(() => {
  world.close();
  rmSync(directory, { recursive: true, force: true });
});

async function run(...texts: string[]): Promise<void> {
  for (const text of texts) await world.db.write([sql(text)]);
}

/** What waits, in files of two entries, unpacked. */
async function shipped(): Promise<ReplayFile[]> {
  const store = createMemoryStore(() => new Date());
  const source = openEmbeddedSnapshotSource({ path: world.path });
  const shipping = shippingOf({ db: world.db, source, store }, { entries: 2, prefix: '' });
  const files: ReplayFile[] = [];
  for (;;) {
    const outcome = await ship(shipping);
    if (outcome.kind !== 'shipped') throw new Error(outcome.kind);
    const path = join(directory, String(files.length));
    const body = gunzipSync(store.objects.get(outcome.file)?.body ?? '');
    writeFileSync(path, body);
    files.push({ path, at: 0, bytes: body.byteLength, name: outcome.file, isRestorePoint: outcome.isEnd });
    if (outcome.isEnd) return files;
    // Rows of the first file change once more before the others are read.
    if (files.length === 1)
      await run('DELETE FROM unlike WHERE id = 5', 'UPDATE unlike SET code = 6 WHERE id = 6');
  }
}

function contentsOf(path: string): unknown {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    return NAMES.map((name) =>
      db.prepare(`SELECT *, ${name === 'folded' ? '1' : 'rowid'} AS r FROM ${name} ORDER BY 1, 2`).all(),
    );
  } finally {
    db.close();
  }
}

test.each([
  ['wait in memory', undefined],
  ['are read twice', 0],
])('rows of a burst %s: the database is as it is', async (_, waitingBytes) => {
  await run(
    "INSERT INTO unlike VALUES (5, 'five'), (6, 'six')",
    "UPDATE plain SET x = x || '2'",
    'DELETE FROM plain WHERE id = 2',
    "INSERT INTO plain VALUES (4, 'd')",
    "UPDATE plain SET x = 'last' WHERE id = 4",
    "UPDATE loose SET x = CAST(x'fe' AS TEXT) WHERE rowid = -5",
    'DELETE FROM loose WHERE rowid = 9',
    "INSERT INTO loose (rowid, x) VALUES (9, 'again')",
    "UPDATE unlike SET code = 'free' WHERE id = 1",
    "UPDATE unlike SET code = 'one' WHERE id = 2",
    "UPDATE unlike SET code = 'two' WHERE id = 1",
    'DELETE FROM unlike WHERE id = 3',
    "INSERT INTO unlike VALUES (4, 'three')",
    "UPDATE folded SET k = 'A' WHERE k = 'a'",
    "DELETE FROM folded WHERE k = 'b'",
    'INSERT INTO only_key VALUES (2)',
    'DELETE FROM only_key WHERE id = 1',
    'INSERT INTO only_key VALUES (1)',
  );
  const files = await shipped();
  expect(files.length).toBeGreaterThan(5);
  const path = join(directory, 'replayed.db');
  copyFileSync(base, path);
  const schema = await openFileSnapshotSource({ path }).schema();
  const { db, close } = openForeign(path, { mode: 'write', bytes: 10_000_000 });
  for (const { type, name } of schema.objects) if (type === 'trigger') db.exec(`DROP TRIGGER "${name}"`);
  const replay = new Replay(db, schema, () => {}, waitingBytes);
  await replay.group(files);
  close();
  const now = join(directory, 'now.db');
  vacuumInto(world.path, now, 5_000);
  expect(contentsOf(path)).toEqual(contentsOf(now));
});

test('a NULL where none may be is no row, although the column has a default', async () => {
  const { tables } = await openFileSnapshotSource({ path: base }).schema();
  const table = tables.find(({ name }) => name === 'plain');
  if (table === undefined) throw new Error('no table');
  const replayed = async (row: Row) => {
    const file = join(directory, 'file');
    const changes = [{ table, images: [row], deleted: [] }];
    writeFileSync(file, encodeChangeFile({ header: CHANGE_HEADER, tables: changes, sequence: new Map() }));
    const path = join(directory, 'copy.db');
    copyFileSync(base, path);
    const files = [{ path: file, at: 0, bytes: statSync(file).size, name: 'forged', isRestorePoint: true }];
    return replayTask({ path, files, bytes: 10_000_000 }, { send: async () => {} });
  };
  expect(await replayed([1n, 1n, 'x'])).not.toHaveProperty('end');
  expect(await replayed([1n, 1n, null])).toMatchObject({
    end: { file: 'forged', problem: expect.stringContaining('NOT NULL') },
  });
});

test.each([
  [1_000, ''],
  [1_995, ''],
  [1_996, 'WITHOUT ROWID'],
])('rows of %i columns come back (%s)', async (count, kind) => {
  const columns = Array.from({ length: count }, (_, i) => `c${i}`);
  const declared = columns.map((name, i) => (i === 0 ? `${name} TEXT PRIMARY KEY` : name)).join(', ');
  await run(`CREATE TABLE wide (${declared}) ${kind}`, "INSERT INTO wide (c0) VALUES ('a'), ('b'), ('c')");
  await ensureTriggers(world.db, openEmbeddedSnapshotSource({ path: world.path }));
  await run('UPDATE change_state SET needs_base = NULL', 'DELETE FROM change_log');
  const path = join(directory, 'replayed.db');
  vacuumInto(world.path, path, 5_000);
  await run(
    `UPDATE wide SET c${count - 1} = 1.5 WHERE c0 = 'a'`,
    "DELETE FROM wide WHERE c0 = 'b'",
    `INSERT INTO wide (c0, c${count - 1}) VALUES ('d', x'00')`,
  );
  const replayed = await replayTask(
    { path, files: await shipped(), bytes: 10_000_000 },
    { send: async () => {} },
  );
  expect(replayed).toMatchObject({ covered: expect.arrayContaining(['wide']) });
  expect(replayed).not.toHaveProperty('end');
  const db = new DatabaseSync(path, { readOnly: true });
  expect(db.prepare(`SELECT c0 || ' ' || typeof(c${count - 1}) AS v FROM wide ORDER BY c0`).all()).toEqual([
    { v: 'a real' },
    { v: 'c null' },
    { v: 'd blob' },
  ]);
  db.close();
});

test('rows of a table that is covered no more come back, and no note says that they do not', async () => {
  const { tables } = await openFileSnapshotSource({ path: base }).schema();
  const table = tables.find(({ name }) => name === 'unlike');
  if (table === undefined) throw new Error('no table');
  const file = join(directory, 'file');
  const put = (row: Row): void => {
    const tables = [{ table, images: [row], deleted: [] }];
    writeFileSync(file, encodeChangeFile({ header: CHANGE_HEADER, tables, sequence: new Map() }));
  };
  put([8n, 8n, 'eight']);
  const path = join(directory, 'copy.db');
  copyFileSync(base, path);
  const before = new DatabaseSync(path);
  before.exec('CREATE UNIQUE INDEX hidden ON unlike (lower(code)); CREATE TABLE other (a)');
  before.exec('CREATE UNIQUE INDEX other_hidden ON other (lower(a))');
  before.close();
  const files = [{ path: file, at: 0, bytes: statSync(file).size, name: 'old', isRestorePoint: true }];
  const { notes } = await Promise.resolve(
    replayTask({ path, files, bytes: 10_000_000 }, { send: async () => {} }),
  );
  expect(notes).toEqual([expect.stringMatching(/^table other is as in the full backup: .*other_hidden$/)]);
  const db = new DatabaseSync(path, { readOnly: true });
  expect(db.prepare('SELECT code FROM unlike WHERE id = 8').all()).toEqual([{ code: 'eight' }]);
  db.close();
  // Why it is no longer covered: the row that OR REPLACE took away stands in the new one's way.
  put([9n, 9n, 'ONE']);
  expect(await replayTask({ path, files, bytes: 10_000_000 }, { send: async () => {} })).toMatchObject({
    end: { file: 'old', problem: expect.stringContaining('UNIQUE') },
  });
});
