/** SQL values as a libSQL server spells them (tursodatabase/turso serverless/PROTOCOL.md 8.2). */
import { Buffer } from 'node:buffer';
import { isCrowded, MOST_PARTS } from '../../lib/crowded-json.ts';
import { isObject } from '../../lib/read-json.ts';
import type { SqlValue } from '../model/model.ts';

/** A REAL that came as JSON null: an infinity, its sign not known yet. */
export const UNSIGNED_INFINITY = Symbol('infinity');
export type WireValue = SqlValue | typeof UNSIGNED_INFINITY;

/** One value from parsed JSON. Throws for anything the protocol does not know. */
export function decodeWireValue(value: unknown): WireValue {
  if (!isObject(value)) throw new WireError('a value that is no object');
  switch (value['type']) {
    case 'null':
      return null;
    case 'integer':
      return decodeInteger(value['value']);
    case 'float':
      if (value['value'] === null) return UNSIGNED_INFINITY;
      if (typeof value['value'] === 'number') return value['value'];
      break;
    case 'text':
      if (typeof value['value'] === 'string') return value['value'];
      break;
    case 'blob':
      if (typeof value['base64'] === 'string') return decodeBase64(value['base64']);
      break;
  }
  throw new WireError(`a value of type ${JSON.stringify(value['type'])} that cannot be read`);
}

/** What the server sent is not the protocol. */
export class WireError extends Error {
  override readonly name = 'WireError';
}

/** JSON.parse without its message, which quotes the data, and of no more than is read at once. */
export function parseJson(text: string): unknown {
  if (isCrowded(text)) throw new WireError(`an answer of more than ${MOST_PARTS} parts`);
  try {
    return JSON.parse(text);
  } catch {
    throw new WireError('an answer that is not JSON');
  }
}

/** Base64 with or without padding. */
export function decodeBase64(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64');
  const digits = text.endsWith('=') ? text.length - (text.endsWith('==') ? 2 : 1) : text.length;
  // Buffer skips what is no base64; then bytes are missing.
  if (bytes.length !== Math.floor((digits * 3) / 4)) throw new WireError('a blob that is not base64');
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

function decodeInteger(text: unknown): bigint {
  if (typeof text !== 'string' || !/^-?[0-9]{1,19}$/.test(text))
    throw new WireError('an integer that is no decimal string');
  return BigInt(text);
}
