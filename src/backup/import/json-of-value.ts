/** A value of a database as the document spells it: what JSON has no word for gets a tag. */
import { BLOB_TAG, REAL_TAG, TEXT_TAG } from '../document/format.ts';
import type { JsonValue } from '../document/json-value.ts';
import { InvalidText, type SqlValue } from '../model/model.ts';

export function jsonOf(value: SqlValue): JsonValue {
  if (value instanceof InvalidText) return new Map([[TEXT_TAG, Buffer.from(value.bytes).toString('base64')]]);
  if (value instanceof Uint8Array) return new Map([[BLOB_TAG, Buffer.from(value).toString('base64')]]);
  if (value === Infinity) return new Map([[REAL_TAG, 'inf']]);
  return value === -Infinity ? new Map([[REAL_TAG, '-inf']]) : value;
}
