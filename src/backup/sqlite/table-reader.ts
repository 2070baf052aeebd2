/**
 * The rows of a table straight from its pages, in the canonical encoding: a third of what it costs
 * to have SQLite hand them out as JavaScript values. Only for a file that SQLite itself has just
 * written (`VACUUM INTO`), in the shape of {@link isReadable}; tests hold it against SQLite's own
 * reading. https://sqlite.org/fileformat2.html
 */
import { Buffer } from 'node:buffer';
import { HEAD_BYTES, NUMBER_BYTES, TAG, viewOf } from '../model/canonical.ts';
import type { TableInfo } from '../model/model.ts';
import { LEAF_HEADER, localPayload, MAX_LOCAL_TABLE, OVERFLOW_CAPACITY, PAGE_SIZE } from './format.ts';
import { tableLayout } from './layout.ts';
import { malformed, type PageFile } from './page-file.ts';
import { leavesOf, SERIAL_BYTES } from './table-leaves.ts';

/** Some rows, one after the other; the bytes are valid until the next are asked for. */
export interface RowBytes {
  readonly bytes: Buffer;
  readonly rows: number;
}

/** Where the pages of a file are read: its tables one after the other, by the same two buffers. */
export interface FilePages {
  readonly pages: PageFile;
  readonly overflow: PageFile;
}

export interface BatchLimits {
  readonly rows: number;
  readonly bytes: number;
}

/** Shorter content is copied by a loop, faster than a call into the runtime. */
const SHORT = 32;

/** Whether the file with this first page is of the one shape that is read here. */
export function isReadable(head: Uint8Array): boolean {
  const view = viewOf(head);
  // Page size, and bytes at the end of each page that are not SQLite's.
  return view.getUint16(16) === PAGE_SIZE && view.getUint8(20) === 0;
}

/** Whether the table's records are its rows: a b-tree by rowid, nothing in it that is derived. */
export function hasPlainRecords(table: TableInfo): boolean {
  return !table.withoutRowid && table.columns.every(({ generated }) => generated === 'no');
}

/**
 * The rows of the table whose b-tree begins at page `root`, ascending by rowid. Returns false where
 * a record lacks columns that were added to the table after it: only SQL knows their defaults. What
 * came before it stands.
 * @throws where the pages are not a b-tree
 */
export function* readTable(
  { pages, overflow }: FilePages,
  root: number,
  table: TableInfo,
  limits: BatchLimits,
): Generator<RowBytes, boolean> {
  const records = new Records(table, overflow);
  for (const page of leavesOf(pages, root)) {
    let at = pages.seek(page);
    const count = pages.bytes.readUInt16BE(at + 3);
    for (let cell = 0; cell < count; cell += 1) {
      const from = at + pages.bytes.readUInt16BE(at + LEAF_HEADER + 2 * cell);
      if (!records.add(pages.bytes, from, at + PAGE_SIZE)) {
        if (records.rows > 0) yield records.take();
        return false;
      }
      if (records.rows < limits.rows && records.used < limits.bytes) continue;
      yield records.take();
      // Meanwhile another table may have been read.
      at = pages.seek(page);
    }
  }
  if (records.rows > 0) yield records.take();
  return true;
}

/** Many a database has dozens of tables with a row or none. */
const LEAST_ROOM = 8 * 1024;
const USUAL_ROOM = 256 * 1024;

/** Records on their way into the canonical encoding. */
class Records {
  rows = 0;
  used = 0;
  #out: Buffer = Buffer.alloc(0);
  #view = viewOf(this.#out);
  readonly #overflow: PageFile;
  readonly #isHidden: boolean;
  readonly #alias: number;
  readonly #real: Uint8Array;
  readonly #columns: number;
  /** The rowid of the record under work, as two halves; and the one before. */
  #high = 0;
  #low = 0;
  #lastHigh = Number.NEGATIVE_INFINITY;
  #lastLow = 0;
  /** Behind the varint that was read last. */
  #next = 0;

  constructor(table: TableInfo, overflow: PageFile) {
    this.#overflow = overflow;
    this.#isHidden = table.rowidAlias === null;
    this.#alias = table.rowidAlias ?? -1;
    this.#real = tableLayout(table).real;
    this.#columns = table.columns.length;
  }

  /** What was added since the last time. */
  take(): RowBytes {
    const taken = { bytes: this.#out.subarray(0, this.used), rows: this.rows };
    this.rows = 0;
    this.used = 0;
    return taken;
  }

  /** The cell of a leaf that begins at `from`; false for one that lacks columns. */
  add(page: Buffer, from: number, pageEnd: number): boolean {
    const length = this.#varint(page, from);
    this.#rowid(page, this.#next);
    const start = this.#next;
    const local = localPayload(length, MAX_LOCAL_TABLE);
    if (start + local > pageEnd) throw malformed('a cell beyond its page');
    this.#room(length + (this.#columns + 1) * NUMBER_BYTES);
    if (local === length) return this.#record(page, start, start + length);
    const whole = this.#gather(page.subarray(start, start + local), page.readUInt32BE(start + local), length);
    return this.#record(whole, 0, length);
  }

  #gather(local: Uint8Array, first: number, length: number): Buffer {
    const whole = Buffer.allocUnsafe(length);
    whole.set(local);
    let page = first;
    for (let done = local.length; done < length; ) {
      const at = this.#overflow.seek(page);
      const { bytes } = this.#overflow;
      const size = Math.min(OVERFLOW_CAPACITY, length - done);
      bytes.copy(whole, done, at + 4, at + 4 + size);
      done += size;
      page = bytes.readUInt32BE(at);
    }
    return whole;
  }

  #record(bytes: Buffer, start: number, end: number): boolean {
    let body = start + this.#varint(bytes, start);
    const headerEnd = body;
    let header = this.#next;
    if (headerEnd > end) throw malformed('a record beyond its cell');
    const begun = this.used;
    if (this.#isHidden) this.#putRowid();
    for (let column = 0; column < this.#columns; column += 1) {
      if (header >= headerEnd) {
        this.used = begun;
        return false;
      }
      let type = bytes[header] as number;
      header += 1;
      if (type >= 0x80) {
        type = this.#varint(bytes, header - 1);
        header = this.#next;
      }
      const size = type >= 12 ? (type - 12) >>> 1 : (SERIAL_BYTES[type] as number);
      if (body + size > end || size < 0) throw malformed('a value beyond its record');
      if (column === this.#alias) this.#putRowid();
      else if (type >= 12) this.#putContent((type & 1) === 1 ? TAG.text : TAG.blob, bytes, body, size);
      else if (type === 0) this.#putNull();
      else this.#putNumber(type, bytes, body, this.#real[column] === 1);
      body += size;
    }
    this.rows += 1;
    return true;
  }

  #putNull(): void {
    this.#out[this.used] = TAG.null;
    this.used += 1;
  }

  #putRowid(): void {
    this.#out[this.used] = TAG.integer;
    this.#view.setInt32(this.used + 1, this.#high);
    this.#view.setUint32(this.used + 5, this.#low);
    this.used += NUMBER_BYTES;
  }

  #putContent(tag: number, bytes: Buffer, from: number, size: number): void {
    const out = this.#out;
    out[this.used] = tag;
    this.#view.setUint32(this.used + 1, size);
    const to = this.used + HEAD_BYTES;
    if (size <= SHORT) for (let at = 0; at < size; at += 1) out[to + at] = bytes[from + at] as number;
    else bytes.copy(out, to, from, from + size);
    this.used = to + size;
  }

  /** Serial types 1 to 9; `isReal`: SQLite reads an integer as a REAL there. */
  #putNumber(type: number, bytes: Buffer, from: number, isReal: boolean): void {
    const view = this.#view;
    const at = this.used + 1;
    let high = 0;
    let low = 0;
    if (type === 8 || type === 9) low = type - 8;
    else if (type >= 5) {
      high = type === 5 ? bytes.readInt16BE(from) : bytes.readInt32BE(from);
      low = bytes.readUInt32BE(from + (type === 5 ? 2 : 4));
    } else {
      low = bytes.readIntBE(from, type);
      high = low < 0 ? -1 : 0;
    }
    view.setInt32(at, high);
    view.setInt32(at + 4, low);
    let tag: number = TAG.integer;
    if (type === 7) {
      // SQLite reads a NaN as NULL.
      if (Number.isNaN(view.getFloat64(at))) {
        this.#putNull();
        return;
      }
      tag = TAG.real;
    } else if (isReal) {
      view.setFloat64(at, Number(view.getBigInt64(at)));
      tag = TAG.real;
    }
    this.#out[this.used] = tag;
    this.used += NUMBER_BYTES;
  }

  /** A count or a serial type. */
  #varint(bytes: Buffer, from: number): number {
    let value = 0;
    let at = from;
    for (;;) {
      const byte = bytes[at] as number;
      at += 1;
      if (byte < 0x80) {
        this.#next = at;
        return value * 128 + byte;
      }
      // No count of a sound file takes more.
      if (at - from > 7) throw malformed('a count beyond all bounds');
      value = value * 128 + (byte & 0x7f);
    }
  }

  #rowid(bytes: Buffer, from: number): void {
    let high = 0;
    let low = 0;
    let at = from;
    for (;;) {
      const byte = bytes[at] as number;
      at += 1;
      // The ninth byte has all its 8 bits.
      const bits = at - from === 9 ? 8 : 7;
      const part = bits === 8 ? byte : byte & 0x7f;
      high = (high << bits) | (low >>> (32 - bits));
      low = ((low << bits) | part) >>> 0;
      if (byte < 0x80 || bits === 8) break;
    }
    this.#next = at;
    if (high < this.#lastHigh || (high === this.#lastHigh && low <= this.#lastLow))
      throw malformed('rowids out of order');
    this.#high = high;
    this.#low = low;
    this.#lastHigh = high;
    this.#lastLow = low;
  }

  #room(bytes: number): void {
    // Each value has its head beside what it takes in the record.
    const wanted = this.used + bytes;
    // What one huge row took is not kept.
    const isTooLarge = this.used === 0 && this.#out.length > 2 * USUAL_ROOM && wanted <= USUAL_ROOM;
    if (wanted <= this.#out.length && !isTooLarge) return;
    const larger = Buffer.allocUnsafe(Math.max(LEAST_ROOM, 2 * wanted));
    this.#out.copy(larger, 0, 0, this.used);
    this.#out = larger;
    this.#view = viewOf(larger);
  }
}
