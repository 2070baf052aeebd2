/**
 * A database whose index says something else than its table: the backup is kept, says so, and
 * nobody calls it verified.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findBackup, newestVerified } from '../../src/backup/catalog/list.ts';
import { createBackupEngine } from '../../src/backup/engine.ts';
import { drill } from '../../src/backup/restore/drill.ts';
import { restore } from '../../src/backup/restore/restore.ts';
import { createBackupLedger } from '../../src/backup/run/backup-runs.ts';
import type { BackupOutcome } from '../../src/backup/run/outcome.ts';
import { runBackup } from '../../src/backup/run/run.ts';
import { copyLive } from '../../src/backup/snapshot/copy-live.ts';
import { openEmbeddedSnapshotSource } from '../../src/backup/snapshot/embedded.ts';
import { sql } from '../../src/db/database.ts';
import { openEmbeddedDatabase } from '../../src/db/file/embedded-database.ts';
import { createWorld, type World } from '../support/backup-world.ts';
import { damage, damageIndex } from '../support/damage-index.ts';
import { recordedRuns } from '../support/recorded-runs.ts';

let world: World;
beforeEach(async () => {
  world = await createWorld({}, 'small');
});
afterEach(() => world.close());

/** Does something to the file while nobody has it open. */
async function offline(work: (path: string) => void): Promise<void> {
  const { close, context, directory } = world;
  // Another file: a library that had this one open may let go of it late.
  const path = join(directory, `${Math.random()}.db`);
  await copyLive(context.source, path);
  world.db.close();
  work(path);
  const db = await openEmbeddedDatabase(path);
  const ledger = createBackupLedger(db);
  const source = openEmbeddedSnapshotSource({ path });
  world = {
    ...world,
    db,
    ledger,
    path,
    context: { ...context, ledger, source },
    close: () => {
      db.close();
      close();
    },
  };
}

async function run(): Promise<Extract<BackupOutcome, { kind: 'done' }>> {
  world.clock.advance(60_000);
  const outcome = await runBackup(world.context, { trigger: 'schedule', scheduledAt: world.clock.now() });
  if (outcome.kind !== 'done') throw new Error(JSON.stringify(outcome));
  return outcome;
}

const engine = () =>
  createBackupEngine({ ...world.context, requests: world.ledger, maxAgeHours: 26, signLink: () => '' });

test.each([
  ['small: looked over on the spot', 0],
  ['large: in a process of its own', 20_000],
])('%s', async (_, rows) => {
  await world.db.write([
    sql('CREATE TABLE filling (id INTEGER PRIMARY KEY, text TEXT)'),
    sql(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
         INSERT INTO filling (text) SELECT hex(randomblob(40)) FROM n`,
      rows,
    ),
  ]);
  const good = await run();
  expect(good.manifest).toMatchObject({ state: 'verified' });
  expect(good.manifest.findings).toBeUndefined();
  expect(good.manifest.proof).toContain('integrity_check and foreign keys of the copy that was read');
  expect(world.alerts).toEqual([]);
  await offline(damageIndex);
  const bad = await run();
  expect(bad.manifest.state).toBe('damaged');
  expect(bad.manifest.findings?.join()).toContain('wrong # of entries in index parts_by_code');
  expect(world.alerts).toEqual([
    { kind: 'damaged', message: expect.stringContaining('wrong # of entries in index parts_by_code') },
  ]);
  expect((await newestVerified(world.context))?.name).toBe(good.name);
  expect(await engine().health()).toMatchObject({
    ok: false,
    reason: 'damaged',
    name: good.name,
    damaged: { name: bad.name },
  });
  expect(await engine().verify(bad.name)).toMatchObject({
    ok: false,
    problems: [expect.stringContaining('the database was damaged when it was read')],
  });
  expect(await engine().verify(good.name)).toMatchObject({ ok: true });
  const [newest] = await recordedRuns(world.db);
  expect(newest).toMatchObject({ state: 'done', reason: expect.stringContaining('damaged') });
  // Its document was read past the index, so it can be restored: the index has more rows than the
  // table.
  const entry = await findBackup(world.context, bad.name);
  if (entry === undefined) throw new Error('no backup');
  const report = await restore(
    {
      bucket: world.context,
      keys: undefined,
      clock: world.clock,
      target: { kind: 'file', path: join(world.directory, 'salvaged.db') },
      context: undefined,
      closeTarget: () => {},
      random: Math.random,
      fetch,
    },
    { from: { kind: 'backup', entry } },
  );
  expect(report.tables.find(({ table }) => table === 'anime_parts')?.rows).toBe(2);
  expect(report.notes.join()).toContain('so its document was');
  expect(readdirSync(world.directory).filter((name) => name.includes('.snapshot-'))).toEqual([]);
  await world.db.write([sql('REINDEX')]);
  const mended = await run();
  expect(mended.manifest.findings).toBeUndefined();
  expect(await engine().health()).toMatchObject({ ok: true, name: mended.name });
});

test('a start after a crash makes no flood of damaged backups', async () => {
  await offline(damageIndex);
  const start = () =>
    runBackup(world.context, {
      trigger: 'start',
      scheduledAt: world.clock.now(),
      unlessYoungerThanMs: 600_000,
    });
  expect(await start()).toMatchObject({ kind: 'done', manifest: { state: 'damaged' } });
  world.clock.advance(60_000);
  const again = await start();
  expect(again).toMatchObject({ kind: 'skipped', reason: 'recent' });
});

test('rows that refer to nothing, and a search index out of step, are told and no damage', async () => {
  await world.db.write([
    sql('CREATE TABLE likes (id INTEGER PRIMARY KEY, anime INTEGER REFERENCES anime(id))'),
    sql('CREATE VIRTUAL TABLE words USING fts5 (text)'),
    sql("INSERT INTO words (text) VALUES ('naruto'), ('bleach')"),
  ]);
  await offline((path) =>
    damage(path, 'INSERT INTO likes (anime) VALUES (99), (98); DELETE FROM words_content WHERE id = 1'),
  );
  const { manifest } = await run();
  expect(manifest.state).toBe('verified');
  expect(manifest.proof).toContain('2 rows of likes refer to rows that do not exist');
  expect(manifest.proof.join('\n')).toContain("INSERT INTO words(words) VALUES('rebuild')");
  expect(world.alerts).toEqual([]);
  const entry = await newestVerified(world.context);
  if (entry === undefined) throw new Error('no backup');
  // What is verified can be restored.
  const { record } = await drill({ bucket: world.context, keys: undefined, clock: world.clock }, entry);
  expect(record).toMatchObject({ ok: true, problem: null });
});

test('a run that cannot read the database is known to /healthz and /test until a good one', async () => {
  const good = await run();
  const read = () => Promise.reject(Object.assign(new Error('malformed'), { code: 'SQLITE_CORRUPT' }));
  const broken = { ...world.context, source: { read } };
  world.clock.advance(60_000);
  const outcome = await runBackup(broken, { trigger: 'schedule', scheduledAt: world.clock.now() });
  expect(outcome).toMatchObject({ kind: 'failed', reason: expect.stringContaining('docs/operations.md') });
  expect(await engine().health()).toMatchObject({
    ok: false,
    reason: 'damaged',
    name: good.name,
    damaged: { isRun: true, problem: expect.stringContaining('the database file is damaged') },
  });
  // A run that failed for something else says nothing of the database.
  await run();
  expect(await engine().health()).toMatchObject({ ok: true });
  const busy = { ...world.context, source: { read: () => Promise.reject(new Error('no answer')) } };
  world.clock.advance(60_000);
  await runBackup(busy, { trigger: 'schedule', scheduledAt: world.clock.now() });
  expect(await engine().health()).toMatchObject({ ok: true });
});
