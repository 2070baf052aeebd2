import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { crc32Combine } from '../../../src/backup/envelope/crc32.ts';

test('combining equals the CRC of both in one go', () => {
  const bytes = fc.uint8Array({ maxLength: 3000 });
  fc.assert(
    fc.property(bytes, bytes, (a, b) => {
      expect(crc32Combine(crc32(a), crc32(b), b.byteLength)).toBe(crc32(Buffer.concat([a, b])));
    }),
    { numRuns: 500, seed: 1 },
  );
});

test('combining is associative for lengths far beyond 32 bits', () => {
  // CRC-32 of n zero bytes is known from pieces: (a + b) + c must equal a + (b + c).
  const crc = fc.nat({ max: 0xffffffff });
  const length = fc.nat({ max: 2 ** 45 });
  fc.assert(
    fc.property(crc, crc, crc, length, length, (a, b, c, lengthB, lengthC) => {
      const left = crc32Combine(crc32Combine(a, b, lengthB), c, lengthC);
      const right = crc32Combine(a, crc32Combine(b, c, lengthC), lengthB + lengthC);
      expect(left).toBe(right);
    }),
    { numRuns: 500, seed: 2 },
  );
});
