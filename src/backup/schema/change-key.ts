/**
 * The key of a row as the change log has it: what it is in SQL, and how the SQL text of further key
 * columns is read. Pure.
 */
import { quoteName } from '../../lib/sql-tokens.ts';
import type { TableInfo } from '../model/model.ts';

/** SQL of a row's key: of one column, and of the others of a longer primary key. */
export interface RowKey {
  /** Behind `NEW.` or a table's name. */
  readonly first: string;
  readonly rest: readonly string[];
}

export const ROWIDS: readonly string[] = ['rowid', '_rowid_', 'oid'];

/** Undefined where nothing names the row. */
export function keyOf(table: TableInfo): RowKey | undefined {
  if (table.withoutRowid) {
    const [first, ...rest] = table.columns
      .filter(({ primaryKey }) => primaryKey > 0)
      .sort((a, b) => a.primaryKey - b.primaryKey)
      .map(({ name }) => quoteName(name));
    return first === undefined ? undefined : { first, rest };
  }
  const first = ROWIDS.find((name) => !table.columns.some((column) => column.name.toLowerCase() === name));
  if (first !== undefined) return { first, rest: [] };
  const alias = table.rowidAlias === null ? undefined : table.columns[table.rowidAlias];
  return alias && { first: quoteName(alias.name), rest: [] };
}

/**
 * SQL of a row's key as the change log has it. `as` is the row: `NEW`, `OLD`, a table or its alias.
 * `rest` is NULL for a key of one column. It is ASCII, and the same only for the same values:
 * `quote` would cut a text at a NUL character.
 * @throws for a table that is not covered
 */
export function keySql(table: TableInfo, as: string): { readonly key: string; readonly rest: string } {
  const key = keyOf(table);
  if (key === undefined) throw new Error(`table ${table.name} has no key`);
  return keyText(key, as);
}

export function keyText({ first, rest }: RowKey, as: string): { key: string; rest: string } {
  const parts = rest.map((name) => restText(`${as}.${name}`));
  return { key: `${as}.${first}`, rest: parts.length === 0 ? 'NULL' : parts.join(" || ',' || ") };
}

/** A value between these has no bit below 2^-124. */
const WORD_BITS = 62n;
const WORD = 2n ** WORD_BITS;

/** A number that has no such text: a full backup has to hold the row (read-range.ts). */
export const UNTOLD = '?';

/**
 * `quote` writes a REAL in one way here and in another way there, by SQLite's version. Arithmetic
 * with powers of two is the same everywhere, and exact: `r<whole>.<62 bits>.<62 bits>`.
 */
function restText(value: string): string {
  const whole = `CAST(${value} AS INTEGER)`;
  const upper = `(${value} - ${whole}) * ${WORD}`;
  const lower = `(${upper} - CAST(${upper} AS INTEGER)) * ${WORD}`;
  const parts = [whole, `CAST(${upper} AS INTEGER)`, `CAST(${lower} AS INTEGER)`].join(" || '.' || ");
  const isExact = `abs(${value}) < ${WORD} AND (${value} = 0 OR abs(${value}) * ${WORD} >= 1)`;
  const real = `CASE WHEN ${isExact} THEN 'r' || ${parts} WHEN ${value} = 9e999 THEN 'rInf' WHEN ${value} = -9e999 THEN 'r-Inf' ELSE '${UNTOLD}' END`;
  return `CASE typeof(${value}) WHEN 'text' THEN 't' || hex(${value}) WHEN 'real' THEN ${real} ELSE quote(${value}) END`;
}

/**
 * The text in the log as a change file has it: reals as every version reads them back.
 * @throws for a number that has no text
 */
export function fileRest(rest: string): string {
  return rest
    .split(',')
    .map((part) => (part.startsWith('r') ? realText(part.slice(1)) : part))
    .join(',');
}

function realText(text: string): string {
  if (text === 'Inf' || text === '-Inf') return text.replace('Inf', '9.0e+999');
  const [whole = 0n, upper = 0n, lower = 0n] = text.split('.').map(BigInt);
  // A division by a power of two; the number of bits is that of a double, so nothing is rounded.
  const scaled = (whole * WORD + upper) * WORD + lower;
  const value = Number(scaled) / 2 ** Number(2n * WORD_BITS);
  const [digits = '0', exponent] = String(value).split('e');
  return `${digits.includes('.') ? digits : `${digits}.0`}${exponent === undefined ? '' : `e${exponent}`}`;
}
