/**
 * Values as SQL text that reads back to the very same bits. JSON arguments would be shorter code,
 * but servers parse JSON numbers loosely (a real may come out one bit off), and SQLite's own
 * decimal parser does not promise better.
 */
import { InvalidText, type SqlValue } from './model.ts';

export function sqlLiteral(value: SqlValue): string {
  if (value === null) return 'NULL';
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return realLiteral(value);
  // SQL text ends at a NUL for some parsers.
  if (typeof value === 'string')
    return value.includes('\0') ? sqlOfBytes(Buffer.from(value)) : `'${value.replaceAll("'", "''")}'`;
  return value instanceof InvalidText ? sqlOfBytes(value.bytes) : `x'${hex(value)}'`;
}

/** Exponent of one factor: 2^60 is still an INTEGER literal. */
const STEP = 60;

/**
 * An integer of at most 53 bits, multiplied or divided by powers of two: every step is exact in
 * IEEE 754.
 */
function realLiteral(value: number): string {
  if (value === Infinity) return '9e999';
  if (value === -Infinity) return '-9e999';
  if (Object.is(value, -0)) return '-0.0';
  if (Number.isInteger(value) && Math.abs(value) < 2 ** 53) return `${value}.0`;
  let mantissa = value;
  let exponent = 0;
  while (!Number.isInteger(mantissa)) {
    mantissa *= 2;
    exponent -= 1;
  }
  while (Math.abs(mantissa) >= 2 ** 53) {
    mantissa /= 2;
    exponent += 1;
  }
  const sign = exponent < 0 ? '/' : '*';
  let text = `CAST(${mantissa} AS REAL)`;
  for (let left = Math.abs(exponent); left > 0; left -= STEP)
    text += `${sign}${2n ** BigInt(Math.min(left, STEP))}`;
  return `(${text})`;
}

function sqlOfBytes(bytes: Uint8Array): string {
  return `CAST(x'${hex(bytes)}' AS TEXT)`;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}
