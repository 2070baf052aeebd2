/**
 * Callback data can be forged, and so can everything else a client sends: none of it may be poison,
 * an alert or a load.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CALLBACK_SHAPES } from '../../src/bot/callback-data.ts';
import { ADMIN_ID } from '../support/bot.ts';
import { addAnime, start, values } from '../viewer/support.ts';

/** A bot with an anime, an admin who would be alerted, and presses of a client's own making. */
async function setUp() {
  const bot = await start();
  const admin = bot.telegram.person({ id: ADMIN_ID });
  await admin.start();
  await addAnime(bot, { code: 12, title: 'Naruto', parts: 3 });
  const viewer = bot.telegram.person();
  await viewer.start();
  const told = admin.messages().length;
  return {
    bot,
    admin,
    viewer,
    alerts: () => admin.messages().length - told,
    press: async (who: 'viewer' | 'admin', data: string) => {
      const person = who === 'viewer' ? viewer : admin;
      await person.press({ ...person.lastMessage(), keyboard: [[{ text: 'x', data }]] }, 'x');
    },
  };
}

/**
 * Data as a hostile client would write it: real tags, any arguments; texts full of what FTS5 and
 * SQL understand.
 */
const tags = Object.values(CALLBACK_SHAPES).map(({ tag }) => tag);
const spiteful = fc.string({
  unit: fc.constantFrom(
    '"',
    "'",
    '*',
    '(',
    ')',
    ':',
    '{',
    '}',
    '^',
    '-',
    '+',
    ' ',
    'a',
    'OR',
    'NEAR',
    '\0',
    '%',
    '_',
    'ё',
    '𝄞',
  ),
  maxLength: 20,
});
const argument = fc.oneof(
  fc.constantFrom('0', '1', '-1', 'c', 'zzzzzzzzzz', '-zzzzzzzzzz', '', 'ž'),
  spiteful,
  fc.string({ unit: 'binary', maxLength: 12 }),
);
const forgedData = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .tuple(fc.constantFrom(...tags), fc.array(argument, { maxLength: 4 }))
      .map(([tag, args]) => [tag, ...args].join(':')),
  },
  { weight: 2, arbitrary: spiteful.map((text) => `q:0:${text}`) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom(...tags), argument).map(([tag, text]) => `s:${tag}:${text}`),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
);

describe('forged callback data', () => {
  test.each(['viewer', 'admin'] as const)('of a %s is never poison, whatever it is', async (who) => {
    const { bot, press, alerts } = await setUp();
    await fc.assert(
      fc.asyncProperty(forgedData, async (data) => {
        // Slowly enough for the limit.
        bot.advance(3_000);
        await press(who, data);
        expect(bot.log.at(-1)?.['outcome'], JSON.stringify([data, bot.log.at(-1)])).not.toMatch(
          /poison|again/,
        );
      }),
      { numRuns: 250 },
    );
    expect(await values(bot, 'SELECT COUNT(*) AS v FROM failed_updates')).toEqual(['0']);
    if (who === 'viewer') expect(alerts()).toBe(0);
  });
});

test('texts, inline queries and payloads full of FTS5 and SQL are answered like any other', async () => {
  const { bot, viewer, alerts } = await setUp();
  await fc.assert(
    fc.asyncProperty(fc.oneof(spiteful, fc.string({ unit: 'grapheme', maxLength: 60 })), async (text) => {
      bot.advance(9_000);
      if (text.trim() !== '' && !text.includes('\0')) await viewer.send(text);
      await viewer.inline(text.replaceAll('\0', ''));
      await viewer.send(`/start ${text.replaceAll('\0', '')}`);
      expect(bot.log.at(-1)?.['outcome'], JSON.stringify(text)).toBe('handled');
    }),
    { numRuns: 100 },
  );
  expect(await values(bot, 'SELECT COUNT(*) AS v FROM failed_updates')).toEqual(['0']);
  expect(alerts()).toBe(0);
});

describe('beyond the limit an update costs one read and no write', () => {
  const acts = {
    message: (who: Viewer) => who.send('naruto'),
    press: (who: Viewer) => who.press({ ...who.lastMessage(), keyboard: [[{ text: 'x', data: 'm' }]] }, 'x'),
    inline: (who: Viewer) => who.inline('naruto'),
  };
  type Viewer = Awaited<ReturnType<typeof setUp>>['viewer'];

  test.each(Object.keys(acts) as (keyof typeof acts)[])('%s', async (kind) => {
    const { bot, viewer } = await setUp();
    for (let i = 0; i < 32; i += 1) await acts[kind](viewer);
    // Inline queries cannot be told of it; the others were.
    const cost = await bot.costOf(async () => {
      for (let i = 0; i < 5; i += 1) await acts[kind](viewer);
    });
    // A press is answered, so that its button does not spin.
    expect(cost).toEqual({ reads: 5, writes: 0, calls: kind === 'press' ? 5 : 0 });
    bot.advance(61_000);
    expect((await bot.costOf(() => acts[kind](viewer))).calls).toBeGreaterThan(0);
  });

  test('updates that Telegram refuses to have answered count too', async () => {
    const { bot, viewer } = await setUp();
    bot.telegram.script({
      method: 'sendMessage',
      chat: viewer.id,
      times: Number.POSITIVE_INFINITY,
      fault: { kind: 'error', status: 400, description: 'Bad Request: strange' },
    });
    for (let i = 0; i < 40; i += 1) await viewer.send('/help');
    const outcomes = bot.log.map((line) => line['outcome']);
    expect(outcomes.filter((outcome) => outcome === 'poison').length).toBeLessThanOrEqual(31);
    expect(await values(bot, `SELECT rate_count AS v FROM users WHERE user_id = ${viewer.id}`)).toEqual([
      '31',
    ]);
  });
});

describe('who is a person', () => {
  const message = (fields: object): string =>
    JSON.stringify({
      update_id: 90_000,
      message: { message_id: 1, date: 1_760_000_000, text: '/start', ...fields },
    });
  const chat = { id: 4711, type: 'private', first_name: 'Ali' };
  const group = { id: -100_4711, type: 'supergroup', title: 'Guruh' };

  test.each([
    ['Telegram itself', { chat, from: { id: 777_000, is_bot: false, first_name: 'Telegram' } }],
    ['the stand-in of channels', { chat, from: { id: 136_817_688, is_bot: false, first_name: 'Channel' } }],
    ['a bot', { chat, from: { id: 5, is_bot: true, first_name: 'Bot' } }],
    ['no id of a person', { chat, from: { id: -5, is_bot: false, first_name: 'x' } }],
    [
      'an anonymous admin',
      {
        chat: group,
        text: '/start@anime_test_bot',
        sender_chat: group,
        from: { id: 1_087_968_824, is_bot: true, first_name: 'Group' },
      },
    ],
    [
      'a channel',
      {
        chat: group,
        sender_chat: { id: -100_5, type: 'channel', title: 'K' },
        from: { id: 136_817_688, is_bot: false, first_name: 'Channel' },
      },
    ],
    [
      'a channel in a private chat',
      { chat, sender_chat: { id: -100_5, type: 'channel' }, from: { id: 6, is_bot: false, first_name: 'x' } },
    ],
  ])('%s is nobody: not recorded, not answered', async (_name, fields) => {
    const bot = await start();
    bot.telegram.forgetCalls();
    expect(await bot.post(message(fields))).toBe(200);
    expect(await values(bot, 'SELECT COUNT(*) AS v FROM users')).toEqual(['0']);
    expect(bot.telegram.calls).toEqual([]);
  });

  test.each([
    'new_chat_members',
    'left_chat_member',
    'pinned_message',
    'message_auto_delete_timer_changed',
    'write_access_allowed',
    'chat_background_set',
    'gift',
    'users_shared',
    'boost_added',
    'successful_payment',
    'a_kind_of_next_year',
  ])('the service message %s in a private chat is silence', async (key) => {
    const bot = await start();
    const viewer = bot.telegram.person();
    await viewer.start();
    bot.telegram.forgetCalls();
    const from = { id: viewer.id, is_bot: false, first_name: 'Ali' };
    const fields = { chat: { ...chat, id: viewer.id }, from, text: undefined, [key]: {} };
    expect(await bot.post(message(fields))).toBe(200);
    expect(bot.telegram.calls).toEqual([]);
  });
});
