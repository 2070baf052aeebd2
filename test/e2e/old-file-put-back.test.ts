/**
 * A person puts an old file of the database back: what the bucket has of the time since is named,
 * with the command that brings it back, and that command works as printed.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { freePort } from '../../sim/free-ports.ts';
import { startTelegram } from '../../sim/telegram/start-telegram.ts';
import type { Telegram } from '../../sim/telegram/telegram.ts';
import { childEnv } from '../support/child-env.ts';
import { type HostProcess, hostProcesses } from '../support/host-process.ts';

const CLI = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const ADMIN_ID = 100;
let directory: string;
let path: string;
let telegram: Telegram;
let settings: Record<string, string>;
const hosts = hostProcesses();

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'put-back-'));
  path = join(directory, 'data', 'anime_bot.db');
  telegram = await startTelegram();
  settings = {
    TELEGRAM_API_ROOT: telegram.apiRoot,
    BOT_TOKEN: telegram.token,
    ADMIN_IDS: String(ADMIN_ID),
    DEFAULT_LOCALE: 'en',
    PORT: String(await freePort()),
    LOG_LEVEL: 'debug',
  };
});
afterEach(async () => {
  await hosts.stopAll();
  await telegram.close();
  rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
});

async function started(): Promise<HostProcess> {
  const host = hosts.start(directory, settings);
  await host.until(/"event":"backup"/);
  return host;
}

/** Standard output; the exit code must be `code`. */
function cli(args: readonly string[], code = 0): string {
  try {
    const said = execFileSync(process.execPath, [CLI, ...args], {
      cwd: directory,
      env: { ...childEnv(), ...settings },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    expect(code).toBe(0);
    return said;
  } catch (error) {
    const { status, stdout, stderr } = error as { status: number; stdout: string; stderr: string };
    expect(status, stderr).toBe(code);
    return `${stdout}${stderr}`;
  }
}

function users(): unknown[] {
  using db = new DatabaseSync(path, { readOnly: true });
  return db
    .prepare('SELECT user_id AS id FROM users ORDER BY 1')
    .all()
    .map(({ id }) => id);
}

/** What /test says. */
async function tested(admin: ReturnType<Telegram['person']>): Promise<string> {
  const before = admin.messages().length;
  await admin.send('/test');
  await expect.poll(() => admin.messages().length).toBeGreaterThan(before + 1);
  return admin.messages().at(-1)?.text ?? '';
}

const COMMAND = /npm run backup -- (restore --at \S+ --replace)/;

test('an old file that was put back: list, the start and the owners name the way back, and it works', async () => {
  const admin = telegram.person({ id: ADMIN_ID, firstName: 'Olim' });
  const first = await started();
  await admin.send('/start');
  expect(await first.stop('SIGTERM')).toBe(0);
  const old = join(directory, 'old.db');
  copyFileSync(path, old);
  expect(cli(['list'])).not.toContain('older file');
  const second = await started();
  await telegram.person({ id: 7001, firstName: 'Vali' }).send('/start');
  expect(await second.stop('SIGTERM')).toBe(0);
  expect(users()).toContain(7001);
  expect(cli(['list', '--check'])).not.toContain('older file');
  copyFileSync(old, path);

  expect(cli(['list'])).toMatch(/^Not safe: the bucket has changes that the database does not have/);
  const [, said = ''] = COMMAND.exec(cli(['list', '--check'], 3)) ?? [];
  expect(said).not.toBe('');
  const third = await started();
  expect(third.output()).toContain(said);
  const told = (): number =>
    admin.messages().filter(({ text }) => text?.includes('older file') && text.includes(said)).length;
  expect(told()).toBe(1);
  // The bot goes on, and the moment stays within reach.
  await telegram.person({ id: 7002, firstName: 'Guli' }).send('/start');
  await third.until(/"trigger":"changes","outcome":"done"/);
  expect(cli(['list', '--check'], 3)).toContain(said);
  expect(await tested(admin)).toContain(said);
  expect(await third.stop('SIGTERM')).toBe(0);
  expect(told(), 'the same is told once').toBe(1);
  expect(users()).toContain(7002);
  expect(cli(['list'])).toContain(said);
  expect(cli(['accept', 'database', '--yes'])).toContain('that the database does not have');
  expect(cli(['list', '--check'])).not.toContain('older file');
  const fourth = await started();
  expect(await tested(admin)).not.toContain(said);
  expect(await fourth.stop('SIGTERM')).toBe(0);
  cli([...said.split(' '), '--yes']);
  expect(users()).toContain(7001);
  expect(users()).not.toContain(7002);
  expect(cli(['list'])).not.toContain('older file');
  expect(readdirSync(join(directory, 'data'))).toContain('anime_bot.db.before-restore');
});

test('a lost journal: list and the start name the file that the bot rescued, and it has everything', async () => {
  const admin = telegram.person({ id: ADMIN_ID, firstName: 'Olim' });
  const first = await started();
  await admin.send('/start');
  expect(await first.stop('SIGTERM')).toBe(0);
  const second = await started();
  await telegram.person({ id: 7001, firstName: 'Vali' }).send('/start');
  await second.until(/"event":"changes shipped"/);
  rmSync(`${path}-wal`);
  await second.until(/"event":"database lost"/);
  await second.stop('SIGTERM');
  const [, rescued = ''] = /backup -- (restore \S+\.rescued-\S+ --replace)/.exec(cli(['list'])) ?? [];
  expect(rescued).not.toBe('');
  const third = await started();
  expect(third.output()).toContain(rescued);
  expect(await third.stop('SIGTERM')).toBe(0);
  expect(cli([...rescued.split(' '), '--yes'])).toContain('what was there before is backup');
  expect(users()).toContain(7001);
});
