/**
 * Old databases under the real host: a start that fails says one sentence, changes nothing, and
 * makes one backup however often it is tried.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startTelegram } from '../../sim/telegram/start-telegram.ts';
import type { Telegram } from '../../sim/telegram/telegram.ts';
import { childEnv } from '../support/child-env.ts';
import { writeOldFile } from '../takeover/old-bot-file.ts';

const MAIN = fileURLToPath(new URL('../../src/node.ts', import.meta.url));
let directory: string;
let path: string;
let telegram: Telegram;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'anime-old-host-'));
  mkdirSync(join(directory, 'data'));
  path = join(directory, 'data/anime_bot.db');
  telegram = await startTelegram();
});
afterEach(async () => {
  await telegram.close();
  rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
});

/** Starts the host and stops it when it runs. */
async function start(): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [MAIN], {
    cwd: directory,
    env: {
      ...childEnv(),
      TELEGRAM_API_ROOT: telegram.apiRoot,
      BOT_TOKEN: telegram.token,
      PORT: '0',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let isStopped = false;
  const note = (chunk: Buffer): void => {
    output += chunk.toString();
    // A second signal ends the host at once.
    if (isStopped || !output.includes('"event":"started"')) return;
    isStopped = child.kill('SIGTERM');
  };
  child.stdout.on('data', note);
  child.stderr.on('data', note);
  await once(child, 'close');
  return { code: child.exitCode, output };
}

/** One line that is no log of the bot, and no trace. */
function sentences(output: string): string[] {
  return output.split('\n').filter((line) => line !== '' && !line.startsWith('{'));
}

/** Those made before a migration; a start makes one of its own. */
function backups(): number {
  const bucket = join(directory, 'data/backups');
  return readdirSync(bucket)
    .filter((name) => name.endsWith('.manifest.json'))
    .filter((name) => JSON.parse(readFileSync(join(bucket, name), 'utf8')).trigger === 'migration').length;
}

test('a text that is not UTF-8 does not end the bot: it starts, names it, and starts again', async () => {
  writeOldFile(path, {
    more: "INSERT INTO anime (code, description) VALUES (301, CAST(x'4e61ff6f' AS TEXT))",
  });
  const first = await start();
  expect(first).toMatchObject({ code: 0 });
  expect(first.output).toContain('anime.description: 1 value, bytes in it that are not UTF-8');
  expect(await start()).toMatchObject({ code: 0 });
  expect(backups()).toBe(1);
  const file = new DatabaseSync(path, { timeout: 10_000 });
  expect(file.prepare('SELECT description FROM anime WHERE code = 301').get()).toEqual({
    description: 'Na\ufffdo',
  });
  // Somebody edits it by hand: the next start mends that, too.
  file.exec("UPDATE users SET first_name = CAST(x'ff' AS TEXT) WHERE user_id = 501");
  file.close();
  const again = await start();
  expect(again).toMatchObject({ code: 0 });
  expect(again.output).toContain('users.first_name: 1 value');
});

test('locked by the old bot: one sentence each time, the file as it was, one backup for all tries', async () => {
  writeOldFile(path, {});
  const before = readFileSync(path);
  const other = new DatabaseSync(path, { timeout: 10_000 });
  other.exec('BEGIN IMMEDIATE');
  for (let i = 0; i < 2; i += 1) {
    const { code, output } = await start();
    expect(code).toBe(1);
    expect(sentences(output)).toEqual([
      // Not by the start itself.
      expect.stringMatching(/anime_bot\.db: locked: another program is writing .*the old bot, too/),
    ]);
  }
  other.exec('ROLLBACK');
  other.close();
  expect(readFileSync(path).equals(before)).toBe(true);
  expect(backups()).toBe(1);
  expect(await start()).toMatchObject({ code: 0 });
  expect(backups()).toBe(1);
});

test('what is no database, or another bot’s, is told in one sentence and left alone', async () => {
  writeFileSync(path, 'PK\x03\x04');
  const zip = await start();
  expect(zip.code).toBe(1);
  expect(sentences(zip.output)).toEqual([expect.stringMatching(/is a zip archive: .*operations\.md/)]);
  rmSync(path);
  const other = new DatabaseSync(path, { timeout: 10_000 });
  other.exec('CREATE TABLE movies (id INTEGER)');
  other.close();
  const before = readFileSync(path);
  const movies = await start();
  expect(movies.code).toBe(1);
  expect(sentences(movies.output)).toEqual([
    expect.stringMatching(/nothing of this bot, only the tables "movies"/),
  ]);
  expect(readFileSync(path).equals(before)).toBe(true);
  expect(readdirSync(join(directory, 'data'))).not.toContain('backups');
});
