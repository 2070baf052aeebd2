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
import { textsAsHex } from './hex-texts.ts';
import { type ScanSql, scanSql } from './scan-sql.ts';
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
  return {
    async read(use) {
      if (!existsSync(options.path)) throw new Error(`database file ${options.path} does not exist`);
      const db = new Database(options.path, { timeout: options.busyTimeoutMs ?? 5_000 });
      const reading: Reading = { db, batchRows: options.batchRows ?? 500, stop: undefined };
      try {
        db.exec('BEGIN');
        const details = readSchema(SCHEMA_QUERIES.map((sql) => readAll(db, sql)));
        const guarded = guardScans((targets) => readScans(reading, details, targets));
        const result = await use({ schema: details.schema, scans: guarded.scans });
        guarded.requireComplete();
        return result;
      } finally {
        reading.stop?.();
        if (db.inTransaction) db.exec('ROLLBACK');
        db.close();
      }
    },
  };
}

interface Reading {
  readonly db: Database.Database;
  readonly batchRows: number;
  /** Ends the statement under way, if there is one. */
  stop: (() => void) | undefined;
}

async function* readScans(
  reading: Reading,
  details: DetailedSchema,
  targets: readonly ScanTarget[],
): AsyncGenerator<{ target: ScanTarget; rows: AsyncIterable<readonly Row[]> }> {
  for (const target of targets) {
    const scans = scanSql(target, details);
    const rows = (async function* () {
      for (const scan of scans) yield* readRows(reading, scan);
    })();
    yield { target, rows };
  }
}

async function* readRows(reading: Reading, scan: ScanSql): AsyncGenerator<readonly Row[]> {
  const { db, batchRows } = reading;
  const rows = db.prepare(embeddedSelect(scan)).raw().safeIntegers().iterate();
  reading.stop = () => drainStatement(db, rows);
  const next = (): unknown[] | undefined => {
    const stop = reading.stop;
    reading.stop = undefined; // an error or the end: SQLite has halted the statement itself
    const { done, value } = rows.next();
    if (done) return undefined;
    reading.stop = stop;
    if (!Array.isArray(value)) throw new TypeError('libsql returned a row that is no array');
    return value;
  };
  while (reading.stop !== undefined) {
    const batch: unknown[][] = [];
    let bytes = 0;
    while (batch.length < batchRows && bytes < BATCH_BYTES) {
      const row = next();
      if (row === undefined) break;
      for (const value of row) bytes += sizeOf(value);
      batch.push(row);
    }
    if (batch.length > 0)
      yield readHexRows(scan, batch, (rowid, position) => fetchLarge(db, scan, rowid, position));
    await new Promise(setImmediate);
  }
}

function sizeOf(value: unknown): number {
  if (typeof value === 'string') return value.length / 2;
  return value instanceof Uint8Array ? value.byteLength : 0;
}

/** A schema query; its texts go the same safe way as everybody's. */
function readAll(db: Database.Database, sql: string): Row[] {
  const { length } = db.prepare(sql).columns();
  const rows = db.prepare(textsAsHex(sql, length)).raw().safeIntegers().all();
  const layout = Array.from({ length }, (_, index) => index);
  return readHexRows({ layoutOf: () => layout }, rows.filter(Array.isArray), () => {
    throw new Error('a schema query has no large values');
  });
}
