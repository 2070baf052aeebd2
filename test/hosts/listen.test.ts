/** The port of the Node host, with real sockets. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import { listen } from '../../src/hosts/node/listen.ts';
import { createApp } from '../../src/http/app.ts';

test('a request that never ends is cut off, and others are answered meanwhile', {
  timeout: 40_000,
}, async () => {
  const { server, port } = await listen(async () => new Response('ok'), { host: '127.0.0.1', port: 0 });
  const slow = connect(port, '127.0.0.1');
  try {
    slow.write('POST /webhook HTTP/1.1\r\nHost: x\r\nX-A: ');
    slow.resume();
    const began = performance.now();
    const closed = once(slow, 'close');
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('ok');
    await closed;
    expect(performance.now() - began).toBeLessThan(30_000);
  } finally {
    slow.destroy();
    server.close();
  }
});

test('a client that leaves in the middle of a request is answered nothing, and nobody hears of it', async () => {
  const failures: unknown[] = [];
  const app = createApp({
    webhookSecret: 's',
    receive: async () => 'handled',
    health: () => Promise.reject(new Error('a fault of ours')),
    download: async () => undefined,
    failed: (error) => failures.push(error),
  });
  const said = vi.spyOn(console, 'error').mockImplementation(() => {});
  onTestFinished(() => said.mockRestore());
  const { server, port } = await listen(async (request) => app.fetch(request), {
    host: '127.0.0.1',
    port: 0,
  });
  const leaving = connect(port, '127.0.0.1');
  const head = 'POST /webhook HTTP/1.1\r\nHost: x\r\nX-Telegram-Bot-Api-Secret-Token: s\r\n';
  leaving.write(`${head}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n`);
  await sleep(200);
  leaving.destroy();
  await sleep(200);
  expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(500);
  server.close();
  expect(failures).toEqual([expect.objectContaining({ message: 'a fault of ours' })]);
  expect(said).not.toHaveBeenCalled();
});

test('an update is taken however the proxy in front of the host sends its body', async () => {
  const app = createApp({
    webhookSecret: 's',
    receive: async ({ update_id }) => (update_id === 7 ? 'handled' : 'again'),
    health: () => Promise.reject(new Error('nobody asks')),
    download: async () => undefined,
  });
  const { server, port } = await listen(async (request) => app.fetch(request), {
    host: '127.0.0.1',
    port: 0,
  });
  onTestFinished(() => void server.close());
  const message = { message_id: 1, date: 1, chat: { id: 5, type: 'private', first_name: 'x' }, text: 'ё' };
  const body = Buffer.from(JSON.stringify({ update_id: 7, message }));
  const post = async (bytes: Uint8Array, isChunked: boolean): Promise<unknown[]> => {
    const pieces = isChunked ? Array.from({ length: 3 }, (_, i) => bytes.subarray(i * 60, i * 60 + 60)) : [];
    const last = isChunked ? bytes.subarray(180) : bytes;
    const answer = await fetch(`http://127.0.0.1:${port}/webhook`, {
      method: 'POST',
      headers: { 'X-Telegram-Bot-Api-Secret-Token': 's' },
      body: isChunked ? ReadableStream.from([...pieces, last]) : Buffer.from(last),
      duplex: 'half',
    } as RequestInit);
    return [answer.status, await answer.text()];
  };
  expect(await post(body, false)).toEqual([200, 'handled']);
  expect(await post(body, true)).toEqual([200, 'handled']);
  expect(await post(Buffer.alloc(1_100_000, 'x'), true)).toEqual([413, 'body over 1 MB']);
  expect(await post(Buffer.alloc(1_100_000, 'x'), false)).toEqual([413, 'body over 1 MB']);
});
