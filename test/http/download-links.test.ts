/** Signed links of a directory bucket: who gets what, how long, and nothing stays open. */
import { createHash, createHmac } from 'node:crypto';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDirectoryStore } from '../../src/backup/store/directory.ts';
import { everybody, listen } from '../../src/hosts/node/listen.ts';
import { createApp } from '../../src/http/app.ts';
import { linkKey, signLink } from '../../src/http/download-links.ts';
import { serveLink } from '../../src/http/serve-link.ts';
import { createMemoryStore } from '../support/memory-store.ts';

const START = new Date('2026-06-15T02:00:00Z').getTime();
const KEY = 'backups/anime_bot_20260615_020000.db.gz';
const TOKEN = '1:token';
const BYTES = new Uint8Array([1, 2, 3]);
const hashOf = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');

async function setUp() {
  let at = START;
  const now = (): Date => new Date(at);
  const store = createMemoryStore(now);
  await store.put(KEY, BYTES);
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
    download: (request, arrived) =>
      serveLink({ ...links, store: counted, isAdmin, onBroken: () => {} }, request, arrived),
  });
  return {
    link: (key = KEY, admin = 7, sha256 = hashOf(BYTES)) => signLink(links, key, admin, sha256),
    fetch: async (url: string, method = 'GET', headers: Record<string, string> = {}) =>
      app.fetch(new Request(url, { method, headers }), {
        target: url.slice('http://bot.test'.length),
        breakOff: () => {},
      }),
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
    url.replace(/sha256=../, 'sha256=00'),
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
    expect((await fetch(signLink({ ...links, key }, KEY, 7, hashOf(BYTES)))).status).toBe(403);
  expect(linkKey(TOKEN)).not.toEqual(linkKey(`${TOKEN}2`));
  expect(linkKey(TOKEN)).toHaveLength(32);
});

describe('through a real server over a real directory', () => {
  let root: string;
  let wrong: string[];
  let server: Awaited<ReturnType<typeof listen>>;
  const links = { baseUrl: '', key: linkKey(TOKEN), prefix: '', now: () => new Date() };
  const link = (key: string, contents = 'object'): string => signLink(links, key, 7, hashOf(contents));

  beforeEach(async () => {
    root = mkdtempSync(join(tmpdir(), 'anime-links-'));
    mkdirSync(join(root, 'bucket/a'), { recursive: true });
    writeFileSync(join(root, 'bucket/a/b'), 'object');
    writeFileSync(join(root, 'secret.txt'), 'secret');
    wrong = [];
    const store = createDirectoryStore(join(root, 'bucket'));
    const onBroken = (file: string): void => void wrong.push(file);
    const app = createApp({
      webhookSecret: undefined,
      receive: async () => 'handled',
      health: () => Promise.reject(new Error('not asked')),
      download: (request, arrived) =>
        serveLink({ ...links, store, isAdmin: async () => true, onBroken }, request, arrived),
    });
    const answer = everybody(async (request, arrived) => app.fetch(request, arrived));
    server = await listen(answer, { host: '127.0.0.1', port: 0 });
  });
  afterEach(() => {
    server.server.close();
    rmSync(root, { recursive: true });
  });

  /** A request with exactly this target: `fetch` would tidy it up first. */
  async function ask(target: string, more = '', connection = 'close'): Promise<string> {
    const socket = connect(server.port, '127.0.0.1');
    socket.write(`GET ${target} HTTP/1.1\r\nHost: 127.0.0.1\r\n${more}Connection: ${connection}\r\n\r\n`);
    let answer = '';
    for await (const chunk of socket.setEncoding('latin1')) answer += String(chunk);
    return answer;
  }

  test('a signed path that names no object is 403, never 500', async () => {
    expect(await ask(link('a/b'))).toMatch(/^HTTP\/1.1 200 .*object$/s);
    const paths = [
      ...['a//b', '/a/b', 'a/b/', 'a/./b', '.', '', 'a', '../secret.txt', 'a/../../secret.txt', '..'],
      ...['a\\b', '..\\secret.txt', 'a/b\0', 'a/.b.partial', 'nothing', 'a/b/c'],
    ];
    for (const key of paths) {
      const signed = link(key);
      const [path = '', query = ''] = signed.split('?');
      const encoded = path.replaceAll('..', '%2e%2e').replaceAll('.', '%2E');
      const slashes = `/backups/${path.slice('/backups/'.length).replaceAll('/', '%2f')}`;
      for (const target of [signed, `${encoded}?${query}`, `${slashes}?${query}`])
        expect((await ask(target)).slice(9, 12), JSON.stringify(target)).toMatch(/403|404/);
    }
    const { search } = new URL(link('a/b'), 'http://127.0.0.1');
    for (const path of ['%', '%ff', '%00', '%c0%ae%c0%ae/secret.txt', '..%5csecret.txt', '..%252fsecret.txt'])
      expect((await ask(`/backups/${path}${search}`)).slice(9, 12), path).toBe('403');
  });

  test('the path that was signed is the path that was sent, before anybody resolves it', async () => {
    const [, query = ''] = link('a/b').split('?');
    const spellings = [
      ...['/backups/./a/b', '/backups/a/./b', '/backups/x/../a/b', '/backups/a/x/../b', '/backups/%2e/a/b'],
      ...['/backups/%2e%2e/backups/a/b', '/./backups/a/b', '/x/../backups/a/b', '/backups/a/%62'],
    ];
    for (const path of spellings)
      expect((await ask(`${path}?${query}`)).slice(9, 12), path).toMatch(/403|404/);
    expect((await ask(`/backups/a/b?${query}`)).slice(9, 12)).toBe('200');
  });

  test('a link in the place of a file is no file: nothing that it leads to goes out', async () => {
    renameSync(join(root, 'bucket/a/b'), join(root, 'bucket/a/moved'));
    for (const to of ['/etc/passwd', '../../secret.txt', 'moved']) {
      symlinkSync(to, join(root, 'bucket/a/b'));
      expect((await ask(link('a/b'))).slice(9, 12), to).toBe('403');
      rmSync(join(root, 'bucket/a/b'));
    }
  });

  test('a file that was altered or cut: its last bytes stay here, the connection breaks, and the file is told', async () => {
    // What follows its last whole reading is shorter than any word about it.
    const large = 'x'.repeat(12 * 256 * 1024 + 5);
    const url = link('a/b', large);
    const lengthOf = (answer: string): number => answer.length - answer.indexOf('\r\n\r\n') - 4;
    writeFileSync(join(root, 'bucket/a/b'), large);
    expect(lengthOf(await ask(url))).toBe(large.length);
    expect(wrong).toEqual([]);
    for (const stored of [`y${large.slice(1)}`, large.slice(0, -100), `${large}x`]) {
      writeFileSync(join(root, 'bucket/a/b'), stored);
      for (const range of ['', 'Range: bytes=2900000-\r\n', 'Range: bytes=0-99\r\n', 'Range: bytes=-5\r\n']) {
        // A connection that stays open would leave its reader waiting for the rest.
        const answer = await Promise.race([ask(url, range, 'keep-alive'), pause(3_000, 'still open')]);
        const announced = Number(/content-length: (\d+)/i.exec(answer)?.[1] ?? '0');
        expect(answer === '' || lengthOf(answer) < announced, `${range}${stored.length}`).toBe(true);
        expect(answer).not.toMatch(/stored|still open/);
        expect(wrong).toEqual(['a/b']);
        wrong.length = 0;
      }
    }
  });

  test('a part of a file: the one that was asked for, of the very bytes that the link is for', async () => {
    const contents = Array.from({ length: 400_000 }, (_, at) => String(at % 10)).join('');
    writeFileSync(join(root, 'bucket/a/b'), contents);
    const url = link('a/b', contents);
    const tag = `"${hashOf(contents)}"`;
    const whole = await ask(url);
    expect(whole).toContain(`etag: ${tag}`);
    expect(whole).toContain('accept-ranges: bytes');
    const cases: readonly (readonly [string, number, string])[] = [
      ['Range: bytes=0-', 206, contents],
      ['Range: bytes=5-9', 206, contents.slice(5, 10)],
      ['Range: bytes=262143-262144', 206, contents.slice(262_143, 262_145)],
      ['Range: bytes=399999-', 206, contents.slice(-1)],
      ['Range: bytes=399990-999999', 206, contents.slice(-10)],
      ['Range: bytes=-7', 206, contents.slice(-7)],
      ['Range: bytes=-999999', 206, contents],
      [`Range: bytes=5-9\r\nIf-Range: ${tag}`, 206, contents.slice(5, 10)],
      ['Range: bytes=5-9\r\nIf-Range: "other"', 200, contents],
      [`Range: bytes=5-9\r\nIf-Range: W/${tag}`, 200, contents],
      ['Range: bytes=5-9,20-30', 200, contents],
      ['Range: bytes=9-5', 200, contents],
      ['Range: bytes=-', 200, contents],
      ['Range: lines=1-2', 200, contents],
      ['Range: bytes=400000-', 416, ''],
      ['Range: bytes=-0', 416, ''],
      [`Range: bytes=${'9'.repeat(400)}-`, 416, ''],
    ];
    for (const [header, status, body] of cases) {
      const [head = '', ...rest] = (await ask(url, `${header}\r\n`)).split('\r\n\r\n');
      expect(head.slice(9, 12), header).toBe(String(status));
      expect(rest.join('') === body, header).toBe(true);
      if (status === 416) expect(head).toContain('content-range: bytes */400000');
    }
    expect(await ask(url, 'Range: bytes=5-9\r\n')).toContain('content-range: bytes 5-9/400000');
  });
});

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
