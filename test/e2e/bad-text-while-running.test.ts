/**
 * Somebody's SQL puts a text that is not UTF-8 into the living database: what the process does, and
 * that the next start loses nothing.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startTelegram } from '../../sim/telegram/start-telegram.ts';
import type { Telegram } from '../../sim/telegram/telegram.ts';
import { hostProcesses } from '../support/host-process.ts';

const hosts = hostProcesses();
let directory: string;
let path: string;
let telegram: Telegram;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'bad-text-'));
  mkdirSync(join(directory, 'data'));
  path = join(directory, 'data/anime_bot.db');
  telegram = await startTelegram();
});
afterEach(async () => {
  await hosts.stopAll();
  await telegram.close();
  rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
});

const start = () =>
  hosts.start(directory, { TELEGRAM_API_ROOT: telegram.apiRoot, BOT_TOKEN: telegram.token, PORT: '0' });

/** In a process of its own, as the sqlite3 shell is. */
function fromOutside(sql: string): void {
  const script = `const db = new (require('node:sqlite').DatabaseSync)(process.argv[1]);
    db.exec('PRAGMA busy_timeout = 5000'); db.exec(process.argv[2]); db.close();`;
  execFileSync(process.execPath, ['-e', script, path, sql], { stdio: ['ignore', 'ignore', 'inherit'] });
}

test('the process ends at the read; the next start mends it in one go and has every update', async () => {
  const first = start();
  await first.until(/"event":"started"/);
  const viewer = telegram.person();
  viewer.send('/start');
  await first.until(/"outcome":"done"/);
  fromOutside(
    "INSERT INTO anime (code, title, description) VALUES (301, CAST(x'4e61ff6f' AS TEXT), 'x');" +
      "INSERT INTO anime_parts (anime_code, part_number, file_id) VALUES (301, 1, 'F')",
  );
  viewer.send('301');
  expect(await first.ended()).not.toBe(0);

  const second = start();
  await second.until(/"event":"started"/);
  expect(second.output()).toContain('anime.title: 1 value, bytes in it that are not UTF-8');
  // The update that ended the process was not acknowledged to Telegram: it comes again, and is
  // answered.
  await second.until(/"outcome":"done"/);
  expect(await second.stop('SIGTERM')).toBe(0);
  const file = new DatabaseSync(path, { timeout: 10_000 });
  expect(file.prepare('SELECT title FROM anime WHERE code = 301').get()).toEqual({ title: 'Na\ufffdo' });
  expect(file.prepare('SELECT count(*) AS n FROM users').get()).toEqual({ n: 1 });
  file.close();
});
