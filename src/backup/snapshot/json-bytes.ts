/**
 * Values of the canonical encoding as a document's text, byte by byte. Each `put` puts something
 * where room was made for it, and returns where it ends.
 */
import { Buffer } from 'node:buffer';
import { NUMBER_BYTES, viewOf } from '../model/canonical.ts';

/** Longer content is looked through four bytes at a time all the same, but copied in one call. */
export const SHORT = 64;
/** What is copied in fours may write that much beyond its end; the next goes over it. */
export const SLACK = 4;
/** Of one byte. */
export const MOST_ESCAPE = 6;
export const NULL: Buffer = Buffer.from('null');

/** Up to here both halves together are exact: 2^53 is 2^21 times 2^32. */
const SAFE_HIGH = 0x1f_ffff;
const TWO_32 = 0x1_0000_0000;
const TEN_8 = 100_000_000;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;
const ZERO = 0x30;
const POINT = 0x2e;
const EXPONENT = 0x65;
/** The escape of a byte that has no letter of its own. */
const UNNAMED = 0x75;

const HEX = Buffer.from('0123456789abcdef');
const BASE64 = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');
const PADDING = 0x3d;

/** By byte: 0, or what stands behind the backslash. */
const ESCAPES = Uint8Array.from({ length: 256 }, (_, byte) => {
  const [, letter] = JSON.stringify(String.fromCharCode(byte)).slice(1, -1);
  return byte < 0x80 && letter !== undefined ? letter.charCodeAt(0) : 0;
});

export function put(out: Buffer, from: number, bytes: Buffer): number {
  const { length } = bytes;
  for (let at = 0; at < length; at += 1) out[from + at] = bytes[at] as number;
  return from + length;
}

/** With zeros behind it, so that it can be read in fours. */
export function padded(bytes: Buffer): DataView {
  return viewOf(Buffer.concat([bytes, Buffer.alloc(SLACK)]));
}

/** Bytes are copied in fours, and as many are read beyond their end. */
export function putWords(out: DataView, used: number, bytes: DataView, length: number): number {
  for (let at = 0; at < length; at += 4) out.setInt32(used + at, bytes.getInt32(at));
  return used + length;
}

/** -1, with nothing promised about the bytes, for a text that is not its own JSON. */
export function putPlainText(
  out: DataView,
  used: number,
  bytes: DataView,
  from: number,
  end: number,
): number {
  const shift = used + 1 - from;
  const isShort = end - from <= SHORT;
  let at = from;
  for (; at + 4 <= end; at += 4) {
    const word = bytes.getInt32(at);
    if (mayNeedEscape(word)) return -1;
    if (isShort) out.setInt32(at + shift, word);
  }
  for (; at < end; at += 1) {
    const byte = bytes.getUint8(at);
    if (ESCAPES[byte] !== 0) return -1;
    if (isShort) out.setUint8(at + shift, byte);
  }
  if (!isShort) bytesOf(bytes, from, end).copy(bytesOf(out, used + 1, end + shift));
  out.setUint8(used, QUOTE);
  out.setUint8(end + shift, QUOTE);
  return end + shift + 1;
}

function bytesOf({ buffer, byteOffset }: DataView, from: number, end: number): Buffer {
  return Buffer.from(buffer, byteOffset + from, end - from);
}

/** A text as JSON.stringify writes it: each byte takes {@link MOST_ESCAPE} at most. */
export function putEscaped(out: Buffer, used: number, bytes: Buffer, from: number, end: number): number {
  out[used] = QUOTE;
  let to = used + 1;
  for (let at = from; at < end; at += 1) {
    const byte = bytes[at] as number;
    const letter = ESCAPES[byte] as number;
    if (letter === 0) {
      out[to] = byte;
      to += 1;
      continue;
    }
    out[to] = BACKSLASH;
    out[to + 1] = letter;
    to += 2;
    if (letter !== UNNAMED) continue;
    out[to] = ZERO;
    out[to + 1] = ZERO;
    out[to + 2] = ZERO + (byte >> 4);
    out[to + 3] = HEX[byte & 0xf] as number;
    to += 4;
  }
  out[to] = QUOTE;
  return to + 1;
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

/** A REAL as document/encode.ts writes it; -1 for one that JSON has no number for. */
export function putReal(out: Buffer, used: number, value: number): number {
  if (!Number.isFinite(value) || Object.is(value, -0)) return -1;
  const digits = String(value);
  let isWhole = true;
  for (let at = 0; at < digits.length; at += 1) {
    const unit = digits.charCodeAt(at);
    out[used + at] = unit;
    if (unit === POINT || unit === EXPONENT) isWhole = false;
  }
  const end = used + digits.length;
  if (!isWhole) return end;
  out[end] = POINT;
  out[end + 1] = ZERO;
  return end + 2;
}

/** What a BLOB stands between, by how an empty one is written. */
export function blobEnds(empty: string): readonly [Buffer, Buffer] {
  const middle = empty.lastIndexOf('"');
  return [Buffer.from(empty.slice(0, middle)), Buffer.from(empty.slice(middle))];
}

/** The content of a BLOB, in base64. */
export function putBase64(out: Buffer, used: number, bytes: Buffer, from: number, end: number): number {
  let to = used;
  for (let at = from; at < end; at += 3) {
    const left = end - at;
    const three =
      ((bytes[at] as number) << 16) |
      (left > 1 ? (bytes[at + 1] as number) << 8 : 0) |
      (left > 2 ? (bytes[at + 2] as number) : 0);
    out[to] = BASE64[three >> 18] as number;
    out[to + 1] = BASE64[(three >> 12) & 63] as number;
    out[to + 2] = left > 1 ? (BASE64[(three >> 6) & 63] as number) : PADDING;
    out[to + 3] = left > 2 ? (BASE64[three & 63] as number) : PADDING;
    to += 4;
  }
  return to;
}

/** -1 for one beyond what a double holds exactly. */
export function putInteger(out: Buffer, used: number, view: DataView, at: number): number {
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
