/** Any JSON value at a {@link ByteWindow}'s position, with integers exact and within bounds. */
import { Buffer } from 'node:buffer';
import { byteAt, literal, numeral, string } from './tokens.ts';
import type { ByteWindow } from './window.ts';

export type JsonValue = null | boolean | bigint | number | string | JsonValue[] | JsonObject;
/** A Map: keys may be called anything, and keep their order. */
export interface JsonObject extends Map<string, JsonValue> {}
/** Where a value stands: `['anime', 3, 'parts']`. */
export type JsonPath = (string | number)[];

/** Deeper than any document of this kind; protects the stack. */
const MAX_DEPTH = 32;

const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');
const NULL = Buffer.from('null');

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

/** `anime[3].parts[0].file_id` */
export function placeOf(path: JsonPath): string {
  return path
    .map((step, i) => (typeof step === 'number' ? `[${step}]` : i === 0 ? step : `.${step}`))
    .join('');
}

/**
 * Consumes a value and the space before it. `path` is where it stands; it is extended while inside,
 * and left as it is when something is thrown, so that the message can name the spot.
 */
export function jsonValue(window: ByteWindow, path: JsonPath): JsonValue {
  switch (nextByte(window)) {
    case BYTE.quote:
      return string(window);
    case BYTE.openBrace:
      return object(window, path);
    case BYTE.open:
      return array(window, path);
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

/** Consumes space; returns the byte after it. */
export function nextByte(window: ByteWindow): number {
  for (;;) {
    const byte = byteAt(window);
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return byte;
    window.pos += 1;
  }
}

/** Consumes space and one of the bytes; returns it. */
export function oneOf(window: ByteWindow, ...bytes: number[]): number {
  const byte = nextByte(window);
  if (!bytes.includes(byte)) {
    throw window.fault(`expected ${bytes.map((one) => String.fromCharCode(one)).join(' or ')}`);
  }
  window.pos += 1;
  return byte;
}

/** Consumes a key with its colon. */
export function jsonKey(window: ByteWindow): string {
  if (nextByte(window) !== BYTE.quote) throw window.fault('expected a key in quotes');
  const key = string(window);
  oneOf(window, BYTE.colon);
  return key;
}

function object(window: ByteWindow, path: JsonPath): JsonObject {
  const made: JsonObject = new Map();
  descend(window, path);
  if (nextByte(window) === BYTE.closeBrace) {
    window.pos += 1;
    return made;
  }
  do {
    const key = jsonKey(window);
    if (made.has(key)) throw window.fault(`the key ${JSON.stringify(key)} stands twice`);
    path.push(key);
    made.set(key, jsonValue(window, path));
    path.pop();
  } while (oneOf(window, BYTE.comma, BYTE.closeBrace) === BYTE.comma);
  return made;
}

function array(window: ByteWindow, path: JsonPath): JsonValue[] {
  const made: JsonValue[] = [];
  descend(window, path);
  if (nextByte(window) === BYTE.close) {
    window.pos += 1;
    return made;
  }
  do {
    path.push(made.length);
    made.push(jsonValue(window, path));
    path.pop();
  } while (oneOf(window, BYTE.comma, BYTE.close) === BYTE.comma);
  return made;
}

function descend(window: ByteWindow, path: JsonPath): void {
  if (path.length > MAX_DEPTH) throw window.fault(`nested deeper than ${MAX_DEPTH} levels`);
  window.pos += 1;
}
