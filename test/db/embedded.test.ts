import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
import { openEmbeddedDatabase } from '../../src/db/embedded.ts';

let path: string;
let db: Database;
/** Another program on the same file. */
let other: Database;

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

  // libsql left the refused statement half-started: what was written next was acknowledged and never committed.
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
});
