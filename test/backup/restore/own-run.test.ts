/**
 * What a restore makes of the engine's own record: the backup was taken in the middle of the run
 * that made it.
 */
import { copyFileSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { databaseKey, documentKey, manifestKey } from '../../../src/backup/catalog/names.ts';
import { rowsOfTables } from '../../../src/backup/model/digest.ts';
import { drill } from '../../../src/backup/restore/drill.ts';
import { previewRestore, restore } from '../../../src/backup/restore/restore.ts';
import { createBackupLedger } from '../../../src/backup/run/backup-runs.ts';
import { runBackup } from '../../../src/backup/run/run.ts';
import { openEmbeddedSnapshotSource } from '../../../src/backup/snapshot/embedded.ts';
import { openRemoteSnapshotSource } from '../../../src/backup/snapshot/remote.ts';
import { type Database, sql } from '../../../src/db/database.ts';
import { openEmbeddedDatabase } from '../../../src/db/file/embedded-database.ts';
import { openRemoteDatabase } from '../../../src/db/remote-database.ts';
import { askBackup } from '../../support/ask-backup.ts';
import { createWorld, type World } from '../../support/backup-world.ts';
import { recordedRuns } from '../../support/recorded-runs.ts';
import { backUp, newest, partsOf, restoreNewest, rowsOf, startRemote } from './support.ts';

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(() => world.close());

const restored = (): string => join(world.directory, 'restored.db');
const stored = (key: string): string => join(world.directory, 'bucket', key);
const RUNS = 'SELECT name, state, finished_at, rows, bytes, reason FROM backup_runs ORDER BY id';

/** The next run of whoever opens the restored database. */
async function nextRun(db: Database, source: World['context']['source']) {
  const ledger = createBackupLedger(db);
  const scheduledAt = world.clock.now();
  const outcome = await runBackup({ ...world.context, source, ledger }, { trigger: 'schedule', scheduledAt });
  world.clock.advance(60_000);
  if (outcome.kind !== 'done') throw new Error(`no backup: ${JSON.stringify(outcome)}`);
  return { ...outcome, runs: (await recordedRuns(db)).map(({ name, state }) => `${name} ${state}`) };
}

async function nextRunOnFile(path: string) {
  const db = await openEmbeddedDatabase(path);
  try {
    return await nextRun(db, openEmbeddedSnapshotSource({ path }));
  } finally {
    db.close();
  }
}

describe('into an empty file', () => {
  test('the run that made the backup is done, as its manifest says, and the lease is free', async () => {
    const name = await backUp(world);
    await restoreNewest(world);
    const from = await newest(world);
    const manifest = from.kind === 'backup' ? from.entry.manifest : undefined;
    const rows = rowsOfTables(manifest?.tables ?? []);
    const bytes = (manifest?.objects.database.bytes ?? 0) + (manifest?.objects.document.bytes ?? 0);
    expect(rowsOf(restored(), RUNS)).toEqual([`${name} done 2026-06-15 02:00:00 ${rows} ${bytes} `]);
    expect(rowsOf(restored(), 'SELECT fence, holder, expires_ms FROM backup_lease')).toEqual(['1  0']);
  });

  test('the next run waits for nobody, tells of no death and takes nothing away', async () => {
    const name = await backUp(world);
    await restoreNewest(world);
    const next = await nextRunOnFile(restored());
    expect(next.runs).toEqual([`${next.name} done`, `${name} done`]);
    expect(next.swept.objects).toEqual([]);
    expect(world.alerts).toEqual([]);
  });

  test('its pair, put back into the bucket without the manifest, stays', async () => {
    const name = await backUp(world);
    await restoreNewest(world);
    rmSync(stored(manifestKey('backups/', name)));
    expect((await nextRunOnFile(restored())).swept.objects).toEqual([]);
    expect(existsSync(stored(databaseKey('backups/', name, false)))).toBe(true);
  });

  test('whoever asked for the backup is not answered again', async () => {
    const at = world.clock.now();
    await askBackup(world.db, { requestedBy: 1, chatId: 1, messageId: 5, requestedAt: at });
    await backUp(world);
    world.clock.advance(-60_000);
    await restoreNewest(world);
    const db = await openEmbeddedDatabase(restored());
    expect(await createBackupLedger(db).openRequests(new Date())).toEqual([]);
    db.close();
    // The living one still has it: nothing was restored there.
    expect(await world.ledger.openRequests(new Date())).toHaveLength(1);
  });

  test('drill: the backup is still compared with its manifest to the last table', async () => {
    await backUp(world);
    const { record } = await drill({ bucket: world.context, keys: undefined, clock: world.clock });
    expect(record.problem).toBeNull();
  });
});

describe('from bare files', () => {
  test.each(['database', 'document'] as const)(
    'a %s that bears the name of its run: done; what is not known stays open',
    async (what) => {
      const name = await backUp(world);
      const key = what === 'database' ? databaseKey : documentKey;
      const path = stored(key('backups/', name, false));
      await restore(partsOf(world), { from: { kind: 'file', path } });
      expect(rowsOf(restored(), 'SELECT name, state, finished_at, bytes FROM backup_runs')).toEqual([
        `${name} done  `,
      ]);
      rmSync(stored(manifestKey('backups/', name)));
      const next = await nextRunOnFile(restored());
      expect(next.swept.objects).toEqual([]);
      expect(next.runs).toEqual([`${next.name} done`, `${name} done`]);
    },
  );

  test('under another name nothing is known of the run: it is neither called failed nor swept', async () => {
    const name = await backUp(world);
    const path = join(world.directory, 'my copy.db.gz');
    copyFileSync(stored(databaseKey('backups/', name, false)), path);
    await restore(partsOf(world), { from: { kind: 'file', path } });
    expect(rowsOf(restored(), RUNS)).toEqual([]);
    rmSync(stored(manifestKey('backups/', name)));
    const next = await nextRunOnFile(restored());
    expect(next.runs).toEqual([`${next.name} done`]);
    expect(next.swept.objects).toEqual([]);
    expect(existsSync(stored(databaseKey('backups/', name, false)))).toBe(true);
  });

  test('a database that is none of ours stays as it is, whatever its tables are called', async () => {
    const path = join(world.directory, 'foreign.db');
    const own = new DatabaseSync(path);
    own.exec(
      "CREATE TABLE backup_runs (state TEXT); INSERT INTO backup_runs VALUES ('running'); CREATE TABLE backup_lease (holder)",
    );
    own.close();
    await restore(partsOf(world), { from: { kind: 'file', path } });
    expect(rowsOf(restored(), 'SELECT state FROM backup_runs')).toEqual(['running']);
  });
});

describe('over a full database the record goes on', () => {
  test('file: runs since the backup stay known, and what a dead one left is swept', async () => {
    const first = await backUp(world);
    const from = await newest(world);
    const second = await backUp(world);
    const at = world.clock.now();
    await world.ledger.begin({
      name: '20260615_015900',
      fence: 2,
      trigger: 'schedule',
      scheduledAt: at,
      startedAt: at,
    });
    const debris = databaseKey('backups/', '20260615_015900', false);
    await world.context.store.put(debris, Buffer.from('half'));
    const report = await restore(
      partsOf(world, {
        target: { kind: 'file', path: world.path },
        closeTarget: () => world.db.close(),
      }),
      { from },
    );
    expect(report.kept).toBeDefined();
    expect(rowsOf(world.path, 'SELECT name, state FROM backup_runs ORDER BY id')).toEqual([
      `${first} done`,
      `${second} done`,
      '20260615_015900 running',
    ]);
    const next = await nextRunOnFile(world.path);
    expect(next.swept.objects).toEqual([debris]);
    expect(next.runs[0]).toBe(`${next.name} done`);
  });

  /** What somebody with the database's token may write: it must not decide what can be restored. */
  const JUNK = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
    INSERT INTO backup_runs (name, fence, "trigger", scheduled_at, started_at, state, reason)
    SELECT 'junk' || i, 1, 'schedule', '2026-06-15 02:00:00', '2026-06-15 02:00:00', 'failed', printf('%.*c', 2000, 'r') FROM n`;
  const COUNT = 'SELECT COUNT(*) AS n, MAX(length(reason)) AS longest, MAX(name) AS last FROM backup_runs';

  test('file: of a record that somebody filled the newest part, and it is said', async () => {
    const name = await backUp(world);
    await world.db.write([sql(JUNK)]);
    const report = await restore(
      partsOf(world, { target: { kind: 'file', path: world.path }, closeTarget: () => world.db.close() }),
      { from: await newest(world) },
    );
    // Those of the backup stay as they are, beside them the newest: the safety backup's run.
    expect(rowsOf(world.path, COUNT)).toEqual(['2001 1000 junk5000']);
    expect(rowsOf(world.path, 'SELECT name FROM backup_runs ORDER BY id LIMIT 1')).toEqual([name]);
    expect(report.notes.join()).toContain(
      "the old database's record of backup runs (backup_runs) has 5,001 rows: the newest 2,000 are kept",
    );
  });

  test('server: the same part', async () => {
    const remote = await startRemote(world.directory);
    const db = openRemoteDatabase({ url: remote.server.url, authToken: 'token', fetch });
    await backUp(world);
    const from = await newest(world);
    await restore(partsOf(world, { target: remote.target }), { from });
    await db.write([sql(JUNK)]);
    await restore(partsOf(world, { target: remote.target }), { from });
    db.close();
    await remote.server.close();
    expect(rowsOf(remote.file, COUNT)).toEqual(['2001 1000 junk5000']);
  });

  test('server: the same, in the swap itself', async () => {
    const remote = await startRemote(world.directory);
    const db = openRemoteDatabase({ url: remote.server.url, authToken: 'token', fetch });
    const source = openRemoteSnapshotSource({ url: remote.server.url, authToken: 'token', fetch });
    const name = await backUp(world);
    const from = await newest(world);
    await restore(partsOf(world, { target: remote.target }), { from });
    // An empty server: free, and done.
    const first = await nextRun(db, source);
    expect(first.runs).toEqual([`${first.name} done`, `${name} done`]);
    await restore(partsOf(world, { target: remote.target }), { from });
    const second = await nextRun(db, source);
    expect(second.runs).toEqual([`${second.name} done`, `${first.name} done`, `${name} done`]);
    expect(world.alerts).toEqual([]);
    db.close();
    await remote.server.close();
    expect(rowsOf(remote.file, "SELECT name FROM sqlite_schema WHERE name GLOB 'restoring*'")).toEqual([]);
  });

  test('the broken file: what it knew is lost with it, and the lease is free all the same', async () => {
    await backUp(world);
    world.db.close();
    writeFileSync(world.path, 'no database at all');
    await restoreNewest(world, { target: { kind: 'file', path: world.path } }, { isOldBroken: true });
    expect((await nextRunOnFile(world.path)).runs).toHaveLength(2);
  });
});

test.each(['backup_lease', 'backup_runs', 'backup_requests', 'schema_migrations'])(
  '--only %s is refused: it is the program’s own record',
  async (table) => {
    await backUp(world);
    const target = { kind: 'file' as const, path: world.path };
    await expect(restoreNewest(world, { target }, { only: [table] })).rejects.toThrow(
      `table ${table} is the program's own record`,
    );
  },
);

test('a dry run shows what becomes of the data, and leaves the engine’s record out', async () => {
  await backUp(world);
  await backUp(world);
  await world.db.write([sql('INSERT INTO users (user_id) VALUES (8)')]);
  const target = { kind: 'file' as const, path: world.path };
  const { tables } = await previewRestore(partsOf(world, { target }), { from: await newest(world) });
  const moved = tables.filter(({ added, removed, changed }) => added + removed + changed > 0);
  expect(moved.map(({ table }) => table)).toEqual(['users']);
});
