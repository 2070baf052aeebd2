/** What simulated time needs: calls without a network, updates by themselves, late answers. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startTelegram } from '../../../sim/telegram/start-telegram.ts';
import type { Telegram } from '../../../sim/telegram/telegram.ts';

const WEBHOOK = 'https://bot.example.org/webhook';
let telegram: Telegram;
let pauses: number[];
let taken: number[];
let status: number;
beforeEach(async () => {
  pauses = [];
  taken = [];
  status = 200;
  telegram = await startTelegram({
    // A pause that gives way: without one the deliveries would starve the test.
    sleep: (ms) => {
      pauses.push(ms);
      return new Promise((resolve) => setImmediate(resolve));
    },
    fetch: async (_url, init) => {
      const { update_id: id } = JSON.parse(String(init?.body)) as { update_id: number };
      taken.push(id);
      return new Response('', { status, headers: { 'retry-after': '7' } });
    },
  });
});
afterEach(() => telegram.close());

async function call(method: string, params: object, signal?: AbortSignal): Promise<unknown> {
  const response = await telegram.fetch(`${telegram.apiRoot}/bot${telegram.token}/${method}`, {
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(params),
    ...(signal && { signal }),
  });
  return response.json();
}

test('a call without a network is answered as over it, refusals and another token too', async () => {
  expect(await call('getMe', {})).toMatchObject({ ok: true, result: { id: telegram.botInfo.id } });
  expect(await call('sendMessage', { chat_id: 1, text: 'x' })).toMatchObject({
    ok: false,
    description: 'Bad Request: chat not found',
  });
  const other = await telegram.fetch(`${telegram.apiRoot}/bot1:x/getMe`);
  expect(other.status).toBe(401);
});

test('updates that are served come by themselves, wait for a webhook, and are tried until they are taken', async () => {
  telegram.serve();
  const person = telegram.person();
  await person.start();
  expect([taken.length, telegram.pending]).toEqual([0, 1]);
  status = 503;
  await call('setWebhook', { url: WEBHOOK });
  expect(telegram.webhookUrl).toBe(WEBHOOK);
  while (pauses.length < 10) await new Promise((resolve) => setImmediate(resolve));
  expect(new Set(taken).size).toBe(1);
  expect(pauses.slice(0, 3)).toEqual([7000, 7000, 7000]);
  // Somebody removes it, and sets it again.
  await call('deleteWebhook', {});
  await new Promise((resolve) => setImmediate(resolve));
  const before = taken.length;
  await person.send('12');
  expect(taken).toHaveLength(before);
  status = 200;
  await call('setWebhook', { url: WEBHOOK });
  while (telegram.pending > 0) await new Promise((resolve) => setImmediate(resolve));
  expect(new Set(taken).size).toBe(2);
});

test('a late call takes effect, and its answer never comes', async () => {
  const person = telegram.person();
  await telegram.hold(() => person.start());
  telegram.script({ method: 'sendMessage', fault: { kind: 'late' } });
  const hangUp = new AbortController();
  const answer = call('sendMessage', { chat_id: person.id, text: 'late' }, hangUp.signal);
  await new Promise((resolve) => setImmediate(resolve));
  expect(person.lastMessage().text).toBe('late');
  hangUp.abort();
  await expect(answer).rejects.toThrow('fetch failed');
});

test('a fault that decides for each call lets pass what it has no word for', async () => {
  telegram.script({
    times: Number.POSITIVE_INFINITY,
    fault: (method) => (method === 'getMe' ? { kind: 'flood', retryAfter: 3 } : undefined),
  });
  expect(await call('getMe', {})).toMatchObject({ error_code: 429 });
  expect(await call('getWebhookInfo', {})).toMatchObject({ ok: true });
});
