import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { tokenizeSql } from '../../src/lib/sql-tokens.ts';
import { moduleOf, shadowsOf, tableOptions } from '../../src/lib/table-sql.ts';

const SCHEMA = `
  CREATE TABLE plain (a, b DEFAULT ') WITHOUT ROWID');
  CREATE TABLE "without rowid" (a TEXT PRIMARY KEY) /* STRICT */;
  CREATE TABLE keyed (a PRIMARY KEY, b CHECK (b IN (1, 2))) WITHOUT -- why
    ROWID;
  CREATE TABLE both ("strict" TEXT PRIMARY KEY) STRICT, without rowid;
  CREATE TABLE typed (a INTEGER) sTrIcT;
  CREATE VIRTUAL TABLE Words USING fts5 (a, tokenize = 'trigram');
  CREATE TABLE words_other (a);
  CREATE TABLE plain_data (a);
  CREATE VIRTUAL TABLE "old words" USING "fts4" (a);
  CREATE VIRTUAL TABLE three USING fts3 (a);
  CREATE VIRTUAL TABLE box USING rtree (id, x, y);
  CREATE VIRTUAL TABLE box32 USING RTREE_I32 (id, x, y);
  CREATE TABLE seq (id INTEGER PRIMARY KEY AUTOINCREMENT);
`;

test('kinds, WITHOUT ROWID and STRICT are what PRAGMA table_list says', () => {
  const db = new DatabaseSync(':memory:');
  db.exec(SCHEMA);
  const objects = db
    .prepare('SELECT type, name, sql FROM sqlite_schema')
    .all()
    .map(({ type, name, sql }) => ({
      type: String(type),
      name: String(name),
      sql: sql === null ? null : String(sql),
    }));
  const shadows = shadowsOf(objects);
  const read = objects
    .filter(({ type }) => type === 'table')
    .map(({ name, sql }) => {
      const tokens = tokenizeSql(sql ?? '');
      const { withoutRowid, strict } = tableOptions(tokens);
      const isShadow = shadows.has(name.toLowerCase());
      const type = isShadow ? 'shadow' : moduleOf(tokens) === undefined ? 'table' : 'virtual';
      return { name, type, wr: Number(withoutRowid), strict: Number(strict) };
    });
  const listed = db
    .prepare(
      "SELECT name, type, wr, strict FROM pragma_table_list WHERE schema = 'main' AND name <> 'sqlite_schema'",
    )
    .all();
  const byName = (a: { name?: unknown }, b: { name?: unknown }): number =>
    String(a.name) < String(b.name) ? -1 : 1;
  expect(read.toSorted(byName)).toEqual(listed.toSorted(byName).map((row) => ({ ...row })));
  db.close();
});
