/** docs/operations.md, "The account is gone", of an encrypted bot: it ends safe. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTelegram } from '../../sim/telegram/start-telegram.ts';
import type { Telegram } from '../../sim/telegram/telegram.ts';
import { generateKey, type KeyPair } from '../../src/backup/envelope/keys.ts';
import { sql } from '../../src/db/database.ts';
import { openEmbeddedDatabase } from '../../src/db/file/embedded-database.ts';
import { migrate } from '../../src/db/migrate.ts';
import { type CliResult, runCli } from '../cli/spawn-cli.ts';
import { hostProcesses } from '../support/host-process.ts';

let directory: string;
let machine: string;
let telegram: Telegram;
let key: KeyPair;
const hosts = hostProcesses();

const DATABASE = 'data/anime_bot.db';
const bot = (): Record<string, string> => ({
  BOT_TOKEN: telegram.token,
  TELEGRAM_API_ROOT: telegram.apiRoot,
  ADMIN_IDS: '7',
  PORT: '0',
  COPY_DIR: join(directory, 'copy'),
});
const onNew = (settings: Readonly<Record<string, string>>, ...args: string[]): Promise<CliResult> =>
  runCli(machine, settings, ...args);

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'account-gone-'));
  telegram = await startTelegram();
  key = await generateKey();
  const [old, copy] = [join(directory, 'old'), join(directory, 'copy')];
  machine = join(directory, 'new');
  for (const one of [join(old, 'data'), copy, machine]) mkdirSync(one, { recursive: true });
  const settings = { ...bot(), BACKUP_AGE_RECIPIENTS: key.recipient };
  const write = async (code: number): Promise<void> => {
    const db = await openEmbeddedDatabase(join(old, DATABASE));
    if (code === 0) await migrate(db, { now: () => new Date(0), backup: async () => {} });
    else await db.write([sql('INSERT INTO anime (code, title) VALUES (?, ?)', code, `title ${code}`)]);
    await db.close();
  };
  const run = async (...args: string[]): Promise<CliResult> => {
    const done = await runCli(old, settings, ...args);
    expect(done.code, done.stderr).toBe(0);
    return done;
  };
  await write(0);
  // Makes the change log.
  await runCli(old, settings, 'changes', 'ship');
  await write(1);
  const damaged = String((await run('full', '--json')).json()['name']);
  await write(2);
  await run('full');
  await write(3);
  await run('changes', 'ship');
  await run('copy');
  cut(copy, damaged);
  rmSync(old, { recursive: true });
  writeFileSync(join(machine, 'key.txt'), `${key.identity}\n`);
}, 60_000);
afterAll(async () => {
  await hosts.stopAll();
  await telegram.close();
  rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
});

function cut(bucket: string, name: string): void {
  for (const file of readdirSync(bucket))
    if (file.includes(name) && file.includes('.db.')) truncateSync(join(bucket, file), 100);
}

async function startOnce(settings: Readonly<Record<string, string>>): Promise<string> {
  const host = hosts.start(machine, settings);
  await host.until(/"started"/);
  await host.until(/"backup"[^\n]*\d{8}_\d{6}/);
  await host.stop('SIGTERM');
  return host.output();
}

test('restored with the key alone: start, full and list name what encrypts', async () => {
  const settings = { ...bot(), BACKUP_AGE_IDENTITY: 'key.txt' };
  const encrypts = `BACKUP_AGE_RECIPIENTS=${key.recipient}`;
  const restored = await onNew(settings, 'restore', '--at', '0m', '--from', 'copy');
  expect(restored.code, restored.stderr).toBe(0);
  expect(await startOnce(settings)).toContain('NOT ENCRYPTED: BACKUP_AGE_IDENTITY opens backups');
  expect((await onNew(settings, 'key', 'test')).stderr).toContain(encrypts);
  const full = await onNew(settings, 'full');
  expect(full.code).toBe(0);
  expect(full.stdout).not.toContain('and in the second copy');
  expect(full.stderr).toMatch(/not in the second copy; \d{8}_\d{6} is not encrypted and stays/);
  expect(full.stderr).toContain(encrypts);
  expect((await onNew(settings, 'full', '--json')).json()).toMatchObject({ second_copy: { has: false } });
  const list = await onNew(settings, 'list');
  for (const line of list.stdout.split('\n').filter((one) => one.includes('-- full')))
    expect(line).toContain(encrypts);
  // The database is that state.
  expect(list.stdout).not.toContain('has the history that this database comes from');
  expect((await onNew(settings, 'list', '--check')).code).toBe(3);
  const copied = await onNew(settings, 'copy');
  expect(copied.code).toBe(0);
  expect(copied.stdout).toMatch(/has 0 of 3 backups .* are not encrypted and stay in the first bucket/);
}, 60_000);

test('with the recipients: safe, though the plain ones and a damaged one of before remain', async () => {
  const settings = { ...bot(), BACKUP_AGE_RECIPIENTS: key.recipient };
  expect(await startOnce(settings)).not.toContain('NOT ENCRYPTED');
  const full = await onNew(settings, 'full');
  expect(full.stdout).toContain('and in the second copy, read back');
  for (const set of [settings, { ...settings, BACKUP_AGE_IDENTITY: 'key.txt' }]) {
    const check = await onNew(set, 'list', '--check');
    expect(check.stderr).toBe('');
    expect(check.code).toBe(0);
    const list = await onNew(set, 'list');
    expect(list.stdout).toMatch(/1 \(\d{8}_\d{6}\) of those it alone has damaged/);
    expect(list.stdout).not.toContain('has the history that this database comes from');
  }
}, 60_000);

test('the key given by hand alone, and nothing set: the first one that is not encrypted is told', async () => {
  const full = await onNew(bot(), 'full');
  expect(full.stdout).toContain('and in the second copy, read back');
  expect(full.stderr).toMatch(/NOT ENCRYPTED: the newest backup, \d{8}_\d{6}, is encrypted/);
  expect((await onNew(bot(), 'full')).stderr).toBe('');
}, 60_000);
