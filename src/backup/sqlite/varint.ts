/**
 * SQLite's variable-length integers: big-endian groups of 7 bits, at most 9 bytes, the ninth with
 * all its 8 bits.
 */

/** Bytes of the varint of a count or serial type: 0 <= value < 2^35. */
export function varintLength(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x200000) return 3;
  if (value < 0x10000000) return 4;
  return 5;
}

/** Writes the varint of 0 <= value <= 2^53 so that it ends before `end`; returns its start. */
export function putVarintBefore(bytes: Uint8Array, end: number, value: number): number {
  let at = end - 1;
  let rest = value;
  if (rest < 0x80) {
    bytes[at] = rest;
    return at;
  }
  bytes[at] = rest % 128;
  rest = Math.floor(rest / 128);
  while (rest >= 0x80) {
    at -= 1;
    bytes[at] = 0x80 | (rest % 128);
    rest = Math.floor(rest / 128);
  }
  at -= 1;
  bytes[at] = 0x80 | rest;
  return at;
}

/** As {@link putVarintBefore} for a rowid: negative or beyond 2^53 too (then 8 or 9 bytes). */
export function putRowidBefore(bytes: Uint8Array, end: number, rowid: bigint): number {
  const small = Number(rowid);
  if (small >= 0 && small <= Number.MAX_SAFE_INTEGER) return putVarintBefore(bytes, end, small);
  if (BigInt.asIntN(64, rowid) !== rowid) throw new RangeError(`rowid ${rowid} is beyond 64 bits`);
  let rest = BigInt.asUintN(64, rowid);
  let at = end - 1;
  if (rest >= 1n << 56n) {
    bytes[at] = Number(rest & 0xffn);
    rest >>= 8n;
    for (let group = 0; group < 8; group += 1) {
      at -= 1;
      bytes[at] = 0x80 | Number(rest & 0x7fn);
      rest >>= 7n;
    }
    return at;
  }
  bytes[at] = Number(rest & 0x7fn);
  for (rest >>= 7n; rest > 0n; rest >>= 7n) {
    at -= 1;
    bytes[at] = 0x80 | Number(rest & 0x7fn);
  }
  return at;
}
