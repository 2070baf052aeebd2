/**
 * A table of a file that SQLite has just written, read from its pages: what only passes on stays
 * bytes, and whoever wants values gets them. Node only.
 */
import type { Buffer } from 'node:buffer';
import { closeSync, openSync, readSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { canonicalLength, canonicalValue, viewOf } from '../model/canonical.ts';
import type { EncodedRows, JsonRowForm, Row, RowBatch, SqlValue, TableInfo } from '../model/model.ts';
import { PAGE_SIZE } from '../sqlite/format.ts';
import { PageFile } from '../sqlite/page-file.ts';
import {
  type FilePages,
  hasPlainRecords,
  isReadable,
  type RowBytes,
  readTable,
} from '../sqlite/table-reader.ts';
import { CanonicalJson } from './canonical-json.ts';

/** Of a batch of rows that nobody makes values of; a document's text of it is twice as long. */
const BATCH_BYTES = 128 * 1024;

/** A file that is read by its pages. */
export interface StoredFile extends FilePages {
  /** Where the b-tree of each table begins. */
  readonly roots: ReadonlyMap<string, number>;
}

/** Undefined for a file of another shape than SQLite gives a copy of ours. */
export function storedFile(db: DatabaseSync, fd: number, head: Uint8Array): StoredFile | undefined {
  if (!isReadable(head)) return undefined;
  const tables = db.prepare("SELECT name, rootpage FROM sqlite_schema WHERE type = 'table'").all();
  const read = (into: Uint8Array, position: number): number => {
    let done = 0;
    for (;;) {
      const more = readSync(fd, into, done, into.byteLength - done, position + done);
      done += more;
      if (more === 0 || done === into.byteLength) return done;
    }
  };
  return {
    roots: new Map(tables.map(({ name, rootpage }) => [String(name), Number(rootpage)])),
    pages: new PageFile(read),
    overflow: new PageFile(read),
  };
}

/** {@link storedFile} of a file that nobody writes to. */
export function openStored(
  db: DatabaseSync,
  path: string,
): { readonly stored: StoredFile | undefined; close(): void } {
  const fd = openSync(path, 'r');
  const head = new Uint8Array(PAGE_SIZE);
  readSync(fd, head, 0, PAGE_SIZE, 0);
  return { stored: storedFile(db, fd, head), close: () => closeSync(fd) };
}

/** Undefined for a table that takes SQL; what comes back as false, SQL must go on with. */
export function storedRows(
  { roots, ...pages }: StoredFile,
  table: TableInfo,
  batchRows = Number.POSITIVE_INFINITY,
): Generator<RowBatch, boolean> | undefined {
  const root = roots.get(table.name);
  if (root === undefined || !hasPlainRecords(table)) return undefined;
  return batches(readTable(pages, root, table, { rows: batchRows, bytes: BATCH_BYTES }), table);
}

function* batches(tables: Generator<RowBytes, boolean>, table: TableInfo): Generator<RowBatch, boolean> {
  const json = new CanonicalJson();
  for (;;) {
    const next = tables.next();
    if (next.done === true) return next.value;
    yield new StoredRows(next.value, table, json);
  }
}

class StoredRows implements RowBatch, EncodedRows {
  readonly length: number;
  readonly canonical: Buffer;
  readonly #table: TableInfo;
  readonly #json: CanonicalJson;

  constructor({ bytes, rows }: RowBytes, table: TableInfo, json: CanonicalJson) {
    this.length = rows;
    this.canonical = bytes;
    this.#table = table;
    this.#json = json;
  }

  get encoded(): EncodedRows {
    return this;
  }

  json(form: JsonRowForm): Uint8Array {
    return this.#json.encode(this.canonical, this.length, form);
  }

  *[Symbol.iterator](): Generator<Row> {
    const { canonical } = this;
    const { columns, rowidAlias } = this.#table;
    const view = viewOf(canonical);
    let at = 0;
    for (let done = 0; done < this.length; done += 1) {
      const row: SqlValue[] = [];
      for (let left = columns.length + (rowidAlias === null ? 1 : 0); left > 0; left -= 1) {
        row.push(canonicalValue(canonical, view, at));
        at += canonicalLength(view, at);
      }
      if (rowidAlias !== null) row.unshift(row[rowidAlias] ?? null);
      yield row;
    }
  }
}
