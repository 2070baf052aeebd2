/**
 * The second copy as the tick of a Worker on the free plan makes it: 50 subrequests an invocation,
 * every one of them counted; what the admins and /healthz hear of it.
 */
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MemoryS3 } from '../../sim/s3/memory.ts';
import type { StandIns } from '../../sim/stand-ins.ts';
import { listBackups } from '../../src/backup/catalog/list.ts';
import { readMemory } from '../../src/backup/copy/memory.ts';
import { createS3Store } from '../../src/backup/store/s3-store.ts';
import type { Store } from '../../src/backup/store/types.ts';
import { copyNote } from '../../src/db/bucket-notes.ts';
import { type CountedWorker, SUBREQUESTS, startCountedWorker } from '../support/counted-worker.ts';
import { sampleChange } from '../support/sample-change.ts';

const ADMIN = 4242;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

let worker: CountedWorker;
let db: CountedWorker['db'];
let engine: CountedWorker['engine'];
let host: CountedWorker['host'];
let store: Store;
let second: Store;
let admin: CountedWorker['admin'];
let isAway = false;
let time: number;
const now = (): Date => new Date(time);

beforeEach(() => begin({}));

async function begin(more: Readonly<Record<string, string>>): Promise<void> {
  time = Date.parse('2026-06-15T02:01:00Z');
  isAway = false;
  const settings = {
    ...more,
    COPY_S3_ENDPOINT: 'https://elsewhere.example.com',
    COPY_S3_BUCKET: 'second',
    COPY_S3_ACCESS_KEY_ID: 'a',
    COPY_S3_SECRET_ACCESS_KEY: 'b',
  };
  const memory = new MemoryS3({}, now);
  const open = (s3: StandIns['s3'], count: () => void): Store => {
    second = createS3Store(
      { ...s3, endpoint: 'http://memory', isCopy: true },
      {
        attempts: 1,
        fetch: async (address, init) => {
          count();
          if (isAway) return new Response(null, { status: 403 });
          return memory.fetch(address, init);
        },
      },
    );
    return second;
  };
  worker = await startCountedWorker({ adminId: ADMIN, now, copy: { settings, open } });
  ({ admin, db, engine, host, store } = worker);
}
afterEach(() => worker.close());

/** One tick a minute; returns what the dearest cost. */
async function ticks(count: number): Promise<number> {
  let most = 0;
  for (let i = 0; i < count; i += 1) {
    most = Math.max(most, await worker.tick());
    time += MINUTE_MS;
  }
  return most;
}

const copied = async (): Promise<string[]> =>
  (await listBackups({ store: second, prefix: 'backups/' })).entries.map(
    ({ name, state }) => `${name} ${state}`,
  );
const made = async (): Promise<string[]> =>
  (await engine.list()).entries.map(({ name, state }) => `${name} ${state}`);
const run = () => engine.run({ trigger: 'schedule', scheduledAt: now() });
const told = (): string[] =>
  admin
    .messages()
    .map(({ text }) => text ?? '')
    .filter((text) => /ikkinchi ombor/i.test(text));
const health = async () => {
  const answer = await host.app.fetch(new Request('http://x/healthz'));
  return ((await answer.json()) as { copy?: Record<string, unknown> }).copy;
};

test('a run is in the second bucket two minutes later, and no tick takes more than the free plan gives', async () => {
  await run();
  await ticks(1);
  // The listing and what is copied at first fit into one tick, or the next but one goes on.
  expect(await ticks(3)).toBeLessThanOrEqual(SUBREQUESTS);
  expect(await copied()).toEqual(await made());
  expect(await health()).toMatchObject({ state: 'whole', left: 0, behind_hours: null, retention: 'bot' });
  // An idle minute costs one question more.
  await ticks(2);
  const idle = await ticks(2);
  time += MINUTE_MS;
  await run();
  time += MINUTE_MS;
  expect(await ticks(6)).toBeLessThanOrEqual(SUBREQUESTS);
  expect(await copied()).toEqual(await made());
  expect(idle).toBeLessThan(16);
});

test('a second bucket that refuses: the run is good, the admins hear once, once of a day, and once of the end', async () => {
  isAway = true;
  const outcome = await run();
  expect(outcome).toMatchObject({ kind: 'done', problems: [] });
  await ticks(20);
  expect(told()).toHaveLength(1);
  expect(told()[0]).toMatch(/to‘xtab qoldi[\s\S]*kalitni qabul qilmadi/);
  expect((await health())?.['state']).toBe('behind');
  time += 25 * HOUR_MS;
  await ticks(30);
  expect(told()).toHaveLength(2);
  expect(told()[1]).toContain('bir kundan ko‘p');
  expect(await health()).toMatchObject({ state: 'late' });
  isAway = false;
  await ticks(30);
  expect(told()).toHaveLength(3);
  expect(told()[2]).toContain('yana barcha zaxira nusxalar bor');
  expect(await copied()).toEqual(await made());
  await ticks(30);
  expect(told()).toHaveLength(3);
});

test('where backups are encrypted, those that stay in the first bucket are told with the others', async () => {
  await worker.close();
  const identity = await generateX25519Identity();
  await begin({ BACKUP_AGE_RECIPIENTS: await identityToRecipient(identity) });
  isAway = true;
  await run();
  await ticks(20);
  isAway = false;
  await ticks(30);
  const stay = 'Faqat shifrlanmaganlari birinchisida qoladi: ular kalitsiz ochiladi.';
  expect(told().at(-1)).toContain(`yana barcha zaxira nusxalar bor. ${stay}`);
});

test('a change file follows within two minutes, between two looks at the backups', async () => {
  await run();
  await ticks(4);
  const timeline = 'a'.repeat(32);
  const sample = sampleChange({ timeline, first: 1, last: 3, time: now() });
  const file = `backups/${sample.file}`;
  await store.put(file, sample.body);
  await db.write([
    {
      sql: `INSERT OR REPLACE INTO change_state (id, timeline, reason, since, shipped_seq)
        VALUES (1, ?, 'restored', '2026-06-15T00:00:00.000Z', 3)`,
      args: [timeline],
    },
  ]);
  expect(await ticks(2)).toBeLessThanOrEqual(SUBREQUESTS);
  expect((await second.list('backups/changes/')).map(({ key }) => key)).toEqual([file]);
  expect(await ticks(2)).toBeLessThan(16);
});

test('a memory that somebody damaged counts as none', async () => {
  await db.write([{ sql: "INSERT INTO bucket_notes (key, value) VALUES ('copy', '{\"at\":7}')", args: [] }]);
  await run();
  await ticks(4);
  const [note] = await db.read([copyNote()]);
  expect(readMemory(note)).toMatchObject({ left: 0, failures: 0 });
  expect(await copied()).toEqual(await made());
});
