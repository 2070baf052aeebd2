/**
 * Files that cannot be used: one sentence with what to do next, and not a byte of them is changed.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ConstraintFailed, type Database, DatabaseUnavailable } from '../../src/db/database.ts';
import { DatabaseUnfit } from '../../src/db/database-unfit.ts';
import { explainUnusable, requireUsableFile } from '../../src/db/file/database-file.ts';
import { openEmbeddedDatabase } from '../../src/db/file/embedded-database.ts';
import { migrate } from '../../src/db/migrate.ts';
import { takeOverFile } from '../../src/takeover/take-over.ts';
import { LOOSE, type OldFile, writeOldFile } from './old-bot-file.ts';

let directory: string;
let path: string;
let db: Database | undefined;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'anime-refused-'));
  path = join(directory, 'bot.db');
});
afterEach(() => {
  db?.close();
  db = undefined;
  rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
});

const now = (): Date => new Date('2026-11-22T10:00:00Z');

describe('a file that is no database of SQLite, or not a whole one', () => {
  const cut = (bytes: (size: number) => number): void => {
    writeOldFile(path, { more: 'CREATE TABLE large (x); INSERT INTO large VALUES (zeroblob(100000))' });
    truncateSync(path, bytes(readFileSync(path).length));
  };
  const cases: Readonly<Record<string, readonly [() => void, RegExp]>> = {
    'a directory': [() => mkdirSync(path), /is a directory: set DATABASE_URL to a file/],
    'an empty file': [() => writeFileSync(path, ''), /is empty, .* remove the file/],
    gzip: [() => writeFileSync(path, gzipSync('x')), /packed with gzip: .*gunzip/],
    zip: [() => writeFileSync(path, 'PK\x03\x04....'), /zip archive: .*unzip/],
    'another archive': [() => writeFileSync(path, 'Rar!....'), /packed archive/],
    age: [() => writeFileSync(path, 'age-encryption.org/v1\n'), /encrypted with age: .*restore FILE/],
    'SQL text': [() => writeFileSync(path, 'PRAGMA foreign_keys=OFF;\n'), /sqlite3 new.db < FILE/],
    JSON: [() => writeFileSync(path, '\ufeff{"anime": []}'), /is JSON.*import FILE/],
    'a web page': [() => writeFileSync(path, '<!DOCTYPE html>'), /a web page.*fetch the file again/],
    'random bytes': [
      () => writeFileSync(path, Buffer.from('8d'.repeat(8192), 'hex')),
      /or an encrypted one: decrypt/,
    ],
    'cut off in its header': [() => cut(() => 50), /is cut off \(50 bytes\)/],
    'cut off in the middle': [() => cut((size) => size - 5000), /is cut off \(\d+ bytes of \d+\): .*\.dump/],
    'UTF-16': [() => writeOldFile(path, { first: "PRAGMA encoding = 'UTF-16le'" }), /UTF-16.*\.dump/],
  };
  test.each(Object.entries(cases))('%s', (_, [make, message]) => {
    make();
    expect(() => requireUsableFile(path)).toThrow(message);
    expect(() => requireUsableFile(path)).toThrow(DatabaseUnfit);
    expect(() => requireUsableFile(path)).toThrow(/^[^\n]*docs\/operations\.md[^\n]*Nothing was changed\.$/);
  });

  test('a new place, and a whole file, are nothing to say about', () => {
    requireUsableFile(path);
    writeOldFile(path, {});
    requireUsableFile(path);
  });
});

describe('what SQLite and the system say, for people', () => {
  const coded = (code: string): Error => Object.assign(new Error(`${code}: some words`), { code });
  test.each([
    [coded('SQLITE_NOTADB'), /or an encrypted one/],
    [
      new DatabaseUnfit('no backup before the migration', { cause: coded('SQLITE_CORRUPT') }),
      /is damaged: .*\.dump/,
    ],
    [coded('ENOSPC'), /needs more room/],
    [coded('SQLITE_FULL'), /needs more room/],
    [coded('EACCES'), /cannot be written to: .*chown/],
    [coded('SQLITE_READONLY_DBMOVED'), /cannot be written to/],
    [coded('SQLITE_CANTOPEN'), /cannot be opened/],
    [new DatabaseUnavailable('x', { cause: coded('SQLITE_BUSY') }), /locked: .*the old bot, too/],
    [new DatabaseUnavailable('database unavailable: no answer'), /no answer: start again/],
    [
      new DatabaseUnfit('the database holds nothing of this bot'),
      /bot\.db: the database holds nothing.*operations/,
    ],
  ])('%s', (error, message) => {
    const told = explainUnusable(error, path);
    expect(told).toBeInstanceOf(DatabaseUnfit);
    expect(told instanceof Error && told.message).toMatch(message);
    expect(told instanceof Error && told.message).not.toContain('\n');
  });

  test('a fault of the program stays one', () => {
    const error = new TypeError('x is not a function');
    expect(explainUnusable(error, path)).toBe(error);
    const constraint = new ConstraintFailed('UNIQUE', new Error('x'));
    expect(explainUnusable(constraint, path)).toBe(constraint);
  });
});

describe('a database that cannot be taken over is refused before anything is done', () => {
  const none = Object.fromEntries(Object.keys(LOOSE).map((name) => [name, null]));
  const cases: Readonly<Record<string, readonly [OldFile, RegExp]>> = {
    "another bot's, with a table of one of our names": [
      {
        tables: none,
        more: 'CREATE TABLE movies (id INTEGER, title TEXT); CREATE TABLE users (id INTEGER PRIMARY KEY, telegram_id INTEGER)',
      },
      /holds nothing of this bot, only the tables .*"movies".*import/,
    ],
    'nothing but a view': [{ tables: none, more: 'CREATE VIEW x AS SELECT 1' }, /only no table/],
    'viewers without Telegram ids': [
      { tables: { users: 'CREATE TABLE users (id INTEGER PRIMARY KEY, username TEXT)' } },
      /its table users has no column user_id \(it has id, username\), and Telegram ids cannot be guessed/,
    ],
    'anime without codes': [
      { tables: { anime: 'CREATE TABLE anime (id INTEGER PRIMARY KEY, title TEXT)' } },
      /its table anime has no column code/,
    ],
  };
  test.each(Object.entries(cases))('%s', async (_, [file, message]) => {
    writeOldFile(path, file);
    await expectUntouched(message);
  });

  test('an index that hides rows', async () => {
    writeOldFile(path, {});
    const file = readFileSync(path);
    const page = rootOf('sqlite_autoindex_anime_1');
    // An empty leaf of an index, sqlite.org/fileformat.html 1.6.
    file.set([0x0a, 0, 0, 0, 0, 0x10, 0, 0], (page - 1) * 4096);
    writeFileSync(path, file);
    await expectUntouched(/is damaged \(.*missing from index.*REINDEX/);
  });

  test('a page that cannot be read', async () => {
    writeOldFile(path, {});
    const file = readFileSync(path);
    file.fill(0x5a, (rootOf('users') - 1) * 4096, rootOf('users') * 4096);
    writeFileSync(path, file);
    await expectUntouched(/is damaged/);
  });

  test('a step that fails leaves the file as it was, journal mode included', async () => {
    writeOldFile(path, {});
    const before = readFileSync(path);
    db = await openEmbeddedDatabase(path);
    const broken = {
      plan: async (of: Database) => {
        const { before: first, after } = await takeOverFile.plan(of);
        return { before: first, after: [...after, { sql: 'INSERT INTO nowhere VALUES (1)', args: [] }] };
      },
      finish: takeOverFile.finish,
    };
    await expect(migrate(db, { now, takeOver: broken, backup: async () => {} })).rejects.toThrow(
      /migration 1 \(baseline\) failed and changed nothing/,
    );
    db.close();
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  test('the Worker leaves it to the deploy', async () => {
    writeOldFile(path, {});
    db = await openEmbeddedDatabase(path);
    await expect(migrate(db, { now, backup: async () => {} })).rejects.toThrow(/npm run deploy/);
  });

  function rootOf(name: string): number {
    const found = new DatabaseSync(path, { readOnly: true });
    const page = Number(
      found.prepare('SELECT rootpage FROM sqlite_schema WHERE name = ?').get(name)?.['rootpage'],
    );
    found.close();
    return page;
  }

  async function expectUntouched(message: RegExp): Promise<void> {
    const before = readFileSync(path);
    db = await openEmbeddedDatabase(path);
    const backup = async (): Promise<void> => {
      throw new Error('a backup is not needed yet');
    };
    const failure = await migrate(db, { now, takeOver: takeOverFile, backup }).catch(
      (error: unknown) => error,
    );
    const told = explainUnusable(failure, path);
    expect(told).toBeInstanceOf(DatabaseUnfit);
    expect(told instanceof Error && told.message).toMatch(message);
    db.close();
    expect(readFileSync(path).equals(before)).toBe(true);
  }
});
