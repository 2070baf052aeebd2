/** Signed links of a directory bucket: who gets what, for how long, and that nothing stays open behind them. */
import { expect, test } from 'vitest';
import { createApp } from '../src/app.ts';
import { serveLink, signLink } from '../src/download-links.ts';
import { createMemoryStore } from './support/memory-store.ts';

const START = new Date('2026-06-15T02:00:00Z').getTime();
const KEY = 'backups/anime_bot_20260615_020000.db.gz';

async function setUp() {
  let at = START;
  const now = (): Date => new Date(at);
  const store = createMemoryStore(now);
  await store.put(KEY, new Uint8Array([1, 2, 3]));
  await store.put('secret.txt', new Uint8Array([9]));
  let opened = 0;
  const counted: typeof store = {
    ...store,
    get: (key) => {
      opened += 1;
      return store.get(key);
    },
  };
  const links = { baseUrl: 'http://bot.test', botToken: '1:token', prefix: 'backups/', now };
  const app = createApp({
    webhookSecret: undefined,
    receive: async () => 'handled',
    health: () => Promise.reject(new Error('not asked')),
    download: (request) => serveLink(links, counted, request),
  });
  return {
    link: (key = KEY, admin = 7) => signLink(links, key, admin),
    fetch: async (url: string, method = 'GET') => app.fetch(new Request(url, { method })),
    opened: () => opened,
    wait: (ms: number) => {
      at += ms;
    },
  };
}

test('a link gives its object, under its name, for fifteen minutes', async () => {
  const { link, fetch, wait } = await setUp();
  const url = link();
  const response = await fetch(url);
  expect(response.status).toBe(200);
  expect(await response.bytes()).toEqual(new Uint8Array([1, 2, 3]));
  expect(response.headers.get('content-disposition')).toBe(
    'attachment; filename="anime_bot_20260615_020000.db.gz"',
  );
  wait(15 * 60_000);
  expect((await fetch(url)).status).toBe(200);
  wait(1);
  expect((await fetch(url)).status).toBe(403);
});

test('HEAD tells the size and opens nothing: a body that nobody reads would keep its file open', async () => {
  const { link, fetch, opened } = await setUp();
  const response = await fetch(link(), 'HEAD');
  expect(response.status).toBe(200);
  expect(response.headers.get('content-length')).toBe('3');
  expect(opened()).toBe(0);
});

test('another object, another admin, another time, or a way out of the prefix: refused, and nothing is opened', async () => {
  const { link, fetch, opened } = await setUp();
  const url = link();
  for (const forged of [
    url.replace('anime_bot_20260615', 'anime_bot_20260614'),
    url.replace('admin=7', 'admin=8'),
    url.replace(/expires=\d+/, (text) => `${text}0`),
    url.replace(/signature=../, 'signature=zz'),
    url.replace(/&signature=.*/, ''),
    link('backups/../secret.txt'),
    link().replace('/backups/', '/backups/%2e%2e%2f'),
    'http://bot.test/backups/%ff?admin=7&expires=9&signature=00',
  ])
    expect((await fetch(forged)).status).not.toBe(200);
  expect(opened()).toBe(0);
});
