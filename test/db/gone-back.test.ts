/** A person copies older files over those of a database that is in use: that is no way back. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sql } from '../../src/db/database.ts';
import { type EmbeddedDatabase, openEmbeddedDatabase } from '../../src/db/file/embedded-database.ts';
import type { LostFile } from '../../src/db/file/rescue.ts';

let directory: string;
let data: string;
let path: string;
let db: EmbeddedDatabase;
let lost: LostFile[];
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'gone-back-'));
  data = join(directory, 'data');
  mkdirSync(data);
  path = join(data, 'bot.db');
  lost = [];
  db = await openEmbeddedDatabase(path, undefined, undefined, async (found) => void lost.push(found));
  await db.write([
    sql('CREATE TABLE schema_migrations (version INTEGER, name TEXT, applied_at TEXT)'),
    sql('CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT)'),
  ]);
  await db.checkpoint();
  await add();
});
afterEach(() => {
  db.close();
  rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
});

const add = (): Promise<unknown> => db.write([sql("INSERT INTO users (name) VALUES ('somebody')")]);
/** Processes of their own: one that opens and closes the file would end this one's locks. */
const shell = (command: string): unknown => execFileSync('sh', ['-c', command], { cwd: directory });
function byHand(statements: string): void {
  const open = `new (require('node:sqlite').DatabaseSync)(${JSON.stringify(path)}, { timeout: 10_000 })`;
  execFileSync(process.execPath, [
    '-e',
    `const db = ${open}; db.exec(${JSON.stringify(statements)}); db.close()`,
  ]);
}
const truncate = (): void => byHand('PRAGMA wal_checkpoint(TRUNCATE)');

/** What happens between the copy and its coming back, besides a row. */
const BETWEEN: Readonly<Record<string, () => unknown>> = {
  'the same log': () => {},
  'one log later': () => db.checkpoint(),
  'three logs later': async () => {
    for (let i = 0; i < 3; i += 1) {
      await db.checkpoint();
      await add();
    }
  },
  'a checkpoint by hand later': truncate,
  'a vacuum by hand later': () => byHand('VACUUM'),
  'a long log later': () => byHand("PRAGMA wal_autocheckpoint = 1; UPDATE users SET name = name || 'x'"),
};
const COPIED: Readonly<Record<string, string>> = {
  'the whole directory': 'cp -a copy/. data/',
  'the file and its log': 'cp copy/bot.db copy/bot.db-wal data/',
  'the log and its index': 'cp copy/bot.db-wal copy/bot.db-shm data/',
  'the index': 'cp copy/bot.db-shm data/',
};

/** The older log goes with the newer file, which holds all of it (docs/decisions.md). */
const UNSEEN = ['a checkpoint by hand later', 'the log and its index'];

describe.each(Object.entries(BETWEEN))('%s', (when, between) => {
  const copied = Object.entries(COPIED).filter(([what]) => !(when === UNSEEN[0] && what === UNSEEN[1]));
  test.each(copied)('%s comes back: nothing more is acknowledged', async (_what, copy) => {
    shell('cp -a data copy');
    await add();
    await between();
    await add();
    shell(copy);
    await expect(add()).rejects.toThrow('is not the file that was opened');
    await expect(db.read([])).rejects.toThrow('is not the file that was opened');
    expect(lost).toHaveLength(1);
  });
});

test('the copy stays as it was put there, and is not called rescued', async () => {
  shell('cp -a data copy');
  await add();
  shell('cp -a copy/. data/');
  await expect(add()).rejects.toThrow('is not the file that was opened');
  expect(lost).toEqual([
    expect.objectContaining({
      rescued: undefined,
      message: expect.stringMatching(
        /was overwritten by an older copy of itself while the bot runs: nothing more/,
      ),
    }),
  ]);
  db.close();
  expect(readdirSync(data)).toEqual(['bot.db', 'bot.db-wal']);
  const count = 'SELECT COUNT(*) AS n FROM users';
  const print = `console.log(new (require('node:sqlite').DatabaseSync)('data/bot.db').prepare('${count}').get().n)`;
  expect(String(execFileSync(process.execPath, ['-e', print], { cwd: directory }))).toBe('1\n');
});

test('a copy of what is there now changes nothing', async () => {
  shell('cp -a data copy && cp -a copy/. data/');
  await add();
  expect(lost).toEqual([]);
});

const INNOCENT: readonly (() => unknown)[] = [
  truncate,
  () => byHand('PRAGMA wal_checkpoint(PASSIVE)'),
  () => byHand('PRAGMA wal_checkpoint(RESTART)'),
  () => byHand('PRAGMA wal_checkpoint(FULL)'),
  () => byHand("PRAGMA wal_autocheckpoint = 1; UPDATE users SET name = name || 'x'"),
  () => byHand('INSERT INTO users (name) SELECT hex(randomblob(900)) FROM users LIMIT 200'),
  () => byHand('VACUUM'),
  () => byHand('CREATE TABLE IF NOT EXISTS mine (a); DROP TABLE mine'),
  () => byHand('BEGIN; DELETE FROM users; ROLLBACK'),
  () => byHand('PRAGMA user_version = 7; PRAGMA auto_vacuum = 1; VACUUM'),
  () => db.checkpoint(),
  () => add(),
  () => db.write([sql('DELETE FROM users WHERE id % 7 = 1')]),
];

test('whatever SQLite does in order goes forward', async () => {
  for (const [i, first] of INNOCENT.entries())
    for (const second of [INNOCENT[(i * 5 + 1) % INNOCENT.length], INNOCENT[(i * 7 + 3) % INNOCENT.length]]) {
      await first();
      await second?.();
      await add();
      expect(lost).toEqual([]);
    }
});
