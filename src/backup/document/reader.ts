/** Reads a backup document, as a stream and exactly. The shape: docs/formats.md, "Document". */
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import type { Row, TableInfo } from '../model/model.ts';
import { rowDecoder } from './decode.ts';
import {
  COUNTS_KEY,
  MAX_PIECE_BYTES,
  ORPHANS_KEY,
  PARTS_KEY,
  type Section,
  sectionsOf,
  TABLES_KEY,
  tailText,
} from './format.ts';
import { type DocumentHeader, headerOf, isHeaderKey } from './header.ts';
import { keysOf } from './json-stream.ts';
import { BYTE, follows, type JsonValue, jsonKey, jsonValue, punctuation } from './json-value.ts';
import { literal } from './tokens.ts';
import { ByteWindow } from './window.ts';

/**
 * What a document says: `header` first; then rows in batches, in the document's order (an anime
 * always before its parts); `end` last. Rows are as model.ts delivers rows of their table, less
 * generated columns: `[rowid, ...columns]`, or `[...columns]` for WITHOUT ROWID tables. Only `end`
 * proves the rows before it: it comes when every byte is as it was written, and the counts agree.
 */
export type DocumentEvent =
  | ({ readonly kind: 'header' } & DocumentHeader)
  | { readonly kind: 'rows'; readonly table: TableInfo; readonly rows: readonly Row[] }
  | { readonly kind: 'end'; readonly counts: ReadonlyMap<string, number> };

export interface ReadOptions {
  /**
   * Longest row accepted, in bytes of JSON (default 256 MiB, what the writer may write); memory is
   * twice that at most.
   */
  readonly maxRowBytes?: number;
}

/**
 * Reads what {@link createDocumentSink} wrote (uncompressed, decrypted). Throws {@link
 * DocumentError}, with place and byte, when the document is cut, changed in any byte (it ends in
 * its own SHA-256), not ours or of another version. How it is spelled is left to the checksum. A
 * document edited by hand is for `readLegacyDocument`.
 */
export async function* readDocument(
  body: ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>,
  options: ReadOptions = {},
): AsyncGenerator<DocumentEvent, void, undefined> {
  const hash = createHash('sha256');
  // The checksum covers what lies before it, and is complete once it is compared.
  let sha256: string | undefined;
  const window = new ByteWindow(body, options.maxRowBytes ?? MAX_PIECE_BYTES, (bytes) => {
    if (sha256 === undefined) hash.update(bytes);
  });
  const properties = new Map<string, JsonValue>();
  const counts = new Map<string, number>();
  let lists: readonly Section[] | undefined;
  try {
    for await (const key of keysOf(window)) {
      if (isHeaderKey(key)) {
        properties.set(key, await window.take(jsonValue));
        continue;
      }
      if (lists === undefined) {
        const header = headerOf(window, properties);
        for (const { name } of header.schema.tables) counts.set(name, 0);
        lists = sectionsOf(header.schema.tables, header.partsNested);
        yield { kind: 'header', ...header };
      }
      if (key !== COUNTS_KEY) {
        for await (const event of readLists(window, lists, key)) {
          counts.set(event.table.name, (counts.get(event.table.name) ?? 0) + event.rows.length);
          yield event;
        }
        continue;
      }
      requireCounts(window, await window.take(jsonValue), counts);
      window.release();
      sha256 = hash.digest('hex');
      // To the byte: the checksum does not cover itself.
      const tail = Buffer.from(tailText(sha256));
      window.path.splice(0, 1, 'sha256');
      await window.take(() => literal(window, tail));
      window.path.pop();
      if (!(await window.atEnd())) throw window.fault('bytes after the end of the document');
      yield { kind: 'end', counts };
      return;
    }
    throw window.fault(`the document has no ${COUNTS_KEY}`);
  } finally {
    await window.close();
  }
}

type RowsEvent = Extract<DocumentEvent, { kind: 'rows' }>;

/** Rows under a key of the document or (`below`) of its tables: one list, or all the tables. */
async function* readLists(
  window: ByteWindow,
  lists: readonly Section[],
  key: string,
  below = false,
): AsyncGenerator<RowsEvent> {
  if (key === TABLES_KEY && !below) {
    // A place begins with the table's name, wherever its rows stand.
    window.path.pop();
    for await (const name of keysOf(window)) yield* readLists(window, lists, name, true);
    return;
  }
  const orphans = key === ORPHANS_KEY && !below ? { table: lists[0]?.parts ?? null, parts: null } : undefined;
  const list = orphans ?? lists.find((one) => one.key === key && one.below === below);
  if (list === undefined) throw window.fault('the document says of no such list what it holds');
  await window.take(() => punctuation(window, BYTE.open));
  if (list.table === null) await window.take(() => punctuation(window, BYTE.close));
  else yield* readRows(window, list.table, list.parts);
}

/** Rows of one table as they are read. */
interface Rows {
  readonly table: TableInfo;
  readonly decode: (window: ByteWindow) => Row;
  readonly batch: Row[];
  /** How many there were in this list. */
  count: number;
}

/** The rows of a list whose bracket is open; each of them holds a list of `parts`. */
async function* readRows(
  window: ByteWindow,
  table: TableInfo,
  parts: TableInfo | null,
): AsyncGenerator<RowsEvent> {
  const { path } = window;
  const outer: Rows = { table, decode: rowDecoder(table), count: 0, batch: [] };
  const inner: Rows | null = parts && { table: parts, decode: rowDecoder(parts), count: 0, batch: [] };
  /** The rows among which the position is. */
  let rows = outer;

  /** Consumes one row; of one that holds parts, the end is a piece of its own. */
  function next(): boolean {
    if (!follows(window, BYTE.close, rows.count === 0)) {
      if (rows === outer) return false;
      punctuation(window, BYTE.closeBrace);
      path.splice(-2);
      rows = outer;
      return true;
    }
    path.push(rows.count);
    const row = rows.decode(window);
    const opened = rows === outer ? inner : null;
    if (opened === null) {
      punctuation(window, BYTE.closeBrace);
      path.pop();
    } else {
      punctuation(window, BYTE.comma);
      if (jsonKey(window) !== PARTS_KEY) throw window.fault(`expected ${PARTS_KEY}, the last key`);
      punctuation(window, BYTE.open);
      path.push(PARTS_KEY);
      opened.count = 0;
    }
    rows.batch.push(row);
    rows.count += 1;
    rows = opened ?? rows;
    return true;
  }
  const all = inner === null ? [outer] : [outer, inner];
  const taken = (): RowsEvent[] =>
    all
      .filter(({ batch }) => batch.length > 0)
      .map((one) => ({ kind: 'rows', table: one.table, rows: one.batch.splice(0) }));
  for await (const events of window.batches(next, taken)) yield* events;
}

function requireCounts(window: ByteWindow, said: JsonValue, counts: ReadonlyMap<string, number>): void {
  if (!(said instanceof Map)) throw window.fault('not a JSON object');
  for (const name of new Set([...counts.keys(), ...said.keys()])) {
    const [wanted, found] = [said.get(name), counts.get(name)];
    if (typeof wanted === 'bigint' && wanted === BigInt(found ?? -1)) continue;
    throw window.fault(`expected ${wanted ?? 'no'} rows of ${JSON.stringify(name)}, not ${found ?? 'any'}`);
  }
}
