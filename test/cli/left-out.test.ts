/** What is left out, or lies elsewhere: the real CLI says what, where and what to do. */
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDirectoryStore } from '../../src/backup/store/directory.ts';
import { putBackup } from '../support/sample-backup.ts';
import { type CliResult, runCli } from './spawn-cli.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'left-out-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }));

const cli = (bucket: string, ...args: readonly string[]): Promise<CliResult> =>
  runCli(directory, { DATABASE_URL: 'file:bot.db', BACKUP_DIR: bucket }, ...args);

test.each([
  ['accept', 'accept first'],
  ['history', 'history anime 1'],
  ['history anime', 'history anime 1'],
  ['restore --at', 'restore --at 15m --replace'],
  ['restore --to', 'restore latest --to file:other.db'],
  ['import', 'import old-bot.json --dry-run'],
  ['diff --to', 'diff --at 2h --to 1h'],
  ['kit', 'kit -o kit.tar'],
  ['pin', 'pin latest'],
])('%s: what is missing is named, with an example', async (line, example) => {
  const { code, stdout, stderr } = await cli('none', ...line.split(' '));
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/^error: .*(missing|not specified)/);
  expect(stderr).toContain(`for example: npm run backup -- ${example}\n`);
});

test('a directory that is not there: kit and prune say so, and what to do', async () => {
  for (const args of [['kit', '-o', 'kit.tar'], ['prune', '--dry-run'], ['prune']]) {
    const { code, stderr, stdout } = await cli('none', ...args);
    expect({ code, stdout }, args.join(' ')).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/there is no backup in directory .*none, which is not there\..*BACKUP_DIR/);
  }
});

test('a bucket without a backup: kit says so, and what to do', async () => {
  mkdirSync(join(directory, 'empty'));
  expect(await cli('empty', 'kit', '-o', 'kit.tar')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      /no backup in directory .*empty: make one with `npm run backup -- full`, or set BACKUP_DIR/,
    ),
  });
});

test('backups that lie a directory too deep, or under names in capitals, are named with what to do', async () => {
  const deep = join(directory, 'deep', 'kit');
  mkdirSync(deep, { recursive: true });
  const name = await putBackup(createDirectoryStore(deep), '', new Date());
  const asked = [
    ['verify', 'latest'],
    ['restore', 'latest'],
    ['restore', name],
    ['restore', '--at', '0m'],
    ['kit', '-o', 'k.tar'],
  ];
  const near = `${deep} has ${name}: set BACKUP_DIR=${deep}`;
  for (const args of asked) expect((await cli('deep', ...args)).stderr, args.join(' ')).toContain(near);
  expect((await cli('deep', 'list')).stdout).toContain(near);
  for (const file of readdirSync(deep)) renameSync(join(deep, file), join(deep, file.toUpperCase()));
  expect((await cli('deep/kit', 'verify', 'latest')).stderr).toMatch(
    new RegExp(
      `has ${name} under names that are not as they were made, .* rename its files to small letters`,
    ),
  );
});
