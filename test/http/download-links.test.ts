/**
 * Signed links of a directory bucket: who gets what, for how long, and that nothing stays open
 * behind them.
 */
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serve } from '@hono/node-server';
import { expect, test } from 'vitest';
import { createDirectoryStore } from '../../src/backup/store/directory.ts';
import { createApp } from '../../src/http/app.ts';
import { linkKey, serveLink, signLink } from '../../src/http/download-links.ts';
import { createMemoryStore } from '../support/memory-store.ts';

const START = new Date('2026-06-15T02:00:00Z').getTime();
const KEY = 'backups/anime_bot_20260615_020000.db.gz';
const TOKEN = '1:token';

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
  const links = { baseUrl: 'http://bot.test', key: linkKey(TOKEN), prefix: 'backups/', now };
  const admins = new Set([7]);
  let isDatabaseUp = true;
  const isAdmin = async (id: number): Promise<boolean> => {
    if (!isDatabaseUp) throw new Error('database unavailable');
    return admins.has(id);
  };
  const app = createApp({
    webhookSecret: undefined,
    receive: async () => 'handled',
    health: () => Promise.reject(new Error('not asked')),
    download: (request) => serveLink(links, counted, isAdmin, request),
  });
  return {
    link: (key = KEY, admin = 7) => signLink(links, key, admin),
    fetch: async (url: string, method = 'GET') => app.fetch(new Request(url, { method })),
    opened: () => opened,
    admins,
    links,
    breakDatabase: () => {
      isDatabaseUp = false;
    },
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

test('a removed admin gets nothing by an old link, and gets it again as an admin', async () => {
  const { link, fetch, opened, admins } = await setUp();
  const url = link();
  admins.delete(7);
  expect((await fetch(url)).status).toBe(403);
  expect((await fetch(url, 'HEAD')).status).toBe(403);
  expect(opened()).toBe(0);
  admins.add(7);
  expect((await fetch(url)).status).toBe(200);
});

test('while nobody can say who is admin, nobody gets anything, and is told to come again', async () => {
  const { link, fetch, opened, breakDatabase } = await setUp();
  breakDatabase();
  expect((await fetch(link())).status).toBe(503);
  expect(opened()).toBe(0);
});

test('the key is for links alone: neither the token nor the bare HMAC of it signs one', async () => {
  const { links, fetch } = await setUp();
  for (const key of [
    new TextEncoder().encode(TOKEN),
    createHmac('sha256', TOKEN).update('anime-bot download links').digest(),
    createHmac('sha256', 'WebAppData').update(TOKEN).digest(),
  ])
    expect((await fetch(signLink({ ...links, key }, KEY, 7))).status).toBe(403);
  expect(linkKey(TOKEN)).not.toEqual(linkKey(`${TOKEN}2`));
  expect(linkKey(TOKEN)).toHaveLength(32);
});

test('through a real server over a real directory, a signed path that names no object is 403, never 500', async () => {
  const root = mkdtempSync(join(tmpdir(), 'anime-links-'));
  mkdirSync(join(root, 'bucket/a'), { recursive: true });
  writeFileSync(join(root, 'bucket/a/b'), 'object');
  writeFileSync(join(root, 'secret.txt'), 'secret');
  const links = { baseUrl: '', key: linkKey(TOKEN), prefix: '', now: () => new Date() };
  const store = createDirectoryStore(join(root, 'bucket'));
  const app = createApp({
    webhookSecret: undefined,
    receive: async () => 'handled',
    health: () => Promise.reject(new Error('not asked')),
    download: (request) => serveLink(links, store, async () => true, request),
  });
  const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  try {
    expect(await ask(port, signLink(links, 'a/b', 7))).toMatch(/^HTTP\/1.1 200 .*object$/s);
    const paths = [
      ...['a//b', '/a/b', 'a/b/', 'a/./b', '.', '', 'a', '../secret.txt', 'a/../../secret.txt', '..'],
      ...['a\\b', '..\\secret.txt', 'a/b\0', 'a/.b.partial', 'nothing', 'a/b/c'],
    ];
    for (const key of paths) {
      const signed = signLink(links, key, 7);
      const [path = '', query = ''] = signed.split('?');
      const encoded = path.replaceAll('..', '%2e%2e').replaceAll('.', '%2E');
      const slashes = `/backups/${path.slice('/backups/'.length).replaceAll('/', '%2f')}`;
      for (const target of [signed, `${encoded}?${query}`, `${slashes}?${query}`])
        expect((await ask(port, target)).slice(9, 12), JSON.stringify(target)).toMatch(/403|404/);
    }
    const { search } = new URL(signLink(links, 'a/b', 7), 'http://127.0.0.1');
    for (const path of ['%', '%ff', '%00', '%c0%ae%c0%ae/secret.txt', '..%5csecret.txt', '..%252fsecret.txt'])
      expect((await ask(port, `/backups/${path}${search}`)).slice(9, 12), path).toBe('403');
  } finally {
    server.close();
    rmSync(root, { recursive: true });
  }
});

/** A request with exactly this target: `fetch` would tidy it up first. */
async function ask(port: number, target: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(`GET ${target} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`);
  let answer = '';
  for await (const chunk of socket) answer += String(chunk);
  return answer;
}

test('only the one spelling of a link opens anything', async () => {
  const world = await setUp();
  const link = world.link();
  expect((await world.fetch(link)).status).toBe(200);
  const spellings = [
    link.replace('anime_bot', '%61nime_bot'),
    link.replace('admin=7', 'admin=07'),
    link.replace('expires=', 'expires=0'),
    link.replace(/signature=(.*)$/, (_, signed: string) => `signature=${signed.toUpperCase()}`),
    `${link}&more=1`,
    link.replace(/(admin=\d+)&(expires=\d+)/, '$2&$1'),
    `${link}zz`,
  ];
  for (const spelling of spellings) {
    expect(spelling).not.toBe(link);
    expect((await world.fetch(spelling)).status).toBe(403);
  }
});
