/** What the tests share: writing a file into memory, and comparing databases by a real SQLite. */
import { DatabaseSync } from 'node:sqlite';
import { expect } from 'vitest';
import type { HeadLastWriter, Row, RowSource } from '../../../src/backup/model/model.ts';
import type { FileLimits } from '../../../src/backup/sqlite/format.ts';
import { createSqliteSink } from '../../../src/backup/sqlite/sqlite-sink.ts';
import {
  indexTerms,
  openSqliteSource,
  quoteName,
  readSqliteSchema,
  rowidName,
} from '../../support/sqlite-source.ts';

/**
 * Keeps what is written; copies each chunk late, as a slow writer would, to catch a chunk that is
 * reused too early.
 */
export function memoryWriter(): HeadLastWriter<void> & {
  bytes(): Uint8Array<ArrayBuffer>;
  readonly sizes: number[];
} {
  const chunks: Uint8Array[] = [];
  let closed: Uint8Array | undefined;
  return {
    sizes: [],
    async write(chunk) {
      this.sizes.push(chunk.length);
      await Promise.resolve();
      chunks.push(new Uint8Array(chunk));
    },
    async close(head) {
      closed = new Uint8Array(head);
    },
    async abort() {
      chunks.length = 0;
    },
    bytes() {
      if (closed === undefined) throw new Error('never closed');
      return new Uint8Array(Buffer.concat([closed, ...chunks]));
    },
  };
}

export async function writeFile(source: RowSource, limits?: FileLimits): Promise<Uint8Array<ArrayBuffer>> {
  const out = memoryWriter();
  const sink = createSqliteSink(out, limits);
  await source.read(async (snapshot) => {
    await sink.begin(snapshot.schema);
    for await (const { target, rows } of snapshot.scans(sink.targets(snapshot.schema))) {
      await sink.beginScan(target);
      for await (const batch of rows) await sink.rows(batch);
      await sink.endScan();
    }
    await sink.finish();
  });
  const bytes = out.bytes();
  expect(sink.pages).toBe(bytes.length / 4096);
  return bytes;
}

export function openBytes(bytes: Uint8Array<ArrayBuffer>): DatabaseSync {
  const db = new DatabaseSync(':memory:');
  db.deserialize(bytes);
  return db;
}

/** Writes `original` and opens the result, after every check that holds for any database. */
export async function copyDatabase(original: DatabaseSync): Promise<DatabaseSync> {
  const bytes = await writeFile(openSqliteSource(original));
  const copy = openBytes(bytes);
  expect(integrity(copy)).toEqual(['ok']);
  expect(copy.prepare('PRAGMA foreign_key_check').all()).toEqual(
    original.prepare('PRAGMA foreign_key_check').all(),
  );
  expect(header(copy)).toEqual({
    ...header(original),
    page_count: bytes.length / 4096,
    page_size: 4096,
    freelist_count: 0,
  });
  compareContents(original, copy, { rowids: true });
  compareIndexes(original, copy);
  return copy;
}

export function integrity(db: DatabaseSync): string[] {
  return db
    .prepare('PRAGMA integrity_check')
    .all()
    .flatMap((row) => String(row['integrity_check']).split('\n'));
}

/** `VACUUM INTO` of `db`, in memory; it may give new rowids to tables without INTEGER PRIMARY KEY,
 * and puts all tables first in sqlite_schema. */
export function vacuumInto(db: DatabaseSync, name: string): DatabaseSync {
  const uri = `file:${name}?mode=memory&cache=shared`;
  const target = new DatabaseSync(uri);
  db.exec(`VACUUM INTO '${uri}'`);
  return target;
}

/** Every object's text, every row, the type of every value. */
export function compareContents(
  expected: DatabaseSync,
  actual: DatabaseSync,
  options: { rowids: boolean },
): void {
  const objectOrder = options.rowids ? 'rowid' : 'type, name';
  const objects = `SELECT type, name, tbl_name, sql, rootpage > 0 AS stored FROM sqlite_schema ORDER BY ${objectOrder}`;
  expect(actual.prepare(objects).all()).toEqual(expected.prepare(objects).all());
  for (const table of readSqliteSchema(expected).tables) {
    const columns = table.columns.map((column) => quoteName(column.name));
    const rowid = table.withoutRowid ? '' : rowidName(table);
    if (rowid !== '' && (options.rowids || table.rowidAlias !== null)) columns.push(rowid);
    const order = rowid === '' ? '' : `ORDER BY ${rowid}`;
    const sql = `SELECT ${exactly(columns)} FROM ${quoteName(table.name)} NOT INDEXED ${order}`;
    // Without a rowid the planner chooses the order.
    expectSameRows(expected, actual, sql, { sort: rowid === '' });
  }
}

/**
 * Every index walked in its order: for what it holds (integrity_check knows that it leads to its
 * rows), and counted.
 */
function compareIndexes(expected: DatabaseSync, actual: DatabaseSync): void {
  const schema = readSqliteSchema(expected);
  for (const index of schema.indexes) {
    const table = schema.tables.find((candidate) => candidate.name === index.table);
    const parsed = index.sql === null ? undefined : indexTerms(index.sql);
    const keys = index.columns.filter((column) => column.key);
    const terms = keys.map((column, position) =>
      column.columnId >= 0
        ? quoteName(table?.columns[column.columnId]?.name ?? '')
        : (parsed?.terms[position] ?? '').replace(/\s+(ASC|DESC)\s*$/i, ''),
    );
    const from = `FROM ${quoteName(index.table)} INDEXED BY ${quoteName(index.name)} ${parsed?.where ?? ''}`;
    const order = terms.map(
      (term, at) => `${term} COLLATE ${keys[at]?.collation} ${keys[at]?.descending ? 'DESC' : ''}`,
    );
    expectSameRows(expected, actual, `SELECT ${exactly(terms)} ${from} ORDER BY ${order.join(', ')}`);
    expectSameRows(expected, actual, `SELECT count(*) ${from}`);
  }
}

function exactly(terms: readonly string[]): string {
  return terms
    .map((term) => `typeof(${term}), iif(typeof(${term}) = 'text', CAST(${term} AS BLOB), ${term})`)
    .join(', ');
}

function expectSameRows(
  expected: DatabaseSync,
  actual: DatabaseSync,
  sql: string,
  options?: { sort: boolean },
): void {
  const left = allRows(expected, sql);
  const right = allRows(actual, sql);
  if (options?.sort === true) for (const rows of [left, right]) rows.sort();
  const different = left.findIndex((row, at) => row !== right[at]);
  if (different >= 0 || left.length !== right.length) {
    expect.fail(`${sql}\n${left.length} rows, got ${right.length}\n${left[different]}\n${right[different]}`);
  }
}

function allRows(db: DatabaseSync, sql: string): string[] {
  const statement = db.prepare(sql);
  statement.setReadBigInts(true);
  statement.setReturnArrays(true);
  return statement.all().map((row) => Object.values(row).map(show).join());
}

function show(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1');
  return Object.is(value, -0) ? '-0' : String(value);
}

function header(db: DatabaseSync): Record<string, unknown> {
  const names = [
    'user_version',
    'application_id',
    'schema_version',
    'encoding',
    'auto_vacuum',
    'page_size',
    'page_count',
    'freelist_count',
  ];
  return Object.fromEntries(
    names.map((name) => [name, Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0]]),
  );
}

/**
 * Writes a file with the schema of `ddl` and rows given directly, by table or index; what is not
 * named stays empty.
 */
export async function writeRows(
  ddl: string,
  rows: Readonly<Record<string, readonly Row[]>>,
  limits?: FileLimits,
): Promise<Uint8Array<ArrayBuffer>> {
  using db = new DatabaseSync(':memory:');
  db.exec(ddl);
  const schema = readSqliteSchema(db);
  const out = memoryWriter();
  const sink = createSqliteSink(out, limits);
  await sink.begin(schema);
  for (const target of sink.targets(schema)) {
    if (target.kind === 'nested') throw new Error('a sqlite file has no nested rows');
    await sink.beginScan(target);
    await sink.rows(rows[target.kind === 'table' ? target.table.name : target.index.name] ?? []);
    await sink.endScan();
  }
  await sink.finish();
  return out.bytes();
}
