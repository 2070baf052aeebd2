/** Page 1: the header, and sqlite_schema beside it or in pages of its own. */
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { openSqliteSource } from '../../support/sqlite-source.ts';
import { copyDatabase, integrity, openBytes, writeFile, writeRows } from './oracle.ts';

test('the header says what SQLite, libSQL and Turso look at', async () => {
  using db = new DatabaseSync(':memory:');
  db.exec(
    'CREATE TABLE t(a); DROP TABLE t; CREATE TABLE t(a); PRAGMA user_version = -5; PRAGMA application_id = 1634626925',
  );
  const bytes = await writeFile(openSqliteSource(db));
  const header = Buffer.from(bytes.subarray(0, 100));
  expect(header.toString('latin1', 0, 16)).toBe('SQLite format 3\0');
  expect(header.readUInt16BE(16)).toBe(4096);
  // Rollback journal, not WAL: opens in read-only places and from memory.
  expect([...header.subarray(18, 24)]).toEqual([1, 1, 0, 64, 32, 32]);
  expect(header.readUInt32BE(24)).toBe(header.readUInt32BE(92));
  expect(header.readUInt32BE(28)).toBe(bytes.length / 4096);
  expect([header.readUInt32BE(32), header.readUInt32BE(36)]).toEqual([0, 0]);
  expect(header.readUInt32BE(40)).toBe(3);
  expect(header.readUInt32BE(44)).toBe(4);
  expect([header.readUInt32BE(52), header.readUInt32BE(64)]).toEqual([0, 0]);
  expect(header.readUInt32BE(56)).toBe(1);
  expect(header.readInt32BE(60)).toBe(-5);
  expect(header.readUInt32BE(68)).toBe(1634626925);
  expect(header.readUInt32BE(96)).toBeGreaterThan(3_008_000);
});

test('an empty database is page 1 alone', async () => {
  const bytes = await writeRows('', {});
  expect(bytes.length).toBe(4096);
  using db = openBytes(bytes);
  expect(integrity(db)).toEqual(['ok']);
  db.exec('CREATE TABLE t(a); INSERT INTO t VALUES (1)');
  expect(integrity(db)).toEqual(['ok']);
});

test('a schema of any size around what fits beside the header', async () => {
  for (let length = 3840; length < 4100; length += 1) {
    using db = openBytes(
      await writeRows(`CREATE TABLE t(a /*${'-'.repeat(length)}*/)`, { t: [[1n, 'row']] }),
    );
    expect([length, ...integrity(db)]).toEqual([length, 'ok']);
    expect(db.prepare('SELECT a FROM t').get()).toEqual({ a: 'row' });
  }
});

test('schema rows larger than a page, and larger than a buffer', async () => {
  using db = new DatabaseSync(':memory:');
  for (const [at, length] of [10_000, 40_000, 300_000].entries()) {
    db.exec(`CREATE TABLE t${at}(a /*${'😀'.repeat(length / 4)}*/); INSERT INTO t${at} VALUES (${at})`);
  }
  using copy = await copyDatabase(db);
  copy.exec('CREATE TABLE later(a)');
  expect(integrity(copy)).toEqual(['ok']);
});

test('a schema of thousands of objects', async () => {
  using db = new DatabaseSync(':memory:');
  db.exec('BEGIN');
  for (let at = 0; at < 1500; at += 1)
    db.exec(`CREATE VIEW v${at} AS SELECT ${at} AS "${'long '.repeat(60)}"`);
  db.exec('CREATE TABLE t(a); INSERT INTO t VALUES (1); COMMIT');
  using copy = await copyDatabase(db);
  expect(copy.prepare('SELECT * FROM v1499').get()).toEqual({ ['long '.repeat(60)]: 1499 });
});
