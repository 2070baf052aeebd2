/**
 * The snapshot of a database file that nobody writes to: a backup on disk, an uploaded file, a copy
 * made for the purpose. Read with Node's own SQLite, exactly. Never for a file that the bot has
 * open: two SQLite libraries in one process undo each other's locks (sqlite.org/howtocorrupt.html
 * 2.2.1). Node only.
 */
import { existsSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { OWN_SUBQUERY, openForeignFile } from '../foreign/connection.ts';
import type { Row, RowBatch, ScanTarget, Snapshot, SnapshotSource, SqlValue } from '../model/model.ts';
import { textOfBytes } from '../model/text-bytes.ts';
import { guardScans } from './guarded-scans.ts';
import { questionsBy } from './questions.ts';
import { rowForm } from './row-form.ts';
import { fixedLayout, type ScanSql, scanSql, selectSql } from './scan-sql.ts';
import { type DetailedSchema, readSchema, SCHEMA_QUERIES } from './schema.ts';
import { type StoredFile, storedRows } from './stored-rows.ts';
import { MOST_EXPRESSIONS } from './too-wide.ts';

export interface FileSnapshotOptions {
  /** The database file. */
  readonly path: string;
  /** Most rows in a batch, 500 by default. */
  readonly batchRows?: number | undefined;
}

const BATCH_ROWS = 500;
/** A batch is cut short when its texts and blobs reach this many bytes. */
const BATCH_BYTES = 256 * 1024;
interface BatchLimits {
  readonly rows: number;
  readonly bytes: number;
}
/** What Node's binding puts where a text's bytes are no UTF-8; it may also really stand there. */
const REPLACEMENT = '\ufffd';

/**
 * Opens snapshots of a file. Rejects when it does not exist (it is never made), is no database, or
 * its encoding is not UTF-8.
 */
export function openFileSnapshotSource({ path, batchRows }: FileSnapshotOptions): SnapshotSource {
  const within = async <T>(work: (db: DatabaseSync) => T | Promise<T>): Promise<T> => {
    if (!existsSync(path)) throw new Error(`database file ${path} does not exist`);
    const { db, close } = openForeignFile(path);
    try {
      db.exec('BEGIN');
      return await work(db);
    } finally {
      close();
    }
  };
  return {
    ...questionsBy((queries) => within((db) => queries.map((sql) => answerTo(db, sql)))),
    read: (use) => within((db) => readSnapshot(db, { batchRows }, use)),
  };
}

/**
 * A copy of our own, read only; takes schemas as they are, double-quoted literals of old programs
 * included.
 */
export function openFile(location: string | URL): DatabaseSync {
  return new DatabaseSync(location, { readOnly: true, enableDoubleQuotedStringLiterals: true });
}

export interface ReadOptions {
  readonly batchRows?: number | undefined;
  /** The same file by its pages, where SQLite itself has just written it. */
  readonly stored?: StoredFile | undefined;
}

/** Reads in the transaction that `db` is in, or in the standstill of its file. */
export async function readSnapshot<T>(
  db: DatabaseSync,
  options: ReadOptions,
  use: (snapshot: Snapshot) => Promise<T>,
): Promise<T> {
  const details = readSchema(SCHEMA_QUERIES.map((sql) => answerTo(db, sql)));
  const guarded = guardScans((targets) => readScans(db, details, targets, options));
  const result = await use({ schema: details.schema, scans: guarded.scans });
  guarded.requireComplete();
  return result;
}

async function* readScans(
  db: DatabaseSync,
  details: DetailedSchema,
  targets: readonly ScanTarget[],
  { batchRows, stored }: ReadOptions,
): AsyncGenerator<{ target: ScanTarget; rows: AsyncIterable<RowBatch> }> {
  const limits = { rows: batchRows ?? BATCH_ROWS, bytes: BATCH_BYTES };
  for (const target of targets) {
    const rows = (async function* () {
      for (const scan of scanSql(target, details)) {
        const table = target.kind === 'table' ? target.table : undefined;
        const pages = stored && table && storedRows(stored, table, batchRows);
        for (const batch of pages === undefined
          ? readScan(db, scan, limits)
          : readOn(db, scan, pages, limits)) {
          yield batch;
          // The rest of the process gets its turn.
          await new Promise(setImmediate);
        }
      }
    })();
    yield { target, rows };
  }
}

/** As the pages have them; from where these need SQL, by SQL. */
function* readOn(
  db: DatabaseSync,
  scan: ScanSql,
  pages: Generator<RowBatch, boolean>,
  limits: BatchLimits,
): Generator<RowBatch> {
  let passed = 0;
  for (;;) {
    const { done, value } = pages.next();
    if (done === true) {
      if (!value) yield* batches(exactRows(db, scan, passed), limits);
      return;
    }
    passed += value.length;
    yield value;
  }
}

/**
 * As the values stand; from the first text on that may hold something else than it shows, by the
 * bytes of the texts.
 */
function* readScan(db: DatabaseSync, scan: ScanSql, limits: BatchLimits): Generator<readonly Row[]> {
  const plain = plainRows(db, scan);
  let passed = 0;
  for (const batch of batches(plain, limits)) {
    if (batch.some((row) => row.some((value) => typeof value === 'string' && value.includes(REPLACEMENT)))) {
      yield* batches(exactRows(db, scan, passed), limits);
      return;
    }
    passed += batch.length;
    yield batch;
  }
}

function plainRows(db: DatabaseSync, scan: ScanSql): Iterable<Row> {
  const layout = fixedLayout(scan);
  const { values } = scan;
  // Where all rows are of one kind, SQLite hands them out as they are wanted.
  const order = layout ?? values.keys().toArray();
  const ordered = order.map((position) => values[position]?.sql ?? 'NULL');
  const rows = wideRows(db, ordered, (expressions) => selectSql(scan, expressions));
  return layout === undefined ? laidOut(rows, scan) : rows;
}

function* laidOut(rows: Iterable<Row>, { layoutOf }: ScanSql): Generator<Row> {
  for (const row of rows) yield layoutOf(row[0] ?? null).map((position) => row[position] ?? null);
}

function* exactRows(db: DatabaseSync, scan: ScanSql, offset: number): Generator<Row> {
  const form = rowForm(scan, 'exact');
  const rest = wideRows(
    db,
    form.expressions,
    (expressions) => `${selectSql(scan, expressions)} LIMIT -1 OFFSET ${offset}`,
  );
  for (const row of rest) yield form.readRow(row);
}

/** Of a table with more, two queries in the same order give a row together. */

function wideRows(
  db: DatabaseSync,
  expressions: readonly string[],
  sqlOf: (expressions: readonly string[]) => string,
): Iterable<Row> {
  const first = rowsOf(statement(db, sqlOf(expressions.slice(0, MOST_EXPRESSIONS))));
  const others = expressions.slice(MOST_EXPRESSIONS);
  return others.length === 0 ? first : joined(first, rowsOf(statement(db, sqlOf(others))));
}

function* joined(rows: Iterable<Row>, others: Iterable<Row>): Generator<Row> {
  const rest = others[Symbol.iterator]();
  for (const row of rows) yield [...row, ...((rest.next().value as Row | undefined) ?? [])];
}

function statement(db: DatabaseSync, sql: string): StatementSync {
  const prepared = db.prepare(sql);
  prepared.setReadBigInts(true);
  prepared.setReturnArrays(true);
  return prepared;
}

/** The binding's types know of rows as objects only. */
function rowsOf(prepared: StatementSync): Iterable<Row> {
  return prepared.iterate() as Iterable<unknown> as Iterable<Row>;
}

function* batches(rows: Iterable<Row>, limits: BatchLimits): Generator<Row[]> {
  let batch: Row[] = [];
  let bytes = 0;
  for (const row of rows) {
    batch.push(row);
    for (const value of row) bytes += sizeOf(value);
    if (batch.length < limits.rows && bytes < limits.bytes) continue;
    yield batch;
    batch = [];
    bytes = 0;
  }
  if (batch.length > 0) yield batch;
}

function sizeOf(value: SqlValue): number {
  if (typeof value === 'string') return value.length;
  return value instanceof Uint8Array ? value.byteLength : 0;
}

/** The rows of a query; its texts come as their bytes. */
export function answerTo(db: DatabaseSync, sql: string): Row[] {
  const names = db
    .prepare(sql)
    .columns()
    .map((_, index) => `c${index}`);
  const values = names.map(
    (name) => `CASE typeof(${name}) WHEN 'text' THEN CAST(${name} AS BLOB) ELSE ${name} END`,
  );
  const exact = `WITH ${OWN_SUBQUERY}(${names.join(', ')}) AS (${sql}\n) SELECT ${values.join(', ')} FROM ${OWN_SUBQUERY}`;
  return [...rowsOf(statement(db, exact))].map((row) =>
    row.map((value) => (value instanceof Uint8Array ? textOfBytes(value) : value)),
  );
}
