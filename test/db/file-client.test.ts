import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import Sqlite from 'libsql';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { all, ConstraintFailed, type Database, fromClient, sql } from '../../src/db/database.ts';
import { type FileClient, openFileClient } from '../../src/db/file/file-client.ts';

let path: string;
let client: FileClient;
let db: Database;

beforeEach(async () => {
  path = join(mkdtempSync(join(tmpdir(), 'anime-client-')), 'bot.db');
  client = openFileClient(path, 1_000);
  db = fromClient(client);
  await db.write([
    sql('CREATE TABLE t (a INTEGER UNIQUE, b TEXT)'),
    sql("INSERT INTO t VALUES (1, 'bir'), (2, 'ikki')"),
  ]);
});
afterEach(() => {
  vi.restoreAllMocks();
  client.close();
});

const everything = all(sql('SELECT * FROM t ORDER BY a'), (row) => row.values());
const titles = all(sql('SELECT * FROM t ORDER BY a'), (row) => row.textOrNull('b'));
const c = all(sql('SELECT * FROM t ORDER BY a'), (row) => row.textOrNull('c'));

function byAnother(text: string): void {
  using other = new DatabaseSync(path);
  other.exec(text);
}

test('a statement is prepared once, however often and with whatever it runs', async () => {
  const prepared = vi.spyOn(Sqlite.prototype, 'prepare');
  const byNumber = (a: number) => all(sql('SELECT b FROM t WHERE a = ?', a), (row) => row.text('b'));
  for (const [a, b] of [
    [1, 'bir'],
    [2, 'ikki'],
    [1, 'bir'],
  ] as const)
    expect(await db.read([byNumber(a)])).toEqual([[b]]);
  await db.write([sql('UPDATE t SET b = ? WHERE a = ?', 'uch', 1)]);
  await db.write([sql('UPDATE t SET b = ? WHERE a = ?', 'tort', 2)]);
  expect(await db.read([titles])).toEqual([['uch', 'tort']]);
  expect(prepared.mock.calls.map(([text]) => text)).toEqual([
    'SELECT b FROM t WHERE a = ?',
    'UPDATE t SET b = ? WHERE a = ?',
    'SELECT * FROM t ORDER BY a',
  ]);
});

test.each([
  ['ours', (text: string) => db.write([sql(text)])],
  ['another program', async (text: string) => byAnother(text)],
])('a table that was changed meanwhile is read as it is now: %s', async (_, change) => {
  expect(await db.read([everything])).toEqual([
    [
      [1n, 'bir'],
      [2n, 'ikki'],
    ],
  ]);
  await change("ALTER TABLE t ADD COLUMN c TEXT DEFAULT 'yangi'");
  expect(await db.read([c, titles])).toEqual([
    ['yangi', 'yangi'],
    ['bir', 'ikki'],
  ]);
  await change('ALTER TABLE t DROP COLUMN b');
  expect(await db.read([c])).toEqual([['yangi', 'yangi']]);
  await expect(db.read([titles])).rejects.toThrow('no column b');
});

test('after a refusal the same statement works, and nothing of the batch is there', async () => {
  const insert = (a: number) => sql('INSERT INTO t VALUES (?, ?)', a, 'x');
  for (let i = 0; i < 3; i += 1) {
    await expect(db.write([insert(10 + i), insert(1)])).rejects.toThrow(ConstraintFailed);
    expect(await db.read([everything])).toEqual([
      [
        [1n, 'bir'],
        [2n, 'ikki'],
      ],
    ]);
  }
  await db.write([insert(3)]);
  await db.write([insert(4)]);
  byAnother('INSERT INTO t VALUES (5, NULL)');
  expect((await db.read([everything]))[0].map(([a]) => a)).toEqual([1n, 2n, 3n, 4n, 5n]);
});

test('a kept statement keeps nobody from writing, and sees what others wrote', async () => {
  await db.read([everything]);
  byAnother("PRAGMA journal_mode = WAL; UPDATE t SET b = 'boshqa'; PRAGMA wal_checkpoint(TRUNCATE)");
  expect(await db.read([titles])).toEqual([['boshqa', 'boshqa']]);
});

test('what a query of many statements reads: blobs, large integers, no rows', async () => {
  const bytes = new Uint8Array([0, 255, 1]);
  const query = all(sql('SELECT ? AS x, ? AS y WHERE ?', bytes, 2n ** 62n, true as never), (row) =>
    row.values(),
  );
  expect(await db.read([query, query])).toEqual([[[bytes, 2n ** 62n]], [[bytes, 2n ** 62n]]]);
  expect(await db.read([all(sql('SELECT a FROM t WHERE a = 9'), (row) => row.int('a'))])).toEqual([[]]);
});

test('a column that we rename is known by its new name', async () => {
  await db.read([titles]);
  await db.write([sql('ALTER TABLE t RENAME COLUMN b TO c')]);
  expect(await db.read([c])).toEqual([['bir', 'ikki']]);
});
