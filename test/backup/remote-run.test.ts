/**
 * A run as a Worker makes it, SQL over HTTP to S3, with its requests counted: the free plan allows
 * 50 subrequests an invocation.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startMemoryS3 } from '../../sim/s3/memory-server.ts';
import { type SqlServer, startSqlServer } from '../../sim/sql-over-http/sql-server.ts';
import { listBackups } from '../../src/backup/catalog/list.ts';
import { createBackupLedger } from '../../src/backup/run/backup-runs.ts';
import type { BackupContext } from '../../src/backup/run/context.ts';
import { runBackup } from '../../src/backup/run/run.ts';
import { openRemoteSnapshotSource } from '../../src/backup/snapshot/remote.ts';
import { createS3Store } from '../../src/backup/store/s3-store.ts';
import { verifyDeep } from '../../src/backup/verify/verify-backup.ts';
import { type Database, sql } from '../../src/db/database.ts';
import { migrate } from '../../src/db/migrate.ts';
import { openRemoteDatabase } from '../../src/db/remote-database.ts';
import { ONE_RUN } from '../../src/jobs/backup-requests.ts';
import { testClock } from '../support/backup-world.ts';
import { lyingFetch, type Wire } from '../support/lying-server.ts';
import { serverKind } from '../support/server-kind.ts';

const clock = testClock();
let directory: string;
let server: SqlServer;
let s3: Awaited<ReturnType<typeof startMemoryS3>>;
let db: Database;
let context: BackupContext;
let requests: string[] = [];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'remote-run-'));
  server = await startSqlServer({ ...serverKind(), file: join(directory, 'server.db') });
  s3 = await startMemoryS3();
  const counted: typeof fetch = (input, init) => {
    const { url, method } =
      input instanceof Request ? input : { url: String(input), method: init?.method ?? 'GET' };
    requests.push(`${url.startsWith(server.url) ? 'database' : 's3'} ${method}`);
    return fetch(input, init);
  };
  db = openRemoteDatabase({ url: server.url, authToken: undefined, fetch: counted });
  await migrate(db, { now: () => clock.now(), backup: async () => {} });
  context = {
    source: openRemoteSnapshotSource({ url: server.url, fetch: counted }),
    store: createS3Store(s3.settings, { fetch: (url, init) => counted(url, init) }),
    prefix: 'backups/',
    ledger: createBackupLedger(db),
    clock,
    random: () => 0.5,
    holder: 'test',
    appVersion: '0.1.0',
    libraries: {},
    encryption: undefined,
    keys: undefined,
    retention: { days: 90 },
    gzipLevel: 1,
    timeoutMs: 600_000,
    alert: async ({ message }) => {
      throw new Error(message);
    },
  };
});
afterAll(async () => {
  db.close();
  await server.close();
  await s3.close();
  rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
});

async function run() {
  clock.advance(86_400_000);
  requests = [];
  const outcome = await runBackup(context, { trigger: 'schedule', scheduledAt: clock.now() });
  if (outcome.kind !== 'done') throw new Error(JSON.stringify(outcome));
  expect(outcome.problems).toEqual([]);
  return outcome;
}

test('a run of a small database fits the free plan with room to spare, and its cost does not grow with the number of backups', async () => {
  await run();
  const counts: number[] = [];
  for (let day = 0; day < 5; day += 1) {
    await run();
    counts.push(requests.length);
  }
  expect(Math.max(...counts)).toBe(ONE_RUN);
  expect(counts.at(-1)).toBe(counts[1]);
  expect((await listBackups(context)).total).toBe(6);
});

test('values that the quick form cannot carry: read again in the exact form, everything as it was', async () => {
  await db.write([
    sql('CREATE TABLE odd (id INTEGER PRIMARY KEY, v)'),
    sql(
      "INSERT INTO odd (v) VALUES (CAST(x'61ff' AS TEXT)), (9e999), (-9e999), (9223372036854775807), (x''), ('a' || char(0))",
    ),
  ]);
  const { manifest } = await run();
  expect(manifest.tables.find(({ name }) => name === 'odd')?.rows).toBe(6);
  expect(await verifyDeep(context, manifest, { keys: undefined })).toMatchObject({ ok: true, problems: [] });
});

test('rows read are counted: those of every table and of every index', async () => {
  const before = (await run()).rowsRead;
  await db.write([
    sql('CREATE TABLE billed (id INTEGER PRIMARY KEY, v)'),
    sql('CREATE INDEX billed_v ON billed (v)'),
    sql(
      'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) INSERT INTO billed (v) SELECT i FROM n',
    ),
  ]);
  const grown = (await run()).rowsRead - before;
  // The record of the run before is a row of its own, with its indexes.
  expect(grown).toBeGreaterThanOrEqual(2_000);
  expect(grown).toBeLessThan(2_010);
});

const COUNTERS = /FROM "counters" ORDER/;

test.each([
  [
    'twice',
    (rows: readonly Wire[]) => [...rows, ...rows.slice(-1)],
    'row not in key order for table counters',
  ],
  ['cut', (rows: readonly Wire[]) => rows.slice(1), 'rows came where count(*) is'],
])('rows of counters %s once: verified; in every reading: damaged, and said', async (_, change, fault) => {
  await db.write([
    sql("INSERT OR IGNORE INTO counters (metric, period, value) VALUES ('a', 'all', 1), ('b', 'all', 1)"),
  ]);
  const honest = context;
  const lie = { match: COUNTERS, change, left: 1 };
  const alerts: string[] = [];
  context = {
    ...honest,
    source: openRemoteSnapshotSource({ url: server.url, fetch: lyingFetch([lie]) }),
    alert: async ({ message }) => void alerts.push(message),
  };
  expect((await run()).manifest).toMatchObject({ state: 'verified' });
  lie.left = Number.POSITIVE_INFINITY;
  const { manifest } = await run();
  expect(manifest.state).toBe('damaged');
  expect(manifest.findings?.join()).toContain(fault);
  context = honest;
  expect((await run()).manifest).toMatchObject({ state: 'verified' });
});
