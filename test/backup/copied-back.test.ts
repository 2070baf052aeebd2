/**
 * A database put back by hand (`gunzip`, `cp`, `.dump`) is as the run that made the backup saw it:
 * in its middle, its lease held.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { databaseKey, manifestKey } from '../../src/backup/catalog/names.ts';
import { createBackupLedger } from '../../src/backup/run/backup-runs.ts';
import type { BackupContext } from '../../src/backup/run/context.ts';
import type { BackupOutcome } from '../../src/backup/run/outcome.ts';
import { runBackup } from '../../src/backup/run/run.ts';
import { openEmbeddedSnapshotSource } from '../../src/backup/snapshot/embedded.ts';
import { sql } from '../../src/db/database.ts';
import { type EmbeddedDatabase, openEmbeddedDatabase } from '../../src/db/file/embedded-database.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { createWorld, type World } from '../support/backup-world.ts';
import { recordedRuns } from '../support/recorded-runs.ts';

const PREFIX = 'backups/';
let world: World;
let opened: EmbeddedDatabase[];
beforeEach(async () => {
  opened = [];
  // The lease is by the database's clock, which is the machine's.
  world = await createWorld({ clock: systemClock }, 'small');
});
afterEach(() => {
  for (const db of opened) db.close();
  world.close();
});

function run(context: BackupContext = world.context): Promise<BackupOutcome> {
  return runBackup(context, { trigger: 'command', scheduledAt: new Date() });
}

/**
 * As an owner does it on another machine, where nothing is known of the process that made the
 * backup.
 */
async function copiedBack(): Promise<{ name: string; context: BackupContext; db: EmbeddedDatabase }> {
  const { name } = await run();
  if (name === undefined) throw new Error('no backup');
  const path = join(world.directory, 'back.db');
  const stored = join(world.directory, 'bucket', databaseKey(PREFIX, name, false));
  writeFileSync(path, gunzipSync(readFileSync(stored)));
  const db = await openEmbeddedDatabase(path);
  opened.push(db);
  const ledger = createBackupLedger(db);
  return { name, db, context: { ...world.context, ledger, source: openEmbeddedSnapshotSource({ path }) } };
}

test('the next run waits for nobody, tells of no death and takes nothing away', async () => {
  const { name, db, context } = await copiedBack();
  const next = await run(context);
  expect(next).toMatchObject({ kind: 'done', problems: [], swept: { objects: [], uploads: 0 } });
  expect(world.alerts).toEqual([]);
  const manifest: unknown = JSON.parse(
    readFileSync(join(world.directory, 'bucket', manifestKey(PREFIX, name)), 'utf8'),
  );
  expect(manifest).toMatchObject({ name });
  expect(await recordedRuns(db)).toMatchObject([
    { name: next.name, state: 'done' },
    { name, state: 'done', reason: null, rows: expect.any(Number), bytes: expect.any(Number) },
  ]);
});

test('a run that has renewed its lease since its backup was finished is waited for', async () => {
  const { db, context } = await copiedBack();
  // As a run does before it publishes, sweeps and prunes.
  await db.write([
    sql("UPDATE backup_lease SET expires_ms = CAST(unixepoch('subsec') * 1000 AS INTEGER) + 120000"),
  ]);
  expect(await run(context)).toMatchObject({ kind: 'skipped', reason: 'busy' });
});

test('a run whose backup is not in the bucket is waited for, and its death is told', async () => {
  const { name, db, context } = await copiedBack();
  await world.context.store.delete([manifestKey(PREFIX, name)]);
  expect(await run(context)).toMatchObject({ kind: 'skipped', reason: 'busy' });
  await db.write([sql('UPDATE backup_lease SET expires_ms = 0')]);
  expect(await run(context)).toMatchObject({ kind: 'done' });
  expect(world.alerts).toMatchObject([{ kind: 'failed', isEarlier: true }]);
});

test('a backup of the same name by another database proves nothing of the run', async () => {
  const { name, db, context } = await copiedBack();
  await db.write([
    sql("UPDATE backup_runs SET started_at = datetime(started_at, '-1 hour') WHERE name = ?", name),
  ]);
  expect(await run(context)).toMatchObject({ kind: 'skipped', reason: 'busy' });
});

test('a bucket that does not answer: the lease is waited for', async () => {
  const { context } = await copiedBack();
  const list = (): Promise<never> => Promise.reject(new Error('no network'));
  const store = { ...context.store, list };
  expect(await run({ ...context, store })).toMatchObject({ kind: 'skipped', reason: 'busy' });
});
