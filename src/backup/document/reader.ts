/** Reads a backup document, as a stream and exactly. The shape: docs/formats.md, "Document". */
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import type { Row, TableInfo } from '../model/model.ts';
import { rowDecoder } from './decode.ts';
import {
  countsText,
  MAX_PIECE_BYTES,
  ORPHANS_KEY,
  ORPHANS_OPEN,
  PARTS_KEY,
  type Section,
  sectionsOf,
  tailText,
} from './format.ts';
import { type DocumentHeader, readHeader } from './header.ts';
import { byteAt, literal } from './tokens.ts';
import { ByteWindow, NEED_MORE } from './window.ts';

/**
 * What a document says, in its order: `header` first; then rows in batches (an anime always before
 * its parts, every table's rows otherwise in scan order); `end` last. Rows are as model.ts delivers
 * rows of their table, less generated columns: `[rowid, ...columns]`, or `[...columns]` for WITHOUT
 * ROWID tables. Only `end` proves the rows before it: it comes when every byte is as it was
 * written, and the counts agree.
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

/** Rows handed over at once; and the bytes of JSON after which fewer are. */
const BATCH_ROWS = 512;
const BATCH_BYTES = 256 * 1024;

/**
 * Reads what {@link createDocumentSink} wrote (uncompressed, decrypted). Throws {@link
 * DocumentError}, with place and byte, when the document is cut, changed in any byte (it ends in
 * its own SHA-256), not ours or of another version. A document edited by hand is for
 * `readLegacyDocument`.
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
  try {
    const header = await readHeader(window);
    yield { kind: 'header', ...header };

    const counts = new Map(header.schema.tables.map(({ name }) => [name, 0]));
    for (const section of sectionsOf(header.schema.tables, header.partsNested)) {
      window.place = () => section.key;
      await expect(window, section.open);
      for await (const event of readSection(window, section)) {
        counts.set(event.table.name, (counts.get(event.table.name) ?? 0) + event.rows.length);
        yield event;
      }
      window.place = () => section.key;
      await expect(window, section.close);
    }

    window.place = () => 'counts';
    await expect(window, countsText(counts));
    window.release();
    sha256 = hash.digest('hex');
    window.place = () => 'sha256';
    await expect(window, tailText(sha256));
    window.place = () => '';
    if (!(await window.atEnd())) throw window.fault('bytes after the end of the document');
    yield { kind: 'end', counts };
  } finally {
    await window.close();
  }
}

type RowsEvent = Extract<DocumentEvent, { kind: 'rows' }>;

async function* readSection(window: ByteWindow, section: Section): AsyncGenerator<RowsEvent> {
  if (section.table === null) return;
  if (section.parts === null) {
    yield* readItems(window, plainItems(window, section.key, section.table));
    return;
  }
  yield* readItems(window, nestedItems(window, section.key, section.table, section.parts));
  await expect(window, ORPHANS_OPEN);
  yield* readItems(window, plainItems(window, ORPHANS_KEY, section.parts));
}

/** The items of one array: rows, and what stands between them. */
interface Items {
  /**
   * Consumes one item and keeps its row; false, consuming nothing, at the array's closing bracket.
   * Changes nothing when it throws.
   */
  next(): boolean;
  /** Takes the rows kept so far, of each table. */
  take(): RowsEvent[];
}

async function* readItems(window: ByteWindow, items: Items): AsyncGenerator<RowsEvent> {
  let more = true;
  while (more) {
    let count = 0;
    let bytes = 0;
    while (more && count < BATCH_ROWS && bytes < BATCH_BYTES) {
      const start = window.pos;
      try {
        more = items.next();
        count += 1;
        bytes += window.pos - start;
      } catch (error) {
        if (error !== NEED_MORE) throw error;
        window.pos = start;
        await window.more();
      }
    }
    yield* items.take();
  }
}

const COMMA_LINE = Buffer.from(',\n');
const LINE = Buffer.from('\n');
const CLOSE_ROW = Buffer.from('}');
const OPEN_PARTS = Buffer.from(`,"${PARTS_KEY}":[`);
const CLOSE_PARTS = Buffer.from(']}');
const BRACKET = 0x5d;

function plainItems(window: ByteWindow, key: string, table: TableInfo): Items {
  const decoder = rowDecoder(table);
  let rows: Row[] = [];
  let index = 0;
  window.place = () => `${key}[${index}].${decoder.column()}`;
  return {
    next() {
      if (byteAt(window) === BRACKET) return false;
      literal(window, index === 0 ? LINE : COMMA_LINE);
      const row = decoder.decode(window);
      literal(window, CLOSE_ROW);
      rows.push(row);
      index += 1;
      return true;
    },
    take() {
      const taken = rows;
      rows = [];
      return taken.length === 0 ? [] : [{ kind: 'rows', table, rows: taken }];
    },
  };
}

function nestedItems(window: ByteWindow, key: string, parent: TableInfo, child: TableInfo): Items {
  const parentDecoder = rowDecoder(parent);
  const childDecoder = rowDecoder(child);
  let parents: Row[] = [];
  let children: Row[] = [];
  let index = 0;
  /** Number of the part inside the anime, or null between anime. */
  let part: number | null = null;
  window.place = () =>
    part === null
      ? `${key}[${index}].${parentDecoder.column()}`
      : `${key}[${index}].${PARTS_KEY}[${part}].${childDecoder.column()}`;

  function nextParent(): boolean {
    if (byteAt(window) === BRACKET) return false;
    literal(window, index === 0 ? LINE : COMMA_LINE);
    const row = parentDecoder.decode(window);
    literal(window, OPEN_PARTS);
    parents.push(row);
    part = 0;
    return true;
  }
  function nextChild(number: number): void {
    if (byteAt(window) === BRACKET) {
      literal(window, CLOSE_PARTS);
      part = null;
      index += 1;
      return;
    }
    literal(window, number === 0 ? LINE : COMMA_LINE);
    const row = childDecoder.decode(window);
    literal(window, CLOSE_ROW);
    children.push(row);
    part = number + 1;
  }
  return {
    next() {
      if (part === null) return nextParent();
      nextChild(part);
      return true;
    },
    take() {
      const events: RowsEvent[] = [];
      if (parents.length > 0) events.push({ kind: 'rows', table: parent, rows: parents });
      if (children.length > 0) events.push({ kind: 'rows', table: child, rows: children });
      parents = [];
      children = [];
      return events;
    },
  };
}

async function expect(window: ByteWindow, text: string): Promise<void> {
  const bytes = Buffer.from(text);
  await window.take(() => literal(window, bytes));
}
