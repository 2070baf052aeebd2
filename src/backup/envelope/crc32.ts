/**
 * CRC-32 of two pieces put together, from the CRCs of the pieces: how a gzip member is closed whose
 * first bytes came last.
 */

/** The reflected polynomial of gzip (RFC 1952), as in zlib. */
const POLYNOMIAL = 0xedb88320;

/**
 * The CRC-32 of A followed by B.
 * @param crcA CRC-32 of A, unsigned
 * @param crcB CRC-32 of B, unsigned
 * @param bytesB length of B in bytes, a safe integer
 */
export function crc32Combine(crcA: number, crcB: number, bytesB: number): number {
  // Appending a zero bit multiplies the CRC by x modulo the polynomial; so B's 8·bytesB bits shift
  // A's CRC by x^(8·bytesB).
  return (multiply(powerOfX(bytesB), crcA) ^ crcB) >>> 0;
}

/** x^(8·bytes) modulo the polynomial, by squaring. Bit 31 is x^0. */
function powerOfX(bytes: number): number {
  let result = 0x80000000;
  // x^8, then x^16, x^32, …
  let square = 0x00800000;
  for (let n = bytes; n > 0; n = Math.floor(n / 2)) {
    if (n % 2 === 1) result = multiply(result, square);
    square = multiply(square, square);
  }
  return result;
}

/** The product of two polynomials over GF(2), modulo the CRC polynomial. */
function multiply(a: number, b: number): number {
  let product = 0;
  let shifted = b;
  for (let bit = 0x80000000; bit !== 0; bit >>>= 1) {
    if ((a & bit) !== 0) product ^= shifted;
    shifted = (shifted & 1) === 1 ? (shifted >>> 1) ^ POLYNOMIAL : shifted >>> 1;
  }
  return product >>> 0;
}
