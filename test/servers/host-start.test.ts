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
import { createDirectoryStore } from '../../src/backup/store/directory.ts';
import { hostProcesses } from '../support/host-process.ts';
import { putBackup } from '../support/sample-backup.ts';

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

const settings = (DATABASE_URL: string) => ({
  BOT_TOKEN: telegram.token,
  TELEGRAM_API_ROOT: telegram.apiRoot,
  ADMIN_IDS: '1',
  DATABASE_URL,
  DATABASE_AUTH_TOKEN: 'database-token',
  PORT: '0',
});

async function start(DATABASE_URL: string, more: Record<string, string> = {}) {
  const host = hosts.start(directory, { ...settings(DATABASE_URL), ...more });
  const code = await host.ended();
  return { code, lines: host.output().trim().split('\n') };
}

test.each<[string, Omit<SqlServerOptions, 'file'>, RegExp]>([
  ['no FTS5', { lacks: ['fts5'] }, /^DATABASE_URL: the database has no FTS5, which search needs/],
  [
    'an old SQLite',
    { lacks: ['new sqlite'] },
    /^DATABASE_URL: .* SQLite 3\.41\.2: the bot needs SQLite 3\.43 or newer/,
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

test.each(['BACKUP_DIR', 'COPY_DIR'])(
  'an empty database beside backups in %s: refused, and nothing is begun',
  async (setting) => {
    const file = join(directory, `${setting}.db`);
    const server = await startSqlServer({ file, authToken: 'database-token' });
    const bucket = join(directory, setting);
    const name = await putBackup(createDirectoryStore(bucket), '', new Date(Date.now() - 60_000));
    const { code, lines } = await start(server.url, { [setting]: bucket });
    const from = setting === 'COPY_DIR' ? ' --from copy' : '';
    expect(lines[0]).toMatch(
      new RegExp(`^the database at 127\\.0\\.0\\.1:\\d+ is empty, and the newest backup.* is ${name} `),
    );
    expect(lines.join('\n')).toContain(`npm run backup -- restore latest${from}`);
    expect(lines.at(-1)).toContain('npm start -- --new-database');
    expect(code).toBe(1);
    const db = new DatabaseSync(file, { readOnly: true, timeout: 10_000 });
    expect(db.prepare('SELECT name FROM sqlite_schema').all()).toEqual([]);
    db.close();
    const host = hosts.start(directory, { ...settings(server.url), [setting]: bucket }, ['--new-database']);
    await host.until(/"event":"started"/);
    await host.stop('SIGTERM');
    await server.close();
  },
);
