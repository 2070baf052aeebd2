import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Update } from 'grammy/types';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Person, startTelegram } from '../../../sim/telegram/start-telegram.ts';
import type { Telegram } from '../../../sim/telegram/telegram.ts';
import { call, manualClock, messageId } from './call.ts';

const clock = manualClock();
let telegram: Telegram;
let hook: Server;
let url: string;
/** What the webhook got, and how it answers. */
let got: { update: Update; secret: string | undefined }[];
let answer: (update: Update) => Promise<{ status: number; body?: object }>;

beforeEach(async () => {
  telegram = await startTelegram({ clock: clock.now });
  got = [];
  answer = async () => ({ status: 200 });
  hook = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const update: Update = JSON.parse(Buffer.concat(chunks).toString());
      const secret = request.headers['x-telegram-bot-api-secret-token'];
      got.push({ update, secret: typeof secret === 'string' ? secret : undefined });
      void answer(update).then(({ status, body }) => {
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(body ? JSON.stringify(body) : '');
      });
    });
  });
  await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(hook.address() as AddressInfo).port}/webhook`;
});
afterEach(async () => {
  await telegram.close();
  hook.closeAllConnections();
  await new Promise<void>((resolve) => hook.close(() => resolve()));
});

const texts = (): (string | undefined)[] => got.map(({ update }) => update.message?.text);
const setWebhook = (params: object = {}): Promise<unknown> =>
  call(telegram, 'setWebhook', { url, ...params });
const info = async (): Promise<object> => (await call(telegram, 'getWebhookInfo')).result as object;
const started = async (): Promise<Person> => {
  const person = telegram.person();
  await person.start();
  telegram.takeUpdates();
  got.length = 0;
  return person;
};

describe('webhook delivery', () => {
  it('sends the secret token, and updates with ascending ids', async () => {
    await setWebhook({ secret_token: 's3cret' });
    const person = await started();
    await person.send('one');
    await person.send('two');
    expect(got.map(({ secret }) => secret)).toEqual(['s3cret', 's3cret']);
    const [first, second] = got.map(({ update }) => update.update_id);
    expect(second).toBe((first ?? 0) + 1);
  });

  it('keeps a chat in order: the next update waits for the answer to the one before', async () => {
    await setWebhook();
    const person = await started();
    let open = 0;
    let most = 0;
    answer = async () => {
      open += 1;
      most = Math.max(most, open);
      await new Promise((resolve) => setImmediate(resolve));
      open -= 1;
      return { status: 200 };
    };
    await telegram.hold(async () => {
      for (const text of ['1', '2', '3', '4']) await person.send(text);
    });
    await telegram.deliver();
    expect(texts()).toEqual(['1', '2', '3', '4']);
    expect(most).toBe(1);
  });

  it('serves chats in parallel: one that hangs does not hold up another', async () => {
    await setWebhook();
    const [slow, quick] = [await started(), await started()];
    const bothThere = Promise.withResolvers<void>();
    answer = async () => {
      // Each answer waits for the other request: in sequence this would never end.
      if (got.length === 2) bothThere.resolve();
      await bothThere.promise;
      return { status: 200 };
    };
    await Promise.all([slow.send('slow'), quick.send('quick')]);
    expect(texts().sort()).toEqual(['quick', 'slow']);
  });

  it('serves the memberships of the bot chat by chat', async () => {
    await setWebhook();
    const [one, two] = [telegram.group(), telegram.group()];
    const bothThere = Promise.withResolvers<void>();
    answer = async () => {
      if (got.length === 2) bothThere.resolve();
      await bothThere.promise;
      return { status: 200 };
    };
    await Promise.all([one.removeBot(), two.removeBot()]);
    expect(got.map(({ update }) => update.my_chat_member?.chat.id)).toEqual([one.id, two.id]);
  });

  it('lets a button press overtake a message that is being redelivered', async () => {
    await setWebhook();
    const person = await started();
    const reply_markup = { inline_keyboard: [[{ text: 'a', callback_data: 'a' }]] };
    const sent = await call(telegram, 'sendMessage', { chat_id: person.id, text: 'x', reply_markup });
    answer = async (update) => ({ status: update.message ? 500 : 200 });
    await telegram.hold(async () => {
      await person.send('stuck');
      await person.press({ chatId: person.id, id: messageId(sent) }, 'a');
    });
    const report = await telegram.deliver({ attempts: 2 });
    expect(report).toMatchObject({ delivered: 1, pending: 1 });
  });

  it('delivers again what failed, with growing pauses, and says why in getWebhookInfo', async () => {
    await setWebhook();
    const person = await started();
    let failures = 4;
    answer = async () => ({ status: failures-- > 0 ? 503 : 200 });
    await telegram.hold(async () => {
      await person.send('one');
      await person.send('two');
    });
    const report = await telegram.deliver({ attempts: 10 });
    expect(texts()).toEqual(['one', 'one', 'one', 'one', 'one', 'two']);
    expect(report.delays).toEqual([0, 2000, 4000, 8000]);
    expect(report).toMatchObject({ delivered: 2, pending: 0 });
    expect(await info()).toMatchObject({
      pending_update_count: 0,
      last_error_message: 'Wrong response from the webhook: 503 Service Unavailable',
    });
  });

  it('leaves a poison update in place, where it blocks its chat only', async () => {
    await setWebhook();
    const [person, other] = [await started(), await started()];
    answer = async (update) => ({ status: update.message?.text === 'poison' ? 500 : 200 });
    await person.send('poison');
    await person.send('after');
    await other.send('fine');
    expect(texts()).not.toContain('after');
    expect(texts()).toContain('fine');
    expect(await info()).toMatchObject({ pending_update_count: 2 });
    answer = async () => ({ status: 200 });
    await telegram.deliver();
    expect(texts().slice(-2)).toEqual(['poison', 'after']);
  });

  it('forgets updates after a day, button presses after 150 seconds', async () => {
    const person = await started();
    const reply_markup = { inline_keyboard: [[{ text: 'a', callback_data: 'a' }]] };
    const sent = await call(telegram, 'sendMessage', { chat_id: person.id, text: 'x', reply_markup });
    await person.send('old');
    await person.press({ chatId: person.id, id: messageId(sent) }, 'a');
    clock.advance(151);
    expect(await info()).toMatchObject({ pending_update_count: 1 });
    clock.advance(86_400);
    expect(await info()).toMatchObject({ pending_update_count: 0 });
  });

  it('asks for chat_member only when told to', async () => {
    const channel = telegram.channel();
    const person = await started();
    await channel.join(person);
    expect(telegram.takeUpdates()).toEqual([]);
    await setWebhook({ allowed_updates: ['chat_member', 'message'] });
    await channel.leave(person);
    expect(got.at(-1)?.update.chat_member).toMatchObject({
      old_chat_member: { status: 'member' },
      new_chat_member: { status: 'left' },
    });
    expect(await info()).toMatchObject({ allowed_updates: ['chat_member', 'message'] });
    got.length = 0;
    await channel.demoteBot();
    expect(got).toEqual([]);
    // Only administrators hear of other members.
    await telegram.group({ bot: 'member' }).join(person);
    expect(got).toEqual([]);
  });

  it('drops pending updates when told to', async () => {
    const person = await started();
    await person.send('old');
    await setWebhook({ drop_pending_updates: true });
    await telegram.deliver();
    expect(got).toEqual([]);
  });

  it('says so when nobody listens', async () => {
    await setWebhook({ url: 'http://127.0.0.1:1/' });
    const person = telegram.person();
    await person.start();
    expect(await info()).toMatchObject({ pending_update_count: 1, last_error_message: 'Connection refused' });
  });
});

describe('bursts', () => {
  async function burst(options: object): Promise<(string | undefined)[]> {
    const person = await started();
    got.length = 0;
    await telegram.hold(async () => {
      for (let part = 0; part < 20; part += 1) await person.send(`${part}`);
    });
    await telegram.deliver({ parallel: true, ...options });
    return texts();
  }
  const inOrder = Array.from({ length: 20 }, (_, part) => `${part}`);

  it('sends everything at once, shuffled by a seed, some of it twice', async () => {
    await setWebhook();
    let open = 0;
    let most = 0;
    answer = async () => {
      most = Math.max(most, ++open);
      await new Promise((resolve) => setTimeout(resolve, 5));
      open -= 1;
      return { status: 200 };
    };
    const seen = await burst({ shuffle: 7, duplicate: 3 });
    expect(most).toBeGreaterThan(5);
    expect(seen).toHaveLength(23);
    expect(new Set(seen)).toEqual(new Set(inOrder));
    expect([...new Set(seen)]).not.toEqual(inOrder);
    expect(await info()).toMatchObject({ pending_update_count: 0 });
    expect(telegram.delivered).toHaveLength(
      new Set(telegram.delivered.map(({ update_id }) => update_id)).size,
    );
  });

  it('gives the same order for the same seed', async () => {
    await setWebhook();
    const first = await burst({ parallel: 1, shuffle: 3 });
    const second = await burst({ parallel: 1, shuffle: 3 });
    expect(second).toEqual(first);
    expect(await burst({ parallel: 1, shuffle: 4 })).not.toEqual(first);
  });

  it('delivers the rest in order when part of a burst failed', async () => {
    await setWebhook();
    let failures = 10;
    answer = async () => ({ status: failures-- > 0 ? 500 : 200 });
    const seen = await burst({ parallel: 1, shuffle: 1 });
    expect(new Set(seen)).toEqual(new Set(inOrder));
    expect(await info()).toMatchObject({ pending_update_count: 0 });
  });

  it('sends a confirmed update again', async () => {
    await setWebhook();
    const person = await started();
    await person.send('once');
    expect(await telegram.redeliver()).toEqual([200]);
    expect(texts()).toEqual(['once', 'once']);
    expect(got[0]?.update.update_id).toBe(got[1]?.update.update_id);
  });
});

describe('getUpdates', () => {
  it('is refused while a webhook is set', async () => {
    await setWebhook();
    expect(await call(telegram, 'getUpdates')).toMatchObject({
      status: 409,
      description: expect.stringMatching(/^Conflict: can't use getUpdates method while webhook is active/),
    });
  });

  it('gives updates until they are confirmed by an offset', async () => {
    const person = await started();
    await person.send('one');
    await person.send('two');
    const first = (await call(telegram, 'getUpdates', { limit: 1 })).result as Update[];
    expect(first.map(({ message }) => message?.text)).toEqual(['one']);
    expect((await call(telegram, 'getUpdates')).result).toHaveLength(2);
    const offset = (first[0]?.update_id ?? 0) + 1;
    const rest = (await call(telegram, 'getUpdates', { offset })).result as Update[];
    expect(rest.map(({ message }) => message?.text)).toEqual(['two']);
    expect((await call(telegram, 'getUpdates', { offset: offset + 1 })).result).toEqual([]);
  });

  it('waits for an update to arrive', async () => {
    const person = await started();
    const poll = call(telegram, 'getUpdates', { timeout: 50 });
    await telegram.polling();
    void person.send('late');
    expect((await poll).result).toMatchObject([{ message: { text: 'late' } }]);
  });

  it('ends the poll that waits when another one, or a webhook, takes over', async () => {
    const first = call(telegram, 'getUpdates', { timeout: 50 });
    await telegram.polling();
    const second = call(telegram, 'getUpdates', { timeout: 50 });
    expect(await first).toMatchObject({
      status: 409,
      description:
        'Conflict: terminated by other getUpdates request; make sure that only one bot instance is running',
    });
    await setWebhook();
    expect(await second).toMatchObject({ description: 'Conflict: terminated by setWebhook request' });
  });
});
