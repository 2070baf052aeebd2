import { afterEach, beforeEach, expect, test } from 'vitest';
import { all, sql } from '../../src/db/database.ts';
import { forgetJob } from '../../src/jobs/forget-marks.ts';
import type { Job } from '../../src/jobs/job.ts';
import { tick } from '../../src/jobs/tick.ts';
import { startTestBot, type TestBot } from '../support/bot.ts';

let bot: TestBot;

/** A timer that goes off when the test says so. */
function manualTimer() {
  let run: (() => void | Promise<void>) | undefined;
  const timer = (_ms: number, work: () => void | Promise<void>) => {
    run = work;
    return () => {
      run = undefined;
    };
  };
  return { timer, fire: async () => run?.() };
}

beforeEach(async () => {
  bot = await startTestBot();
});
afterEach(() => bot.close());

function counting(name: string, act: () => Promise<void> = async () => {}): Job & { runs: number } {
  const job = {
    name,
    runs: 0,
    async run() {
      job.runs += 1;
      await act();
    },
  };
  return job;
}

test('a failing job does not keep the others from their turn', async () => {
  const broken = counting('broken', async () => {
    throw new Error('boom');
  });
  const fine = counting('fine');
  await tick([broken, fine], bot.jobContext(), 'a');
  expect([broken.runs, fine.runs]).toEqual([1, 1]);
  expect(bot.log.at(-1)).toMatchObject({ event: 'job failed', job: 'broken' });
});

test('two ticks at once run a job once; a dead holder is taken over later', async () => {
  const context = bot.jobContext();
  let inside: Promise<void> | undefined;
  const job = counting('slow', async () => {
    inside ??= tick([job], context, 'b');
    await inside;
  });
  await tick([job], context, 'a');
  expect(job.runs).toBe(1);

  await bot.db.write([sql(`INSERT INTO job_leases VALUES ('slow', 'dead', '2026-11-22 10:10:00')`)]);
  await tick([job], bot.jobContext(), 'c');
  expect(job.runs).toBe(1);
  bot.advance(11 * 60_000);
  await tick([job], bot.jobContext(), 'd');
  expect(job.runs).toBe(2);
});

test('a claim whose answer was lost keeps jobs for three minutes, not for the longest work', async () => {
  const job = counting('ships');
  bot.failNext('write', 'after');
  await expect(tick([job], bot.jobContext(), 'lost')).rejects.toThrow();
  for (const minute of [1, 2, 3]) {
    bot.advance(60_000);
    await tick([job], bot.jobContext(), `tick ${minute}`);
  }
  expect(job.runs).toBe(1);
});

const leases = async (): Promise<string[]> =>
  (await bot.db.read([all(sql('SELECT name FROM job_leases ORDER BY name'), (row) => row.text('name'))]))[0];

test('a job that works for long keeps its lease, and no other job waits for it', async () => {
  const renew = manualTimer();
  const other = counting('other');
  const before = counting('before');
  let seen = 0;
  const long = counting('long', async () => {
    for (let minute = 1; minute <= 12; minute++) {
      bot.advance(60_000);
      await renew.fire();
      await tick([before, long, other], bot.jobContext(), `minute ${minute}`);
      seen = Math.max(seen, long.runs);
    }
  });
  await tick([before, long, other], bot.jobContext(), 'first', renew.timer);
  expect(seen).toBe(1);
  // The first tick had no time left for it.
  expect([before.runs, long.runs, other.runs]).toEqual([13, 1, 12]);
  expect(await leases()).toEqual([]);
});

test('work whose lease is another’s has no request left', async () => {
  const renew = manualTimer();
  const context = bot.jobContext();
  const left: number[] = [];
  const job: Job = {
    name: 'stopped',
    async run({ requests }) {
      const part = requests.part(5);
      // The machine slept.
      bot.advance(4 * 60_000);
      await tick([counting('stopped')], bot.jobContext(), 'next');
      left.push(requests.left, part.left);
      await bot.db.write([sql(`INSERT INTO job_leases VALUES ('stopped', 'next', '2026-11-22 10:07:00')`)]);
      await renew.fire();
      left.push(requests.left, part.left);
    },
  };
  await tick([job], context, 'first', renew.timer);
  expect(left[0]).toBeGreaterThan(0);
  expect(left.slice(1)).toEqual([5, 0, 0]);
  expect(await leases()).toEqual(['stopped']);
});

test('a lease that cannot be renewed in time is nobody’s, and its work ends', async () => {
  const renew = manualTimer();
  const left: number[] = [];
  const job: Job = {
    name: 'unheard',
    async run({ requests }) {
      for (const _ of [1, 2, 3]) {
        bot.advance(60_000);
        bot.failNext('write');
        await renew.fire();
        left.push(Math.sign(requests.left));
      }
    },
  };
  await tick([job], bot.jobContext(), 'first', renew.timer);
  expect(left).toEqual([1, 0, 0]);
});

test('a tick that finds every job at work elsewhere says so', async () => {
  await bot.db.write([sql(`INSERT INTO job_leases VALUES ('slow', 'worker 7', '2026-11-22 10:02:30')`)]);
  await tick([counting('slow')], bot.jobContext(), 'a');
  expect(bot.log.at(-1)).toMatchObject({
    event: 'tick',
    job: 'slow',
    holder: 'worker 7',
    until: '2026-11-22 10:02:30',
  });
});

test('nothing begins after the deadline or without requests left', async () => {
  const job = counting('late');
  await tick([job], bot.jobContext({ seconds: 0 }), 'a');
  await tick([job], bot.jobContext({ requests: 1 }), 'a');
  expect(job.runs).toBe(0);
});

test('an idle tick costs two round trips, however many jobs there are', async () => {
  const many = Array.from({ length: 20 }, (_, i) => counting(`idle ${i}`));
  expect(await bot.costOf(() => tick(many, bot.jobContext(), 'a'))).toEqual({
    reads: 0,
    writes: 2,
    calls: 0,
  });
});

test('what rides along with the last request is written; when it cannot be, the jobs are released all the same', async () => {
  const rider = (statement: string): Job => ({
    name: 'rider',
    run: async ({ atEnd }) => void atEnd?.push(sql(statement)),
  });
  const write = "INSERT INTO handled_updates VALUES (1, '2026-11-22 10:00:00')";
  expect(await bot.costOf(() => tick([rider(write)], bot.jobContext(), 'a'))).toMatchObject({ writes: 2 });
  await expect(tick([rider(write)], bot.jobContext(), 'b')).rejects.toThrow('UNIQUE');
  const [marks, leases] = await bot.db.read([
    all(sql('SELECT update_id FROM handled_updates'), (row) => row.int('update_id')),
    all(sql('SELECT name FROM job_leases'), (row) => row.text('name')),
  ]);
  expect(marks).toEqual([1]);
  expect(leases).toEqual([]);
});

test('a job that did not get its turn is free for the next tick, whatever its pace', async () => {
  const slow = counting('slow', async () => bot.advance(60_000));
  const hourly = { ...counting('hourly'), everyMinutes: 60 };
  await tick([slow, hourly], bot.jobContext({ seconds: 50 }), 'a');
  expect(await leases()).toEqual([]);
});

test('many old marks are forgotten in slices, within the requests a tick has', async () => {
  await bot.db.write([
    sql(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000)
         INSERT INTO handled_updates SELECT i, CASE WHEN i <= 11000 THEN '2026-11-01 00:00:00' ELSE '2026-11-22 09:00:00' END FROM n`),
  ]);
  const left = async (): Promise<number> =>
    (
      await bot.db.read([all(sql('SELECT COUNT(*) AS n FROM handled_updates'), (row) => row.int('n'))])
    )[0][0] ?? 0;
  await forgetJob.run(bot.jobContext({ requests: 2 }));
  expect(await left()).toBe(2_000);
  await forgetJob.run(bot.jobContext());
  expect(await left()).toBe(1_000);
});

test('marks older than three days are forgotten once an hour, younger ones stay', async () => {
  await bot.db.write([
    sql(`INSERT INTO handled_updates VALUES (1, '2026-11-19 09:59:59'), (2, '2026-11-19 10:00:01')`),
  ]);
  const marks = async (): Promise<number[]> =>
    (
      await bot.db.read([all(sql('SELECT update_id FROM handled_updates'), (row) => row.int('update_id'))])
    )[0];
  await tick([forgetJob], bot.jobContext(), 'a');
  expect(await marks()).toEqual([2]);
  bot.advance(30 * 60_000);
  await tick([forgetJob], bot.jobContext(), 'a');
  expect(await marks()).toEqual([2]);
  bot.advance(31 * 60_000);
  await tick([forgetJob], bot.jobContext(), 'a');
  expect(await marks()).toEqual([]);
});
