/**
 * The integers of one column, straight from the pages: what keys are looked up by. Far less work
 * than reading the rows. Only for a file in which `integrity_check` found nothing, in the shape of
 * isReadable (table-reader.ts).
 */
import { viewOf } from '../model/canonical.ts';
import { LEAF_HEADER, localPayload, MAX_LOCAL_TABLE, PAGE_SIZE } from './format.ts';
import { malformed, PageFile, type ReadAt } from './page-file.ts';
import { leavesOf, SERIAL_BYTES } from './table-leaves.ts';

/** Seven groups of 7 bits: so far a varint is exact in a double. */
const EXACT_VARINT = 7;
/** Up to here an INTEGER of 8 bytes is exact in a double: 2^53 is 2^21 times 2^32. */
const SAFE_HIGH = 0x1f_ffff;
const TWO_32 = 0x1_0000_0000;

/**
 * Shows `see` every integer that is not NULL; stops with false where `see` says so, and at a value
 * that is no integer, is beyond 2^53, or takes SQL (the default of a column that came later).
 * @param column its place in the record; 'rowid': the key of the rows
 * @throws where the pages are not a b-tree
 */
export function everyInteger(
  read: ReadAt,
  root: number,
  column: number | 'rowid',
  see: (value: number) => boolean,
): boolean {
  const pages = new PageFile(read);
  const cells = new Cells(pages.bytes);
  for (const page of leavesOf(pages, root)) {
    const at = pages.seek(page);
    const count = cells.view.getUint16(at + 3);
    for (let cell = 0; cell < count; cell += 1) {
      const from = at + cells.view.getUint16(at + LEAF_HEADER + 2 * cell);
      const value = column === 'rowid' ? cells.rowid(from) : cells.value(from, at + PAGE_SIZE, column);
      if (value !== NULL && (Number.isNaN(value) || !see(value))) return false;
    }
  }
  return true;
}

const NULL = Number.POSITIVE_INFINITY;
const OTHER = Number.NaN;

class Cells {
  readonly view: DataView;
  /** Behind the varint that was read last. */
  #next = 0;

  constructor(bytes: Uint8Array) {
    this.view = viewOf(bytes);
  }

  rowid(from: number): number {
    this.#varint(from);
    return this.#varint(this.#next);
  }

  /** {@link NULL}; {@link OTHER} for what is not told here. */
  value(from: number, pageEnd: number, column: number): number {
    const length = this.#varint(from);
    this.#varint(this.#next);
    const start = this.#next;
    const end = start + localPayload(length, MAX_LOCAL_TABLE);
    if (!(end <= pageEnd)) throw malformed('a cell beyond its page');
    let body = start + this.#varint(start);
    const headerEnd = body;
    for (let left = column; ; left -= 1) {
      // A header that goes on elsewhere, or ends before the column.
      if (this.#next >= Math.min(headerEnd, end)) return OTHER;
      const type = this.#varint(this.#next);
      const size = type >= 12 ? Math.floor((type - 12) / 2) : (SERIAL_BYTES[type] ?? -1);
      if (size < 0) throw malformed('a value of no kind');
      if (left === 0) return body + size > end ? OTHER : this.#integer(type, body);
      body += size;
    }
  }

  #integer(type: number, at: number): number {
    const { view } = this;
    switch (type) {
      case 0:
        return NULL;
      case 1:
        return view.getInt8(at);
      case 2:
        return view.getInt16(at);
      case 3:
        return view.getInt8(at) * 0x1_0000 + view.getUint16(at + 1);
      case 4:
        return view.getInt32(at);
      case 5:
        return view.getInt16(at) * TWO_32 + view.getUint32(at + 2);
      case 6: {
        const high = view.getInt32(at);
        return high > SAFE_HIGH || high < -SAFE_HIGH ? OTHER : high * TWO_32 + view.getUint32(at + 4);
      }
      case 8:
        return 0;
      case 9:
        return 1;
      default:
        return OTHER;
    }
  }

  /** {@link OTHER} for one that is too long; {@link #next} is right for it, too. */
  #varint(from: number): number {
    let value = 0;
    let at = from;
    for (;;) {
      const byte = this.view.getUint8(at);
      at += 1;
      // The ninth byte has all its 8 bits, and none tells that another follows.
      if (byte < 0x80 || at - from === 9) {
        this.#next = at;
        return at - from > EXACT_VARINT ? OTHER : value * 128 + byte;
      }
      value = value * 128 + (byte & 0x7f);
    }
  }
}
