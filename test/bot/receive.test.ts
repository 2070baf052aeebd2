/** The receiver: POST /webhook from secret to commit (docs/spec/interface.md "HTTP"). */

import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { type Stage, step } from '../../src/bot/step.ts';
import { all, sql } from '../../src/db/database.ts';
import { stages } from '../../src/handlers/index.ts';
import { replayUpdatesJob } from '../../src/jobs/replay-updates.ts';
import { ownerNoticesJob } from '../../src/jobs/send-owner-notices.ts';
import { ADMIN_ID, startTestBot, type TestBot, type TestBotOptions } from '../support/bot.ts';
import { addAnime } from '../support/catalogue.ts';

const running: TestBot[] = [];
async function start(options?: TestBotOptions): Promise<TestBot> {
  const bot = await startTestBot(options);
  running.push(bot);
  return bot;
}
afterEach(async () => {
  for (const bot of running.splice(0)) await bot.close();
});

async function column(bot: TestBot, text: string): Promise<string[]> {
  const [found] = await bot.db.read([all(sql(text), (row) => row.textOrNull('v') ?? 'NULL')]);
  return found;
}

/** Throws on /boom, for poison. */
const bomb: Stage = (incoming) =>
  incoming.kind === 'command' && incoming.name === 'boom'
    ? step([], () => {
        throw new TypeError('cannot read 123456:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA of undefined');
      })
    : undefined;

function sent(change: object): string {
  const message = { message_id: 1, date: 1, chat: { id: 5, type: 'private' }, text: 'hi', ...change };
  return JSON.stringify({ update_id: 1, message });
}

describe('who may post and what', () => {
  test('the secret is checked before anything else: no database, no Telegram, whatever the body', async () => {
    const bot = await start();
    for (const secret of ['', 'wrong', 'webhook_secret_2', 'webhook_secret_1x']) {
      const cost = await bot.costOf(async () => {
        const headers = { 'X-Telegram-Bot-Api-Secret-Token': secret };
        expect(await bot.post('{"update_id":1}', headers)).toBe(401);
        expect(await bot.post('not json', headers)).toBe(401);
        expect(await bot.post('x'.repeat(2_000_000), headers)).toBe(401);
      });
      expect(cost).toEqual({ reads: 0, writes: 0, calls: 0 });
    }
  });

  test.each([
    ['nothing', ''],
    ['half an object', '{"update_id":1'],
    ['an array', '[]'],
    ['null', 'null'],
    ['a number', '5'],
    ['no update_id', '{"message":{}}'],
    ['update_id as text', '{"update_id":"1"}'],
    ['a broken update_id', '{"update_id":1.5}'],
    ['a negative update_id', '{"update_id":-1}'],
    ['a payload that is no object', '{"update_id":1,"message":"hi"}'],
    ['a message without its chat', '{"update_id":1,"message":{"text":"hi"}}'],
    ['a name that is an object', sent({ from: { id: 5, is_bot: false, first_name: {} } })],
    ['a name that is null', sent({ from: { id: 5, is_bot: false, first_name: 'a', username: null } })],
    ['an id that is an array', sent({ from: { id: [5], is_bot: false, first_name: 'a' } })],
    ['an id beyond a whole number', sent({ from: { id: 1e308, is_bot: false, first_name: 'a' } })],
    ['a chat id that is an object', sent({ chat: { id: {}, type: 'private' } })],
    ['a text that is an array', sent({ text: [] })],
    [
      'an answered message of the wrong type',
      sent({ reply_to_message: { chat: { id: '5', type: 'private' } } }),
    ],
    ['a file without its id', sent({ document: { file_size: 5 } })],
    [
      'nobody who wants to join',
      '{"update_id":1,"chat_join_request":{"from":null,"chat":{"id":-5,"type":"channel"}}}',
    ],
    ['nobody who presses', '{"update_id":1,"callback_query":{"id":"1","data":"m"}}'],
    ['an inline query without a query', '{"update_id":1,"inline_query":{"from":{"id":5}}}'],
  ])('%s is not an update: 400', async (_name, body) => {
    const bot = await start();
    expect(await bot.post(body)).toBe(400);
    expect(await column(bot, 'SELECT update_id AS v FROM handled_updates')).toEqual([]);
  });

  test('over 1 MB is refused: 413, with and without a Content-Length', async () => {
    const bot = await start();
    const body = JSON.stringify({ update_id: 1, message: { text: 'x'.repeat(1_100_000) } });
    expect(await bot.post(body)).toBe(413);
    expect(await bot.post(body, { 'Content-Length': String(body.length) })).toBe(413);
    for (const told of ['', '-1', '1e3', '0x10', 'x'])
      expect(await bot.post(body, { 'Content-Length': told }), told).toBe(413);
  });

  test('kinds of updates nobody knows yet are marked and ignored: 200', async () => {
    const bot = await start();
    expect(await bot.post('{"update_id":5,"telepathy":{"from":{"id":1}}}')).toBe(200);
    expect(bot.log.at(-1)).toMatchObject({ event: 'update', update_id: 5, outcome: 'ignored' });
  });

  test('whatever JSON comes with a good secret, the answer is never a 500', async () => {
    const bot = await start();
    let id = 1000;
    const kinds = fc.constantFrom(
      'message',
      'callback_query',
      'inline_query',
      'edited_message',
      'channel_post',
      'my_chat_member',
    );
    await fc.assert(
      fc.asyncProperty(
        kinds,
        fc.object({ key: fc.constantFrom('from', 'chat', 'id', 'text', 'data', 'type', 'x') }),
        async (kind, payload) => {
          id += 1;
          expect([200, 400]).toContain(await bot.post(JSON.stringify({ update_id: id, [kind]: payload })));
        },
      ),
      { numRuns: 60, seed: 7 },
    );
  });
});

describe('once, and not lost', () => {
  test('the same update twice changes nothing the second time', async () => {
    const bot = await start();
    const viewer = bot.telegram.person();
    await viewer.send('/start');
    const before = viewer.messages().length;
    bot.telegram.forgetCalls();
    expect(await bot.telegram.redeliver(1)).toEqual([200]);
    expect(viewer.messages()).toHaveLength(before);
    expect(bot.telegram.calls).toEqual([]);
    expect(bot.log.at(-1)).toMatchObject({ outcome: 'duplicate' });
  });

  test('delivered twice at the same moment, its effects happen once', async () => {
    const bot = await start();
    const viewer = bot.telegram.person();
    await addAnime(bot.db, { code: 12, parts: ['x'] });
    await bot.telegram.hold(() => viewer.start('spring'));
    const [update] = bot.telegram.takeUpdates();
    const body = JSON.stringify(update);
    expect(await Promise.all([bot.post(body), bot.post(body), bot.post(body)])).toEqual([200, 200, 200]);
    expect(await column(bot, 'SELECT source AS v FROM users')).toEqual(['spring']);
    expect(await column(bot, 'SELECT count(*) AS v FROM handled_updates')).toEqual(['1']);
  });

  test('the database is away before anything happened: 503, and the redelivery is answered', async () => {
    const bot = await start();
    const viewer = bot.telegram.person();
    bot.failNext('read');
    await viewer.send('/start');
    expect(viewer.messages().filter((message) => message.isFromBot)).toHaveLength(1);
    const outcomes = bot.log.filter((line) => line['event'] === 'update').map((line) => line['outcome']);
    expect(outcomes).toEqual(['again', 'handled']);
  });

  test('the commit’s answer was lost although it happened: the redelivery finds the mark', async () => {
    const bot = await start();
    const viewer = bot.telegram.person();
    bot.failNext('write', 'after');
    await viewer.start('friend');
    expect(await column(bot, 'SELECT source AS v FROM users')).toEqual(['friend']);
    expect(bot.log.map((line) => line['outcome'])).toEqual(['again', 'duplicate']);
  });

  test('Telegram refuses for a while (429, 500): the update is handled on a later delivery', async () => {
    const bot = await start();
    const viewer = bot.telegram.person();
    bot.telegram.script({
      method: 'sendMessage',
      times: 1,
      fault: { kind: 'error', status: 500, description: 'Internal Server Error' },
    });
    await viewer.send('/start');
    expect(viewer.lastMessage().text).toContain('Assalomu alaykum');
    expect(bot.log.map((line) => line['outcome'])).toEqual(['again', 'handled']);
    expect(await column(bot, 'SELECT update_id AS v FROM failed_updates')).toEqual([]);
  });

  test('a poison update is kept, answered 200, told to the admins once, and its chat goes on', async () => {
    const bot = await start({ stages: [bomb, ...stages] });
    const admin = bot.telegram.person({ id: ADMIN_ID });
    await admin.send('/start');
    const viewer = bot.telegram.person();
    await viewer.send('/boom');
    await viewer.send('/start');
    expect(viewer.lastMessage().text).toContain('Assalomu alaykum');
    await ownerNoticesJob.run(bot.jobContext());
    const alerts = admin.messages().filter((message) => message.text.includes('⚠️'));
    expect(alerts).toHaveLength(1);
    expect(alerts[0]?.text).not.toContain('AAAA');
    const [payload] = await column(
      bot,
      'SELECT payload AS v FROM failed_updates WHERE given_up_at IS NOT NULL',
    );
    expect(JSON.parse(payload ?? '')).toMatchObject({ message: { text: '/boom' } });
    await bot.telegram.redeliver(2);
    await ownerNoticesJob.run(bot.jobContext());
    expect(admin.messages().filter((message) => message.text.includes('⚠️'))).toHaveLength(1);
  });

  test('a poison update that comes several times at once is told once', async () => {
    const bot = await start({ stages: [bomb, ...stages] });
    const admin = bot.telegram.person({ id: ADMIN_ID });
    await admin.send('/start');
    const id = 4711;
    const message = {
      message_id: 1,
      date: 1_700_000_000,
      text: '/boom',
      entities: [{ type: 'bot_command', offset: 0, length: 5 }],
      chat: { id, type: 'private', first_name: 'Ali' },
      from: { id, is_bot: false, first_name: 'Ali' },
    };
    await Promise.all([1, 2, 3].map(() => bot.post(JSON.stringify({ update_id: 900, message }))));
    for (let i = 0; i < 3; i += 1) await ownerNoticesJob.run(bot.jobContext());
    expect(admin.messages().filter((message) => message.text.includes('⚠️'))).toHaveLength(1);
  });

  test('a fault of the program is kept and told, not tried without end as if the database were away', async () => {
    const bot = await start();
    const update = {
      update_id: 901,
      chat_join_request: { chat: { id: -100, type: 'channel' }, from: { id: 5 } },
    };
    expect(await bot.post(JSON.stringify(update))).toBe(200);
    expect(() => sql('SELECT ?', undefined as never)).toThrow(TypeError);
  });

  test('an update is kept although its sender’s row cannot be written', async () => {
    const bot = await start();
    await bot.db.write([sql('CREATE UNIQUE INDEX zz ON users((1))')]);
    await bot.telegram.person().send('/start');
    await bot.telegram
      .person()
      .send('/start')
      .catch(() => undefined);
    expect(bot.log.at(-1)).toMatchObject({ outcome: 'poison' });
    expect(await column(bot, 'SELECT count(*) AS v FROM failed_updates')).toEqual(['1']);
  });

  test('the answer fails for good after the effects were written: kept and told to the admins once, all the same', async () => {
    const bot = await start();
    const admin = bot.telegram.person({ id: ADMIN_ID });
    await admin.send('/start');
    const viewer = bot.telegram.person();
    await viewer.send('/language');
    bot.telegram.script({
      method: ['editMessageText', 'sendMessage'],
      times: 2,
      fault: { kind: 'error', status: 400, description: 'Bad Request: strange' },
    });
    await viewer.press(viewer.lastMessage(), 'English');
    expect(bot.log.at(-1)).toMatchObject({ outcome: 'poison' });
    await ownerNoticesJob.run(bot.jobContext());
    expect(admin.messages().filter((message) => message.text.includes('⚠️'))).toHaveLength(1);
    expect(await column(bot, 'SELECT given_up_at AS v FROM failed_updates')).toEqual(['2026-11-22 10:00:00']);
    expect(await column(bot, `SELECT language AS v FROM users WHERE user_id = ${viewer.id}`)).toEqual(['en']);
  });

  test('the answer is lost on the way after the effects were written: done, and said by the tick; no admin hears of it', async () => {
    const bot = await start();
    const viewer = bot.telegram.person();
    await viewer.send('/language');
    bot.telegram.script({
      method: 'editMessageText',
      fault: { kind: 'error', status: 502, description: 'Bad Gateway' },
    });
    await viewer.press(viewer.lastMessage(), 'English');
    expect(bot.log.at(-1)).toMatchObject({
      level: 'warn',
      outcome: 'kept',
      error: expect.stringContaining('502'),
    });
    expect(await column(bot, 'SELECT language AS v FROM users')).toEqual(['en']);
    bot.advance(60_000);
    await replayUpdatesJob.run(bot.jobContext());
    expect(viewer.lastMessage().text).toContain('Your request was accepted');
    expect(await column(bot, 'SELECT update_id AS v FROM failed_updates')).toEqual([]);
    expect(await column(bot, 'SELECT key AS v FROM admin_notices')).toEqual([]);
  });

  test('a fault of Telegram that does not end is kept after five deliveries', async () => {
    const bot = await start();
    const viewer = bot.telegram.person();
    bot.telegram.script({
      method: 'sendMessage',
      chat: viewer.id,
      times: Number.POSITIVE_INFINITY,
      fault: { kind: 'error', status: 502, description: 'Bad Gateway' },
    });
    await viewer.send('/start');
    await bot.telegram.deliver();
    expect(bot.log.filter((line) => line['event'] === 'update').map((line) => line['outcome'])).toEqual([
      'again',
      'again',
      'again',
      'again',
      'kept',
    ]);
  });

  test('a viewer who blocked the bot is no failure: the bot marks them, the update is done', async () => {
    const bot = await start();
    const viewer = bot.telegram.person();
    await viewer.send('/start');
    bot.telegram.script({
      method: 'sendMessage',
      fault: { kind: 'error', status: 403, description: 'Forbidden: bot was blocked by the user' },
    });
    await viewer.send('/help');
    expect(bot.log.at(-1)).toMatchObject({ outcome: 'handled' });
    expect(await column(bot, 'SELECT blocked_at AS v FROM users')).toEqual(['2026-11-22 10:00:00']);
    await viewer.send('/help');
    expect(await column(bot, 'SELECT blocked_at AS v FROM users')).toEqual(['NULL']);
  });

  test('usernames and names are stored and kept current (the old bot never stored them)', async () => {
    const bot = await start();
    const viewer = bot.telegram.person({ firstName: 'Ali', lastName: 'Valiyev', username: 'ali' });
    await viewer.send('/start');
    expect(
      await column(bot, `SELECT username || first_name || last_name || created_at AS v FROM users`),
    ).toEqual(['aliAliValiyev2026-11-22 10:00:00']);
  });

  test('one log line an update, without payload or token', async () => {
    const bot = await start();
    const viewer = bot.telegram.person({ firstName: 'Maxfiy' });
    await viewer.send('/start');
    expect(bot.log).toHaveLength(1);
    expect(bot.log[0]).toMatchObject({
      level: 'info',
      event: 'update',
      handler: 'start',
      outcome: 'handled',
      db: 2,
    });
    expect(JSON.stringify(bot.log)).not.toMatch(/Maxfiy|AAStandIn/);
  });
});
