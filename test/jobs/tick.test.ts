import { afterEach, beforeEach, expect, test } from 'vitest';
import { all, sql } from '../../src/db/database.ts';
import { forgetJob } from '../../src/jobs/forget-marks.ts';
import type { Job } from '../../src/jobs/job.ts';
import { tick } from '../../src/jobs/tick.ts';
import { startTestBot, type TestBot } from '../support/bot.ts';

let bot: TestBot;
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
  const leases = await bot.db.read([all(sql('SELECT name FROM job_leases'), (row) => row.text('name'))]);
  expect(leases).toEqual([[]]);
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
