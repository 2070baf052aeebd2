/**
 * What `list`, `full` and a start advise where a table or all of them are gone: the command that
 * brings most, with its exact moment. Each is run as it is printed.
 */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { freePort } from '../../sim/free-ports.ts';
import { startTelegram } from '../../sim/telegram/start-telegram.ts';
import type { Telegram } from '../../sim/telegram/telegram.ts';
import { type HostProcess, hostProcesses } from '../support/host-process.ts';
import { runAdvised } from './advised.ts';
import { ownDatabase } from './own-database.ts';
import type { CliResult } from './spawn-cli.ts';

const own = ownDatabase('best-way');
const { cli, count, full, run } = own;
const ENV = { DATABASE_URL: 'file:bot.db', BACKUP_DIR: 'bucket' };
const hosts = hostProcesses();
let telegram: Telegram;

const FILLED = mkdtempSync(join(tmpdir(), 'best-way-filled-'));
afterAll(() => rmSync(FILLED, { recursive: true, force: true, maxRetries: 10 }));
/** Made once: the newest backup has no anime, the change files behind it have three. */
let isFilled = false;
async function fill(): Promise<void> {
  await own.migrate();
  // The log begins, and asks for its first full backup.
  await cli('changes', 'ship');
  await full();
  for (const code of [1, 2, 3]) {
    run(`INSERT INTO anime (code, title) VALUES (${code}, 'Bleach')`);
    expect(await cli('changes', 'ship')).toMatchObject({ code: 0 });
  }
  cpSync(own.directory, FILLED, { recursive: true, preserveTimestamps: true });
  isFilled = true;
}

beforeEach(async () => {
  telegram = await startTelegram();
  if (isFilled) cpSync(FILLED, own.directory, { recursive: true, preserveTimestamps: true });
  else await fill();
});
afterEach(async () => {
  await hosts.stopAll();
  await telegram.close();
});

const advised = (text: string): Promise<CliResult & { readonly command: string }> =>
  runAdvised(own.directory, ENV, text, /^restore /);

async function start(): Promise<HostProcess> {
  return hosts.start(own.directory, {
    ...ENV,
    TELEGRAM_API_ROOT: telegram.apiRoot,
    BOT_TOKEN: telegram.token,
    ADMIN_IDS: '5',
    PORT: String(await freePort()),
    LOG_FORMAT: 'people',
  });
}

/** What a start says that refuses. */
async function refused(): Promise<string> {
  const host = await start();
  expect(await host.ended()).not.toBe(0);
  return host.output();
}

const said = async (...args: readonly string[]): Promise<string> => {
  const { stdout, stderr } = await cli(...args);
  return `${stdout}${stderr}`;
};

describe('table anime is gone, and three of them are in change files alone', () => {
  const gone = (): void => run('DROP TABLE anime');

  test.each([
    ['the start', refused],
    ['list --check', () => said('list', '--check')],
    ['full', () => said('full')],
    ['restore latest', () => said('restore', 'latest', '--replace', '--yes')],
  ])('%s names the moment that has them', async (_, speak) => {
    gone();
    const done = await advised(await speak());
    expect(done.command).toMatch(/^restore --at \S+\+05:00 --replace/);
    expect(done.code, done.stderr).toBe(0);
    expect(count('anime')).toBe(3);
  });

  test('list says what is missing, and is not safe', async () => {
    gone();
    const { stdout } = await cli('list');
    expect(stdout).toMatch(/^Not safe: the database is not whole: table anime is missing; /);
    expect((await cli('list', '--json')).json()).toMatchObject({
      ok: false,
      database_lacks: ['table anime is missing'],
    });
    expect(await cli('list', '--check')).toMatchObject({ code: 3 });
  });
}, 120_000);

describe('every table is gone', () => {
  const gone = (): void => {
    rmSync(join(own.directory, 'bot.db'));
    for (const end of ['-wal', '-shm']) rmSync(join(own.directory, `bot.db${end}`), { force: true });
    run('PRAGMA user_version = 7');
  };

  test.each([
    ['the start', refused],
    ['list', () => said('list')],
    ['full', () => said('full')],
  ])('%s names the moment that has all', async (_, speak) => {
    gone();
    const done = await advised(await speak());
    expect(done.command).toMatch(/^restore --at (0m|\S+\+05:00)$/);
    expect(done.code, done.stderr).toBe(0);
    expect(count('anime')).toBe(3);
  });
}, 120_000);

describe('the database is gone', () => {
  test.each([
    ['the start', refused],
    ['list', () => said('list')],
  ])('%s names the command that brings all', async (_, speak) => {
    rmSync(join(own.directory, 'bot.db'));
    const done = await advised(await speak());
    expect(done.code, done.stderr).toBe(0);
    expect(count('anime')).toBe(3);
  });

  test('after restore latest, what it named brings the changes all the same', async () => {
    rmSync(join(own.directory, 'bot.db'));
    const latest = await said('restore', 'latest');
    expect(count('anime')).toBe(0);
    const done = await advised(latest);
    expect(done.command).toMatch(/^restore --at \S+\+05:00 --replace$/);
    expect(done.code, done.stderr).toBe(0);
    expect(count('anime')).toBe(3);
  });
}, 120_000);

test('the tables of the change log are gone: nothing is to be brought back', async () => {
  const drop = (): void => run('DROP TABLE change_log; DROP TABLE change_state');
  drop();
  const host = await start();
  await host.until(/started/);
  await host.stop('SIGTERM');
  expect(host.output()).toContain('table change_log is missing; table change_state is missing: made again');
  expect(host.output()).not.toContain('npm run backup -- restore');
  drop();
  const listed = await said('list');
  expect(listed).not.toMatch(/backup -- restore/);
  for (const pick of [/^changes ship$/, /^full$/]) await runAdvised(own.directory, ENV, listed, pick);
  expect((await cli('list')).stdout).toMatch(/^Safe: /);
  expect(count('anime')).toBe(3);
}, 120_000);
