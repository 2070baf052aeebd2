/**
 * The Node host as a process: `node src/node.ts`, killed and stopped, polling and webhook. Without
 * a token: test/sim/offline.
 */
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { freePort } from '../../sim/free-ports.ts';
import { startTelegram } from '../../sim/telegram/start-telegram.ts';
import type { Telegram } from '../../sim/telegram/telegram.ts';
import { type HostProcess, hostProcesses } from '../support/host-process.ts';

const SECRET = 'node_host_secret';
/** For what another process does. */
const WAIT = { timeout: 60_000, interval: 50 };
let directory: string;
let telegram: Telegram;
const hosts = hostProcesses();

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'anime-node-'));
  telegram = await startTelegram();
});
afterEach(async () => {
  await hosts.stopAll();
  await telegram.close();
  rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
});

function start(settings: Record<string, string>): HostProcess {
  return hosts.start(directory, { TELEGRAM_API_ROOT: telegram.apiRoot, ...settings });
}

/**
 * Waits for a lock: after SIGKILL a child of the host may still read the file, or its log is being
 * recovered.
 */
function open(): DatabaseSync {
  return new DatabaseSync(join(directory, 'data/anime_bot.db'), { timeout: 10_000 });
}

/** A client that begins a request and then neither sends nor reads. */
async function stall(port: number, request: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.pause();
  socket.write(request);
  return socket;
}

/** Stops it, and gives its exit code and how long it took after the last signal, in seconds. */
async function stopped(
  host: HostProcess,
  ...signals: NodeJS.Signals[]
): Promise<{ code: unknown; seconds: number }> {
  let begun = 0;
  for (const [i, signal] of signals.entries()) {
    if (i > 0) {
      // Within a moment of the first it would be the same request, delivered twice.
      await host.until(/stopping/);
      await sleep(400);
    }
    begun = performance.now();
    host.child.kill(signal);
  }
  const code = await host.ended();
  return { code, seconds: (performance.now() - begun) / 1000 };
}

describe('stopping the Node host', () => {
  const BODY_MISSING = `POST /webhook HTTP/1.1\r\nHost: a\r\nX-Telegram-Bot-Api-Secret-Token: ${SECRET}\r\nContent-Length: 500\r\n\r\n{`;
  const HEAD_MISSING = 'GET /healthz HTTP/1.1\r\nHost';
  let port: number;
  let host: HostProcess;
  const stalled: Socket[] = [];

  beforeEach(async () => {
    port = await freePort();
    host = start({
      BOT_TOKEN: telegram.token,
      PORT: String(port),
      PUBLIC_URL: `http://127.0.0.1:${port}`,
      WEBHOOK_SECRET: SECRET,
    });
    await host.until(/"outcome":"done"/);
  });
  afterEach(() => {
    for (const socket of stalled.splice(0)) socket.destroy();
  });

  test('clients that stall in the middle are cut off after a moment: exit 0', async () => {
    for (const request of [BODY_MISSING, HEAD_MISSING, '']) stalled.push(await stall(port, request));
    // Kept alive and idle.
    await (await fetch(`http://127.0.0.1:${port}/healthz`)).text();
    const { code, seconds } = await stopped(host, 'SIGTERM');
    expect({ code, output: host.output() }).toEqual({ code: 0, output: expect.stringContaining('stopping') });
    // At 20 the host gives up, with another exit code.
    expect(seconds).toBeLessThan(18);
    expect(readdirSync(join(directory, 'data')).filter((name) => name.includes('.lock'))).toEqual([]);
  });

  test('a second signal ends it at once, whichever it is', async () => {
    stalled.push(await stall(port, BODY_MISSING));
    const { code, seconds } = await stopped(host, 'SIGTERM', 'SIGINT');
    expect({ code, isQuick: seconds < 1.5 }).toEqual({ code: 143, isQuick: true });
    expect(host.output()).toContain('stopped at once');
  });

  test('one request to stop that arrives twice (from the terminal, and from npm) is one', async () => {
    stalled.push(await stall(port, BODY_MISSING));
    host.child.kill('SIGINT');
    await sleep(20);
    expect(await stopped(host, 'SIGINT')).toMatchObject({ code: 0 });
  });
});

describe('the Node host', () => {
  test('a restart within ten minutes makes no second backup (a crash loop makes no flood)', async () => {
    const first = start({ BOT_TOKEN: telegram.token, PORT: '0' });
    await first.until(/"outcome":"done"/);
    first.child.kill('SIGTERM');
    await first.ended();
    const second = start({ BOT_TOKEN: telegram.token, PORT: '0' });
    await second.until(/"outcome":"skipped"/);
    // The mark of the directory, and one backup.
    expect(readdirSync(join(directory, 'data/backups'))).toHaveLength(4);
  });

  test('with a token it polls and answers', async () => {
    const host = start({ BOT_TOKEN: telegram.token, PORT: '0' });
    await host.until(/"updates":"polling"/);
    await telegram.polling();
    const viewer = telegram.person({ firstName: 'Aziza' });
    await viewer.send('/start');
    expect(viewer.lastMessage().text).toContain('Aziza');
  });

  test('an admin goes back in time: told what has changed, and given the file', async () => {
    const host = start({ BOT_TOKEN: telegram.token, PORT: '0', ADMIN_IDS: '100', CHANGES_SECONDS: '1' });
    await host.until(/"outcome":"done"/);
    await telegram.polling();
    const admin = telegram.person({ id: 100, firstName: 'Olim' });
    await admin.start();
    const changes = join(directory, 'data/backups/changes');
    await vi.waitFor(() => expect(readdirSync(changes)).toHaveLength(1), WAIT);
    await admin.send('/backups');
    expect(admin.lastMessage().text).toMatch(/🕰 .* dan beri istalgan daqiqaga qaytarish mumkin/);
    await admin.press(admin.lastMessage(), '🕰 Oldingi holatni ko‘rish');
    await admin.send('2020-01-01 10:00');
    const told = (text: RegExp) => vi.waitFor(() => expect(admin.lastMessage().text).toMatch(text), WAIT);
    await told(/Eng erta vaqt: /);
    const near = admin.lastMessage().keyboard[0]?.[0]?.text ?? '';
    await admin.press(admin.lastMessage(), near);
    await told(/O‘sha paytdan beri bazada:\n• Foydalanuvchilar: 1 ta qo‘shilgan/);
    await admin.press(admin.lastMessage(), '📨 Shu yerga yuborish');
    await vi.waitFor(() => expect(telegram.callsOf('sendDocument')).toHaveLength(1), WAIT);
    expect(await stopped(host, 'SIGTERM')).toMatchObject({ code: 0 });
  });

  test('SIGKILL at any moment loses nothing that was acknowledged', async () => {
    const port = await freePort();
    const settings = {
      BOT_TOKEN: telegram.token,
      PORT: String(port),
      PUBLIC_URL: `http://127.0.0.1:${port}`,
      WEBHOOK_SECRET: SECRET,
      LOG_LEVEL: 'info',
    };
    const acknowledged = new Set<number>();
    let updateId = 1;
    for (const killAfter of [5, 17, 40]) {
      const host = start(settings);
      await host.until(/"event":"started"/);
      const round = acknowledged.size + killAfter;
      const send = async (): Promise<void> => {
        for (;;) {
          const id = updateId;
          updateId += 1;
          const from = { id: 10_000 + id, is_bot: false, first_name: `P${id}` };
          const update = {
            update_id: id,
            message: {
              message_id: id,
              date: 1,
              chat: { id: from.id, type: 'private', first_name: 'P' },
              from,
              text: '/start spring',
            },
          };
          const response = await fetch(`http://127.0.0.1:${port}/webhook`, {
            method: 'POST',
            headers: { 'X-Telegram-Bot-Api-Secret-Token': SECRET },
            body: JSON.stringify(update),
          });
          if (response.status === 200) acknowledged.add(id);
          if (acknowledged.size >= round) host.child.kill('SIGKILL');
        }
      };
      // Each sender ends when the host is gone.
      await Promise.allSettled([send(), send(), send(), send()]);
      await host.ended();
    }
    const db = open();
    // Handled, or set aside as what cannot be answered: the stand-in knows none of these people.
    const marked = new Set(
      db
        .prepare('SELECT update_id FROM handled_updates UNION SELECT update_id FROM failed_updates')
        .all()
        .map((row) => row['update_id']),
    );
    expect([...acknowledged].filter((id) => !marked.has(id))).toEqual([]);
    expect(acknowledged.size).toBeGreaterThanOrEqual(62);
    expect(db.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
    db.close();
  });

  test('a second host on the same file is told who has it, and the first goes on', async () => {
    const first = start({ BOT_TOKEN: telegram.token, PORT: '0' });
    await first.until(/"updates":"polling"/);
    const second = start({ BOT_TOKEN: telegram.token, PORT: '0' });
    expect(await second.ended()).toBe(1);
    expect(second.output()).toMatch(new RegExp(`in use by node host \\(process ${first.child.pid} `));
    await telegram.polling();
    const viewer = telegram.person();
    await viewer.send('/start');
    expect(viewer.lastMessage().isFromBot).toBe(true);
  });

  test('a port in use is told before the database is touched', async () => {
    const data = join(directory, 'data');
    mkdirSync(data, { recursive: true });
    const db = open();
    db.exec('CREATE TABLE anime (id INTEGER PRIMARY KEY, code INTEGER UNIQUE NOT NULL, title TEXT)');
    db.close();
    const before = readFileSync(join(data, 'anime_bot.db'));
    const port = await freePort();
    const other = createServer().listen(port, '127.0.0.1');
    await once(other, 'listening');
    const host = start({ BOT_TOKEN: telegram.token, PORT: String(port) });
    expect(await host.ended()).toBe(1);
    expect(host.output()).toContain(`port ${port} is in use by another program`);
    expect(host.output()).not.toContain('migrated');
    expect(readFileSync(join(data, 'anime_bot.db')).equals(before)).toBe(true);
    expect(readdirSync(data).filter((name) => /lock|backups|wal/.test(name))).toEqual([]);
    other.close();
  });

  test('wrong settings stop the start with every problem, and no value is shown', async () => {
    const host = start({ BOT_TOKEN: 'not-a-token-at-all', PORT: 'abc', ADMIN_IDS: 'me' });
    expect(await host.ended()).toBe(1);
    for (const name of ['BOT_TOKEN', 'PORT', 'ADMIN_IDS']) expect(host.output()).toContain(name);
    expect(host.output()).not.toContain('not-a-token-at-all');
  });

  test.each(['0 25 * * *', '0 2 31 2 *'])(
    'a schedule that never fires (%s) stops the start, and nothing is made',
    async (cron) => {
      const host = start({ BOT_TOKEN: telegram.token, PORT: '0', BACKUP_CRON: cron });
      expect(await host.ended()).toBe(1);
      expect(host.output()).toMatch(/^settings are wrong:\n {2}- BACKUP_CRON: .*\n$/);
      expect(readdirSync(directory)).toEqual([]);
    },
  );

  test('without Telegram the start says why it failed, and the token stays secret', async () => {
    const token = '123456789:AAabcdefghijklmnopqrstuvwxyz0123456';
    const host = start({
      BOT_TOKEN: token,
      PORT: '0',
      TELEGRAM_API_ROOT: `http://127.0.0.1:${await freePort()}`,
    });
    expect(await host.ended()).toBe(1);
    expect(host.output()).toContain('Telegram cannot be reached');
    expect(host.output()).not.toContain(token.slice(10));
  });

  const BOT_INFO = JSON.stringify({ id: 123456789, is_bot: true, first_name: 'Bot', username: 'some_bot' });

  test('a token that Telegram refuses stops the start in one sentence, also where BOT_INFO is known', async () => {
    const token = '123456789:AAabcdefghijklmnopqrstuvwxyz0123456';
    const host = start({ BOT_TOKEN: token, BOT_INFO, PORT: '0' });
    expect(await host.ended()).toBe(1);
    expect(host.output()).toMatch(
      /^Telegram does not know this BOT_TOKEN: copy it again from @BotFather.*\n$/,
    );
  });

  test('without a network one line says so, once; the menu is set when Telegram answers', async () => {
    const away = ['getme', 'deletewebhook', 'getupdates', 'getupdates'];
    const asked: string[] = [];
    telegram.script({
      times: Number.POSITIVE_INFINITY,
      fault(method) {
        asked.push(method.toLowerCase());
        if (asked.at(-1) !== away[0]) return undefined;
        away.shift();
        return { kind: 'drop' };
      },
    });
    const host = start({ BOT_TOKEN: telegram.token, BOT_INFO, PORT: '0' });
    await host.until(/polling works again/);
    await host.until(/"outcome":"done"/);
    const troubled = host.output().match(/^.*"level":"(?:warn|error)".*$/gm) ?? [];
    expect(troubled.filter((line) => !line.includes('no admins'))).toEqual([
      expect.stringContaining('Telegram cannot be reached: look at the network'),
    ]);
    while (!asked.includes('setmycommands')) await sleep(20);
    expect(asked.slice(0, 4)).toEqual(['getme', 'deletewebhook', 'getupdates', 'getupdates']);
  });
});
