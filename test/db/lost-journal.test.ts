/**
 * A person removes the journal of a database that is in use: what is in it alone must not be lost.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sql } from '../../src/db/database.ts';
import { type EmbeddedDatabase, openEmbeddedDatabase } from '../../src/db/file/embedded-database.ts';
import type { LostFile } from '../../src/db/file/rescue.ts';

let directory: string;
let path: string;
let db: EmbeddedDatabase;
let lost: LostFile[];
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'lost-journal-'));
  path = join(directory, 'bot.db');
  lost = [];
  db = await openEmbeddedDatabase(path, undefined, undefined, async (found) => void lost.push(found));
  await db.write([
    sql('CREATE TABLE schema_migrations (version INTEGER, name TEXT, applied_at TEXT)'),
    sql('CREATE TABLE users (id INTEGER PRIMARY KEY)'),
  ]);
  await db.checkpoint();
  await add(1);
});
afterEach(() => {
  db.close();
  rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
});

const add = (id: number): Promise<unknown> => db.write([sql('INSERT INTO users VALUES (?)', id)]);

function idsIn(file: string): unknown[] {
  using found = new DatabaseSync(file, { readOnly: true });
  return found
    .prepare('SELECT id FROM users ORDER BY id')
    .all()
    .map(({ id }) => id);
}

/** A process of its own: two libraries in one would end each other's locks. */
function byHand(statement: string): void {
  const open = `new (require('node:sqlite').DatabaseSync)(${JSON.stringify(path)}, { timeout: 10_000 })`;
  execFileSync(process.execPath, ['-e', `const db = ${open}; db.exec('${statement}'); db.close()`]);
}

test('removed: nothing more is acknowledged, and what is in it is rescued', async () => {
  rmSync(`${path}-wal`);
  await expect(add(2)).rejects.toThrow('is not the file that was opened');
  await expect(db.read([])).rejects.toThrow('is not the file that was opened');
  expect(db.isLost()).toBe(true);
  expect(lost.map(({ message }) => message)).toEqual([
    expect.stringMatching(
      /lost its journal .*-wal .* while the bot runs: nothing more is written; what it held is in /,
    ),
  ]);
  expect(idsIn(lost[0]?.rescued ?? '')).toEqual([1]);
});

test('removed, and a person writes into another one: that is left alone', async () => {
  for (const suffix of ['-wal', '-shm']) rmSync(path + suffix);
  byHand('INSERT INTO users VALUES (5)');
  await expect(add(2)).rejects.toThrow('is not the file that was opened');
  db.close();
  expect(idsIn(path)).toEqual([5]);
  expect(idsIn(lost[0]?.rescued ?? '')).toEqual([1]);
});

test('its index alone is removed: nothing is written over what a person writes then', async () => {
  rmSync(`${path}-shm`);
  byHand('INSERT INTO users VALUES (5)');
  await expect(add(2)).rejects.toThrow('is not the file that was opened');
  expect(idsIn(lost[0]?.rescued ?? '')).toContain(1);
  db.close();
  expect(idsIn(path)).toEqual([1, 5]);
});

test('whatever SQLite does with it in order, it is the same one', async () => {
  for (let id = 2; id < 8; id += 1) {
    byHand('PRAGMA wal_checkpoint(TRUNCATE)');
    await add(id);
    if (id % 3 === 0) byHand('VACUUM');
    await db.checkpoint();
  }
  byHand('CREATE INDEX i ON users (id)');
  await add(12);
  expect(lost).toEqual([]);
  await db.closeWhole();
  expect(readdirSync(directory)).toEqual(['bot.db']);
  expect(existsSync(`${path}-wal`)).toBe(false);
});
