/**
 * Backups while somebody commits at full speed: none shows half a transaction, and the writer is
 * never shut out.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startSqlServer } from '../../sim/sql-over-http/sql-server.ts';
import { fetchSource } from '../../src/backup/restore/source.ts';
import { createBackupLedger } from '../../src/backup/run/backup-runs.ts';
import { runBackup } from '../../src/backup/run/run.ts';
import { openRemoteSnapshotSource } from '../../src/backup/snapshot/remote.ts';
import { type Database, sql } from '../../src/db/database.ts';
import { migrate } from '../../src/db/migrate.ts';
import { openRemoteDatabase } from '../../src/db/remote-database.ts';
import { newest, rowsOf } from '../backup/restore/support.ts';
import { createWorld, type World } from '../support/backup-world.ts';

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(() => world.close());

const BACKUPS = 3;
/** Enough that a snapshot takes many batches: the writer gets between them. */
const ROWS = 20_000;

/** One transaction: a coin goes from one purse to the other, written in three tables. */
const move = (i: number) => [
  sql("UPDATE counters SET value = value - 1 WHERE metric = 'purse' AND period = 'a'"),
  sql('INSERT INTO audit_log (user_id, action, subject, at) VALUES (1, ?, ?, ?)', 'coin', String(i), '2026'),
  sql("UPDATE counters SET value = value + 1 WHERE metric = 'purse' AND period = 'b'"),
  sql('INSERT INTO users (user_id) VALUES (?)', 1_000_000 + i),
];
const INVARIANT = `SELECT (SELECT sum(value) FROM counters WHERE metric = 'purse'),
  (SELECT value FROM counters WHERE period = 'b') = (SELECT count(*) FROM audit_log WHERE action = 'coin'),
  (SELECT value FROM counters WHERE period = 'b') = (SELECT count(*) FROM users WHERE user_id BETWEEN 1000001 AND 2000000), (SELECT value FROM counters WHERE period = 'b')`;

async function prepare(db: Database): Promise<void> {
  await db.write([
    sql("INSERT INTO counters (metric, period, value) VALUES ('purse', 'a', 1000000), ('purse', 'b', 0)"),
    sql('INSERT OR IGNORE INTO users (user_id) VALUES (7)'),
    sql(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${ROWS})
         INSERT INTO user_history (user_id, anime_code, part_number) SELECT 7, i, 1 FROM n`),
  ]);
}

async function backUpUnderFire(context: World['context'], writer: Database): Promise<void> {
  let going = true;
  let commits = 0;
  let longest = 0;
  const writing = (async () => {
    while (going) {
      const began = performance.now();
      commits += 1;
      await writer.write(move(commits));
      longest = Math.max(longest, performance.now() - began);
      await new Promise(setImmediate);
    }
  })();
  const seen: number[] = [];
  for (let i = 0; i < BACKUPS; i += 1) {
    const before = commits;
    const outcome = await runBackup(context, { trigger: 'schedule', scheduledAt: world.clock.now() });
    expect(outcome.kind).toBe('done');
    // Structure, not time: the writer committed while the backup was being made.
    expect(commits - before).toBeGreaterThan(3);
    world.clock.advance(60_000);
    const directory = mkdtempSync(join(world.directory, 'look-'));
    const { path } = await fetchSource(await newest(world), {
      bucket: world.context,
      keys: undefined,
      directory,
    });
    const [sum, ofLog, ofUsers, at] = String(rowsOf(path, INVARIANT)[0]).split(' ').map(Number);
    expect({ sum, ofLog, ofUsers }).toEqual({ sum: 1_000_000, ofLog: 1, ofUsers: 1 });
    seen.push(at ?? -1);
    rmSync(directory, { recursive: true });
  }
  going = false;
  await writing;
  expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  // Generous, for a busy machine: bench/ measures. A writer that is shut out waits as long as a
  // backup takes, or fails.
  expect(longest).toBeLessThan(3_000);
}

test('embedded', async () => {
  await prepare(world.db);
  await backUpUnderFire(world.context, world.db);
});

test('over HTTP', async () => {
  const server = await startSqlServer({ file: join(world.directory, 'server.db') });
  const open = (): Database => openRemoteDatabase({ url: server.url, authToken: undefined, fetch });
  const [db, writer] = [open(), open()];
  await migrate(db, { now: () => new Date(), backup: async () => {} });
  await prepare(db);
  const source = openRemoteSnapshotSource({ url: server.url, fetch });
  await backUpUnderFire({ ...world.context, source, ledger: createBackupLedger(db) }, writer);
  db.close();
  writer.close();
  await server.close();
});
