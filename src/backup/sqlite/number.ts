/** Integers and REALs as values of a record: serial types 1 to 9. */

const TYPE_INT64 = 6;
const TYPE_FLOAT = 7;
/** 8 and 9 are the integers 0 and 1, without a byte of content. */
const TYPE_ZERO = 8;

/** Bytes of content by serial type, from 0 (NULL) to 9. */
export const NUMERIC_BYTES = Uint8Array.of(0, 1, 2, 3, 4, 6, 8, 8, 0, 0);

/**
 * Writes an INTEGER (`bigint`) or a REAL (`number`) at `at`, where 8 bytes must be free, and
 * returns its serial type. With `real` (a column of REAL affinity) integral values are stored as
 * integers, as SQLite does to save space: it reads them back as REAL. -0.0 has no integer and stays
 * a REAL.
 */
export function putNumber(view: DataView, at: number, value: bigint | number, real: boolean): number {
  if (typeof value === 'bigint') {
    // Rounded beyond 2^53, where all that matters is that it is beyond 2^47.
    const type = putInteger(view, at, Number(value));
    if (type !== TYPE_INT64) return type;
    if (BigInt.asIntN(64, value) !== value) throw new RangeError(`integer ${value} is beyond 64 bits`);
    view.setBigInt64(at, value);
    return type;
  }
  if (real && Number.isInteger(value) && !Object.is(value, -0)) {
    const type = putInteger(view, at, value);
    // 8 bytes as an integer save nothing.
    if (type !== TYPE_INT64) return type;
  }
  if (Number.isNaN(value)) throw new RangeError('NaN cannot be stored');
  view.setFloat64(at, value);
  return TYPE_FLOAT;
}

/**
 * Big-endian two's complement in the fewest bytes; beyond 6 bytes nothing is written and the type
 * is that of 8 bytes.
 */
function putInteger(view: DataView, at: number, value: number): number {
  if (value >= -0x80 && value <= 0x7f) {
    if (value === 0 || value === 1) return TYPE_ZERO + value;
    view.setInt8(at, value);
    return 1;
  }
  if (value >= -0x8000 && value <= 0x7fff) {
    view.setInt16(at, value);
    return 2;
  }
  if (value >= -0x800000 && value <= 0x7fffff) {
    view.setInt16(at, value >> 8);
    view.setInt8(at + 2, value);
    return 3;
  }
  if (value >= -0x80000000 && value <= 0x7fffffff) {
    view.setInt32(at, value);
    return 4;
  }
  if (value >= -0x800000000000 && value <= 0x7fffffffffff) {
    view.setInt16(at, Math.floor(value / 0x100000000));
    view.setInt32(at + 2, value);
    return 5;
  }
  return TYPE_INT64;
}
