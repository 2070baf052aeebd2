/** A backup that is not encrypted, between those that are: nothing is gone, and it can be taken. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { freePort } from '../../sim/free-ports.ts';
import { startTelegram } from '../../sim/telegram/start-telegram.ts';
import { hostProcesses } from '../support/host-process.ts';
import { runAdvised } from './advised.ts';
import { ownDatabase } from './own-database.ts';
import { type CliResult, runCli } from './spawn-cli.ts';

const own = ownDatabase('passed-over');
const hosts = hostProcesses();
afterEach(() => hosts.stopAll());
const PLAIN = { DATABASE_URL: 'file:bot.db', BACKUP_DIR: 'bucket' };
const SEALED = { ...PLAIN, BACKUP_PASSPHRASE: 'words that nobody guesses' };

async function good(env: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<CliResult> {
  const done = await runCli(own.directory, env, ...args);
  expect(done.code, `${args.join(' ')}: ${done.stdout}${done.stderr}`).toBe(0);
  return done;
}

const add = async (env: Readonly<Record<string, string>>, code: number): Promise<void> => {
  own.run(`INSERT INTO anime (code, title) VALUES (${code}, 'Bleach')`);
  await good(env, 'changes', 'ship');
};

/** The newest backup alone has the title and is not encrypted; then the database is lost. */
async function loseBehindPlain(): Promise<void> {
  await own.migrate();
  await runCli(own.directory, SEALED, 'changes', 'ship');
  await good(SEALED, 'full');
  own.run("INSERT INTO anime (code, title) VALUES (1, 'Bleach')");
  await good(PLAIN, 'full');
  rmSync(join(own.directory, 'bot.db'));
}

test('list and restore --at say that it is passed over, why, and how to take it', async () => {
  await own.migrate();
  await runCli(own.directory, SEALED, 'changes', 'ship');
  await good(SEALED, 'full');
  await add(SEALED, 1);
  await good(PLAIN, 'full');
  await add(PLAIN, 2);
  const sealed = (...args: readonly string[]) => runCli(own.directory, SEALED, ...args);
  const listed = await sealed('list');
  const WHY = /^Not safe: backup \d+_\d+, which holds what came next, is not encrypted, although/;
  expect(listed.stdout).toMatch(WHY);
  expect(listed.stdout).not.toMatch(/is gone|are gone/);
  expect(await sealed('list', '--check')).toMatchObject({ code: 3, stderr: expect.stringMatching(WHY) });
  // One way to see the history.
  const points = ({ stdout }: CliResult) =>
    stdout.split('\n').filter((line) => /^(Point| {2}not)/.test(line));
  expect(points(listed)).toHaveLength(1);
  expect(points(await sealed('changes'))).toEqual(points(listed));
  const refused = await sealed('restore', '--at', '0m', '--dry-run');
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('is not encrypted, although a key is set');
  expect(refused.stderr).not.toMatch(/is gone|are in no file/);
  const tried = await runAdvised(own.directory, SEALED, refused.stderr, /^restore /);
  expect(tried.command).toBe('restore --at 0m --dry-run');
  expect(tried.code, tried.stderr).toBe(0);
  rmSync(join(own.directory, 'bot.db'));
  const taken = await runAdvised(own.directory, SEALED, listed.stdout, /^restore /);
  expect(taken.code, taken.stderr).toBe(0);
  expect(own.count('anime')).toBe(2);
  expect((await runAdvised(own.directory, SEALED, listed.stdout, /^full$/)).code).toBe(0);
  expect((await sealed('list')).stdout).toMatch(/^Safe: /);
}, 240_000);

test('without the database a restore says what it leaves out', async () => {
  await loseBehindPlain();
  const tried = await runCli(own.directory, SEALED, 'restore', '--at', '0m', '--dry-run');
  const taken = await runAdvised(own.directory, SEALED, tried.stderr, /^restore --at 0m --dry-run$/);
  expect(taken.code, taken.stderr).toBe(0);
  expect(`${tried.stdout}${tried.stderr}`).toContain('is not encrypted, although a key is set');
}, 240_000);

test.each([
  ['BACKUP_PASSPHRASE', 'words that nobody guesses'],
  ['BACKUP_AGE_RECIPIENTS', 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p'],
])(
  '%s was just turned on: each refusal has the command that works',
  async (name, value) => {
    await own.migrate();
    await runCli(own.directory, PLAIN, 'changes', 'ship');
    await good(PLAIN, 'full');
    own.run("INSERT INTO anime (code, title) VALUES (1, 'Bleach')");
    await good(PLAIN, 'full');
    // As `.env` has it: only a value of the environment stands before one of the file.
    const sealed = { ...PLAIN, [name]: value };
    writeFileSync(join(own.directory, '.env'), `${name}="${value}"\n`);
    const run = (...args: readonly string[]) => runCli(own.directory, PLAIN, ...args);
    const now = await run('restore', '--at', '0m', '--dry-run');
    expect(now.code).toBe(1);
    expect(now.stderr).toMatch(/2 full backups .* are not encrypted, although a key is set/);
    expect(now.stderr).toContain(`: ${name}= npm run backup -- restore --at 0m --dry-run`);
    expect((await runAdvised(own.directory, PLAIN, now.stderr, /^restore --at 0m --dry-run$/)).code).toBe(0);
    // The backups are younger than that.
    const early = await run('restore', '--at', '15m', '--replace', '--yes');
    expect(early.code).toBe(1);
    expect(early.stderr).not.toMatch(/no full backup to begin with|make one/);
    const taken = await runAdvised(own.directory, PLAIN, early.stderr, /^restore --at \S+ --replace$/);
    expect(taken.code, taken.stderr).toBe(0);
    expect(own.count('anime')).toBe(0);
    const told = await runCli(own.directory, sealed, 'history', 'anime', '1');
    expect((await runAdvised(own.directory, PLAIN, told.stderr + told.stdout, /^history/)).code).toBe(0);
  },
  240_000,
);

/** What a start says that refuses. */
async function refusedStart(env: Readonly<Record<string, string>>): Promise<string> {
  const telegram = await startTelegram();
  try {
    const host = hosts.start(own.directory, {
      ...env,
      TELEGRAM_API_ROOT: telegram.apiRoot,
      BOT_TOKEN: telegram.token,
      ADMIN_IDS: '5',
      PORT: String(await freePort()),
      LOG_FORMAT: 'people',
    });
    expect(await host.ended()).not.toBe(0);
    return host.output();
  } finally {
    await telegram.close();
  }
}

test('encryption was just turned on and the database is gone: list and the start name what brings all', async () => {
  await own.migrate();
  await runCli(own.directory, PLAIN, 'changes', 'ship');
  await good(PLAIN, 'full');
  await add(PLAIN, 1);
  rmSync(join(own.directory, 'bot.db'));
  const listed = await runCli(own.directory, SEALED, 'list');
  const [line = '', second = ''] = listed.stdout.split('\n');
  expect(line).toMatch(
    /^Not safe: the database file \S+ is not there\. What brings most back: if \d+_\d+ is/,
  );
  expect(line).not.toContain('backup -- list');
  // There is no database that it could be made of.
  expect(second).toMatch(/^Not safe: no verified backup is encrypted/);
  expect(listed.stdout).not.toContain('npm run backup -- full');
  for (const said of [line, await refusedStart(SEALED)]) {
    expect(said).toContain('BACKUP_PASSPHRASE= npm run backup -- restore --at 0m');
    const done = await runAdvised(own.directory, SEALED, said, /^restore /);
    expect(done.code, done.stderr).toBe(0);
    expect(own.count('anime')).toBe(1);
    rmSync(join(own.directory, 'bot.db'));
  }
}, 240_000);

test('an older one is encrypted: that is named, too, for whom the newer one is not', async () => {
  await loseBehindPlain();
  const [line = ''] = (await runCli(own.directory, SEALED, 'list')).stdout.split('\n');
  const [first = '', otherwise = ''] = line.split('Otherwise: ');
  for (const [said, count] of [
    [first, 1],
    [otherwise, 0],
  ] as const) {
    const done = await runAdvised(own.directory, SEALED, said, /^restore /);
    expect(done.code, done.stderr).toBe(0);
    expect(own.count('anime')).toBe(count);
    rmSync(join(own.directory, 'bot.db'));
  }
}, 240_000);
