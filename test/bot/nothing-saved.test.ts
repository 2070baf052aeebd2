/**
 * A database that is read and takes no writes (a full disk): one answer each, then silence until it
 * is saved, and word to the owners.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createWriteAlarm } from '../../src/bot/write-alarm.ts';
import { type Database, DatabaseUnavailable } from '../../src/db/database.ts';
import { watchWrites } from '../../src/db/watched-writes.ts';
import { createLog } from '../../src/lib/log.ts';
import { ADMIN_ID, startTestBot, type TestBot } from '../support/bot.ts';

let bot: TestBot;
beforeEach(async () => {
  bot = await startTestBot();
});
afterEach(() => bot.close());

/** What Telegram delivers when somebody new presses Start. */
async function greeting(): Promise<string> {
  const viewer = bot.telegram.person();
  await bot.telegram.hold(() => viewer.send('/start'));
  const [update] = bot.telegram.takeUpdates();
  return JSON.stringify(update);
}
const sent = () => bot.telegram.calls.filter(({ method }) => method === 'sendMessage').length;

describe('updates', () => {
  test('28 deliveries while nothing can be saved are one message, and one more when it is saved', async () => {
    const update = await greeting();
    for (let i = 0; i < 28; i += 1) {
      bot.failNext('write');
      expect(await bot.post(update)).toBe(503);
    }
    expect(sent()).toBe(1);
    const cost = await bot.costOf(async () => expect(await bot.post(update)).toBe(200));
    expect(sent()).toBe(2);
    // The probe, and the turn's own.
    expect(cost.writes).toBe(2);
    expect(await bot.post(update)).toBe(200);
    expect(sent()).toBe(2);
  });

  test('what was saved although its answer was lost is not probed', async () => {
    const update = await greeting();
    bot.failNext('write', 'after');
    expect(await bot.post(update)).toBe(503);
    const cost = await bot.costOf(async () => expect(await bot.post(update)).toBe(200));
    expect(cost).toEqual({ reads: 1, writes: 0, calls: 0 });
  });

  test('another person is answered, once', async () => {
    const [one, two] = [await greeting(), await greeting()];
    for (const update of [one, two, one, two]) {
      bot.failNext('write');
      expect(await bot.post(update)).toBe(503);
    }
    expect(sent()).toBe(2);
  });
});

describe('the owners', () => {
  let fails: boolean;
  let now: number;
  let alarm: ReturnType<typeof createWriteAlarm>;
  let writes: ReturnType<typeof watchWrites>;
  const minute = async (minutes = 1): Promise<string[]> => {
    const before = bot.telegram.calls.length;
    now += 60_000 * minutes;
    await writes.db.write([]).catch(() => undefined);
    await alarm.look();
    return bot.telegram.calls
      .slice(before)
      .filter(({ method }) => method === 'sendMessage')
      .map(({ params }) => String(params['text']));
  };
  beforeEach(() => {
    bot.telegram.person({ id: ADMIN_ID, firstName: 'Ega' });
    [fails, now] = [false, Date.parse('2026-11-22T10:00:00Z')];
    const db: Database = {
      read: bot.db.read,
      write: async () => {
        if (fails) throw new DatabaseUnavailable('database unavailable: SQLITE_FULL: disk is full');
        return [];
      },
      roundTrips: 0,
      close: () => {},
    };
    writes = watchWrites(db, () => new Date(now));
    const { api } = bot.services;
    const log = createLog('info', () => {});
    const tools = { api, log, ownerIds: [ADMIN_ID], now: () => new Date(now), defaultLocale: 'uz' as const };
    alarm = createWriteAlarm(writes, tools);
  });

  test('are told once an hour that nothing can be saved, and once that it is over', async () => {
    expect(await minute()).toEqual([]);
    fails = true;
    // A lock of a moment is no trouble yet.
    expect(await minute()).toEqual([]);
    expect(await minute()).toEqual([expect.stringMatching(/SQLITE_FULL.*Hech narsa saqlanmayapti/s)]);
    for (let i = 0; i < 50; i += 1) expect(await minute()).toEqual([]);
    expect(await minute(20)).toEqual([expect.stringContaining('saqlanmayapti')]);
    fails = false;
    expect(await minute()).toEqual([expect.stringContaining('yana yozilyapti')]);
    expect(await minute()).toEqual([]);
  });

  test('are not told of one write that failed', async () => {
    fails = true;
    await minute(0);
    fails = false;
    now += 60_000;
    await alarm.look();
    expect(writes.trouble()).toBeUndefined();
    expect(await minute()).toEqual([]);
  });
});
