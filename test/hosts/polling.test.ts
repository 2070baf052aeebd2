/** Long polling: no chat waits for another, and nothing is confirmed before it is finished. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Update } from 'grammy/types';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startTelegram } from '../../sim/telegram/start-telegram.ts';
import type { Telegram } from '../../sim/telegram/telegram.ts';
import type { Outcome } from '../../src/bot/outcome.ts';
import { createApi } from '../../src/bot/telegram.ts';
import { poll } from '../../src/hosts/node/polling.ts';
import { createLog } from '../../src/lib/log.ts';
import { serveHere } from '../support/local-server.ts';

let telegram: Telegram;
const stopping: AbortController[] = [];
const polls: Promise<void>[] = [];
beforeEach(async () => {
  telegram = await startTelegram();
});
afterEach(async () => {
  for (const controller of stopping.splice(0)) controller.abort();
  await Promise.all(polls.splice(0));
  await telegram.close();
});

/** The offset of every getUpdates. */
let offsets: number[] = [];

function startPolling(receive: (update: Update) => Promise<Outcome>): AbortController {
  const controller = new AbortController();
  stopping.push(controller);
  const api = createApi({ token: telegram.token, apiRoot: telegram.apiRoot });
  offsets = [];
  api.config.use((call, method, payload, signal) => {
    if (method === 'getUpdates' && 'offset' in payload) offsets.push(Number(payload.offset));
    return call(method, payload, signal);
  });
  polls.push(
    poll({
      api,
      receive,
      log: createLog('silent', () => {}),
      // Waits are short; what matters is their order.
      sleep: (ms) => pause(Math.min(ms, 20), undefined, { signal: controller.signal }).catch(() => {}),
      signal: controller.signal,
    }),
  );
  return controller;
}

async function until(isTrue: () => boolean): Promise<void> {
  for (let i = 0; i < 6_000 && !isTrue(); i += 1) await pause(10);
  expect(isTrue()).toBe(true);
}

const textOf = ({ message }: Update): string => message?.text ?? '';

test('a chat that cannot be answered holds nobody else up, and is not confirmed', async () => {
  const seen: string[] = [];
  const ids: number[] = [];
  let isStuck = true;
  startPolling(async (update) => {
    ids.push(update.update_id);
    if (textOf(update).startsWith('stuck') && isStuck) return 'again';
    seen.push(textOf(update));
    return 'handled';
  });
  await telegram.polling();
  const [first, other] = [telegram.person(), telegram.person()];
  void first.send('stuck 1').catch(() => undefined);
  void first.send('stuck 2').catch(() => undefined);
  for (let i = 0; i < 30; i += 1) void other.send(`free ${i}`).catch(() => undefined);
  await until(() => seen.length === 30);
  expect(seen).toEqual(Array.from({ length: 30 }, (_, i) => `free ${i}`));
  const stuckAt = Math.min(...ids);
  await until(() => offsets.includes(stuckAt));
  expect(Math.max(...offsets)).toBe(stuckAt);
  isStuck = false;
  await until(() => seen.length === 32);
  expect(seen.slice(30)).toEqual(['stuck 1', 'stuck 2']);
  await until(() => Math.max(...offsets) > stuckAt + 30);
});

test('each update is handled once, in the order of its chat, however often Telegram gives it', async () => {
  const seen: string[] = [];
  let running = 0;
  let most = 0;
  startPolling(async (update) => {
    running += 1;
    most = Math.max(most, running);
    await pause(5);
    running -= 1;
    seen.push(textOf(update));
    return 'handled';
  });
  await telegram.polling();
  const people = Array.from({ length: 60 }, () => telegram.person());
  for (let i = 0; i < 4; i += 1)
    for (const [at, person] of people.entries()) void person.send(`${at} ${i}`).catch(() => undefined);
  await until(() => seen.length >= 240);
  await pause(100);
  expect(seen).toHaveLength(240);
  for (const [at] of people.entries())
    expect(seen.filter((text) => text.startsWith(`${at} `))).toEqual([0, 1, 2, 3].map((i) => `${at} ${i}`));
  expect(most).toBeGreaterThan(5);
  expect(most).toBeLessThanOrEqual(24);
});

test('what is being handled when polling stops is finished, and nothing else is begun', async () => {
  const seen: string[] = [];
  const stopped = Promise.withResolvers<void>();
  const controller = startPolling(async (update) => {
    await stopped.promise;
    seen.push(textOf(update));
    return 'handled';
  });
  await telegram.polling();
  const person = telegram.person();
  void person.send('a').catch(() => undefined);
  void person.send('b').catch(() => undefined);
  await until(() => offsets.length > 1);
  controller.abort();
  stopped.resolve();
  await Promise.all(polls);
  expect(seen.length).toBeLessThanOrEqual(1);
});

test('the former host’s webhook is removed as soon as Telegram answers again', async () => {
  const api = createApi({ token: telegram.token, apiRoot: telegram.apiRoot });
  await api.setWebhook('https://old-worker.example.workers.dev/webhook');
  telegram.script({ method: 'deleteWebhook', times: 1, fault: { kind: 'drop' } });
  startPolling(async () => 'handled');
  await until(() => telegram.callsOf('deleteWebhook').length > 1);
  await until(() => offsets.length > 2);
  expect((await api.getWebhookInfo()).url).toBe('');
});

test('without a network the log says what to look at', async () => {
  const lines: string[] = [];
  const controller = new AbortController();
  const apiRoot = telegram.apiRoot;
  await telegram.close();
  await poll({
    api: createApi({ token: telegram.token, apiRoot }),
    receive: async () => 'handled',
    log: createLog('warn', (line) => lines.push(line)),
    sleep: async () => controller.abort(),
    signal: controller.signal,
  });
  expect(lines).toEqual([expect.stringContaining('Telegram cannot be reached: look at the network')]);
});

test('a token that Telegram no longer knows is told once, loudly, and asked about slowly', async () => {
  const lines: { level: string; event: string; remedy?: string }[] = [];
  const pauses: number[] = [];
  const controller = new AbortController();
  const unauthorized = { kind: 'error', status: 401, description: 'Unauthorized' } as const;
  telegram.script({ method: 'getUpdates', times: 3, fault: unauthorized });
  await poll({
    api: createApi({ token: telegram.token, apiRoot: telegram.apiRoot }),
    receive: async () => 'handled',
    log: createLog('info', (line) => lines.push(JSON.parse(line))),
    sleep: async (ms) => void pauses.push(ms),
    onAnswer: () => controller.abort(),
    signal: controller.signal,
  });
  expect(lines).toEqual([
    expect.objectContaining({
      level: 'error',
      remedy: expect.stringMatching(/^Telegram does not know this BOT_TOKEN: /),
    }),
    { level: 'info', event: 'polling works again' },
  ]);
  expect(pauses.slice(0, 3)).toEqual([60_000, 60_000, 60_000]);
});

test('answers of no shape that Telegram documents end nothing, and are left behind', async () => {
  const seen: string[] = [];
  const controller = new AbortController();
  stopping.push(controller);
  const message = (id: number, text: unknown) => ({
    update_id: id,
    message: { message_id: id, date: 1, chat: { id: 7, type: 'private' }, text },
  });
  const answers: unknown[] = [
    'nothing',
    null,
    [1, null, { update_id: '5' }],
    [message(5, { not: 'a text' })],
    [{ update_id: 6, message: 'none' }, message(7, 'good')],
  ];
  const asked: number[] = [];
  const api = createApi({ token: telegram.token, apiRoot: telegram.apiRoot });
  api.config.use(async (_call, method, payload) => {
    if (method === 'getUpdates' && 'offset' in payload) asked.push(Number(payload.offset));
    if (answers.length === 0) await pause(20);
    return { ok: true, result: (answers.length === 0 ? [] : answers.shift()) as never };
  });
  polls.push(
    poll({
      api,
      receive: async (update) => {
        seen.push(textOf(update));
        return 'handled';
      },
      log: createLog('silent', () => {}),
      sleep: (ms) => pause(Math.min(ms, 20), undefined, { signal: controller.signal }).catch(() => {}),
      signal: controller.signal,
    }),
  );
  await until(() => asked.includes(8));
  expect(seen).toEqual(['good']);
});

test('what is no update and comes again and again is told of once', async () => {
  let asked = 0;
  const apiRoot = await serveHere((request, response) => {
    request.resume();
    asked += 1;
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end('{"ok":true,"result":[{"update_id":7,"message":5},{"update_id":8,"message":{}}]}');
  });
  const lines: string[] = [];
  const controller = new AbortController();
  stopping.push(controller);
  polls.push(
    poll({
      api: createApi({ token: telegram.token, apiRoot }),
      receive: async () => 'handled',
      log: createLog('info', (line) => lines.push(line)),
      sleep: (ms) => pause(Math.min(ms, 5), undefined, { signal: controller.signal }).catch(() => {}),
      signal: controller.signal,
    }),
  );
  await until(() => asked > 5);
  expect(lines.filter((line) => line.includes('not an update'))).toHaveLength(2);
});
