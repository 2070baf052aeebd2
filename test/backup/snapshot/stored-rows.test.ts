/**
 * Rows that pass as bytes (table-reader.ts, canonical-json.ts) make the same document and the same
 * digests as those that SQLite hands out as values.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createDocumentSink } from '../../../src/backup/document/writer.ts';
import { createDigestSink, type TableDigest } from '../../../src/backup/model/digest.ts';
import { feed } from '../../../src/backup/model/fan-out.ts';
import type { SnapshotSource } from '../../../src/backup/model/model.ts';
import { openEmbeddedSnapshotSource } from '../../../src/backup/snapshot/embedded.ts';
import { openFileSnapshotSource } from '../../../src/backup/snapshot/file.ts';
import { openStored, storedRows } from '../../../src/backup/snapshot/stored-rows.ts';
import '../../support/property-seed.ts';
import { anyValue, build, invalidText, tablePlan } from './random-database.ts';
import { makeDatabase, type TestDatabase } from './rig.ts';

interface Made {
  readonly document: string;
  readonly digests: readonly TableDigest[];
  /** Tables whose rows came as bytes. */
  readonly encoded: readonly string[];
}

async function made(source: SnapshotSource, maxRowBytes?: number): Promise<Made> {
  const chunks: Uint8Array[] = [];
  const out = {
    write: async (chunk: Uint8Array) => void chunks.push(Uint8Array.from(chunk)),
    close: async () => {},
    abort: async () => {},
  };
  const digest = createDigestSink();
  const encoded = new Set<string>();
  let table = '';
  const watch = {
    ...digest,
    beginScan(target: Parameters<typeof digest.beginScan>[0]) {
      table = target.kind === 'table' ? target.table.name : '';
      return digest.beginScan(target);
    },
    rows(batch: Parameters<typeof digest.rows>[0]) {
      if (batch.encoded !== undefined) encoded.add(table);
      return digest.rows(batch);
    },
  };
  const meta = { backupTime: new Date(0), appVersion: 'test' };
  const document = createDocumentSink(out, meta, maxRowBytes === undefined ? {} : { maxRowBytes });
  await source.read((snapshot) => feed(snapshot, { ordered: document, others: [watch] }, async () => {}));
  await Promise.all([document.finish(), digest.finish()]);
  return {
    document: Buffer.concat(chunks).toString('latin1'),
    digests: digest.result(),
    encoded: [...encoded],
  };
}

async function bothWays(database: TestDatabase, batchRows?: number): Promise<Made> {
  const path = database.file;
  const stored = await made(openEmbeddedSnapshotSource({ path, ...(batchRows && { batchRows }) }));
  // A copy by SQLite puts virtual tables behind all others.
  database.db.exec(`VACUUM INTO '${path}.other'`);
  const byValues = await made(openFileSnapshotSource({ path: `${path}.other` }));
  expect(byValues.encoded).toEqual([]);
  expect(stored.digests).toEqual(byValues.digests);
  // Whole documents would fill the screen.
  expect(firstDifference(stored.document, byValues.document)).toBeUndefined();
  return stored;
}

function firstDifference(a: string, b: string): readonly [string, string] | undefined {
  if (a === b) return undefined;
  let at = 0;
  while (a[at] === b[at]) at += 1;
  return [a.slice(at - 50, at + 50), b.slice(at - 50, at + 50)];
}

test('of random schemas and contents', { timeout: 60_000 }, async () => {
  const value = fc.oneof({ weight: 9, arbitrary: anyValue }, { weight: 1, arbitrary: invalidText });
  await fc.assert(
    fc.asyncProperty(tablePlan(value), fc.constantFrom(undefined, 1, 3), async (plan, batchRows) => {
      const database = build(plan);
      await bothWays(database, batchRows);
      database.db.close();
    }),
    { numRuns: 60 },
  );
});

/** Around every change of a serial type, of a varint's length, of a double's exactness. */
const EDGES = [0, 1, 7, 8, 15, 16, 23, 24, 31, 32, 33, 47, 48, 52, 53, 54, 62].flatMap((bit) =>
  [-1n, 0n, 1n].flatMap((by) => [2n ** BigInt(bit) + by, -(2n ** BigInt(bit)) + by]),
);
const ENDS = [2n ** 63n - 1n, -(2n ** 63n), 99_999_999n, 100_000_000n, 9_999_999_999n, -100_000_001n];
const INTEGERS = [...new Set([...EDGES, ...ENDS])].map(String);
const REALS = ['0.0', '-0.0', '1.0', '0.1', '1e21', '5e-324', '2.2250738585072014e-308', '9e999', '-9e999'];

test('of every integer and rowid at an edge, every REAL, as any column may hold them', async () => {
  const values = [...INTEGERS, ...REALS, 'NULL', "''", "x''", "x'00ff'"];
  const database = makeDatabase(`
    CREATE TABLE keyed (id INTEGER PRIMARY KEY, i INTEGER, r REAL, t TEXT, n NUMERIC, b);
    CREATE TABLE bare (i INTEGER, r REAL, t TEXT, n NUMERIC, b);
    ${INTEGERS.map((id) => `INSERT INTO keyed (id, b) VALUES (${id}, 1);`).join('')}
    ${values.map((v) => `INSERT INTO bare VALUES (${v}, ${v}, ${v}, ${v}, ${v});`).join('')}
    INSERT INTO bare (rowid, b) VALUES (-9223372036854775808, 'least'), (9223372036854775807, 'most');`);
  expect((await bothWays(database)).encoded).toEqual(['keyed', 'bare']);
});

test('of every byte a text can have, at every place in a word, valid or not', async () => {
  const database = makeDatabase('CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT)');
  const insert = database.db.prepare('INSERT INTO t (a) VALUES (CAST(? AS TEXT))');
  database.db.exec('BEGIN');
  for (let byte = 0; byte < 256; byte += 1)
    for (let before = 0; before < 6; before += 1)
      for (const after of [0, 3, 70])
        insert.run([
          Buffer.concat([Buffer.alloc(before, 'a'), Buffer.from([byte]), Buffer.alloc(after, 'z')]),
        ]);
  for (const text of ['o‘lim', '💥', '\ufeffx', '\ufffd', '\u2028', '"\\\b\f\n\r\t\x7f'])
    for (const padding of [0, 1, 2, 3, 60, 64, 65]) insert.run([Buffer.from(text + 'p'.repeat(padding))]);
  // Half a pair in the way of CESU-8, too long a form, cut off.
  for (const bytes of ['eda080', 'c080', 'f09f92', 'f4908080']) insert.run([Buffer.from(bytes, 'hex')]);
  database.db.exec('COMMIT');
  expect((await bothWays(database)).encoded).toEqual(['t']);
});

test('of rows on many pages, and wider or longer than one', async () => {
  const columns = Array.from({ length: 300 }, (_, i) => `c${i}`);
  const database = makeDatabase(`
    CREATE TABLE long (id INTEGER PRIMARY KEY, a TEXT, b BLOB);
    CREATE TABLE wide (${columns.join(', ')});
    CREATE TABLE many (id INTEGER PRIMARY KEY, a TEXT);
    INSERT INTO wide SELECT ${columns.map((_, i) => `'v${i}'`).join(', ')}`);
  const insert = database.db.prepare('INSERT INTO long (a, b) VALUES (?, zeroblob(?))');
  for (const size of [4050, 4060, 4061, 4062, 4070, 8150, 8160, 70_000, 1_500_000])
    insert.run(`${'x'.repeat(size)}"`, size % 3 === 0 ? size : 0);
  // Six bytes of JSON for each.
  for (let row = 0; row < 3; row += 1) insert.run('\u0001'.repeat(400_000), 0);
  insert.run('small again', 0);
  database.db.exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40000)
    INSERT INTO many SELECT i * 3, 'row ' || i FROM n`);
  expect((await bothWays(database)).encoded).toEqual(['long', 'wide', 'many']);
});

test('columns that came later, derived columns and keys that are no rowid take SQL', async () => {
  const database = makeDatabase(`
    CREATE TABLE grown (id INTEGER PRIMARY KEY, a); INSERT INTO grown (a) VALUES (1), (2);
    ALTER TABLE grown ADD COLUMN b TEXT DEFAULT 'said later'; INSERT INTO grown (a, b) VALUES (3, 'x');
    CREATE TABLE mixed (id INTEGER PRIMARY KEY, a); INSERT INTO mixed (a) VALUES ('first'), ('second'), ('third');
    ALTER TABLE mixed ADD COLUMN b TEXT DEFAULT 'said later'; UPDATE mixed SET a = 'changed' WHERE id = 1;
    CREATE TABLE regrown (id INTEGER PRIMARY KEY, a); INSERT INTO regrown (a) VALUES (1);
    ALTER TABLE regrown ADD COLUMN r REAL DEFAULT 5; UPDATE regrown SET a = 2; INSERT INTO regrown (a) VALUES (3);
    CREATE TABLE derived (a, b AS (a + 1) STORED, c AS (a * 2)); INSERT INTO derived VALUES (1);
    CREATE TABLE keyed (a TEXT PRIMARY KEY, b) WITHOUT ROWID; INSERT INTO keyed VALUES ('k', 1);
    CREATE VIRTUAL TABLE f USING fts5(x); INSERT INTO f VALUES ('matn');
    CREATE TABLE counted (id INTEGER PRIMARY KEY AUTOINCREMENT); INSERT INTO counted DEFAULT VALUES`);
  const { encoded } = await bothWays(database);
  expect(encoded).toContain('regrown');
  expect(encoded).toContain('counted');
  expect(encoded).not.toContain('derived');
  expect(encoded).not.toContain('keyed');
});

test('a NaN, which no SQL can store, is NULL, as SQLite reads it', async () => {
  const { file, db } = makeDatabase('CREATE TABLE t (a); INSERT INTO t VALUES (1.2345e250)');
  db.exec('PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE');
  db.close();
  const sign = Buffer.alloc(8);
  sign.writeDoubleBE(1.2345e250);
  const bytes = readFileSync(file);
  bytes.writeDoubleBE(Number.NaN, bytes.indexOf(sign));
  writeFileSync(file, bytes);
  expect((await made(openEmbeddedSnapshotSource({ path: file }))).document).toContain('"a":null');
});

test('a row that is too large for a document is refused by its table', async () => {
  const { file } = makeDatabase('CREATE TABLE t (a); INSERT INTO t VALUES (1), (hex(zeroblob(500)))');
  await expect(made(openEmbeddedSnapshotSource({ path: file }), 1000)).rejects.toThrow(
    'a row of t takes more than 1000 bytes as JSON',
  );
});

test('two tables of one file that are read in turns give their own rows', async () => {
  const { db, file } = makeDatabase(`CREATE TABLE a (v); CREATE TABLE b (v);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
      INSERT INTO a SELECT 'a' || i || hex(zeroblob(50)) FROM n;
    INSERT INTO b SELECT replace(v, 'a', 'b') FROM a;`);
  const path = `${file}.copy`;
  db.exec(`VACUUM INTO '${path}'`);
  db.close();
  const opened = new DatabaseSync(path, { readOnly: true });
  const { tables } = await openFileSnapshotSource({ path }).schema();
  const { stored, close } = openStored(opened, path);
  const left = tables.map((table) => ({ table, rows: stored && storedRows(stored, table, 7), seen: 0 }));
  for (let isMore = true; isMore; )
    for (const one of left) {
      const { done, value } = one.rows?.next() ?? { done: true };
      isMore = done !== true;
      for (const [, text] of typeof value === 'object' ? value : []) {
        one.seen += 1;
        if (!String(text).startsWith(`${one.table.name}${one.seen}0`))
          throw new Error(`${one.seen}: ${text}`);
      }
    }
  expect(left.map(({ table, seen }) => `${table.name} ${seen}`)).toEqual(['a 20000', 'b 20000']);
  close();
  opened.close();
});
