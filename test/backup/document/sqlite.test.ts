/**
 * The document alone rebuilds a database, shown with a real SQLite: every row by its digest, and
 * the schema.
 */
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { readDocument } from '../../../src/backup/document/reader.ts';
import { createDocumentSink } from '../../../src/backup/document/writer.ts';
import { createDigestSink, type TableDigest } from '../../../src/backup/model/digest.ts';
import { InvalidText, type Row, type SqlValue, type TableInfo } from '../../../src/backup/model/model.ts';
import { openSqliteSource, quoteName, readSqliteSchema } from '../../support/sqlite-source.ts';
import { type Content, chunked, drive, memoryWriter } from './support.ts';

const SCHEMA = `
  PRAGMA user_version = 12;
  PRAGMA application_id = 4242;
  CREATE TABLE users (user_id INTEGER PRIMARY KEY, username, first_name, created_at TEXT DEFAULT CURRENT_TIMESTAMP);
  CREATE TABLE anime (id INTEGER PRIMARY KEY AUTOINCREMENT, code INTEGER UNIQUE NOT NULL, description TEXT, photo_id TEXT,
    rating REAL, parts, short TEXT GENERATED ALWAYS AS (substr(description, 1, 3)) VIRTUAL,
    size INTEGER AS (length(description)) STORED);
  CREATE TABLE anime_parts (id INTEGER PRIMARY KEY AUTOINCREMENT, anime_code INTEGER REFERENCES anime(code), part_number INTEGER,
    file_id TEXT NOT NULL, UNIQUE(anime_code, part_number));
  CREATE TABLE groups (id INTEGER PRIMARY KEY, group_id INTEGER UNIQUE NOT NULL, name TEXT NOT NULL);
  CREATE TABLE "odd ""one""" (a, "$rowid", "__proto__" BLOB);
  CREATE TABLE pairs (b TEXT COLLATE NOCASE, a INTEGER, v ANY, PRIMARY KEY (b, a DESC)) STRICT, WITHOUT ROWID;
  CREATE VIRTUAL TABLE titles USING fts5(title, content='', contentless_delete=1);
  CREATE INDEX parts_of ON anime_parts (anime_code) WHERE part_number > 1;
  CREATE INDEX "by""size" ON anime (size DESC, lower(description));
  CREATE VIEW long AS SELECT code FROM anime WHERE size > 3;
  CREATE TRIGGER seen AFTER INSERT ON users BEGIN UPDATE users SET username = 'changed by trigger' WHERE 0; END;
`;

function source(): DatabaseSync {
  const db = new DatabaseSync(':memory:');
  db.exec(SCHEMA);
  const anime = db.prepare('INSERT INTO anime (id, code, description, rating, parts) VALUES (?, ?, ?, ?, ?)');
  const parts = db.prepare('INSERT INTO anime_parts (anime_code, part_number, file_id) VALUES (?, ?, ?)');
  const titles = db.prepare('INSERT INTO titles (rowid, title) VALUES (?, ?)');
  db.exec('PRAGMA foreign_keys = OFF');
  for (let i = 1; i <= 700; i += 1) {
    anime.run(i * 2, 1000 - i, `Наруто "${i}"`, i / 4, i % 3 === 0 ? null : 'x');
    for (let part = 3; part > 0; part -= 1) parts.run(1000 - i, part, `file-${i}-${part}`);
    titles.run(i, `naruto shippuden ${i}`);
  }
  parts.run(5_000_000, 1, 'orphan');
  parts.run(null, null, 'nobody');
  db.exec(`
    DELETE FROM anime WHERE id > 1390;
    INSERT INTO users VALUES (9007199254740993, NULL, '', ''), (-9223372036854775808, 'a' || char(0) || 'b', 'Oʻktam', NULL);
    INSERT INTO groups VALUES (1, -1001234567890, 'G');
    INSERT INTO "odd ""one""" (rowid, a, "$rowid", "__proto__") VALUES (-5, 1, 1.0, x'00ff'), (7, 9e999, -9e999, -0.0),
      (9, CAST(x'61ff' AS TEXT), '1', 5e-324);
    INSERT INTO pairs VALUES ('a', 1, 1), ('a', 2, '1'), ('B', 1, x'31'), ('c', 0, 1.0);
    ANALYZE;
  `);
  return db;
}

async function contentOf(db: DatabaseSync): Promise<Content> {
  return openSqliteSource(db).read(async ({ schema, scans }) => {
    const rows = new Map<string, Row[]>();
    for await (const scan of scans(schema.tables.map((table) => ({ kind: 'table', table })))) {
      const list: Row[] = [];
      for await (const batch of scan.rows) list.push(...batch);
      if (scan.target.kind === 'table') rows.set(scan.target.table.name, list);
    }
    return { schema, rows };
  });
}

async function digests(db: DatabaseSync): Promise<{ tables: TableDigest[]; schema: string }> {
  const sink = createDigestSink();
  await drive(sink, await contentOf(db), 50);
  const tables = sink.result().sort((a, b) => (a.table < b.table ? -1 : 1));
  return { tables, schema: sink.schemaSha256() };
}

/** As plain as a restore can be: tables, rows, then everything else. */
async function rebuild(bytes: Uint8Array): Promise<DatabaseSync> {
  const db = new DatabaseSync(':memory:', { defensive: false });
  db.exec('PRAGMA foreign_keys = OFF');
  for await (const event of readDocument(chunked(bytes, [5000, 1, 77]))) {
    if (event.kind === 'header') {
      const { objects, tables, userVersion, applicationId } = event.schema;
      db.exec(`PRAGMA user_version = ${userVersion}; PRAGMA application_id = ${applicationId}`);
      const own = new Set(tables.flatMap(({ name, kind }) => (kind === 'table' ? [] : [name])));
      const order = objects
        .filter(({ type }) => type === 'table')
        .concat(objects.filter(({ type }) => type !== 'table'));
      for (const { name, sql } of order) if (sql !== null && !own.has(name)) db.exec(sql);
      if (own.has('sqlite_stat1')) db.exec('ANALYZE');
      for (const table of own) db.exec(`DELETE FROM ${quoteName(table)}`);
    }
    if (event.kind === 'rows') for (const row of event.rows) insert(db, event.table, row);
  }
  // Rows with explicit ids have made entries of their own here.
  return db;
}

function insert(db: DatabaseSync, table: TableInfo, row: Row): void {
  const kept = table.columns.filter(({ generated }) => generated === 'no').map(({ name }) => quoteName(name));
  const names = table.withoutRowid ? kept : ['rowid', ...kept];
  const values = row.map((value) => (value instanceof InvalidText ? 'CAST(? AS TEXT)' : '?'));
  const verb = table.name === 'sqlite_sequence' ? 'INSERT OR REPLACE' : 'INSERT';
  const bound = row.map(bindable);
  db.prepare(`${verb} INTO ${quoteName(table.name)} (${names.join(', ')}) VALUES (${values.join(', ')})`).run(
    ...bound,
  );
}

function bindable(value: SqlValue): null | bigint | number | string | Uint8Array {
  return value instanceof InvalidText ? value.bytes : value;
}

test('a database comes back from its document, row for row and object for object', async () => {
  const db = source();
  const out = memoryWriter();
  await drive(createDocumentSink(out, { backupTime: new Date(0), appVersion: '1' }), await contentOf(db), 60);
  const parsed = JSON.parse(new TextDecoder().decode(out.bytes()));
  expect(parsed.anime).toHaveLength(695);
  expect(parsed.anime[0].parts).toHaveLength(3);
  expect(parsed.parts_without_anime).toHaveLength(17);
  expect(parsed.anime[0]).not.toHaveProperty('size');

  const again = await rebuild(out.bytes());
  expect(await digests(again)).toEqual(await digests(db));
  expect(readSqliteSchema(again).tables.map(({ name }) => name)).toHaveLength(
    readSqliteSchema(db).tables.length,
  );
  expect(again.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }]);
  expect(again.prepare("SELECT rowid FROM titles WHERE titles MATCH '690'").all()).toEqual([{ rowid: 690 }]);
});
