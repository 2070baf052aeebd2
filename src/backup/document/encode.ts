/**
 * SQLite values and rows as JSON text. Every value has exactly one form, and no two values share
 * one (docs/formats.md, "Values").
 */
import { Buffer } from 'node:buffer';
import type { Row, SqlValue, TableInfo } from '../model/model.ts';
import { rowLayout, valueFault } from '../model/values.ts';
import { BLOB_TAG, columnKey, isAnime, REAL_TAG, ROWID_KEY, TEXT_TAG } from './format.ts';

/** What JSON must escape; and surrogates, whose pairing only the slow path checks. */
const NEEDS_CARE = /["\\\u0000-\u001f\ud800-\udfff]/;

/**
 * INTEGER: all digits; REAL: always with a point or an exponent; TEXT: a string; everything else: a
 * tagged object.
 */
export function encodeValue(value: SqlValue): string {
  if (typeof value === 'string') {
    if (!NEEDS_CARE.test(value)) return `"${value}"`;
    refuseFault(value);
    return JSON.stringify(value);
  }
  if (value === null) return 'null';
  if (typeof value === 'bigint') {
    refuseFault(value);
    return value.toString();
  }
  if (typeof value === 'number') return encodeReal(value);
  if (value instanceof Uint8Array) return `{"${BLOB_TAG}":"${base64(value)}"}`;
  return `{"${TEXT_TAG}":"${base64(value.bytes)}"}`;
}

/**
 * Returns a function that writes one row of `table` as a JSON object, without its closing brace (an
 * anime's parts may follow). `skip` values at the row's front are not of the table (the tag of a
 * nested scan).
 */
export function rowEncoder(table: TableInfo, skip: number): (row: Row) => string {
  const { rowid, width, columns, at } = rowLayout(table);
  const fields = columns.map(({ name }, i) => ({ key: columnKey(name, isAnime(table)), at: at[i] ?? 0 }));
  if (rowid === 'hidden') fields.unshift({ key: ROWID_KEY, at: 0 });
  const heads = fields.map(({ key }, i) => `${i === 0 ? '{' : ','}${JSON.stringify(key)}:`);
  const places = fields.map((field) => field.at + skip);
  const count = fields.length;

  return (row) => {
    if (row.length !== width + skip) {
      throw new Error(`a row of ${table.name} has ${row.length} values, not ${width + skip}`);
    }
    let text = '';
    for (let i = 0; i < count; i += 1) {
      text += heads[i] + encodeValue(row[places[i] as number] as SqlValue);
    }
    return text;
  };
}

/**
 * JavaScript's digits are the shortest that read back to the same double; the point keeps 1.0 apart
 * from 1.
 */
function encodeReal(value: number): string {
  refuseFault(value);
  if (Object.is(value, -0)) return '-0.0';
  if (value === Infinity) return `{"${REAL_TAG}":"inf"}`;
  if (value === -Infinity) return `{"${REAL_TAG}":"-inf"}`;
  const digits = String(value);
  return /[.e]/.test(digits) ? digits : `${digits}.0`;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

function refuseFault(value: SqlValue): void {
  const fault = valueFault(value);
  if (fault !== null) throw new Error(fault);
}
