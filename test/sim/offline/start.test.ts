/** Which life `npm start` begins, in real processes: offline is never production by accident. */
import { once } from 'node:events';
import {
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hostProcesses } from '../../support/host-process.ts';

let directory: string;
const hosts = hostProcesses();
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'anime-offline-'));
});
afterEach(async () => {
  await hosts.stopAll();
  rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
});

const start = (settings: Record<string, string> = {}, ...args: string[]) =>
  hosts.start(directory, { PORT: '0', ...settings }, args);

/** Everything below the directory with its content, to see that nothing changed. */
function everything(): Record<string, string> {
  const paths = readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort();
  const files = paths.filter((path) => lstatSync(join(directory, path)).isFile());
  return Object.fromEntries(files.map((path) => [path, readFileSync(join(directory, path), 'base64')]));
}

function oldDatabase(path = join(directory, 'data/anime_bot.db')): void {
  mkdirSync(join(path, '..'), { recursive: true });
  const db = new DatabaseSync(path, { timeout: 10_000 });
  db.exec(`CREATE TABLE users (user_id INTEGER PRIMARY KEY); INSERT INTO users VALUES (77);
    CREATE TABLE anime (id INTEGER PRIMARY KEY, code INTEGER UNIQUE NOT NULL); INSERT INTO anime VALUES (1, 1);
    CREATE TABLE broadcasts (id INTEGER PRIMARY KEY, state TEXT); INSERT INTO broadcasts VALUES (1, 'running')`);
  db.close();
}

describe('without BOT_TOKEN', () => {
  test('and on a busy port it begins nothing that the next start would have to set aside', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const PORT = String(typeof address === 'object' ? address?.port : '');
    const host = start({ PORT });
    await host.until(new RegExp(`port ${PORT} is in use by another program`));
    other.close();
    expect(everything()).toEqual({});
  });

  test('and with nothing of production it runs offline, in its own directory, for its own user only', async () => {
    const host = start({ HOST: 'localhost', LOG_LEVEL: 'info', DEFAULT_LOCALE: 'en' });
    await host.until(/running offline/);
    await host.until(/"outcome":"done"/);
    const page = /Write to the bot:\s+(http:\/\/127\.0\.0\.1:\d+\/)/.exec(host.output())?.[1] ?? '';
    expect(await (await fetch(page)).text()).toContain('<!doctype html>');
    const own = /The host:\s+(http:\S+\/)healthz/.exec(host.output())?.[1] ?? '';
    expect(await (await fetch(own)).text()).toContain(`Write to the bot: ${page}\n`);
    const health = /(http:\S+\/healthz)/.exec(host.output())?.[1] ?? '';
    expect(await (await fetch(health)).json()).toMatchObject({ status: 'offline', database: 'ok' });
    const webhook = await fetch(health.replace('healthz', 'webhook'), { method: 'POST', body: '{}' });
    expect(webhook.status).toBe(401);
    expect(readdirSync(join(directory, 'data'))).toEqual(['offline']);
    // One backup, with the samples in it: one of the empty database would be the first thing to
    // mislead.
    // The mark of the directory, and one backup.
    const kept = readdirSync(join(directory, 'data/offline/backups'));
    // A slow machine has stored changes by now.
    expect(kept.filter((name) => name !== 'changes')).toHaveLength(4);
    expect(host.output().match(/"event":"backup"/g)).toHaveLength(1);
    expect(host.output()).not.toContain('"event":"update"');
    expect(statSync(join(directory, 'data/offline')).mode & 0o777).toBe(0o700);
    for (const file of ['token', 'world.json'])
      expect(statSync(join(directory, 'data/offline', file)).mode & 0o777).toBe(0o600);
    expect(await host.stop('SIGTERM')).toBe(0);
  });

  test.each<[string, Record<string, string>, RegExp]>([
    ['a blank token', { BOT_TOKEN: '' }, /BOT_TOKEN is blank/],
    ['a token of spaces', { BOT_TOKEN: '  ' }, /BOT_TOKEN is blank/],
    ['a misspelt token', { BOT_TOKN: '1:x' }, /BOT_TOKN: did you mean BOT_TOKEN\?/],
    ['a token in small letters', { bot_token: '1:x' }, /bot_token: did you mean BOT_TOKEN\?/],
    ['an address', { PUBLIC_URL: 'https://bot.example' }, /PUBLIC_URL is set/],
    ['all interfaces', { HOST: '0.0.0.0' }, /HOST is an address that other machines reach/],
    ['all interfaces of IPv6', { HOST: '::' }, /HOST is an address that other machines reach/],
    ['a database server', { DATABASE_URL: 'libsql://db.example' }, /DATABASE_URL is set/],
    ['a database file', { DATABASE_URL: 'file:data/anime_bot.db' }, /DATABASE_URL is set/],
    ['half a bucket', { S3_BUCKET: 'anime' }, /S3_BUCKET is set[\s\S]*S3_ENDPOINT.*: missing/],
    ['a setting of no bucket', { S3_REGOIN: 'eu' }, /S3_REGOIN: did you mean S3_REGION\?/],
    ['a directory', { BACKUP_DIR: 'b' }, /BACKUP_DIR is set/],
    ['encryption', { BACKUP_PASSPHRASE: 'correct horse battery' }, /BACKUP_PASSPHRASE is set/],
    ['a secret', { WEBHOOK_SECRET: 'secret_secret' }, /WEBHOOK_SECRET is set/],
    ['admins', { ADMIN_IDS: '7' }, /ADMIN_IDS is set/],
  ])(
    '%s is refused in one message that says how to start offline on purpose',
    async (_, settings, reason) => {
      const host = start(settings);
      expect(await host.ended()).toBe(1);
      expect(host.output()).toMatch(reason);
      expect(host.output()).toContain('npm start -- --offline');
      expect(host.output()).not.toMatch(/^\s+at /m);
      for (const value of ['db.example', 'bot.example', 'correct horse', 'secret_secret'])
        expect(host.output()).not.toContain(value);
      expect(readdirSync(directory)).toEqual([]);
    },
  );

  test.each<[string, string, RegExp]>([
    ['a blank token', 'BOT_TOKEN=\n', /BOT_TOKEN is blank/],
    ['a misspelt name', 'BOT_TOKEM=1:x\n', /BOT_TOKEM: did you mean BOT_TOKEN\?/],
    ['a colon for the equals sign', 'BOT_TOKEN: 1:x\n', /\.env line 1: BOT_TOKEN has no = behind it/],
    ['no equals sign', '# mine\nADMIN_IDS 7\n', /\.env line 2: ADMIN_IDS has no = behind it/],
    ['a database', 'DATABASE_URL=libsql://db.example\n', /DATABASE_URL is set/],
    ['UTF-16', '\uFEFFBOT_TOKEN=1:x\n', /is not UTF-8 text/],
  ])('.env with %s is refused', async (what, text, reason) => {
    writeFileSync(join(directory, '.env'), what === 'UTF-16' ? Buffer.from(text, 'utf16le') : text);
    const host = start();
    expect(await host.ended()).toBe(1);
    expect(host.output()).toMatch(reason);
    expect(readdirSync(directory)).toEqual(['.env']);
  });

  test('a database that somebody copied to its place is named, and not touched', async () => {
    oldDatabase();
    const before = everything();
    const host = start();
    expect(await host.ended()).toBe(1);
    expect(host.output()).toMatch(/BOT_TOKEN is missing[\s\S]*data\/anime_bot\.db is there/);
    expect(everything()).toEqual(before);
  });

  test('a file without tables is no database of a bot', async () => {
    mkdirSync(join(directory, 'data'), { recursive: true });
    const db = new DatabaseSync(join(directory, 'data/anime_bot.db'));
    db.exec('PRAGMA user_version = 0; VACUUM');
    db.close();
    const host = start();
    await host.until(/running offline/);
  });

  test('backups that are left of a lost database are named too', async () => {
    mkdirSync(join(directory, 'data/backups'), { recursive: true });
    writeFileSync(join(directory, 'data/backups/anime_bot_20260615_020000.db.gz'), 'x');
    const host = start();
    expect(await host.ended()).toBe(1);
    expect(host.output()).toMatch(/data\/backups is there/);
  });

  test('an empty .env, blank settings and harmless ones are no production', async () => {
    writeFileSync(join(directory, '.env'), '# BOT_TOKEN=\nPUBLIC_URL=\nS3_BUCKET=\nPORT=0\n');
    const host = start({ LOGLEVEL: 'debug', SLACK_BOT_TOKEN: 'x' });
    await host.until(/running offline/);
    expect(host.output()).toContain('LOGLEVEL: did you mean LOG_LEVEL?');
  });
});

describe('offline on purpose', () => {
  test('uses nothing of what is set, runs no broadcast of the real database, and says so', async () => {
    oldDatabase();
    const before = everything();
    const token = '123456789:AAabcdefghijklmnopqrstuvwxyz0123456';
    const settings = {
      BOT_TOKEN: token,
      ADMIN_IDS: '77',
      HOST: '0.0.0.0',
      PUBLIC_URL: 'https://bot.example',
      DATABASE_URL: 'file:data/anime_bot.db',
      BACKUP_DIR: 'real-backups',
      BACKUP_PASSPHRASE: 'x',
      TELEGRAM_API_ROOT: 'http://127.0.0.1:9',
    };
    const host = start(settings, '--offline');
    await host.until(/running offline/);
    await host.until(/"outcome":"done"/);
    const notes = host.output().match(/^note: .*$/gm) ?? [];
    expect(notes).toEqual([expect.stringMatching(/^note: not used offline: /)]);
    for (const name of Object.keys(settings).filter((each) => each !== 'HOST'))
      expect(notes[0]).toContain(`${name} is set`);
    expect(notes[0]).toContain('data/anime_bot.db is there');
    expect(notes[0]).toContain('HOST is an address');
    await host.until(/run npm start alone to go to Telegram/);
    expect(host.output()).not.toContain('npm run setup');
    expect(await host.stop('SIGTERM')).toBe(0);
    const after = everything();
    expect(Object.fromEntries(Object.keys(before).map((path) => [path, after[path]]))).toEqual(before);
    const others = Object.keys(after).filter((path) => !(path in before));
    expect(others.filter((path) => !path.startsWith('data/offline/'))).toEqual([]);
    for (const path of others)
      expect(Buffer.from(after[path] ?? '', 'base64').includes(token.slice(10)), path).toBe(false);
  });

  test('--help says what npm start takes, and starts nothing', async () => {
    const host = start({}, '--help');
    expect(await host.ended()).toBe(0);
    expect(host.output()).toMatch(/^Usage: npm start .*--offline.*--new-database/);
    expect(readdirSync(directory)).toEqual([]);
  });

  test('what stands behind npm start and is not known is told', async () => {
    const host = start({}, '--ofline');
    expect(await host.ended()).toBe(2);
    expect(host.output()).toContain('npm start -- --offline');
    expect(readdirSync(directory)).toEqual([]);
  });

  test.each<[string, (real: string, offline: string) => void]>([
    ['the directory', (real, offline) => symlinkSync(real, offline)],
    [
      'the database',
      (real, offline) => link(join(real, 'anime_bot.db'), offline, 'anime_bot.db', symlinkSync),
    ],
    [
      'its journal',
      (real, offline) => link(join(real, 'anime_bot.db'), offline, 'anime_bot.db-wal', symlinkSync),
    ],
    ['a second name', (real, offline) => link(join(real, 'anime_bot.db'), offline, 'anime_bot.db', linkSync)],
    ['the bucket', (real, offline) => link(real, offline, 'backups', symlinkSync)],
    ['the token', (real, offline) => link(join(real, 'anime_bot.db'), offline, 'token', symlinkSync)],
    ['the chats', (real, offline) => link(join(real, 'nothing'), offline, 'world.json', symlinkSync)],
  ])('%s that leads to production is refused', async (_, make) => {
    oldDatabase(join(directory, 'real/anime_bot.db'));
    mkdirSync(join(directory, 'data'));
    make(join(directory, 'real'), join(directory, 'data/offline'));
    const before = everything();
    const host = start();
    expect(await host.ended()).toBe(1);
    expect(host.output()).toMatch(/data\/offline\S* (is a link|has a second name)/);
    expect(everything()).toEqual(before);
  });
});

function link(
  target: string,
  offline: string,
  name: string,
  make: (target: string, path: string) => void,
): void {
  mkdirSync(offline);
  make(target, join(offline, name));
}

describe('what the system refuses ends in a sentence', () => {
  test.each<[string, (data: string) => void, RegExp]>([
    ['data is a file', (data) => writeFileSync(data, 'x'), /ENOTDIR/],
    [
      'data/offline is a file',
      (data) => {
        mkdirSync(data);
        writeFileSync(join(data, 'offline'), 'x');
      },
      /data\/offline is no directory/,
    ],
  ])('%s', async (_, make, sentence) => {
    make(join(directory, 'data'));
    const host = start();
    expect(await host.ended()).toBe(1);
    expect(host.output()).toMatch(sentence);
    expect(host.output()).not.toMatch(/^\s+at /m);
  });

  test('a world that is a directory is set aside, and a new one begins', async () => {
    mkdirSync(join(directory, 'data/offline/world.json'), { recursive: true });
    const host = start();
    await host.until(/world\.json is no file; what was in .* is now in .*damaged-/);
    await host.until(/running offline/);
    expect(await host.stop('SIGTERM')).toBe(0);
  });

  test('a port in use', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    const host = start({ PORT: String(port) });
    expect(await host.ended()).toBe(1);
    server.close();
    expect(host.output()).toContain(`port ${port} is in use`);
    expect(host.output()).not.toMatch(/^\s+at /m);
  });
});

describe('with BOT_TOKEN', () => {
  test('names that were meant to be settings are told at start, and it is production', async () => {
    const host = start({
      BOT_TOKEN: '123456789:AAabcdefghijklmnopqrstuvwxyz0123456',
      ADMIN_ID: '7',
      TELEGRAM_API_ROOT: 'http://127.0.0.1:9',
    });
    expect(await host.ended()).toBe(1);
    expect(host.output()).toContain('ADMIN_ID: did you mean ADMIN_IDS?');
    expect(host.output()).not.toContain('running offline');
  });
});
