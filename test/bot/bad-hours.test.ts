/**
 * Telegram in trouble: nobody stays unanswered when it is over, nothing is done twice, and the
 * admins hear of it in few words.
 */
import { GrammyError } from 'grammy';
import { describe, expect, test } from 'vitest';
import { settleFailure } from '../../src/bot/failed-turn.ts';
import { sql } from '../../src/db/database.ts';
import { createApp } from '../../src/http/app.ts';
import { jobs } from '../../src/jobs/all-jobs.ts';
import { ADMIN_ID } from '../support/bot.ts';
import { addAnime, run, start, values } from '../viewer/support.ts';

const OUTAGE = { kind: 'error', status: 502, description: 'Bad Gateway' } as const;

async function setUp(people = 1) {
  const bot = await start();
  const admin = bot.telegram.person({ id: ADMIN_ID });
  await admin.start();
  await addAnime(bot, { code: 12, title: 'Naruto', parts: 3 });
  await addAnime(bot, { code: 13, title: 'Bleach', parts: 3 });
  const viewers = Array.from({ length: people }, () => bot.telegram.person());
  for (const viewer of viewers) {
    await viewer.start();
    bot.advance(2_000);
  }
  const told = admin.messages().length;
  const minute = async (): Promise<void> => {
    for (const job of jobs) await run(bot, job);
    bot.advance(60_000);
  };
  return {
    bot,
    admin,
    viewers,
    minute,
    /** Messages to the admin since. */
    alerts: () => admin.messages().slice(told),
    /** Redeliveries for so long. */
    deliver: async (seconds: number) => {
      for (let i = 0; i < seconds; i += 5) {
        bot.advance(5_000);
        await bot.telegram.deliver();
      }
    },
  };
}

const failed = 'SELECT COUNT(*) AS v FROM failed_updates';

describe('Telegram takes no messages for a while', () => {
  test('the viewer is answered afterwards, in order, once; the admin is told, once, and told no more', async () => {
    const { bot, viewers, minute, alerts, deliver } = await setUp();
    const [viewer] = viewers;
    if (viewer === undefined) throw new Error('no viewer');
    const down = bot.telegram.script({ times: Number.POSITIVE_INFINITY, fault: OUTAGE });
    void viewer.send('12').catch(() => undefined);
    await deliver(40);
    void viewer.send('13').catch(() => undefined);
    await deliver(40);
    expect(await values(bot, `${failed} WHERE given_up_at IS NOT NULL`)).toEqual(['2']);
    await minute();
    down.remove();
    for (let i = 0; i < 65; i += 1) await minute();
    const answers = viewer.messages().filter(({ isFromBot }) => isFromBot);
    const cards = answers.map(({ text, caption }) => /Kod: (\d+)/.exec(`${text}${caption}`)?.[1]);
    expect(cards.filter((code) => code !== undefined)).toEqual(['12', '13']);
    expect(await values(bot, failed)).toEqual(['0']);
    expect(alerts().map(({ text }) => text)).toEqual([expect.stringContaining('2 ta xabar javobsiz qoldi')]);
    // More of it within the hour is counted in the message that is there; later it is told anew.
    const again = bot.telegram.script({ chat: viewer.id, times: Number.POSITIVE_INFINITY, fault: OUTAGE });
    for (const messages of [2, 2]) {
      void viewer.send('12').catch(() => undefined);
      await deliver(40);
      await minute();
      expect(alerts()).toHaveLength(messages);
    }
    again.remove();
    expect(alerts().at(-1)?.text).toContain('2 ta xabar javobsiz qoldi');
  });

  test('a new update of the chat does not overtake those that wait: they are answered first', async () => {
    const { bot, viewers, deliver } = await setUp();
    const [viewer] = viewers;
    if (viewer === undefined) throw new Error('no viewer');
    const down = bot.telegram.script({ times: Number.POSITIVE_INFINITY, fault: OUTAGE });
    void viewer.send('12').catch(() => undefined);
    await deliver(40);
    down.remove();
    await viewer.send('13');
    const cards = viewer.messages().map(({ text }) => /Kod: (\d+)/.exec(text)?.[1]);
    expect(cards.filter((code) => code !== undefined)).toEqual(['12', '13']);
    expect(await values(bot, failed)).toEqual(['0']);
  });

  test('what was set aside is a duplicate when Telegram brings it again, and is not done twice by two replays', async () => {
    const { bot, viewers, deliver, minute } = await setUp();
    const [viewer] = viewers;
    if (viewer === undefined) throw new Error('no viewer');
    const down = bot.telegram.script({ times: Number.POSITIVE_INFINITY, fault: OUTAGE });
    void viewer.send('/start friend').catch(() => undefined);
    await deliver(40);
    await bot.telegram.redeliver(1);
    expect(bot.log.at(-1)).toMatchObject({ outcome: 'duplicate' });
    down.remove();
    const [payload] = await values(bot, 'SELECT payload AS v FROM failed_updates');
    const update = JSON.parse(payload ?? '');
    const before = viewer.messages().length;
    const outcomes = await Promise.all([bot.receive(update, 'replay'), bot.receive(update, 'replay')]);
    expect(outcomes.toSorted()).toEqual(['duplicate', 'handled']);
    await minute();
    expect(viewer.messages().length - before).toBeLessThanOrEqual(2);
    expect(await values(bot, failed)).toEqual(['0']);
  });

  test('a failure that is noted after another attempt was luckier leaves nothing behind', async () => {
    const { bot, viewers } = await setUp();
    const [viewer] = viewers;
    if (viewer === undefined) throw new Error('no viewer');
    await viewer.send('12');
    const update = bot.telegram.delivered.at(-1);
    if (update === undefined) throw new Error('no update');
    const turn = { update, delivery: 'replay', isCommitted: false, seen: [] } as const;
    for (const status of [429, 502]) {
      const answer = { ok: false, error_code: status, description: 'x' } as const;
      const error = new GrammyError('x', answer, 'sendMessage', { chat_id: viewer.id });
      await settleFailure({ ...turn, error }, bot.services);
      expect(await values(bot, failed)).toEqual(['0']);
    }
  });

  test('who was not told what was done is told later that it was, once, before anything else', async () => {
    const { bot, admin, viewers, minute } = await setUp();
    const [viewer] = viewers;
    if (viewer === undefined) throw new Error('no viewer');
    const down = bot.telegram.script({ times: Number.POSITIVE_INFINITY, fault: OUTAGE });
    await admin.send('/add');
    expect(await values(bot, 'SELECT COUNT(*) AS v FROM drafts')).toEqual(['1']);
    await minute();
    down.remove();
    const before = admin.messages().length;
    await admin.send('Bleach 2');
    const told = admin.messages().slice(before);
    expect(told.filter(({ isFromBot }) => isFromBot).map(({ text }) => text)).toEqual([
      expect.stringContaining('So‘rovingiz qabul qilingan'),
      expect.stringContaining('Tavsif saqlandi: Bleach 2'),
    ]);
    await minute();
    await minute();
    expect(admin.messages()).toHaveLength(before + told.length);
    expect(await values(bot, failed)).toEqual(['0']);
  });

  test('who blocked the bot meanwhile is owed no answer', async () => {
    const { bot, admin, minute } = await setUp();
    bot.telegram.script({ method: 'sendMessage', chat: ADMIN_ID, fault: OUTAGE });
    await admin.send('/add');
    await admin.block();
    await minute();
    await minute();
    expect(await values(bot, failed)).toEqual(['0']);
  });

  test('after a day it is no longer tried by itself: an admin sees it and decides', async () => {
    const { bot, admin, viewers, minute, deliver } = await setUp();
    const [viewer] = viewers;
    if (viewer === undefined) throw new Error('no viewer');
    const down = bot.telegram.script({ chat: viewer.id, times: Number.POSITIVE_INFINITY, fault: OUTAGE });
    void viewer.send('12').catch(() => undefined);
    await deliver(40);
    for (let i = 0; i < 26 * 60; i += 30) {
      bot.advance(29 * 60_000);
      await minute();
    }
    expect(await values(bot, `${failed} WHERE retry_ms IS NULL`)).toEqual(['1']);
    down.remove();
    await admin.send('/admin');
    const panel = admin.lastMessage();
    await admin.press(panel, '⚠️ Javobsiz xabarlar (1)');
    expect(admin.lastMessage().text).toContain('Telegram javob bermadi');
    await admin.press(admin.lastMessage(), '🔁 Qayta urinish');
    await minute();
    expect(viewer.lastMessage().text).toContain('Kod: 12');
    await admin.send('/admin');
    expect(JSON.stringify(admin.lastMessage().keyboard)).not.toContain('Javobsiz');
  });
});

describe('a flood wait', () => {
  test('costs the viewers time, not their answers, and the admins nothing', async () => {
    const { bot, viewers, alerts, deliver } = await setUp(20);
    const flood = bot.telegram.script({
      method: 'sendMessage',
      when: (params) => Number(params['chat_id']) !== ADMIN_ID,
      times: Number.POSITIVE_INFINITY,
      fault: { kind: 'flood', retryAfter: 120 },
    });
    bot.telegram.forgetCalls();
    for (const viewer of viewers) void viewer.send('12').catch(() => undefined);
    await deliver(40);
    // Each chat was asked once; the rest of the time is waited out without a call.
    expect(bot.telegram.callsOf('sendMessage')).toHaveLength(20);
    bot.advance(120_000);
    flood.remove();
    await bot.telegram.deliver();
    expect(viewers.filter((viewer) => viewer.lastMessage().text.includes('Kod: 12'))).toHaveLength(20);
    expect(alerts()).toHaveLength(0);
    expect(await values(bot, failed)).toEqual(['0']);
  });

  test('that is stored ahead of its time by a wrong clock ends with its own length', async () => {
    const { bot, viewers } = await setUp();
    const [viewer] = viewers;
    if (viewer === undefined) throw new Error('no viewer');
    const year = bot.now().getTime() + 365 * 86_400_000;
    await bot.db.write([sql('INSERT INTO floods (chat_id, until_ms) VALUES (?, ?)', viewer.id, year)]);
    await viewer.send('12');
    expect(viewer.lastMessage().text).toContain('Kod: 12');
  });

  test('the webhook answers 429 with the seconds that are left', async () => {
    const app = createApp({
      webhookSecret: 'x',
      receive: async () => ({ retryAfter: 77 }),
      health: () => Promise.reject(new Error('not asked')),
      download: async () => undefined,
    });
    const answer = await app.request('/webhook', {
      method: 'POST',
      body: '{"update_id":1}',
      headers: { 'X-Telegram-Bot-Api-Secret-Token': 'x' },
    });
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '77']);
  });
});

test('two hundred refused messages are one message to the admins, with their number', async () => {
  const { bot, viewers, minute, alerts } = await setUp(20);
  bot.telegram.script({
    method: 'sendMessage',
    when: (params) => Number(params['chat_id']) !== ADMIN_ID,
    times: Number.POSITIVE_INFINITY,
    fault: { kind: 'error', status: 400, description: 'Bad Request: strange' },
  });
  for (let i = 0; i < 10; i += 1) {
    for (const viewer of viewers) await viewer.send('/help');
    await minute();
  }
  expect(alerts().map(({ text }) => text)).toEqual([expect.stringContaining('200 ta xabarga javob berib')]);
  expect(bot.telegram.callsOf('editMessageText').length).toBeLessThanOrEqual(10);
});
