/** Any JSON value at a {@link ByteWindow}'s position, with integers exact and within bounds. */
import { Buffer } from 'node:buffer';
import { byteAt, literal, numeral, string } from './tokens.ts';
import type { ByteWindow } from './window.ts';

export type JsonValue = null | boolean | bigint | number | string | JsonValue[] | JsonObject;
/** A Map: keys may be called anything, and keep their order. */
export interface JsonObject extends Map<string, JsonValue> {}

/** Deeper than any document of this kind; protects the stack. */
const MAX_DEPTH = 32;

const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');
const NULL = Buffer.from('null');
const SPACE = 0x20;

export const BYTE = {
  quote: 0x22,
  comma: 0x2c,
  colon: 0x3a,
  open: 0x5b,
  close: 0x5d,
  openBrace: 0x7b,
  closeBrace: 0x7d,
  null: 0x6e,
} as const;

/** Consumes a value and the space before it; the window's path says where it stands. */
export function jsonValue(window: ByteWindow): JsonValue {
  switch (nextByte(window)) {
    case BYTE.quote:
      return string(window);
    case BYTE.openBrace:
      return jsonObject(window);
    case BYTE.open:
      return jsonArray(window);
    case TRUE[0]:
      literal(window, TRUE);
      return true;
    case FALSE[0]:
      literal(window, FALSE);
      return false;
    case NULL[0]:
      literal(window, NULL);
      return null;
    default:
      return numeral(window);
  }
}

/** Consumes an object and the space before it. */
export function jsonObject(window: ByteWindow): JsonObject {
  const { path } = window;
  const made: JsonObject = new Map();
  descend(window, BYTE.openBrace);
  while (follows(window, BYTE.closeBrace, made.size === 0)) {
    const key = jsonKey(window);
    if (made.has(key)) throw window.fault(`the key ${JSON.stringify(key)} stands twice`);
    path.push(key);
    made.set(key, jsonValue(window));
    path.pop();
  }
  return made;
}

function jsonArray(window: ByteWindow): JsonValue[] {
  const { path } = window;
  const made: JsonValue[] = [];
  descend(window, BYTE.open);
  while (follows(window, BYTE.close, made.length === 0)) {
    path.push(made.length);
    made.push(jsonValue(window));
    path.pop();
  }
  return made;
}

function descend(window: ByteWindow, open: number): void {
  if (window.path.length > MAX_DEPTH) throw window.fault(`nested deeper than ${MAX_DEPTH} levels`);
  punctuation(window, open);
}

/** Consumes space; returns the byte after it. */
export function nextByte(window: ByteWindow): number {
  for (;;) {
    const byte = byteAt(window);
    if (byte > SPACE || !isSpace(byte)) return byte;
    window.pos += 1;
  }
}

export function isSpace(byte: number | undefined): boolean {
  return byte === SPACE || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** Consumes space and this byte. */
export function punctuation(window: ByteWindow, byte: number): void {
  if (nextByte(window) !== byte) throw window.fault(`expected ${String.fromCharCode(byte)}`);
  window.pos += 1;
}

/**
 * Whether a list or an object goes on: consumes the comma before its next piece (the first has
 * none), or the bracket that closes it.
 */
export function follows(window: ByteWindow, close: number, first: boolean): boolean {
  const byte = nextByte(window);
  if (byte !== close && first) return true;
  if (byte !== close && byte !== BYTE.comma) {
    throw window.fault(`expected , or ${String.fromCharCode(close)}`);
  }
  window.pos += 1;
  return byte !== close;
}

/** Consumes a key with its colon. */
export function jsonKey(window: ByteWindow): string {
  if (nextByte(window) !== BYTE.quote) throw window.fault('expected a key in quotes');
  const key = string(window);
  punctuation(window, BYTE.colon);
  return key;
}
