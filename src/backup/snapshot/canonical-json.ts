/**
 * Rows from the canonical encoding into a document's text, bytes to bytes: what
 * document/encode.ts says of rows of JavaScript values, without making any. Node only: a Worker
 * has no rows in this form.
 */
import { Buffer, isUtf8 } from 'node:buffer';
import {
  canonicalLength,
  canonicalValue,
  HEAD_BYTES,
  NUMBER_BYTES,
  TAG,
  viewOf,
} from '../model/canonical.ts';
import type { JsonRowForm } from '../model/model.ts';

const FIRST_ROOM = 512 * 1024;
/**
 * The most that a value grows by, where its text is made here: NULL is one byte and becomes four,
 * an INTEGER nine and becomes twenty, a text that needs no escapes gets shorter.
 */
const GROWTH = 4;
/** Longer content is looked through four bytes at a time all the same, but copied in one call. */
const SHORT = 64;
/** What is copied in fours may write that much beyond its end; the next goes over it. */
const SLACK = 4;
/** Up to here both halves together are exact: 2^53 is 2^21 times 2^32. */
const SAFE_HIGH = 0x1f_ffff;
const TWO_32 = 0x1_0000_0000;
const TEN_8 = 100_000_000;

const NULL = Buffer.from('null');
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;
const ZERO = 0x30;

/** One buffer, used again: what was encoded is valid until the next. */
export class CanonicalJson {
  #out: Buffer = Buffer.allocUnsafe(FIRST_ROOM);

  encode(canonical: Buffer, rows: number, form: JsonRowForm): Uint8Array {
    const [first = NULL, between = NULL, close = NULL, ...heads] = [
      form.first,
      form.between,
      form.close,
      ...form.heads,
    ].map((text) => Buffer.from(text));
    const view = viewOf(canonical);
    const headViews = heads.map(padded);
    const fixed = heads.reduce(
      (sum, head) => sum + head.length,
      first.length + between.length + close.length,
    );
    let out = this.#roomFor(0, rows * fixed + GROWTH * canonical.length);
    let outView = viewOf(out);
    let used = 0;
    let at = 0;
    for (let row = 0; row < rows; row += 1) {
      const begun = used;
      used = put(out, used, row === 0 ? first : between);
      for (let column = 0; column < heads.length; column += 1) {
        used = putWords(outView, used, headViews[column] as DataView, heads[column]?.length ?? 0);
        const tag = canonical[at];
        const next = at + canonicalLength(view, at);
        let after = -1;
        if (tag === TAG.integer) after = putInteger(out, used, view, at);
        else if (tag === TAG.null) after = put(out, used, NULL);
        else if (tag === TAG.text) after = putPlainText(outView, used, view, at + HEAD_BYTES, next);
        if (after < 0) {
          const text = form.value(canonicalValue(canonical, view, at));
          const rest = (rows - row) * fixed + GROWTH * (canonical.length - at);
          out = this.#roomFor(used, 3 * text.length + rest);
          outView = viewOf(out);
          after = used + out.write(text, used);
        }
        used = after;
        at = next;
      }
      used = put(out, used, close);
      if (used - begun > form.maxRowBytes) throw new Error(form.tooLarge);
    }
    return out.subarray(0, used);
  }

  /** A buffer with the first `used` bytes and room for `more`. */
  #roomFor(used: number, more: number): Buffer {
    const wanted = used + more + SLACK;
    // What one huge row took is not kept.
    if (wanted > this.#out.length || (used === 0 && this.#out.length > 4 * Math.max(wanted, FIRST_ROOM))) {
      const other = Buffer.allocUnsafe(Math.max(wanted, FIRST_ROOM));
      this.#out.copy(other, 0, 0, used);
      this.#out = other;
    }
    return this.#out;
  }
}

// Each of these puts something where room was made for it, and returns where it ends.

function put(out: Buffer, from: number, bytes: Buffer): number {
  const { length } = bytes;
  for (let at = 0; at < length; at += 1) out[from + at] = bytes[at] as number;
  return from + length;
}

/** With zeros behind it, so that it can be read in fours. */
function padded(bytes: Buffer): DataView {
  return viewOf(Buffer.concat([bytes, Buffer.alloc(SLACK)]));
}

/** Bytes are copied in fours, and as many are read beyond their end. */
function putWords(out: DataView, used: number, bytes: DataView, length: number): number {
  for (let at = 0; at < length; at += 4) out.setInt32(used + at, bytes.getInt32(at));
  return used + length;
}

/** -1, with nothing promised about the bytes, for a text that is not its own JSON. */
function putPlainText(out: DataView, used: number, bytes: DataView, from: number, end: number): number {
  const shift = used + 1 - from;
  const isShort = end - from <= SHORT;
  let seen = 0;
  let at = from;
  for (; at + 4 <= end; at += 4) {
    const word = bytes.getInt32(at);
    if (mayNeedEscape(word)) break;
    seen |= word;
    if (isShort) out.setInt32(at + shift, word);
  }
  for (; at < end; at += 1) {
    const byte = bytes.getUint8(at);
    if (byte < 0x20 || byte === QUOTE || byte === BACKSLASH) return -1;
    seen |= byte;
    if (isShort) out.setUint8(at + shift, byte);
  }
  const text = seen & EIGHTH_BITS || !isShort ? bytesOf(bytes, from, end) : undefined;
  if (text !== undefined && (seen & EIGHTH_BITS) !== 0 && !isUtf8(text)) return -1;
  if (text !== undefined && !isShort) text.copy(bytesOf(out, used + 1, used + 1 + text.length));
  out.setUint8(used, QUOTE);
  out.setUint8(end + shift, QUOTE);
  return end + shift + 1;
}

function bytesOf({ buffer, byteOffset }: DataView, from: number, end: number): Buffer {
  return Buffer.from(buffer, byteOffset + from, end - from);
}

const EIGHTH_BITS = 0x80808080 | 0;
const ONES = 0x01010101;

/**
 * Whether one of four bytes is a control character, a quote or a backslash; sometimes true for
 * others, never false for one (https://graphics.stanford.edu/~seander/bithacks.html#ZeroInWord).
 */
function mayNeedEscape(word: number): boolean {
  const quote = word ^ (ONES * QUOTE);
  const backslash = word ^ (ONES * BACKSLASH);
  const found =
    ((word - ONES * 0x20) & ~word) | ((quote - ONES) & ~quote) | ((backslash - ONES) & ~backslash);
  return (found & EIGHTH_BITS) !== 0;
}

/** -1 for one beyond what a double holds exactly. */
function putInteger(out: Buffer, used: number, view: DataView, at: number): number {
  const high = view.getInt32(at + 1);
  if (high > SAFE_HIGH || high < -SAFE_HIGH) return -1;
  let value = high * TWO_32 + view.getUint32(at + NUMBER_BYTES - 4);
  let from = used;
  if (value < 0) {
    out[from] = MINUS;
    from += 1;
    value = -value;
  }
  if (value < TEN_8) return putDigits(out, from, value, digitsOf(value));
  const front = Math.floor(value / TEN_8);
  return putDigits(out, putDigits(out, from, front, digitsOf(front)), value - front * TEN_8, 8);
}

/** Below 2^31. */
function putDigits(out: Buffer, from: number, value: number, count: number): number {
  let rest = value | 0;
  for (let at = from + count - 1; at >= from; at -= 1) {
    const tenth = (rest / 10) | 0;
    out[at] = ZERO + rest - tenth * 10;
    rest = tenth;
  }
  return from + count;
}

function digitsOf(value: number): number {
  let count = 1;
  for (let most = 10; value >= most; most *= 10) count += 1;
  return count;
}
