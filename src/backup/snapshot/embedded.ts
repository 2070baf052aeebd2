/**
 * The snapshot of an embedded database: one connection, one read transaction, rows as they come. Writers are not held up
 * (WAL), and the event loop gets its turn after every batch. Node only: `libsql` is a native package.
 */
import { existsSync } from 'node:fs';
import Database from 'libsql';
import type { Row, ScanTarget, SnapshotSource } from '../model.ts';
import { drainStatement } from './drain.ts';
import { embeddedSelect, fetchLarge, readHexRows } from './embedded-rows.ts';
import { guardScans } from './guarded-scans.ts';
import { scanSql } from './scan-sql.ts';
import { type DetailedSchema, readSchema, SCHEMA_QUERIES } from './schema.ts';

export interface EmbeddedSnapshotOptions {
  /** The database file. */
  readonly path: string;
  /** Most rows in a batch, 500 by default. */
  readonly batchRows?: number;
  /** How long to wait for a lock, ms; a reader in WAL mode waits only for crash recovery. */
  readonly busyTimeoutMs?: number;
}

/** A batch is cut short when its texts and blobs reach this many bytes. */
const BATCH_BYTES = 256 * 1024;

/**
 * Opens snapshots of a database file. Schema and rows come from one transaction, so {@link SchemaChanged} never happens here.
 * Rejects when the file does not exist (it is never made) or its encoding is not UTF-8.
 */
export function openEmbeddedSnapshotSource(options: EmbeddedSnapshotOptions): SnapshotSource {
  const batchRows = options.batchRows ?? 500;
  return {
    async read(use) {
      if (!existsSync(options.path)) throw new Error(`database file ${options.path} does not exist`);
      const db = new Database(options.path, { timeout: options.busyTimeoutMs ?? 5_000 });
      try {
        db.exec('BEGIN');
        const details = readSchema(SCHEMA_QUERIES.map((sql) => readAll(db, sql)));
        const guarded = guardScans((targets) => readScans(db, details, targets, batchRows));
        const result = await use({ schema: details.schema, scans: guarded.scans });
        guarded.requireComplete();
        return result;
      } finally {
        if (db.inTransaction) db.exec('ROLLBACK');
        db.close();
      }
    },
  };
}

async function* readScans(
  db: Database.Database,
  details: DetailedSchema,
  targets: readonly ScanTarget[],
  batchRows: number,
): AsyncGenerator<{ target: ScanTarget; rows: AsyncIterable<readonly Row[]> }> {
  for (const target of targets) yield { target, rows: readRows(db, details, target, batchRows) };
}

async function* readRows(
  db: Database.Database,
  details: DetailedSchema,
  target: ScanTarget,
  batchRows: number,
): AsyncGenerator<readonly Row[]> {
  const scan = scanSql(target, details);
  const statement = db.prepare(embeddedSelect(scan)).raw().safeIntegers();
  const rows = statement.iterate();
  let running = true;
  const next = (): unknown[] | undefined => {
    running = false; // an error or the end: SQLite has halted the statement itself
    const { done, value } = rows.next();
    if (done) return undefined;
    running = true;
    if (!Array.isArray(value)) throw new TypeError('libsql returned a row that is no array');
    return value;
  };
  try {
    while (running) {
      const batch: unknown[][] = [];
      let bytes = 0;
      while (batch.length < batchRows && bytes < BATCH_BYTES) {
        const row = next();
        if (row === undefined) break;
        bytes += row.reduce<number>((sum, value) => sum + sizeOf(value), 0);
        batch.push(row);
      }
      if (batch.length > 0)
        yield readHexRows(scan, batch, (rowid, position) => fetchLarge(db, scan, rowid, position));
      await new Promise(setImmediate);
    }
  } finally {
    if (running) drainStatement(db, rows);
  }
}

function sizeOf(value: unknown): number {
  if (typeof value === 'string') return value.length / 2;
  return value instanceof Uint8Array ? value.byteLength : 0;
}

function readAll(db: Database.Database, sql: string): Row[] {
  // The schema's own texts go the same safe way as everybody's.
  const columns = db
    .prepare(sql)
    .columns()
    .map((_, index) => `c${index}`);
  const values = columns.map((name) => `CASE typeof(${name}) WHEN 'text' THEN hex(${name}) ELSE ${name} END`);
  const wrapped = `WITH answer(${columns.join(', ')}) AS (${sql}) SELECT ${values.join(', ')} FROM answer`;
  const rows = db.prepare(wrapped).raw().safeIntegers().all();
  const layout = columns.map((_, index) => index);
  return readHexRows({ layout, rowid: undefined }, rows.filter(Array.isArray), () => {
    throw new Error('a schema query has no large values');
  });
}
