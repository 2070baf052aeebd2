import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createClient } from '@libsql/client/sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  all,
  ConstraintFailed,
  type Database,
  DatabaseUnavailable,
  one,
  sql,
} from '../../src/db/database.ts';
import { type EmbeddedDatabase, openEmbeddedDatabase } from '../../src/db/file/embedded-database.ts';

let path: string;
let db: EmbeddedDatabase;
/** Another program on the same file. */
let other: EmbeddedDatabase;

beforeEach(async () => {
  path = join(mkdtempSync(join(tmpdir(), 'anime-embedded-')), 'bot.db');
  db = await openEmbeddedDatabase(path);
  other = await openEmbeddedDatabase(path);
  await db.write([
    sql('CREATE TABLE t (x INTEGER UNIQUE)'),
    sql('CREATE TABLE child (x INTEGER REFERENCES t (x))'),
  ]);
});
afterEach(() => {
  db.close();
  other.close();
});

const seenBy = async (who: Database): Promise<number[]> =>
  (await who.read([all(sql('SELECT x FROM t ORDER BY x'), (row) => row.int('x'))]))[0];

describe('the embedded database', () => {
  test('an empty file stays empty until the first commit; emptied after it, it is lost', async () => {
    const empty = `${path}-empty`;
    writeFileSync(empty, '');
    const begun = await openEmbeddedDatabase(empty);
    await begun.read([all(sql('SELECT name FROM sqlite_schema'), (row) => row.text('name'))]);
    expect([statSync(empty).size, begun.isLost()]).toEqual([0, false]);
    await begun.write([sql('CREATE TABLE t (x)')]);
    expect([statSync(empty).size > 0, begun.isLost()]).toEqual([true, false]);
    truncateSync(empty);
    expect(begun.isLost()).toBe(true);
  });

  test('WAL, foreign keys, full sync', async () => {
    const pragma = (name: string, column = name) =>
      one(sql(`PRAGMA ${name}`), (row) => row.textOrNull(column));
    expect(await db.read([pragma('journal_mode'), pragma('foreign_keys'), pragma('synchronous')])).toEqual([
      'wal',
      '1',
      '2',
    ]);
    await expect(db.write([sql('INSERT INTO child VALUES (5)')])).rejects.toThrow(ConstraintFailed);
  });

  test('the file opened is the one named, whatever stands in its name', async () => {
    const odd = `${path} 100% %41 #1 ?mode=ro ' ў.db`;
    const opened = await openEmbeddedDatabase(odd);
    await opened.write([sql('CREATE TABLE t (x)')]);
    opened.close();
    expect(existsSync(odd)).toBe(true);
  });

  test('a batch happens whole or not at all', async () => {
    await expect(
      db.write([sql('INSERT INTO t VALUES (1)'), sql('INSERT INTO t VALUES (1)')]),
    ).rejects.toThrow(/UNIQUE/);
    expect(await seenBy(other)).toEqual([]);
  });

  // libsql left the refused statement half-started: what was written next was acknowledged and
  // never committed.
  test('after a met lock the next write is really there', async () => {
    const ours = await openEmbeddedDatabase(path, 1);
    const blocker = createClient({ url: `file:${path}`, intMode: 'bigint' });
    const held = await blocker.transaction('write');
    await expect(ours.write([sql('INSERT INTO t VALUES (1)')])).rejects.toThrow(DatabaseUnavailable);
    await held.rollback();
    await ours.write([sql('INSERT INTO t VALUES (2)')]);
    expect(await seenBy(other)).toEqual([2]);
    await other.write([sql('INSERT INTO t VALUES (3)')]);
    expect(await seenBy(ours)).toEqual([2, 3]);
    ours.close();
    blocker.close();
  });

  test('what was committed comes into the file when asked to, however little it is, and no reader is waited for', async () => {
    other.close();
    const inFile = (): number => {
      // A copy of the file alone, as a person takes it.
      copyFileSync(path, `${path}.copy`);
      using copy = new DatabaseSync(`${path}.copy`);
      return Number(copy.prepare("SELECT count(*) AS n FROM sqlite_schema WHERE name = 't'").get()?.['n']);
    };
    expect(inFile()).toBe(0);
    await db.checkpoint();
    expect(inFile()).toBe(1);
    const reader = createClient({ url: `file:${path}`, intMode: 'bigint' });
    const reading = await reader.transaction('read');
    await reading.execute('SELECT * FROM t');
    await db.write([sql('INSERT INTO t VALUES (1)')]);
    const began = performance.now();
    await db.checkpoint();
    // Whoever waits for a reader gives up after five seconds.
    expect(performance.now() - began).toBeLessThan(4_000);
    expect((await reading.execute('SELECT * FROM t')).rows).toEqual([]);
    await reading.rollback();
    reader.close();
    expect(await seenBy(db)).toEqual([1]);
  });

  test('an idle database is not written to by a checkpoint', async () => {
    await db.checkpoint();
    const before = statSync(path).mtimeMs;
    await db.checkpoint();
    expect(statSync(path).mtimeMs).toBe(before);
  });

  test('the last one of a process to close leaves one file, the others do not', async () => {
    await db.write([sql('INSERT INTO t VALUES (1)')]);
    await db.closeWhole();
    expect(existsSync(`${path}-wal`)).toBe(true);
    expect(await seenBy(other)).toEqual([1]);
    await other.closeWhole();
    expect(readdirSync(dirname(path))).toEqual(['bot.db']);
  });
});
