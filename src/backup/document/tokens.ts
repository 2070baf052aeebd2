/**
 * JSON tokens at a {@link ByteWindow}'s position. All throw NEED_MORE when the window is too short,
 * DocumentError when it is wrong.
 */
import { Buffer } from 'node:buffer';
import type { ByteWindow } from './window.ts';

const QUOTE = 0x22;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const BACKSLASH = 0x5c;

/**
 * Longer literals than any double written out in full (309 digits and a sign) are an attack, not a
 * number.
 */
const MAX_NUMBER_BYTES = 400;
/** Up to this many digits a JavaScript number is exact, and much faster than parsing a bigint. */
const SAFE_DIGITS = 15;

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Consumes these bytes if they are what follows. */
export function matches(window: ByteWindow, expected: Uint8Array): boolean {
  const { bytes, pos, end } = window;
  for (let i = 0; i < expected.length; i += 1) {
    if (pos + i >= end) throw window.short();
    if (bytes[pos + i] !== expected[i]) return false;
  }
  window.pos = pos + expected.length;
  return true;
}

/** Consumes exactly these bytes. */
export function literal(window: ByteWindow, expected: Uint8Array): void {
  if (!matches(window, expected)) {
    throw window.fault(`expected ${JSON.stringify(Buffer.from(expected).toString())}`);
  }
}

/** The byte at the position. */
export function byteAt(window: ByteWindow): number {
  const byte = window.bytes[window.pos];
  if (window.pos >= window.end || byte === undefined) throw window.short();
  return byte;
}

/**
 * Consumes a string; the position is at its opening quote. Refuses control characters, bad escapes,
 * bad UTF-8, lone surrogates.
 */
export function string(window: ByteWindow): string {
  const { bytes, end } = window;
  const start = window.pos + 1;
  let escaped = false;
  let seen = 0;
  let at = start;
  for (; ; at += 1) {
    if (at >= end) throw window.short();
    const byte = bytes[at] as number;
    if (byte === QUOTE) break;
    if (byte < 0x20) throw window.fault('a control character inside a string', at);
    if (byte === BACKSLASH) {
      escaped = true;
      at += 1;
    }
    seen |= byte;
  }
  const text = escaped ? decodeEscaped(window, at + 1) : decode(window, start, at, seen < 0x80);
  window.pos = at + 1;
  return text;
}

function decode(window: ByteWindow, start: number, stop: number, ascii: boolean): string {
  if (ascii) return window.bytes.toString('latin1', start, stop);
  const text = window.bytes.toString('utf8', start, stop);
  // The lenient decoder is the fast one; what it replaced shows as U+FFFD (which may also be real
  // text).
  if (text.includes('\ufffd')) {
    try {
      return strictUtf8.decode(window.bytes.subarray(start, stop));
    } catch (cause) {
      throw window.fault('a string that is not UTF-8', start, cause);
    }
  }
  return text;
}

function decodeEscaped(window: ByteWindow, stop: number): string {
  let text: unknown;
  try {
    text = JSON.parse(decode(window, window.pos, stop, false));
  } catch (cause) {
    if (cause instanceof SyntaxError) throw window.fault('a string with a bad escape', window.pos, cause);
    throw cause;
  }
  if (typeof text !== 'string') throw window.fault('expected a string');
  if (!text.isWellFormed()) throw window.fault('text has a lone surrogate');
  return text;
}

/**
 * Consumes a number: without point and exponent a `bigint` of any size (the caller knows which are
 * allowed), else a `number`. Refuses what JSON refuses. A real beyond a double's range is an
 * infinity, which JSON has no other form for.
 */
export function numeral(window: ByteWindow): bigint | number {
  const { bytes, pos, end } = window;
  const negative = bytes[pos] === MINUS;
  const first = negative ? pos + 1 : pos;
  let at = first;
  let value = 0;
  let byte = 0;
  for (; at < end; at += 1) {
    byte = bytes[at] as number;
    if (byte < ZERO || byte > NINE) break;
    value = value * 10 + (byte - ZERO);
  }
  if (at >= end && !tooLong(pos, at)) throw window.short();
  if (byte === POINT || byte === 0x65 || byte === 0x45) return real(window, at);
  const digits = at - first;
  if (digits === 0 || (digits > 1 && bytes[first] === ZERO)) throw window.fault('not a number');
  if (tooLong(pos, at)) throw window.fault(`a number of more than ${MAX_NUMBER_BYTES} characters`);
  window.pos = at;
  if (digits <= SAFE_DIGITS) return BigInt(negative ? -value : value);
  return BigInt(bytes.toString('latin1', pos, at));
}

function real(window: ByteWindow, from: number): number {
  const { bytes, pos, end } = window;
  let at = from;
  // Point, plus, minus, digits, e, E: the pattern below sorts them out.
  for (; at < end; at += 1) {
    const byte = bytes[at] as number;
    if (
      !(
        (byte >= ZERO && byte <= NINE) ||
        byte === POINT ||
        byte === 0x2b ||
        byte === MINUS ||
        (byte | 0x20) === 0x65
      )
    )
      break;
  }
  if (tooLong(pos, at)) throw window.fault(`a number of more than ${MAX_NUMBER_BYTES} characters`);
  if (at >= end) throw window.short();
  const text = bytes.toString('latin1', pos, at);
  if (!/^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text)) throw window.fault('not a number');
  window.pos = at;
  return Number(text);
}

function tooLong(start: number, stop: number): boolean {
  return stop - start > MAX_NUMBER_BYTES;
}
