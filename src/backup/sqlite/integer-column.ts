/**
 * The integers of one column, straight from the pages: what keys are looked up by. Far less work
 * than reading the rows. Only for a file in which `integrity_check` found nothing, in the shape of
 * isReadable (table-reader.ts).
 */
import { viewOf } from '../model/canonical.ts';
import { LEAF_HEADER, localPayload, MAX_LOCAL_TABLE, PAGE_SIZE } from './format.ts';
import { malformed, type PageFile } from './page-file.ts';
import { leavesOf, SERIAL_BYTES } from './table-leaves.ts';

/** Seven groups of 7 bits: so far a varint is exact in a double. */
const EXACT_VARINT = 7;
const TWO_32 = 0x1_0000_0000;

/** More than fit on a page. */
const MOST_CELLS = PAGE_SIZE / 2;

/**
 * Shows `see` all integers that are not NULL, a page at a time: the first `count` of `values`,
 * valid during the call. Stops with false where `see` says so, and at a value that is no integer,
 * is beyond 2^53, or takes SQL (the default of a column that came later).
 * @param column its place in the record; 'rowid': the key of the rows
 * @throws where the pages are not a b-tree
 */
export function everyInteger(
  pages: PageFile,
  root: number,
  column: number | 'rowid',
  see: (values: Float64Array, count: number) => boolean,
): boolean {
  let leaf: Leaf | undefined;
  for (const page of leavesOf(pages, root)) {
    // The buffer comes with the first page.
    leaf ??= new Leaf(pages.bytes);
    if (!leaf.take(pages.seek(page), column)) return false;
    if (!see(leaf.values, leaf.count)) return false;
  }
  return true;
}

/** The integers of one leaf, side by side: nothing is made of a row. */
class Leaf {
  readonly values = new Float64Array(MOST_CELLS);
  count = 0;
  readonly #view: DataView;
  /** Behind the varint that was read last. */
  #next = 0;

  constructor(bytes: Uint8Array) {
    this.#view = viewOf(bytes);
  }

  /** False at a value that is not told here. */
  take(page: number, column: number | 'rowid'): boolean {
    const view = this.#view;
    const cells = view.getUint16(page + 3);
    if (cells > MOST_CELLS) throw malformed('more cells than a page holds');
    this.count = 0;
    for (let cell = 0; cell < cells; cell += 1) {
      const from = page + view.getUint16(page + LEAF_HEADER + 2 * cell);
      const length = this.#varint(from);
      const rowid = this.#varint(this.#next);
      if (column === 'rowid') {
        if (rowid > Number.MAX_SAFE_INTEGER) return false;
        this.values[this.count] = rowid;
        this.count += 1;
      } else if (!this.#takeValue(this.#next, length, page + PAGE_SIZE, column)) return false;
    }
    return true;
  }

  /** Of the record that begins at `start`. */
  #takeValue(start: number, length: number, pageEnd: number, column: number): boolean {
    const end = start + localPayload(length, MAX_LOCAL_TABLE);
    if (end > pageEnd) throw malformed('a cell beyond its page');
    let body = start + this.#varint(start);
    // A header that goes on elsewhere is not followed.
    const headerEnd = Math.min(body, end);
    for (let left = column; this.#next < headerEnd; left -= 1) {
      const type = this.#varint(this.#next);
      const size = type >= 12 ? Math.floor((type - 12) / 2) : (SERIAL_BYTES[type] as number);
      if (size < 0) throw malformed('a value of no kind');
      if (left === 0) return body + size <= end && this.#takeInteger(type, body);
      body += size;
    }
    return false;
  }

  #takeInteger(type: number, at: number): boolean {
    const view = this.#view;
    let value = 0;
    if (type === 0) return true;
    if (type === 1) value = view.getInt8(at);
    else if (type === 2) value = view.getInt16(at);
    else if (type === 3) value = view.getInt8(at) * 0x1_0000 + view.getUint16(at + 1);
    else if (type === 4) value = view.getInt32(at);
    else if (type === 5) value = view.getInt16(at) * TWO_32 + view.getUint32(at + 2);
    else if (type === 6) value = view.getInt32(at) * TWO_32 + view.getUint32(at + 4);
    else if (type === 8 || type === 9) value = type - 8;
    else return false;
    if (type === 6 && !Number.isSafeInteger(value)) return false;
    this.values[this.count] = value;
    this.count += 1;
    return true;
  }

  /** Beyond 2^53 where it has more than seven groups, as negative rowids have. */
  #varint(from: number): number {
    const view = this.#view;
    let byte = view.getUint8(from);
    let at = from + 1;
    if (byte < 0x80) {
      this.#next = at;
      return byte;
    }
    let value = byte & 0x7f;
    do {
      byte = view.getUint8(at);
      at += 1;
      value = value * 128 + (byte & 0x7f);
      // The ninth byte tells of none behind it.
    } while (byte >= 0x80 && at - from < 9);
    this.#next = at;
    return at - from > EXACT_VARINT ? Number.POSITIVE_INFINITY : value;
  }
}
