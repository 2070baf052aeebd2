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

/** What stands before each value of a row: the brace or comma, and the key. */
export function rowHeads(table: TableInfo): readonly string[] {
  const { rowid, columns } = rowLayout(table);
  const keys = columns.map(({ name }) => columnKey(name, isAnime(table)));
  if (rowid === 'hidden') keys.unshift(ROWID_KEY);
  return keys.map((key, i) => `${i === 0 ? '{' : ','}${JSON.stringify(key)}:`);
}

/**
 * Returns a function that writes one row of `table` as a JSON object, without its closing brace (an
 * anime's parts may follow). `skip` values at the row's front are not of the table (the tag of a
 * nested scan).
 */
export function rowEncoder(table: TableInfo, skip: number): (row: Row) => string {
  const { rowid, width, at } = rowLayout(table);
  const heads = rowHeads(table);
  const places = (rowid === 'hidden' ? [0, ...at] : at).map((place) => place + skip);
  const count = heads.length;

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
