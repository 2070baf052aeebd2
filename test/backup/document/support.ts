/**
 * Schemas with rows, and a runner that drives sinks with them as a snapshot would. Runs in Node and
 * in workerd.
 */
import type {
  ColumnInfo,
  DatabaseSchema,
  HeadLastWriter,
  Row,
  ScanTarget,
  SnapshotSink,
  TableInfo,
} from '../../../src/backup/model/model.ts';

export interface Content {
  readonly schema: DatabaseSchema;
  /** Rows as a table scan delivers them. */
  readonly rows: ReadonlyMap<string, readonly Row[]>;
}

export function column(name: string, more: Partial<ColumnInfo> = {}): ColumnInfo {
  return {
    name,
    declaredType: '',
    notNull: false,
    defaultValue: null,
    primaryKey: 0,
    generated: 'no',
    ...more,
  };
}

export function table(
  name: string,
  columns: readonly (string | ColumnInfo)[],
  more: Partial<TableInfo> = {},
): TableInfo {
  return {
    name,
    sql: null,
    kind: 'table',
    withoutRowid: false,
    strict: false,
    autoincrement: false,
    rowidAlias: null,
    columns: columns.map((given) => (typeof given === 'string' ? column(given) : given)),
    ...more,
  };
}

export function schemaOf(tables: readonly TableInfo[], more: Partial<DatabaseSchema> = {}): DatabaseSchema {
  return { objects: [], tables, indexes: [], userVersion: 3, applicationId: 7, schemaVersion: 9, ...more };
}

/** The rows of a scan, as model.ts words it. */
function scanRows({ rows }: Content, target: ScanTarget): Row[] {
  if (target.kind === 'index') throw new Error('no index scans here');
  if (target.kind === 'table') return [...(rows.get(target.table.name) ?? [])];
  const children = new Set(rows.get(target.child.name) ?? []);
  const scanned: Row[] = [];
  for (const parent of rows.get(target.parent.name) ?? []) {
    scanned.push([0n, ...parent]);
    const code = parent[target.parentKey + 1];
    for (const child of children) {
      if (code === null || child[target.childKey + 1] !== code) continue;
      scanned.push([1n, ...child]);
      children.delete(child);
    }
  }
  return [...scanned, ...[...children].map((child): Row => [2n, ...child])];
}

/** Drives a sink as the runner does, with batches of `batchSize` rows. */
export async function drive(sink: SnapshotSink, content: Content, batchSize = 3): Promise<void> {
  const targets = sink.targets(content.schema);
  await sink.begin(content.schema);
  for (const target of targets) {
    await sink.beginScan(target);
    const rows = scanRows(content, target);
    for (let i = 0; i < rows.length; i += batchSize) await sink.rows(rows.slice(i, i + batchSize));
    await sink.endScan();
  }
  await sink.finish();
}

/** A writer into memory; `bytes` is known once it was closed. */
export function memoryWriter(): HeadLastWriter<void> & { bytes(): Uint8Array } {
  const chunks: Uint8Array[] = [];
  let closed = false;
  return {
    async write(chunk) {
      if (closed) throw new Error('write after close');
      chunks.push(chunk.slice());
    },
    async close(head) {
      closed = true;
      chunks.unshift(head.slice());
    },
    async abort() {},
    bytes() {
      if (!closed) throw new Error('not closed');
      return new Uint8Array(Buffer.concat(chunks));
    },
  };
}

/** The same bytes in chunks whose sizes repeat `sizes`. */
export async function* chunked(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? bytes.length;
    yield bytes.slice(at, at + size);
    at += size;
  }
}
