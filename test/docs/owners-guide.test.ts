/**
 * docs/owners-guide.uz.md, and with it each promise of the old bot's guide, walked by an owner with
 * plain tools: the host as a real process, `cp`, `gunzip`, `tar`, `kill -9`, a cron line, and
 * sqlite3 (Node's own where it is not installed).
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTelegram } from '../../sim/telegram/start-telegram.ts';
import type { Telegram } from '../../sim/telegram/telegram.ts';
import { childEnv } from '../support/child-env.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SAMPLE_NAME = '20260102_020000';
const ADMIN = 1001;

const guide = readFileSync(join(ROOT, 'docs/owners-guide.uz.md'), 'utf8');
/** Heading -> its blocks, by their language. */
const blocksOf = (heading: string, language: string): string[] => {
  const text = guide.split(/^## /m).find((section) => section.startsWith(`${heading}\n`)) ?? '';
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(
    ([, block = '']) => block,
  );
};

let telegram: Telegram;
let directory: string;
let host: ChildProcess | undefined;
let said = '';
beforeAll(async () => {
  telegram = await startTelegram();
  directory = mkdtempSync(join(tmpdir(), 'owners-guide-'));
  mkdirSync(join(directory, 'bin'));
  const tool = (name: string, script: string): void =>
    writeFileSync(join(directory, 'bin', name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  // `npm run backup -- …` without npm's half second.
  tool('npm', `while [ "$1" != -- ]; do shift; done\nshift\nexec node ${ROOT}/src/cli/main.ts "$@"`);
  const hasSqlite = (process.env['PATH'] ?? '')
    .split(delimiter)
    .some((place) => existsSync(join(place, 'sqlite3')));
  const query =
    'const [file, sql] = process.argv.slice(1); const db = new (require("node:sqlite").DatabaseSync)(file); for (const row of db.prepare(sql).all()) console.log(Object.values(row).join("|"));';
  if (!hasSqlite) tool('sqlite3', `exec node -e '${query}' "$@"`);
  const settings = {
    BOT_TOKEN: telegram.token,
    TELEGRAM_API_ROOT: telegram.apiRoot,
    ADMIN_IDS: String(ADMIN),
    DATABASE_URL: 'file:data/anime_bot.db',
    BACKUP_DIR: 'data/backups',
    PORT: '0',
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  writeFileSync(join(directory, '.env'), `${lines.join('\n')}\n`);
});
afterAll(async () => {
  host?.kill('SIGKILL');
  await telegram.close();
  rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
});

const at = (...names: string[]): string => join(directory, ...names);
const environment = (): Record<string, string> => ({
  ...childEnv(),
  PATH: `${at('bin')}:${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
  NODE_NO_WARNINGS: '1',
});

async function start(): Promise<void> {
  said = '';
  const child = spawn(process.execPath, [join(ROOT, 'src/node.ts')], { cwd: directory, env: environment() });
  host = child;
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
  await until(/"event":"started"/);
  await telegram.polling();
}

async function until(pattern: RegExp): Promise<void> {
  while (!pattern.test(said)) {
    if (host?.exitCode !== null) throw new Error(`the host ended without ${pattern}:\n${said}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  const child = host;
  host = undefined;
  if (child === undefined) return;
  child.kill(signal);
  await once(child, 'close');
  if (signal === 'SIGTERM') expect(child.exitCode).toBe(0);
}

async function sh(
  script: string,
  backup = newest(),
  shell = ['bash', '--norc', '-euo', 'pipefail'],
): Promise<string> {
  const [program = '', ...flags] = shell;
  const run = promisify(execFile)(program, [...flags, '-c', script.replaceAll(SAMPLE_NAME, backup)], {
    cwd: directory,
    env: environment(),
  });
  run.child.stdin?.end();
  return (await run).stdout;
}

const backups = (): string[] =>
  readdirSync(at('data/backups'))
    .filter((name) => name.endsWith('.manifest.json'))
    .map((name) => name.slice('anime_backup_'.length, -'.manifest.json'.length))
    .sort();
const newest = (): string => backups().at(-1) ?? SAMPLE_NAME;

function users(): number {
  using db = new DatabaseSync(at('data/anime_bot.db'), { readOnly: true, timeout: 10_000 });
  return Number(db.prepare('SELECT count(*) AS n FROM users').get()?.['n']);
}

/** New viewers, each answered by the bot: from then on each is acknowledged. */
let viewers = 0;
async function join_(count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    viewers += 1;
    const viewer = telegram.person({ id: 5_000 + viewers, firstName: `V${viewers}` });
    await viewer.send('/start');
    expect(viewer.lastMessage().isFromBot).toBe(true);
  }
}

describe('the owner’s guide', { concurrent: false, timeout: 180_000 }, () => {
  test('Bot restart: the file is one file, and all is in it', async () => {
    await start();
    await until(/"outcome":"done"/);
    expect(backups()).toHaveLength(1);
    await join_(41);
    await end('SIGTERM');
    expect(readdirSync(at('data')).sort()).toEqual(['anime_bot.db', 'backups']);
    expect(users()).toBe(41);
    copyFileSync(at('data/anime_bot.db'), at('41.db'));
    using copy = new DatabaseSync(at('41.db'), { readOnly: true, timeout: 10_000 });
    expect(copy.prepare('SELECT count(*) AS n FROM users').get()).toEqual({ n: 41 });
  });

  test('only the owner can read what the bot made', () => {
    for (const entry of readdirSync(at('data'), { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      expect(statSync(path).mode & 0o077, path).toBe(0);
    }
    expect(statSync(at('data')).mode & 0o077).toBe(0);
  });

  test('/backup in Telegram and the commands make backups of both kinds', async () => {
    await start();
    const admin = telegram.person({ id: ADMIN, firstName: 'Admin' });
    const before = backups().length;
    await admin.send('/backup');
    // While the run of the start still holds the lease, the next tick makes it: within a minute.
    for (let i = 0; backups().length === before && i < 9_000; i += 1)
      await new Promise((resolve) => setTimeout(resolve, 10));
    expect(backups().length).toBeGreaterThan(before);
    const [commands = '', json = ''] = blocksOf('Nusxa olish', 'sh');
    expect(await sh(commands)).toContain('Good');
    expect(
      readdirSync(at('data/backups'))
        .filter((name) => name.includes(newest()))
        .sort(),
    ).toEqual([
      `anime_backup_${newest()}.json.gz`,
      `anime_backup_${newest()}.manifest.json`,
      `anime_bot_${newest()}.db.gz`,
    ]);
    await sh(json);
    expect(JSON.parse(readFileSync(at('anime.json'), 'utf8')).users).toHaveLength(users());
    expect(statSync(at('anime.json')).mode & 0o777).toBe(0o600);
  });

  test('the check beside the running bot says ok, and disturbs nothing', async () => {
    for (const block of blocksOf('Bazani tekshirish', 'sh')) expect(await sh(block)).toBe('ok\n');
    await join_(1);
    expect(said).not.toMatch(/"level":"(warn|error)"/);
  });

  test('Server crash: kill -9, and all that was acknowledged comes back', async () => {
    await join_(5);
    const before = users();
    await end('SIGKILL');
    expect(statSync(at('data/anime_bot.db-wal')).size).toBeGreaterThan(0);
    await start();
    expect(said).not.toContain('set aside');
    await end('SIGTERM');
    expect(users()).toBe(before);
    expect(existsSync(at('data/anime_bot.db-wal'))).toBe(false);
  });

  test('restore by command, and by cp', async () => {
    const [restore = '', cp = ''] = blocksOf('Tiklash', 'sh');
    const before = users();
    await sh('npm run backup -- full');
    const wanted = newest();
    await start();
    await join_(3);
    await end('SIGTERM');
    await sh(restore, wanted);
    expect(users()).toBe(before);
    await start();
    await join_(3);
    await end('SIGKILL');
    await sh(cp, wanted);
    await start();
    expect(said).toMatch(/anime_bot\.db-wal does not belong to .* kept as .*anime_bot\.db-wal\.set-aside-/);
    await end('SIGTERM');
    expect(users()).toBe(before);
    // The old guide's own line, after a crash again.
    await start();
    await join_(2);
    await end('SIGKILL');
    await sh('cp 41.db data/anime_bot.db');
    await start();
    await end('SIGTERM');
    expect(users()).toBe(41);
  });

  test('import from JSON brings back what the file has, and deletes nothing', async () => {
    const wanted: unknown[] = JSON.parse(readFileSync(at('anime.json'), 'utf8')).users;
    const [, , json = ''] = blocksOf('Tiklash', 'sh');
    await sh(json);
    expect(users()).toBe(wanted.length);
    expect(readdirSync(at('data')).filter((name) => /-(wal|shm)$/.test(name))).toEqual([]);
  });

  test('tar and cp of the backups are backups', async () => {
    const [block = ''] = blocksOf('Boshqa joyga ko‘chirish', 'sh');
    expect(await sh(block)).toContain('Good');
    expect(await sh('tar -tzf zaxira.tar.gz')).toContain(`backups/anime_bot_${newest()}.db.gz`);
  });

  test('ikkinchi ombor', async () => {
    const said = [];
    for (const block of blocksOf('Ikkinchi ombor', 'sh')) said.push(await sh(block));
    expect(said).toEqual([expect.stringContaining('Good'), expect.stringContaining('every byte')]);
  });

  test('a lost table, a deleted file, a damaged one: what was stored behind the newest backup comes back', async () => {
    const [table = '', gone = '', damaged = ''] = blocksOf(
      'Jadval yo‘qolsa, baza buzilsa yoki o‘chib ketsa',
      'sh',
    );
    const change = (sql: string): void => {
      using db = new DatabaseSync(at('data/anime_bot.db'), { timeout: 10_000 });
      db.exec(sql);
    };
    // After the restores above another history begins, with a full backup.
    await sh('npm run backup -- changes ship').catch(() => undefined);
    await sh('npm run backup -- full');
    change(
      "INSERT INTO users (user_id) VALUES (77); INSERT INTO anime (id, code, title) VALUES (1, 1, 'Naruto')",
    );
    await sh('npm run backup -- changes ship');
    const before = users();
    const moment = new Date().toISOString();
    // So that the moment asked for is none of now, when the table is gone already.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    change('DROP TABLE user_history');
    await sh(table.replace('14:31', moment).replace('anime_parts', 'user_history'));
    for (const spoil of [
      () => rmSync(at('data/anime_bot.db')),
      () => writeFileSync(at('data/anime_bot.db'), 'SQLite format 3\0 no more'),
    ]) {
      spoil();
      await sh(existsSync(at('data/anime_bot.db')) ? damaged : gone);
      expect(users()).toBe(before);
    }
    const [history = ''] = blocksOf('Bitta yozuv kecha qanday edi?', 'sh');
    expect(await sh(history)).toContain('Naruto');
  });

  test('the cron line works in the little that cron gives', async () => {
    const [line = ''] = blocksOf('Jadval', 'cron');
    const [, command = ''] = /^(?:\S+ ){5}(.*)$/m.exec(line) ?? [];
    const before = backups().length;
    // A name is a second: the next backup needs another.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await sh(`cd / && ${command.replace('/path/to/bot', directory)}`, newest(), [
      'env',
      '-i',
      `PATH=${environment()['PATH']}`,
      'sh',
    ]);
    expect(backups().length).toBe(before + 1);
    for (const block of blocksOf('Jadval', 'sh')) await sh(block);
    expect(backups().length).toBe(before + 1);
  });

  test('a key is made', async () => {
    for (const block of blocksOf('Xavfsizlik', 'sh')) expect(await sh(block)).toContain('AGE-SECRET-KEY-');
  });

  test('"Database locked": a second bot is told which one runs', async () => {
    await start();
    const second = spawn(process.execPath, [join(ROOT, 'src/node.ts')], {
      cwd: directory,
      env: environment(),
    });
    let told = '';
    second.stderr.on('data', (chunk: Buffer) => {
      told += chunk.toString();
    });
    await once(second, 'close');
    expect(second.exitCode).toBe(1);
    expect(told).toMatch(new RegExp(`is in use by node host \\(process ${host?.pid} `));
    await end('SIGTERM');
  });
});
