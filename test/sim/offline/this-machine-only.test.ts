/** Pages of the web, a proxy and a machine next door get nothing of offline mode. */
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hostProcesses } from '../../support/host-process.ts';

let directory: string;
let page: URL;
let host: URL;
let token: string;
/** Of a backup's file on the page, and where that leads: to the host. */
let link: URL;
let download: string;
const hosts = hostProcesses();

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'anime-guard-'));
  const running = hosts.start(directory, { PORT: '0' });
  await running.until(/running offline[\s\S]*Set BOT_TOKEN/);
  await running.until(/"outcome":"done"/);
  page = new URL(/Write to the bot:\s+(\S+)/.exec(running.output())?.[1] ?? '');
  host = new URL(/The host:\s+(\S+)\/healthz/.exec(running.output())?.[1] ?? '');
  token = readFileSync(join(directory, 'data/offline/token'), 'utf8').trim();
  const seen = await (await fetch(new URL('/api/look?person=2001&chat=2001', page))).text();
  const [, name = '', file = ''] = /"name":"(\d{8}_\d{6})"[^[]*"files":\["([^"]+)"/.exec(seen) ?? [];
  link = new URL(`/api/backups/${name}/${file}`, page);
  download = (await fetch(link, { redirect: 'manual' })).headers.get('location') ?? '';
});
afterAll(async () => {
  await hosts.stopAll();
  rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
});

/** A request with exactly these headers (`fetch` sets Host). Gives the status and the answer. */
async function ask(url: URL, headers: Readonly<Record<string, string>>, method = 'GET') {
  const socket = connect(Number(url.port), '127.0.0.1');
  const lines = Object.entries({ Host: url.host, Connection: 'close', ...headers });
  const body = method === 'POST' ? '{}' : '';
  socket.write(
    `${method} ${url.pathname}${url.search} HTTP/1.1\r\n${lines
      .filter(([, value]) => value !== '')
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join('')}Content-Length: ${body.length}\r\n\r\n${body}`,
  );
  let answer = '';
  for await (const chunk of socket) answer += String(chunk);
  return { status: Number(answer.slice(9, 12)), answer };
}

/** Every kind of route: page, its API, control, Bot API, files; health, downloads, webhook. */
const routes = (): [string, URL][] => [
  ['GET', page],
  ['GET', new URL('/main.js', page)],
  ['GET', new URL('/api/setup', page)],
  ['GET', new URL('/api/look?person=2001&chat=2001', page)],
  ['GET', link],
  ['POST', new URL('/api/backups', page)],
  ['GET', new URL('/control/state', page)],
  ['GET', new URL('/control/chats/1001/messages', page)],
  ['POST', new URL('/control/people/1001/start', page)],
  ['GET', new URL(`/bot${token}/getMe`, page)],
  ['GET', new URL(`/bot${token}/sendMessage?chat_id=2001&text=spam`, page)],
  ['POST', new URL(`/bot${token}/getMe`, page)],
  ['GET', new URL(`/file/bot${token}/photos/file_1.jpg`, page)],
  ['GET', new URL('/healthz', host)],
  ['GET', new URL(download)],
  ['POST', new URL('/webhook', host)],
];

const foreign: [string, (url: URL) => Record<string, string>][] = [
  ['a name that was bound to this machine (DNS rebinding)', ({ port }) => ({ Host: `evil.example:${port}` })],
  [
    'such a name, and its own page',
    ({ port }) => ({
      Host: `evil.example:${port}`,
      Origin: `http://evil.example:${port}`,
    }),
  ],
  ['a name that begins like ours', ({ port }) => ({ Host: `127.0.0.1.evil.example:${port}` })],
  ['another loopback address', ({ port }) => ({ Host: `127.0.0.2:${port}` })],
  ['all interfaces', ({ port }) => ({ Host: `0.0.0.0:${port}` })],
  ['our name without the port', () => ({ Host: 'localhost' })],
  ['our name with another port', () => ({ Host: '127.0.0.1:1' })],
  ['a page of another origin', () => ({ Origin: 'https://evil.example' })],
  ['a page without an origin', () => ({ Origin: 'null' })],
  ['a page of another port', () => ({ Origin: 'http://127.0.0.1:1' })],
  ['a page over https', ({ host }) => ({ Origin: `https://${host}` })],
  [
    'an image or script of another site',
    () => ({ 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'no-cors' }),
  ],
  ['one of another port', () => ({ 'Sec-Fetch-Site': 'same-site', 'Sec-Fetch-Mode': 'no-cors' })],
  [
    'a frame in a page of another site',
    () => ({
      'Sec-Fetch-Site': 'cross-site',
      'Sec-Fetch-Mode': 'navigate',
      'Sec-Fetch-Dest': 'iframe',
    }),
  ],
  ['a proxy', () => ({ 'X-Forwarded-For': '203.0.113.7' })],
  ['a tunnel', () => ({ Forwarded: 'for=203.0.113.7' })],
];

describe('offline mode', () => {
  test.each(foreign)('refuses %s, on every route', async (_, headers) => {
    for (const [method, url] of routes()) {
      const { status, answer } = await ask(url, headers(url), method);
      expect(status, `${method} ${url.pathname}`).toBe(403);
      expect(answer).not.toMatch(/access-control-allow|anime_standin_bot|Aziza/i);
    }
  });

  test('answers the names of this machine, its own page, and a link that somebody follows', async () => {
    const good: ((url: URL) => Record<string, string>)[] = [
      () => ({}),
      ({ port }) => ({ Host: `localhost:${port}`, Origin: `http://localhost:${port}` }),
      ({ port }) => ({ Host: `LOCALHOST:${port}` }),
      ({ port }) => ({ Host: `[::1]:${port}` }),
      ({ host }) => ({ Origin: `http://${host}`, 'Sec-Fetch-Site': 'same-origin', 'Sec-Fetch-Mode': 'cors' }),
      () => ({ 'Sec-Fetch-Site': 'none', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document' }),
      () => ({ 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document' }),
    ];
    for (const headers of good)
      for (const url of [page, new URL('/control/state', page), new URL('/healthz', host), new URL(download)])
        expect((await ask(url, headers(url))).status, `${url} ${JSON.stringify(headers(url))}`).toBe(200);
  });

  test('a request without a Host is refused', async () => {
    for (const url of [page, new URL('/healthz', host)]) {
      const socket = connect(Number(url.port), '127.0.0.1');
      socket.write(`GET ${url.pathname} HTTP/1.0\r\n\r\n`);
      let answer = '';
      for await (const chunk of socket) answer += String(chunk);
      expect(answer).toMatch(/^HTTP\/1.1 40[03] /);
    }
  });

  test('no page can put it into a frame, and the token of another directory opens nothing', async () => {
    expect((await fetch(page)).headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    const other = '7000000001:AAStandInTokenForTestsAndDemosOnly1';
    expect(token).not.toBe(other);
    expect((await fetch(new URL(`/bot${other}/getMe`, page))).status).toBe(401);
  });

  test('nothing of it listens beyond loopback', async () => {
    const others = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .filter(({ internal, family }) => !internal && family === 'IPv4');
    for (const { address } of others)
      for (const { port } of [page, host]) {
        const socket = connect(Number(port), address);
        const [error] = await once(socket, 'error');
        expect(String(error)).toContain('ECONNREFUSED');
      }
  });
});
