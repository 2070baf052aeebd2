/** A cosmetic call that fails costs neither the turn nor anybody's attention. */
import { describe, expect, test } from 'vitest';
import { ADMIN_ID } from '../support/bot.ts';
import { addAnime, buttonWith, start, values } from '../viewer/support.ts';

const FAULTS = [
  { kind: 'error', status: 502, description: 'Bad Gateway' },
  { kind: 'flood', retryAfter: 120 },
  {
    kind: 'error',
    status: 400,
    description: 'Bad Request: query is too old and response timeout expired or query ID is invalid',
  },
  { kind: 'error', status: 400, description: 'Bad Request: BUTTON_DATA_INVALID' },
] as const;

async function setUp() {
  const bot = await start();
  const admin = bot.telegram.person({ id: ADMIN_ID });
  await admin.start();
  await addAnime(bot, { code: 12, title: 'Naruto', parts: 3 });
  const viewer = bot.telegram.person();
  await viewer.start('12_1');
  const told = admin.messages().length;
  return { bot, viewer, alerts: () => admin.messages().length - told };
}

describe.each(FAULTS)('$description$retryAfter', (fault) => {
  test('the answer to a press fails: the view is recorded, once, and nobody is told', async () => {
    const { bot, viewer, alerts } = await setUp();
    const player = viewer.lastMessage();
    bot.telegram.script({ method: 'answerCallbackQuery', times: Number.POSITIVE_INFINITY, fault });
    bot.telegram.forgetCalls();
    await viewer.press(player, buttonWith(player, '➡️')).catch(() => undefined);
    expect(viewer.look(player).caption).toContain('2-qism');
    expect(await values(bot, 'SELECT part_number AS v FROM user_history ORDER BY id')).toEqual(['1', '2']);
    expect(bot.telegram.calls.filter(({ method }) => method === 'answerCallbackQuery')).toHaveLength(1);
    expect(bot.log.at(-1)).toMatchObject({ outcome: 'handled' });
    expect(alerts()).toBe(0);
  });

  test('the answer to an inline query fails: nothing is kept, and nobody is told', async () => {
    const { bot, viewer, alerts } = await setUp();
    bot.telegram.script({ method: 'answerInlineQuery', times: Number.POSITIVE_INFINITY, fault });
    for (const query of ['n', 'na', 'naruto']) await viewer.inline(query);
    expect(await values(bot, 'SELECT COUNT(*) AS v FROM failed_updates')).toEqual(['0']);
    expect(alerts()).toBe(0);
  });
});

test('a call that decides the turn is not forgiven', async () => {
  const { bot, viewer } = await setUp();
  const fault = { kind: 'error', status: 400, description: 'Bad Request: strange' } as const;
  bot.telegram.script({ method: 'sendMessage', chat: viewer.id, fault });
  await viewer.send('/help');
  expect(bot.log.at(-1)).toMatchObject({ outcome: 'poison' });
});
