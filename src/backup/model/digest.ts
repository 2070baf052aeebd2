/**
 * Logical digests: SHA-256 over a table's contents in a canonical encoding, so that two databases
 * (or a database and a backup of it) hold the same rows exactly when their digests agree, whatever
 * their files look like. The encoding is specified in docs/formats.md, "Digests".
 */
import { Buffer } from 'node:buffer';
import { createHash, type Hash } from 'node:crypto';
import { HEAD_BYTES, NUMBER_BYTES, TAG } from './canonical.ts';
import type { DatabaseSchema, SnapshotSink, SqlValue, TableInfo } from './model.ts';
import { type RowLayout, rowLayout, valueFault } from './values.ts';

export interface TableDigest {
  readonly table: string;
  readonly kind: TableInfo['kind'];
  readonly rows: number;
  /** Hex. */
  readonly sha256: string;
}

export interface DigestSink extends SnapshotSink {
  /** One digest a table, in the order of the schema. Known after `finish`. */
  result(): TableDigest[];
  /**
   * SHA-256 (hex) over the schema: objects with their SQL, user_version, application_id. Known
   * after `begin`.
   */
  schemaSha256(): string;
}

/**
 * Names the encoding; changes whenever docs/formats.md "Digests" changes, so that old digests never
 * compare by accident.
 */
const TABLE_TAG = 'anime-bot table 1';
const SCHEMA_TAG = 'anime-bot schema 1';

/**
 * Hashes every table's rows while they stream, canonically encoded, in key order
 * (docs/spec/backup.md, "Manifest").
 */
export function createDigestSink(): DigestSink {
  const encoder = createEncoder();
  const digests: TableDigest[] = [];
  let schemaDigest: string | undefined;
  let current: { table: TableInfo; layout: RowLayout; rows: number } | undefined;
  let finished = false;

  return {
    targets: (schema) => schema.tables.map((table) => ({ kind: 'table', table })),
    begin(schema) {
      schemaDigest = digestSchema(encoder, schema);
    },
    beginScan(target) {
      if (target.kind !== 'table') throw new Error(`digests want table scans, not ${target.kind}`);
      const layout = rowLayout(target.table);
      current = { table: target.table, layout, rows: 0 };
      encoder.start();
      encoder.value(TABLE_TAG);
      encoder.value(target.table.name);
      encoder.value(layout.rowid);
      encoder.value(BigInt(layout.columns.length));
      for (const column of layout.columns) encoder.value(column.name);
    },
    rows(batch) {
      if (current === undefined) throw new Error('rows outside a scan');
      current.rows += batch.length;
      if (batch.encoded !== undefined) return encoder.encoded(batch.encoded.canonical);
      const { width, at, rowid } = current.layout;
      const columns = rowid === 'hidden' ? [0, ...at] : at;
      for (const row of batch) {
        if (row.length !== width) {
          throw new Error(`a row of ${current.table.name} has ${row.length} values, not ${width}`);
        }
        for (const column of columns) encoder.value(row[column] as SqlValue);
      }
    },
    endScan() {
      if (current === undefined) throw new Error('end of a scan that was not begun');
      const { table, rows } = current;
      digests.push({ table: table.name, kind: table.kind, rows, sha256: encoder.end() });
      current = undefined;
    },
    async finish() {
      finished = true;
    },
    result() {
      if (!finished) throw new Error('digests are not known before the snapshot is complete');
      return [...digests];
    },
    schemaSha256() {
      if (schemaDigest === undefined) throw new Error('the schema has not been seen yet');
      return schemaDigest;
    },
  };
}

/** Objects sorted by type and name: the order of creation is no content. */
function digestSchema(encoder: CanonicalEncoder, schema: DatabaseSchema): string {
  const key = (object: { type: string; name: string }): string => `${object.type} ${object.name}`;
  const objects = schema.objects.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
  encoder.start();
  encoder.value(SCHEMA_TAG);
  encoder.value(BigInt(schema.userVersion));
  encoder.value(BigInt(schema.applicationId));
  for (const { type, name, tableName, sql } of objects) {
    for (const value of [type, name, tableName, sql]) encoder.value(value);
  }
  return encoder.end();
}

interface CanonicalEncoder {
  start(): void;
  value(value: SqlValue): void;
  /** Values that are in this encoding already. */
  encoded(bytes: Uint8Array): void;
  /** Hex SHA-256 of everything since `start`. */
  end(): string;
}

/**
 * Bytes collected before the hash is called: big enough that the call costs nothing, small enough
 * for the cache.
 */
const BUFFER_BYTES = 64 * 1024;
/** Strings up to this length are copied in JavaScript, which beats a call into the runtime. */
const SHORT_TEXT = 48;

function createEncoder(): CanonicalEncoder {
  const buffer = Buffer.alloc(BUFFER_BYTES);
  const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  let hash: Hash = createHash('sha256');
  let used = 0;

  function flush(): void {
    if (used > 0) hash.update(buffer.subarray(0, used));
    used = 0;
  }
  function head(tag: number, length: number): void {
    if (used + HEAD_BYTES > BUFFER_BYTES) flush();
    buffer[used] = tag;
    view.setUint32(used + 1, length);
    used += HEAD_BYTES;
  }
  function bytes(tag: number, value: Uint8Array): void {
    head(tag, value.length);
    if (value.length > BUFFER_BYTES - used) flush();
    if (value.length > BUFFER_BYTES) {
      hash.update(value);
      return;
    }
    buffer.set(value, used);
    used += value.length;
  }
  function text(value: string): void {
    // Three bytes a UTF-16 unit is the most that UTF-8 can take.
    const most = HEAD_BYTES + 3 * value.length;
    if (most > BUFFER_BYTES) {
      bytes(TAG.text, Buffer.from(value, 'utf8'));
      return;
    }
    if (used + most > BUFFER_BYTES) flush();
    const start = used + HEAD_BYTES;
    const written = asciiInto(buffer, start, value) ? value.length : buffer.write(value, start, 'utf8');
    buffer[used] = TAG.text;
    view.setUint32(used + 1, written);
    used = start + written;
  }

  return {
    start() {
      hash = createHash('sha256');
      used = 0;
    },
    value(value) {
      const fault = valueFault(value);
      if (fault !== null) throw new Error(fault);
      if (typeof value === 'string') return text(value);
      if (value === null) {
        if (used === BUFFER_BYTES) flush();
        buffer[used] = TAG.null;
        used += 1;
      } else if (typeof value === 'bigint' || typeof value === 'number') {
        if (used + NUMBER_BYTES > BUFFER_BYTES) flush();
        if (typeof value === 'bigint') view.setBigInt64(used + 1, value);
        else view.setFloat64(used + 1, value);
        buffer[used] = typeof value === 'bigint' ? TAG.integer : TAG.real;
        used += NUMBER_BYTES;
      } else if (value instanceof Uint8Array) {
        bytes(TAG.blob, value);
      } else {
        // Text is its bytes, valid or not: the two can never encode alike.
        bytes(TAG.text, value.bytes);
      }
    },
    encoded(bytes) {
      flush();
      hash.update(bytes);
    },
    end() {
      flush();
      return hash.digest('hex');
    },
  };
}

/** Copies a short ASCII string; false, with nothing promised of the bytes, when it is neither. */
function asciiInto(buffer: Uint8Array, start: number, value: string): boolean {
  const { length } = value;
  if (length > SHORT_TEXT) return false;
  for (let i = 0; i < length; i += 1) {
    const code = value.charCodeAt(i);
    if (code > 0x7f) return false;
    buffer[start + i] = code;
  }
  return true;
}

/**
 * Rows as they are told to people: those of tables, each once; what SQLite and its search keep for
 * themselves is not counted.
 */
export function rowsOfTables(
  tables: readonly { readonly kind: TableInfo['kind']; readonly rows: number }[],
): number {
  return tables.reduce((sum, { kind, rows }) => sum + (kind === 'table' ? rows : 0), 0);
}
