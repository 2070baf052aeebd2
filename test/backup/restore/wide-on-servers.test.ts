/**
 * Wide tables over HTTP: an answer has 2,000 values a row at most, and the rowid and the marks of
 * the exact form take some. What does not fit is refused by a sentence that names the table, when
 * the backup is made.
 */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createBackupLedger } from '../../../src/backup/run/backup-runs.ts';
import { runBackup } from '../../../src/backup/run/run.ts';
import { openRemoteSnapshotSource } from '../../../src/backup/snapshot/remote.ts';
import { sql } from '../../../src/db/database.ts';
import { openRemoteDatabase } from '../../../src/db/remote-database.ts';
import { createWorld, type World } from '../../support/backup-world.ts';
import { backUp, type Remote, restoreNewest, rowsOf, startRemote } from './support.ts';

let world: World;
let remote: Remote;
beforeEach(async () => {
  world = await createWorld({}, 'small');
  await backUp(world);
  remote = await startRemote(world.directory);
  await restoreNewest(world, { target: remote.target });
});
afterEach(async () => {
  await remote.server.close();
  world.close();
});

const columns = (count: number, type: string): string =>
  Array.from({ length: count }, (_, i) => `c${i} ${type}`).join(', ');
const values = (count: number): string => Array.from({ length: count }, (_, i) => `'t${i}'`).join(', ');
const make = (count: number, type: string): string[] => [
  `CREATE TABLE wide (${columns(count, type)})`,
  `INSERT INTO wide VALUES (${values(count)})`,
];

/** Of the server, with the table in it. */
async function backUpServer(count: number, type: string, last = "'end'"): Promise<unknown> {
  const way = { url: remote.server.url, authToken: 'token', fetch };
  const db = openRemoteDatabase(way);
  await db.write([...make(count, type), `UPDATE wide SET c${count - 1} = ${last}`].map((text) => sql(text)));
  const context = { ...world.context, source: openRemoteSnapshotSource(way), ledger: createBackupLedger(db) };
  world.clock.advance(60_000);
  const outcome = await runBackup(context, { trigger: 'command', scheduledAt: world.clock.now() });
  db.close();
  return outcome.kind === 'failed' ? outcome.reason : outcome.kind;
}

test.each([
  [1_000, 'TEXT', "'end'"],
  [1_000, '', "'end'"],
  [1_000, 'TEXT', "CAST(x'ff' AS TEXT)"],
  [1_998, '', "'end'"],
  [1_999, 'TEXT', "'end'"],
])('%i columns %s, the last one %s: a server is backed up, and restored to', async (count, type, last) => {
  expect(await backUpServer(count, type, last)).toBe('done');
  await restoreNewest(world, { target: remote.target });
  await remote.server.close();
  expect(rowsOf(remote.file, `SELECT c0, hex(c${count - 1}) FROM wide`)).toEqual([
    `t0 ${last === "'end'" ? '656E64' : 'FF'}`,
  ]);
});

test.each([
  [1_999, '', "'end'"],
  [1_999, 'TEXT', "CAST(x'ff' AS TEXT)"],
  [2_000, 'TEXT', "'end'"],
  [2_000, '', "'end'"],
])(
  '%i columns %s, the last one %s: the backup is refused, and the table named',
  async (count, type, last) => {
    expect(await backUpServer(count, type, last)).toMatch(
      new RegExp(`table wide has ${count.toLocaleString('en')} columns, more than a server`),
    );
  },
);

test('a file’s backup with 2,000 columns goes to no server, which is said before anything is changed', async () => {
  await world.db.write(make(2_000, '').map((text) => sql(text)));
  await backUp(world);
  await expect(restoreNewest(world, { target: remote.target })).rejects.toThrow(
    'table wide has 2,000 columns, more than a server',
  );
  await remote.server.close();
  expect(
    rowsOf(remote.file, "SELECT name FROM sqlite_schema WHERE name LIKE 'restor%' OR name = 'wide'"),
  ).toEqual([]);
});
