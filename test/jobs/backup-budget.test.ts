/**
 * The tick of a Worker on the free plan, every request of it counted: 50 subrequests an invocation,
 * a backup and all other jobs among them.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type StandIns, startStandIns } from '../../sim/stand-ins.ts';
import type { BackupEngine } from '../../src/backup/engine.ts';
import { createBackupLedger } from '../../src/backup/run/backup-runs.ts';
import { openRemoteSnapshotSource } from '../../src/backup/snapshot/remote.ts';
import { createS3Store } from '../../src/backup/store/s3-store.ts';
import { createApi, readBotInfo } from '../../src/bot/telegram.ts';
import { noticeAdmins } from '../../src/db/admin-notices.ts';
import { all, type Database, sql } from '../../src/db/database.ts';
import { openRemoteDatabase } from '../../src/db/remote-database.ts';
import { composeEngine } from '../../src/hosts/compose.ts';
import { createHost, type Host } from '../../src/hosts/host.ts';
import { linkKey } from '../../src/http/download-links.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { createLog } from '../../src/lib/log.ts';
import { readConfig } from '../../src/settings/config.ts';

const ADMIN = 4242;
/** Cloudflare's free plan, and what src/worker.ts keeps back of it. */
const SUBREQUESTS = 50;
const RESERVE = 10;
const MINUTE_MS = 60_000;

let directory: string;
let parts: StandIns;
let db: Database;
let engine: BackupEngine;
let host: Host;
let requests = 0;
let time: number;
const now = (): Date => new Date(time);

beforeEach(async () => {
  time = Date.parse('2026-06-15T02:00:00Z');
  directory = mkdtempSync(join(tmpdir(), 'backup-budget-'));
  parts = await startStandIns({ directory, adminIds: [ADMIN] });
  await parts.telegram.person({ id: ADMIN }).send('/start');
  const counted: typeof fetch = (input, init) => {
    requests += 1;
    return fetch(input, init);
  };
  const config = readConfig(parts.settings, 'worker');
  const { url, authToken } =
    config.database.kind === 'remote' ? config.database : { url: '', authToken: undefined };
  db = openRemoteDatabase({ url, authToken, fetch: counted });
  const api = createApi({ token: parts.telegram.token, apiRoot: parts.telegram.apiRoot });
  api.config.use((previous, ...call) => {
    requests += 1;
    return previous(...call);
  });
  const store = createS3Store(parts.s3, { fetch: (input, init) => counted(input, init) });
  const links = { baseUrl: '', key: linkKey('1:x'), prefix: config.backup.prefix, now };
  engine = composeEngine(config.backup, {
    source: openRemoteSnapshotSource({ url, ...(authToken !== undefined && { authToken }), fetch: counted }),
    store,
    links,
    ledger: createBackupLedger(db),
    holder: 'worker',
    clock: { ...systemClock, now },
    alert: async () => {},
  });
  host = createHost({
    config,
    webhookSecret: 'x',
    db,
    api,
    me: readBotInfo({ id: 1, is_bot: true, username: 'test_bot' }),
    store,
    backups: engine,
    links,
    now,
    sleep: async () => {},
    log: createLog('silent', () => {}),
    tickLimits: { seconds: 50, requests: SUBREQUESTS - RESERVE },
    after: () => {},
  });
  await host.ready();
});
afterEach(async () => {
  db.close();
  await parts.close();
  rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
});

/** One tick a minute, and what it cost. */
async function tick(): Promise<number> {
  requests = 0;
  await host.tick();
  time += MINUTE_MS;
  return requests;
}

const ask = () => engine.request({ requestedBy: ADMIN, chatId: ADMIN, messageId: null });
const notice = (count: number) =>
  db.write(
    Array.from({ length: count }, (_, i) =>
      noticeAdmins(`file:${time}:${i}`, { kind: 'file', code: i, part: 1, reason: 'gone' }, now()),
    ),
  );
async function left(table: string, condition: string): Promise<number> {
  const [rows] = await db.read([
    all(sql(`SELECT count(*) AS n FROM ${table} WHERE ${condition}`), (row) => row.int('n')),
  ]);
  return rows[0] ?? 0;
}
const openRequests = () => left('backup_requests', 'finished_at IS NULL');
const untold = () => left('admin_notices', 'sent_at IS NULL');

test('a tick that carries a backup stays within the free plan, and leaves the other jobs to the next one', async () => {
  await ask();
  time += 1_000;
  await ask();
  await notice(10);
  const costs: number[] = [];
  const course: string[] = [];
  for (let minute = 0; minute < 5; minute += 1) {
    costs.push(await tick());
    course.push(`${await openRequests()} backups, ${(await untold()) > 0 ? 'notices' : 'no notices'}`);
  }
  expect(Math.max(...costs), costs.join()).toBeLessThanOrEqual(SUBREQUESTS);
  expect(course).toEqual([
    '1 backups, notices',
    '1 backups, no notices',
    '0 backups, no notices',
    '0 backups, no notices',
    '0 backups, no notices',
  ]);
  // What the budget says a run costs is what it costs.
  expect(costs[0]).toBeGreaterThan(25);
  expect((await engine.list()).total).toBe(2);
});

test('neither starves: a backup asked for every minute, and notices without end', async () => {
  let told = 0;
  for (let minute = 0; minute < 8; minute += 1) {
    await ask();
    await notice(12);
    const before = await untold();
    expect(await tick()).toBeLessThanOrEqual(SUBREQUESTS);
    told += before - (await untold());
  }
  expect((await engine.list()).total).toBe(4);
  expect(told).toBeGreaterThanOrEqual(4 * 10);
});

test('where there is room, all that were asked for are made in one tick', async () => {
  await ask();
  time += 1_000;
  await ask();
  const made = await engine.finishRequested(() => true);
  expect(made.map(({ outcome }) => outcome.kind)).toEqual(['done', 'done']);
});
