/**
 * A person moves, removes or overwrites the database file while the Node host runs, and what the
 * next start makes of it.
 */
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { freePort } from '../../sim/free-ports.ts';
import { startTelegram } from '../../sim/telegram/start-telegram.ts';
import type { Telegram } from '../../sim/telegram/telegram.ts';
import { type HostProcess, hostProcesses } from '../support/host-process.ts';

const SECRET = 'replaced_secret';
const ADMIN_ID = 100;
let directory: string;
let data: string;
let path: string;
let another: string;
let telegram: Telegram;
let port: number;
let nextUpdate = 1_000_000;
const hosts = hostProcesses();

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'replaced-'));
  data = join(directory, 'data');
  path = join(data, 'anime_bot.db');
  another = join(directory, 'another.db');
  const db = new DatabaseSync(another, { timeout: 10_000 });
  db.exec('CREATE TABLE mine (x); INSERT INTO mine VALUES (randomblob(50000))');
  db.close();
  telegram = await startTelegram();
  port = await freePort();
});
afterEach(async () => {
  await hosts.stopAll();
  await telegram.close();
  rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
});

const start = (args: readonly string[] = [], settings: Record<string, string> = {}): HostProcess =>
  hosts.start(
    directory,
    {
      TELEGRAM_API_ROOT: telegram.apiRoot,
      BOT_TOKEN: telegram.token,
      ADMIN_IDS: String(ADMIN_ID),
      DEFAULT_LOCALE: 'en',
      PORT: String(port),
      PUBLIC_URL: `http://127.0.0.1:${port}`,
      WEBHOOK_SECRET: SECRET,
      ...settings,
    },
    args,
  );

/** The status of the answer, and the id of the update. */
async function send(): Promise<{ id: number; status: number }> {
  const id = nextUpdate;
  nextUpdate += 1;
  const from = { id: 10_000 + id, is_bot: false, first_name: `P${id}` };
  const chat = { id: from.id, type: 'private', first_name: 'P' };
  const message = { message_id: id, date: 1, chat, from, text: '/start' };
  const response = await fetch(`http://127.0.0.1:${port}/webhook`, {
    method: 'POST',
    headers: { 'X-Telegram-Bot-Api-Secret-Token': SECRET },
    body: JSON.stringify({ update_id: id, message }),
  });
  return { id, status: response.status };
}

async function acknowledged(count: number): Promise<number[]> {
  const ids: number[] = [];
  for (let i = 0; i < count; i += 1) {
    const { id, status } = await send();
    expect(status).toBe(200);
    ids.push(id);
  }
  return ids;
}

function updatesIn(file: string): Set<unknown> {
  const db = new DatabaseSync(file, { readOnly: true, timeout: 10_000 });
  const rows = db
    .prepare('SELECT update_id AS id FROM handled_updates UNION SELECT update_id FROM failed_updates')
    .all();
  db.close();
  return new Set(rows.map(({ id }) => id));
}

/** By their names after the database's own. */
function beside(kind: RegExp): string[] {
  return readdirSync(data).filter((name) => name.startsWith('anime_bot.db') && kind.test(name));
}

async function running(): Promise<HostProcess> {
  const host = start();
  await host.until(/"outcome":"done"/);
  return host;
}

const HARMS: readonly (readonly [string, () => void, 'replaced' | 'gone' | 'as it was'])[] = [
  ['mv another.db over it', () => renameSync(another, path), 'replaced'],
  ['rm of the file', () => rmSync(path), 'gone'],
  ['rm of its journal', () => rmSync(`${path}-wal`), 'as it was'],
  [
    'rm of the file and its journals',
    () => {
      for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix);
    },
    'gone',
  ],
];

describe.each(HARMS)('%s while the host runs', (_, harm, left) => {
  test.each(['a write', 'a stop'])('is noticed at %s; all that was acknowledged is rescued', async (at) => {
    const admin = telegram.person({ id: ADMIN_ID, firstName: 'Olim' });
    const host = await running();
    // Nobody is written to who has not begun.
    await admin.send('/start');
    const theirs = readFileSync(another);
    const ids = await acknowledged(12);
    const ours = readFileSync(path);
    harm();
    if (at === 'a write') {
      expect((await send()).status).toBe(503);
      expect((await send()).status).toBe(503);
      const health = await fetch(`http://127.0.0.1:${port}/healthz`);
      expect([health.status, await health.json()]).toEqual([
        503,
        expect.objectContaining({ database: 'replaced' }),
      ]);
    }
    expect(await host.stop('SIGTERM')).toBe(0);
    expect(existsSync(path) ? readFileSync(path) : undefined).toEqual(
      { replaced: theirs, gone: undefined, 'as it was': ours }[left],
    );
    expect(beside(/-(wal|shm|journal)$/)).toEqual([]);
    const [rescued = ''] = beside(/\.rescued-\d{8}T\d{6}Z$/);
    const file = join(data, rescued);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const kept = updatesIn(file);
    expect(ids.filter((id) => !kept.has(id))).toEqual([]);
    const lines = host.output().match(/"event":"database lost".*/g) ?? [];
    expect(lines).toEqual([expect.stringContaining(rescued)]);
    expect(
      admin
        .messages()
        .filter(({ text }) => text?.includes(rescued) && text.includes('first put the disk back')),
    ).toHaveLength(1);
  });
});

test.each(['a write', 'a stop'])('cp of another file over it in place is noticed at %s', async (at) => {
  const host = await running();
  const ids = await acknowledged(12);
  // Only somebody who has the file as it was can put it together again.
  const before = join(directory, 'before.db');
  copyFileSync(path, before);
  copyFileSync(another, path);
  if (at === 'a write') {
    expect([(await send()).status, (await send()).status]).toEqual([503, 503]);
    const health = await fetch(`http://127.0.0.1:${port}/healthz`);
    expect(await health.json()).toMatchObject({ status: 'failing', database: 'replaced' });
  }
  expect(await host.stop('SIGTERM')).toBe(0);
  expect(readFileSync(path)).toEqual(readFileSync(another));
  expect(beside(/-(wal|shm|journal)$/)).toEqual([]);
  expect(beside(/-wal\.set-aside-/)).toHaveLength(1);
  expect(host.output().match(/"event":"database lost"/g)).toHaveLength(1);
  expect(host.output()).toMatch(
    /was overwritten by another file.*what was in no change file yet is lost.*restore --at 0m`, which/,
  );
  // The journal is kept whole: all that had not come home into the file yet.
  const [journal = ''] = beside(/-wal\.set-aside-/);
  copyFileSync(join(data, journal), `${before}-wal`);
  const kept = updatesIn(before);
  expect(ids.filter((id) => !kept.has(id))).toEqual([]);
  // And alone it brings nothing back: what else is kept is no database of the bot's, or none at
  // all. Nobody is led to it.
  expect(beside(/\.rescued-/)).toEqual([]);
  for (const mixed of beside(/\.mixed-\d{8}T\d{6}Z$/)) {
    const found = new DatabaseSync(join(data, mixed), { readOnly: true, timeout: 10_000 });
    expect(found.prepare('SELECT COUNT(*) AS n FROM sqlite_schema').get()).toBeDefined();
    found.close();
  }
});

test('a bot that writes, backs up and shares its file with a person’s SQLite never takes its own file for another', async () => {
  const host = await running();
  await acknowledged(40);
  const sqlite3 = (text: string): unknown =>
    execFileSync(process.execPath, [
      '-e',
      `new (require('node:sqlite').DatabaseSync)(${JSON.stringify(path)}).exec('${text}')`,
    ]);
  sqlite3('PRAGMA wal_checkpoint(RESTART)');
  await acknowledged(5);
  sqlite3('VACUUM; PRAGMA wal_checkpoint(TRUNCATE)');
  await acknowledged(5);
  expect(await host.stop('SIGTERM')).toBe(0);
  expect(host.output()).not.toContain('database lost');
  expect(readdirSync(data).filter((name) => /rescued|set-aside/.test(name))).toEqual([]);
});

describe('a start without the database file', () => {
  const lose = async (): Promise<void> => {
    const host = await running();
    await host.stop('SIGTERM');
    rmSync(path);
  };

  test.each([
    ['missing', () => {}],
    ['empty', () => writeFileSync(path, '')],
  ])('%s: with a backup it is refused, and says which is the newest', async (_, leave) => {
    await lose();
    leave();
    const host = start();
    expect(await host.ended()).toBe(1);
    expect(host.output()).toMatch(
      /anime_bot\.db is missing, and the newest backup is \d{8}_\d{6} \(\d+ (s|min) old\)/,
    );
    expect(host.output()).toContain('npm run backup -- restore latest');
    expect(existsSync(path) ? statSync(path).size : 0).toBe(0);
  });

  test.each(['missing', 'empty'])('%s: --new-database begins an empty one', async (kind) => {
    await lose();
    if (kind === 'empty') writeFileSync(path, '');
    const host = start(['--new-database']);
    await host.until(/"event":"started"/);
    expect(await host.stop('SIGTERM')).toBe(0);
    expect(statSync(path).size).toBeGreaterThan(0);
  });

  test('a bucket that cannot be listed blocks no first start, and the log says so', async () => {
    const host = start([], {
      S3_ENDPOINT: `http://127.0.0.1:${await freePort()}`,
      S3_BUCKET: 'backups',
      S3_ACCESS_KEY_ID: 'key',
      S3_SECRET_ACCESS_KEY: 'secret',
    });
    await host.until(/"event":"backups not looked for"/);
    await host.until(/"event":"started"/);
  });

  test('the file that a running bot rescued is named', async () => {
    const first = await running();
    rmSync(path);
    await first.stop('SIGTERM');
    const second = start();
    expect(await second.ended()).toBe(1);
    expect(second.output()).toMatch(/mv \S*anime_bot\.db\.rescued-\d{8}T\d{6}Z \S*anime_bot\.db\n/);
  });
});

test('a host whose lock was taken over while it was suspended writes nothing more, and ends', async () => {
  const host = await running();
  const lock = `${path}.lock`;
  const other = JSON.stringify({
    ...JSON.parse(readFileSync(lock, 'utf8')),
    host: 'elsewhere',
    process: 'other',
  });
  writeFileSync(lock, `${other}\n`);
  const log = readFileSync(`${path}-wal`).byteLength;
  // Its answer is lost with the process, or is “try again”: Telegram sends the update again.
  expect(
    await send().then(
      ({ status }) => status,
      () => 503,
    ),
  ).toBe(503);
  expect(await host.ended()).toBe(1);
  expect(host.output()).toMatch(/taken over by node host \(process \d+ on elsewhere.*this one stops/);
  expect(readFileSync(lock, 'utf8')).toContain('elsewhere');
  expect(readFileSync(`${path}-wal`).byteLength).toBe(log);
});
