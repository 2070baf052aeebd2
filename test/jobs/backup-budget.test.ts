/**
 * The tick of a Worker on the free plan, every request of it counted: 50 subrequests an invocation,
 * a backup and all other jobs among them.
 */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { noticeAdmins } from '../../src/db/admin-notices.ts';
import { all, type Database, sql } from '../../src/db/database.ts';
import { askBackup } from '../support/ask-backup.ts';
import { type CountedWorker, SUBREQUESTS, startCountedWorker } from '../support/counted-worker.ts';

const ADMIN = 4242;
const MINUTE_MS = 60_000;

let worker: CountedWorker;
let db: Database;
let engine: CountedWorker['engine'];
let time: number;
const now = (): Date => new Date(time);

beforeEach(async () => {
  time = Date.parse('2026-06-15T02:00:00Z');
  worker = await startCountedWorker({ adminId: ADMIN, now });
  ({ db, engine } = worker);
});
afterEach(() => worker.close());

/** One tick a minute, and what it cost. */
async function tick(): Promise<number> {
  const requests = await worker.tick();
  time += MINUTE_MS;
  return requests;
}

const ask = () => askBackup(db, { requestedBy: ADMIN, chatId: ADMIN, messageId: null, requestedAt: now() });
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
