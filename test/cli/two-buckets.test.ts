/**
 * The second copy has more than the first bucket: every command that takes a moment names the
 * command that brings most, of one history or of another, and each is run as it is printed.
 */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { runAdvised } from './advised.ts';
import { ownDatabase } from './own-database.ts';
import { type CliResult, runCli } from './spawn-cli.ts';

const own = ownDatabase('two-buckets');
const { run } = own;
const ENV = { DATABASE_URL: 'file:bot.db', BACKUP_DIR: 'bucket', COPY_DIR: 'second' };
const cli = (...args: readonly string[]): Promise<CliResult> => runCli(own.directory, ENV, ...args);
const good = async (...args: readonly string[]): Promise<CliResult> => {
  const done = await cli(...args);
  expect(done.code, `${args.join(' ')}: ${done.stderr}`).toBe(0);
  return done;
};
const said = ({ stdout, stderr }: CliResult): string => `${stdout}${stderr}`;
const place = (name: string): string => join(own.directory, name);
const codes = (): unknown[] =>
  own.rows('SELECT code FROM anime ORDER BY code').map((row) => Object.values(row)[0]);

async function add(code: number): Promise<void> {
  run(`INSERT INTO anime (code, title) VALUES (${code}, 'Bleach')`);
  await good('changes', 'ship');
}

function loseDatabase(): void {
  for (const end of ['', '-wal', '-shm']) rmSync(place(`bot.db${end}`), { force: true });
}

/** Two anime in change files, all of it in both buckets. */
const FILLED = mkdtempSync(join(tmpdir(), 'two-buckets-filled-'));
afterAll(() => rmSync(FILLED, { recursive: true, force: true, maxRetries: 10 }));
let isFilled = false;
beforeEach(async () => {
  const options = { recursive: true, preserveTimestamps: true };
  if (isFilled) return cpSync(FILLED, own.directory, options);
  mkdirSync(place('second'));
  await own.migrate();
  await cli('changes', 'ship');
  await good('full');
  await add(1);
  await add(2);
  await good('copy');
  cpSync(own.directory, FILLED, options);
  isFilled = true;
});

test('the last file is in the copy alone, and no database: each command names the copy', async () => {
  const [timeline = ''] = readdirSync(place('bucket/changes'));
  const last =
    readdirSync(join(place('bucket/changes'), timeline))
      .toSorted()
      .at(-1) ?? '';
  rmSync(join(place('bucket/changes'), timeline, last));
  loseDatabase();
  for (const args of [
    ['download', '--at', '0m', '-o', 'then'],
    ['export', '--at', '0m', '-o', 'then.json'],
    ['diff', 'latest', '--to', '0m'],
  ]) {
    const refused = await cli(...args);
    expect(refused.code, args.join(' ')).toBe(1);
    expect(refused.stderr).toContain('the second copy has it whole up to');
    const done = await runAdvised(own.directory, ENV, refused.stderr, new RegExp(`^${args[0]} `));
    expect(done.command).toContain('--from copy');
    expect(done.code, `${done.command}: ${done.stderr}`).toBe(0);
  }
  expect(readdirSync(place('then'))).toHaveLength(1);
  const latest = said(await good('restore', 'latest'));
  expect(codes()).toEqual([]);
  const done = await runAdvised(own.directory, ENV, latest, /--from copy$/);
  expect(done.code, done.stderr).toBe(0);
  expect(codes()).toEqual([1, 2]);
}, 240_000);

test('the first bucket knows nothing of the newest history: the copy’s goes on from it', async () => {
  cpSync(place('bucket'), place('older'), { recursive: true, preserveTimestamps: true });
  await good('restore', '--at', '0m', '--replace', '--yes');
  await good('full');
  await add(3);
  await good('copy');
  rmSync(place('bucket'), { recursive: true });
  cpSync(place('older'), place('bucket'), { recursive: true, preserveTimestamps: true });
  loseDatabase();
  const refused = await cli('restore', '--at', '0m');
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('--from first') });
  const done = await runAdvised(own.directory, ENV, refused.stderr, /^restore /);
  expect(done.code, done.stderr).toBe(0);
  expect(codes()).toEqual([1, 2, 3]);
  // And not the other way round: what it comes from is no news.
  loseDatabase();
  cpSync(place('second'), place('bucket'), { recursive: true, preserveTimestamps: true });
  rmSync(place('second'), { recursive: true });
  cpSync(place('older'), place('second'), { recursive: true, preserveTimestamps: true });
  expect(await cli('restore', '--at', '0m')).toMatchObject({ code: 0, stderr: '' });
  expect(codes()).toEqual([1, 2, 3]);
}, 240_000);

test('restore latest from the copy, and the bot went on: list and changes name what is left there', async () => {
  rmSync(place('bucket'), { recursive: true });
  loseDatabase();
  const latest = await good('restore', 'latest');
  expect(said(latest)).toMatch(/the first bucket gave no backup \((?!.*make one).*\), so this one is from/);
  // As the bot does at its start.
  await cli('changes', 'ship');
  await good('full');
  await add(4);
  const listed = await good('list');
  const LEFT = /the second copy has the history that this database comes from up to /;
  expect(listed.stdout).toMatch(LEFT);
  expect((await good('changes')).stdout).toMatch(LEFT);
  const done = await runAdvised(own.directory, ENV, listed.stdout, /^restore .*--from copy$/);
  expect(done.command).toMatch(/^restore --at \S+[+]05:00 /);
  expect(done.code, done.stderr).toBe(0);
  expect(codes()).toEqual([1, 2]);
}, 240_000);

test('what was left before a later restore is no news, although the new first bucket lacks it', async () => {
  await good('restore', 'latest', '--replace', '--yes');
  await cli('changes', 'ship');
  await good('full');
  await add(5);
  await good('copy');
  rmSync(place('bucket'), { recursive: true });
  loseDatabase();
  await good('restore', '--at', '0m', '--from', 'copy');
  await cli('changes', 'ship');
  await good('full');
  await add(6);
  for (const command of ['list', 'changes'])
    expect((await good(command)).stdout).not.toContain('the history that this database comes from');
  expect(codes()).toEqual([5, 6]);
}, 240_000);

test('a moment from the copy, for want of a backup in the first bucket: the reason is no advice', async () => {
  rmSync(place('bucket'), { recursive: true });
  mkdirSync(place('bucket'));
  loseDatabase();
  const done = await cli('restore', '--at', '0m');
  expect(done.code, done.stderr).toBe(0);
  expect(done.stderr).toMatch(
    /the first bucket gave no backup \(there is no full backup to begin with in [^`]*\), so this is from the second copy/,
  );
  expect(codes()).toEqual([1, 2]);
}, 240_000);
