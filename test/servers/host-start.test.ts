/**
 * `npm start` on a database server that cannot carry the bot: one line that says what to do, and
 * nothing is changed.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type SqlServerOptions, startSqlServer } from '../../sim/sql-over-http/sql-server.ts';
import { startTelegram } from '../../sim/telegram/start-telegram.ts';
import type { Telegram } from '../../sim/telegram/telegram.ts';
import { hostProcesses } from '../support/host-process.ts';

let directory: string;
let telegram: Telegram;
const hosts = hostProcesses();
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'host-start-'));
  telegram = await startTelegram();
});
afterAll(async () => {
  await hosts.stopAll();
  await telegram.close();
  rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
});

async function start(DATABASE_URL: string) {
  const host = hosts.start(directory, {
    BOT_TOKEN: telegram.token,
    TELEGRAM_API_ROOT: telegram.apiRoot,
    ADMIN_IDS: '1',
    DATABASE_URL,
    DATABASE_AUTH_TOKEN: 'database-token',
    PORT: '0',
  });
  const code = await host.ended();
  return { code, lines: host.output().trim().split('\n') };
}

test.each<[string, Omit<SqlServerOptions, 'file'>, RegExp]>([
  ['no FTS5', { lacks: ['fts5'] }, /^DATABASE_URL: the database has no FTS5, which search needs/],
  [
    'an old SQLite',
    { lacks: ['new sqlite'] },
    /^DATABASE_URL: .* SQLite 3\.41\.2, the bot needs 3\.43 or newer/,
  ],
  [
    'another token',
    { authToken: 'other' },
    /^DATABASE_AUTH_TOKEN: 127\.0\.0\.1:\d+ refuses this token; make a new one$/,
  ],
])('%s', async (_, kind, message) => {
  const file = join(directory, `${Math.abs(message.source.length)}.db`);
  const server = await startSqlServer({ file, hosted: true, ...kind });
  const { code, lines } = await start(server.url);
  await server.close();
  expect(lines).toEqual([expect.stringMatching(message)]);
  expect(code).toBe(1);
  const db = new DatabaseSync(file, { readOnly: true, timeout: 10_000 });
  expect(db.prepare('SELECT name FROM sqlite_schema').all()).toEqual([]);
  db.close();
});

test('nobody there', async () => {
  const { code, lines } = await start('http://127.0.0.1:9');
  expect(lines).toEqual([
    expect.stringMatching(
      /^DATABASE_URL: 127\.0\.0\.1:9 does not answer as a libSQL server \(.*\): check the address and the network$/,
    ),
  ]);
  expect(code).toBe(1);
});
