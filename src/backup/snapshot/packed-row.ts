/**
 * A whole row as one TEXT, put together by the server's SQLite: a value's JSON wrapping is several
 * times the size of most values, and costs both sides more than the values do. Values are parted by
 * U+007F, which JSON need not escape and hardly any text holds:
 * - nothing: NULL; digits: INTEGER; `t…`: TEXT as it is; `x…`: TEXT as hex of its bytes (it holds a
 *   U+007F); `b…`: BLOB as hex;
 * - `!`: a value that does not go this way (a REAL, whose sign of zero SQL cannot tell; or a large
 *   one): {@link NeedsExactForm}.
 */
import { Buffer } from 'node:buffer';
import type { SqlValue } from '../model/model.ts';
import { textOfBytes } from '../model/text-bytes.ts';
import { WireError } from '../sql-http/wire.ts';
import { NeedsExactForm } from './needs-exact-form.ts';
import type { ScanValue } from './scan-sql.ts';

const SEPARATOR = 0x7f;
const SEPARATOR_TEXT = '\x7f';
/** Hex doubles a value, and servers bound a row (5 MB in sqld). */
const MOST_BYTES = 64 * 1024;
/** So many digits are exact in a double. */
const SAFE_DIGITS = 15;
/** Part numbers, counters, codes: the integers that are met most are made once. */
const SMALL: readonly bigint[] = Array.from({ length: 2_048 }, (_, value) => BigInt(value));

const MINUS = 0x2d;
const ZERO = 0x30;
/** The letters that begin a value: t, x, b, and the exclamation mark. */
const TEXT = 0x74;
const HEX_TEXT = 0x78;
const BLOB = 0x62;
const UNFIT = 0x21;

/** Whether rows of these values are likely to be packed without exception. */
export function canPack(values: readonly ScanValue[]): boolean {
  return values.every(({ holds }) => holds !== 'anything');
}

/** The expression of a packed row. */
export function packedSql(values: readonly ScanValue[]): string {
  // A value alone would keep its own type.
  return `'' || ${chain(values.map(packedValue), ' || char(127) || ')}`;
}

/**
 * A chain nests as deep as it is long, and SQLite allows 1000 (SQLITE_MAX_EXPR_DEPTH,
 * sqlite.org/limits.html), but 2000 columns.
 */
const LONGEST_CHAIN = 100;

/** Terms with an associative operator between them; many of them in groups. */
export function chain(terms: readonly string[], operator: string): string {
  if (terms.length <= LONGEST_CHAIN) return terms.join(operator);
  const groups: string[] = [];
  for (let at = 0; at < terms.length; at += LONGEST_CHAIN)
    groups.push(`(${terms.slice(at, at + LONGEST_CHAIN).join(operator)})`);
  return groups.join(operator);
}

function packedValue({ sql, holds }: ScanValue): string {
  if (holds === 'integer') return sql;
  const large = `octet_length(${sql}) > ${MOST_BYTES}`;
  const integer = `WHEN 'integer' THEN ${sql}`;
  const text = `WHEN 'text' THEN CASE WHEN ${large} THEN '!' WHEN instr(${sql}, char(127)) THEN 'x' || hex(${sql}) ELSE 't' || ${sql} END`;
  const rest = `WHEN 'null' THEN '' WHEN 'blob' THEN iif(${large}, '!', 'b' || hex(${sql})) ELSE '!'`;
  // The likely type first.
  const [first, second] = holds === 'no real' ? [text, integer] : [integer, text];
  return `CASE typeof(${sql}) ${first} ${second} ${rest} END`;
}

/**
 * The values of a packed row that stands in `text` from `from` to `to`. Throws {@link
 * NeedsExactForm}, and {@link WireError} for what no server of ours packs.
 */
export function unpackRow(text: string, from: number, to: number, width: number): SqlValue[] {
  const row: SqlValue[] = [];
  for (let at = from; at <= to; at += 1) {
    const first = at < to ? text.charCodeAt(at) : SEPARATOR;
    if (first === SEPARATOR) {
      row.push(null);
      continue;
    }
    const start = at;
    if (first === MINUS || (first >= ZERO && first <= ZERO + 9)) {
      const firstDigit = first === MINUS ? start + 1 : start;
      let value = 0;
      for (at = firstDigit; at < to; at += 1) {
        const digit = text.charCodeAt(at) - ZERO;
        if (digit < 0 || digit > 9) break;
        value = value * 10 + digit;
      }
      const isEnded = at === to || text.charCodeAt(at) === SEPARATOR;
      if (!isEnded || at === firstDigit) throw new WireError('a packed integer that is none');
      if (first !== MINUS && value < SMALL.length) row.push(SMALL[value] as bigint);
      else if (at - firstDigit > SAFE_DIGITS) row.push(BigInt(text.slice(start, at)));
      else row.push(BigInt(first === MINUS ? -value : value));
      continue;
    }
    const next = text.indexOf(SEPARATOR_TEXT, at);
    at = next < 0 || next > to ? to : next;
    const body = text.slice(start + 1, at);
    row.push(first === TEXT ? body : special(first, body));
  }
  if (row.length !== width) throw new WireError(`a packed row of ${row.length} values where ${width} belong`);
  return row;
}

function special(kind: number, body: string): SqlValue {
  if (kind === UNFIT) throw new NeedsExactForm('a value is large, or a REAL where none was expected');
  if (kind !== HEX_TEXT && kind !== BLOB) throw new WireError('a packed value of no known kind');
  const bytes = new Uint8Array(Buffer.from(body, 'hex'));
  if (bytes.length * 2 !== body.length) throw new WireError('a packed value that is not hex');
  return kind === HEX_TEXT ? textOfBytes(bytes) : bytes;
}
