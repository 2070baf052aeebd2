import { InvalidText, type Row, type SqlValue } from '../model/model.ts';
import { PAGE_SIZE } from './format.ts';
import type { RecordLayout } from './layout.ts';
import { NUMERIC_BYTES, putNumber } from './number.ts';
import { putRowidBefore, putVarintBefore, varintLength } from './varint.ts';

/**
 * Rows whose text and blobs fit are encoded in one go; larger ones are streamed (large-record.ts).
 * Bytes.
 */
const BODY_LIMIT = 32 * 1024;
/** Text up to this length is copied by a loop, faster than a runtime call. Characters, measured. */
const SHORT_TEXT = 24;

/**
 * Encodes rows into cells, one at a time, in a buffer that also holds the leaf page under
 * construction (its first `PAGE_SIZE` bytes), so that a finished cell moves there by one
 * `copyWithin`.
 */
export class RecordEncoder {
  readonly layout: RecordLayout;
  readonly bytes: Buffer;
  /** After {@link encode}: the cell is `bytes[start, end)`, its payload `bytes[payload, end)`. */
  start = 0;
  payload = 0;
  end = 0;
  readonly #view: DataView;
  readonly #types: Int32Array;
  readonly #body: number;
  readonly #limit: number;

  constructor(layout: RecordLayout) {
    const columns = layout.source.length;
    this.layout = layout;
    // Before the body: length and rowid, then the header with at most 3 bytes a type. After
    // BODY_LIMIT: a number a value.
    this.#body = PAGE_SIZE + 32 + 3 * columns;
    this.#limit = this.#body + BODY_LIMIT;
    this.bytes = Buffer.alloc(this.#limit + 8 * columns);
    this.#view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.length);
    this.#types = new Int32Array(columns);
  }

  /** False when the row is too large for the buffer. Throws when a value cannot be stored. */
  encode(row: Row): boolean {
    const { source, real, keyed } = this.layout;
    const types = this.#types;
    const count = source.length;
    let at = this.#body;
    let typeBytes = count;
    for (let column = 0; column < count; column += 1) {
      const from = source[column] as number;
      const value = from < 0 ? null : (row[from] as SqlValue);
      if (typeof value === 'bigint' || typeof value === 'number') {
        const type = putNumber(this.#view, at, value, real[column] === 1);
        types[column] = type;
        at += NUMERIC_BYTES[type] as number;
        continue;
      }
      if (value === null) {
        types[column] = 0;
        continue;
      }
      const type = this.#putContent(value, at);
      if (type < 0) return false;
      types[column] = type;
      if (type >= 0x80) typeBytes += varintLength(type) - 1;
      at += (type - 12) >> 1;
    }
    this.end = at;
    this.payload = putHeaderBefore(this.bytes, this.#body, types, typeBytes);
    let start = this.payload;
    if (keyed) start = putRowidBefore(this.bytes, start, row[0] as bigint);
    this.start = putVarintBefore(this.bytes, start, at - this.payload);
    return true;
  }

  /** Writes text or a blob and returns its serial type; -1 when it may not fit. */
  #putContent(value: string | Uint8Array | InvalidText, at: number): number {
    if (typeof value === 'string') {
      // UTF-8 takes at most 3 bytes a UTF-16 unit.
      return at + value.length * 3 > this.#limit ? -1 : 13 + 2 * this.#putText(value, at);
    }
    const content = value instanceof InvalidText ? value.bytes : value;
    if (at + content.length > this.#limit) return -1;
    this.bytes.set(content, at);
    return (value instanceof InvalidText ? 13 : 12) + 2 * content.length;
  }

  #putText(text: string, at: number): number {
    const { bytes } = this;
    const { length } = text;
    if (length <= SHORT_TEXT) {
      let done = 0;
      for (; done < length; done += 1) {
        const unit = text.charCodeAt(done);
        if (unit >= 0x80) break;
        bytes[at + done] = unit;
      }
      if (done === length) return length;
    }
    const written = bytes.write(text, at, length * 3, 'utf8');
    if (written !== length) checkText(text);
    return written;
  }
}

/**
 * Half a surrogate pair comes only from a decoder gone wrong; UTF-8 has no form for it, so it would
 * change silently.
 */
export function checkText(text: string): void {
  if (!text.isWellFormed()) throw new RangeError('text with half a surrogate pair cannot be stored');
}

/**
 * Writes the header of a record so that it ends before `end`; returns where it starts.
 * `typeBytes` is the length of all the types together.
 */
export function putHeaderBefore(
  bytes: Uint8Array,
  end: number,
  types: ArrayLike<number>,
  typeBytes: number,
): number {
  let at = end - typeBytes;
  const start = putVarintBefore(bytes, at, typeBytes + headerLengthBytes(typeBytes));
  for (let index = 0; index < types.length; index += 1) {
    const type = types[index] as number;
    if (type < 0x80) {
      bytes[at] = type;
      at += 1;
    } else {
      at += varintLength(type);
      putVarintBefore(bytes, at, type);
    }
  }
  return start;
}

/**
 * Bytes of the varint that starts a header: the length it gives includes its own. Two bytes reach
 * 16383; SQLite's 2000 columns (SQLITE_MAX_COLUMN) with types of 5 bytes at most stay below.
 */
export function headerLengthBytes(typeBytes: number): number {
  return typeBytes + 1 < 0x80 ? 1 : 2;
}
