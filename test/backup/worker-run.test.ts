/**
 * The Worker itself, bundled and run in real workerd: its cron makes a backup, which Node then
 * opens with a real SQLite.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startWorkerRuntime, type WorkerRuntime } from '../../dev/worker-runtime.ts';
import { type StandIns, startStandIns } from '../../sim/stand-ins.ts';
import { listBackups } from '../../src/backup/catalog/list.ts';
import { createS3Store } from '../../src/backup/store/s3-store.ts';
import { verifyDeep } from '../../src/backup/verify/verify-backup.ts';
import { sql } from '../../src/db/database.ts';
import { openRemoteDatabase } from '../../src/db/remote-database.ts';

const ADMIN = 4242;
/** As the Worker is set up by default (wrangler.toml). */
const BACKUP_CRON = '0 2 * * *';
let directory: string;
let parts: StandIns;
let worker: WorkerRuntime;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'worker-run-'));
  parts = await startStandIns({ directory, ownerIds: [ADMIN] });
  worker = await startWorkerRuntime(parts.settings);
});
afterAll(async () => {
  await worker.close();
  await parts.close();
  rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
});

test('cron twice for one time: one backup, whole by the full proof, with every value as it was', async () => {
  const at = new Date('2026-06-15T02:00:00Z');
  await worker.scheduled(BACKUP_CRON, at);
  const { settings, sql: server } = parts;
  const db = openRemoteDatabase({ url: server.url, authToken: settings['DATABASE_AUTH_TOKEN'], fetch });
  await db.write([
    sql('CREATE TABLE odd (a, b REAL, PRIMARY KEY (a)) WITHOUT ROWID'),
    sql(
      "INSERT INTO odd VALUES (9223372036854775807, 9e999), (x'00ff', -0.0), ('nul' || char(0) || 'x', 1.0), (CAST(x'61ff' AS TEXT), NULL)",
    ),
    sql(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
         INSERT INTO users (user_id, username) SELECT i, 'user' || i FROM n`),
  ]);
  db.close();
  const next = new Date('2026-06-16T02:00:00Z');
  await worker.scheduled(BACKUP_CRON, next);
  await worker.scheduled(BACKUP_CRON, next);
  const bucket = { store: createS3Store(parts.s3), prefix: 'backups/' };
  const { entries } = await listBackups(bucket);
  expect(entries.map(({ name, state }) => [name, state])).toEqual([
    ['20260616_020000', 'verified'],
    ['20260615_020000', 'verified'],
  ]);
  for (const { manifest } of entries) {
    if (manifest === undefined) throw new Error('no manifest');
    expect(manifest.proof.join()).toContain('contents opened');
    expect((await verifyDeep(bucket, manifest, { keys: undefined })).problems).toEqual([]);
  }
  const tables = new Map(entries[0]?.manifest?.tables.map(({ name, rows }) => [name, rows]));
  expect([tables.get('odd'), tables.get('users')]).toEqual([4, 20_000]);
});
