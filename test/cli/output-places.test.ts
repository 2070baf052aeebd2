/** A file that a person names: never one of the bot's own, by any name. */
import { execFileSync } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { copyLive } from '../../src/backup/snapshot/copy-live.ts';
import { openEmbeddedSnapshotSource } from '../../src/backup/snapshot/embedded.ts';
import { createWorld } from '../support/backup-world.ts';
import { type CliResult, runCli } from './spawn-cli.ts';

let directory: string;
let name: string;
const cli = (...args: readonly string[]): Promise<CliResult> =>
  runCli(directory, { DATABASE_URL: 'file:bot.db', BACKUP_DIR: 'bucket' }, ...args);
const bucket = (): string[] => readdirSync(join(directory, 'bucket')).toSorted();

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'output-places-'));
  const world = await createWorld();
  await copyLive(openEmbeddedSnapshotSource({ path: world.path }), join(directory, 'bot.db'));
  world.close();
  symlinkSync('bot.db', join(directory, 'link.db'));
  name = String((await cli('full', '--json')).json()['name']);
}, 60_000);
afterAll(() => rmSync(directory, { recursive: true, force: true }));

test('no command writes over the living database or into the bucket', { timeout: 60_000 }, async () => {
  const manifest = `bucket/anime_backup_${name}.manifest.json`;
  const [database, stored] = [
    readFileSync(join(directory, 'bot.db')),
    readFileSync(join(directory, manifest)),
  ];
  const before = bucket();
  const commands = [
    ['export', '-o', 'bot.db', '--yes'],
    ['export', '-o', manifest, '--yes'],
    ['download', 'latest', '-o', 'bucket', '--yes'],
    ['restore', 'latest', '--to', `file:${manifest}`, '--replace', '--broken-database', '--yes'],
    ['restore', 'latest', '--to', 'file:bot.db-wal', '--yes'],
  ];
  for (const { code, stderr } of await Promise.all(commands.map((command) => cli(...command)))) {
    expect(stderr).toMatch(/(-o|--to): .* (database|backups)/);
    expect(code).toBe(2);
  }
  expect(readFileSync(join(directory, 'bot.db'))).toEqual(database);
  expect(readFileSync(join(directory, manifest))).toEqual(stored);
  expect(bucket()).toEqual(before);
});

test('no command puts a file in the place of a pipe, a link or a directory', {
  timeout: 60_000,
}, async () => {
  execFileSync('mkfifo', [join(directory, 'pipe')]);
  mkdirSync(join(directory, 'folder'));
  mkdirSync(join(directory, 'copies'));
  writeFileSync(join(directory, 'kept.json'), 'kept');
  symlinkSync('kept.json', join(directory, 'link.json'));
  symlinkSync('../kept.json', join(directory, 'copies', `anime_backup_${name}.manifest.json`));
  const commands = [
    ['export', '-o', 'pipe', '--yes'],
    ['export', '-o', 'folder', '--yes'],
    ['export', '-o', 'link.json', '--yes'],
    ['download', 'latest', '-o', 'copies', '--yes'],
    ['restore', 'latest', '--to', 'file:folder', '--replace', '--broken-database', '--yes'],
  ];
  for (const { code, stderr } of await Promise.all(commands.map((command) => cli(...command)))) {
    expect(stderr).toMatch(/(-o|--to): .* is a (device, a pipe|directory|link)/);
    expect(code).toBe(2);
  }
  expect(lstatSync(join(directory, 'pipe')).isFIFO()).toBe(true);
  expect(lstatSync(join(directory, 'folder')).isDirectory()).toBe(true);
  expect(lstatSync(join(directory, 'link.json')).isSymbolicLink()).toBe(true);
  expect(readdirSync(join(directory, 'copies'))).toHaveLength(1);
  expect(readFileSync(join(directory, 'kept.json'), 'utf8')).toBe('kept');
});

test('--to the bot’s own database, by a link to it: saved first, as without --to', {
  timeout: 60_000,
}, async () => {
  const asked = await cli('restore', 'latest', '--to', 'file:link.db', '--replace');
  expect(asked.stderr).toContain('not confirmed');
  const done = await cli('restore', 'latest', '--to', 'file:link.db', '--replace', '--yes', '--json');
  const safety = String(done.json()['safety_backup']);
  expect(bucket()).toContain(`anime_backup_${safety}.manifest.json`);
});

test('--to another database: that no backup of it is made is said', { timeout: 60_000 }, async () => {
  expect((await cli('restore', 'latest', '--to', 'file:other.db')).code).toBe(0);
  new DatabaseSync(join(directory, 'other.db')).close();
  const refused = await cli('restore', 'latest', '--to', 'file:other.db');
  expect(refused.stderr).toContain('--replace sets its file aside');
  const done = await cli('restore', 'latest', '--to', 'file:other.db', '--replace', '--yes');
  expect(done.stdout).toMatch(
    /no backup of what was there before was made.*the old file is .*other\.db\.before-restore/s,
  );
});

test('restore replaces no file that never was a database, and no directory', {
  timeout: 60_000,
}, async () => {
  mkdirSync(join(directory, 'place'));
  writeFileSync(join(directory, 'old.json'), '{"anime":[]}');
  writeFileSync(join(directory, 'notes.txt'), 'notes');
  const restore = ['restore', 'latest', '--replace', '--yes'];
  const own = (url: string): Promise<CliResult> =>
    runCli(directory, { DATABASE_URL: url, BACKUP_DIR: 'bucket' }, ...restore, '--broken-database');
  for (const { code, stderr } of await Promise.all([
    cli(...restore, '--to', 'file:old.json'),
    cli(...restore, '--to', 'file:old.json', '--broken-database'),
    cli(...restore, '--to', 'file:notes.txt', '--broken-database'),
    own('file:place'),
  ])) {
    expect(stderr).toMatch(
      /^error: (--to|DATABASE_URL): .* is (no database|a directory): nothing was written/,
    );
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).not.toContain('--broken-database');
    expect(code).toBe(2);
  }
  expect(readFileSync(join(directory, 'old.json'), 'utf8')).toBe('{"anime":[]}');
  expect(readdirSync(join(directory, 'place'))).toEqual([]);
});

test('import says what a pipe is', { timeout: 60_000 }, async () => {
  execFileSync('mkfifo', [join(directory, 'import.pipe')]);
  const { code, stderr } = await cli('import', 'import.pipe', '--yes');
  expect(stderr).toContain('import.pipe is a pipe or a device, not a file');
  expect(code).toBe(2);
});
