import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createDirectoryStore } from '../../src/backup/store/directory.ts';
import { createColors, inked } from '../../src/cli/ink.ts';
import { createLog } from '../../src/lib/log.ts';
import { visible } from '../../src/text/visible.ts';
import { putBackup } from '../support/sample-backup.ts';
import { runCli } from './spawn-cli.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'visible-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }));

/** Clears the screen, rings, sets the title (with C1), turns the direction, begins a line. */
const EVIL = 'x\u001b[2J\u0007\u009d0;y\u202ecod\ngood  all\r';
/** Line breaks are ours, where a test reads whole outputs. */
const UNSEEN = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

test('control characters are shown as what they are', () => {
  expect(visible(EVIL)).toBe('x\\u001b[2J\\u0007\\u009d0;y\\u202ecod\\u000agood  all\\u000d');
  expect(visible('Naruto — Наруто 🧑‍🚀 “ўзбек”')).toBe('Naruto — Наруто 🧑‍🚀 “ўзбек”');
});

test('colours are ours alone', () => {
  const { red, bold } = createColors(true);
  expect(inked(red(`a ${bold('b')}`))).toBe('\u001b[31ma \u001b[1mb\u001b[22m\u001b[39m');
  expect(inked(red('\u001b[32mgood\u001b[39m'))).toBe('\u001b[31m\\u001b[32mgood\\u001b[39m\u001b[39m');
  expect(inked(createColors(false).red('plain'))).toBe('plain');
});

test('a table’s name reaches neither a terminal nor JSON with control characters', async () => {
  const path = join(directory, 'evil.db');
  const db = new DatabaseSync(path, { timeout: 10_000 });
  const name = EVIL.replaceAll('\r', '');
  db.exec(`CREATE TABLE "${name}" (a); INSERT INTO "${name}" VALUES (1); CREATE TABLE other (a)`);
  db.close();
  const empty = join(directory, 'empty.db');
  new DatabaseSync(empty, { timeout: 10_000 }).exec('CREATE TABLE t (a)');
  const env = { DATABASE_URL: `file:${empty}`, BACKUP_DIR: 'backups' };
  const people = await runCli(directory, env, 'diff', 'empty.db', 'evil.db');
  expect(people.stdout).toContain('\\u001b[2J');
  expect(people.stdout + people.stderr).not.toMatch(UNSEEN);
  expect(people.stdout).not.toMatch(/^good/m);
  const machines = await runCli(directory, env, 'diff', 'empty.db', 'evil.db', '--json');
  expect(machines.stdout).not.toMatch(UNSEEN);
  expect(JSON.stringify(machines.json())).toContain(JSON.stringify(name).slice(1, -1));
});

test('an error that quotes a file does not either', async () => {
  writeFileSync(join(directory, 'evil.json'), `{\n"backup_\u009dtimestamp":1,\n"\u202e":2}\n`);
  const env = { DATABASE_URL: 'file:none.db', BACKUP_DIR: 'backups' };
  const { stderr, stdout } = await runCli(directory, env, 'verify', 'evil.json');
  expect(stdout + stderr).not.toMatch(UNSEEN);
});

test('a log line holds none of them, and means the same', () => {
  const lines: string[] = [];
  createLog('info', (line) => lines.push(line)).info('import', { file: EVIL });
  expect(lines.join()).not.toMatch(UNSEEN);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ file: EVIL });
});

test('what a forged manifest says at length is cut, for people and in JSON', async () => {
  const long = 'y'.repeat(100_000);
  const store = createDirectoryStore(join(directory, 'backups'));
  const bot = { id: 1, username: long };
  await putBackup(store, '', new Date('2026-01-01T00:00:00Z'), [long, long], 'schedule', bot, { [long]: 1 });
  const env = { DATABASE_URL: 'file:none.db', BACKUP_DIR: 'backups' };
  for (const args of [['list'], ['list', '--json'], ['verify', '--all'], ['verify', '--all', '--json']]) {
    const { stdout, stderr } = await runCli(directory, env, ...args);
    expect([args.join(' '), (stdout + stderr).length < 20_000]).toEqual([args.join(' '), true]);
  }
});
