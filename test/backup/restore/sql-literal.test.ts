import { DatabaseSync } from 'node:sqlite';
import * as fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { InvalidText, type SqlValue } from '../../../src/backup/model/model.ts';
import { sqlLiteral } from '../../../src/backup/model/sql-literal.ts';

const db = new DatabaseSync(':memory:');
db.exec('CREATE TABLE t (v)');
afterAll(() => db.close());

/** What SQLite stored for the literal, down to the bits. */
function stored(value: SqlValue): unknown {
  db.exec(`DELETE FROM t; INSERT INTO t VALUES (${sqlLiteral(value)})`);
  const select = db.prepare('SELECT typeof(v) AS type, v, CAST(v AS BLOB) AS bytes FROM t');
  select.setReadBigInts(true);
  const row = select.get();
  return row?.['type'] === 'text'
    ? { type: 'text', bytes: row['bytes'] }
    : { type: row?.['type'], value: row?.['v'] };
}

const reals = fc.double({ noNaN: true });

test.each([
  0,
  -0,
  5e-324,
  -5e-324,
  2.2250738585072014e-308,
  1.7976931348623157e308,
  0.1,
  1 / 3,
  2 ** 53,
  2 ** 60 + 512,
  Infinity,
  -Infinity,
  1e22,
  123456.789,
])('the real %s comes back to the bit', (value) => {
  expect(stored(value)).toEqual({ type: 'real', value });
});

test('every real comes back to the bit', () => {
  fc.assert(
    fc.property(reals, (value) => {
      expect(stored(value)).toEqual({ type: 'real', value });
    }),
    { numRuns: 2000 },
  );
});

test('every integer of 64 bits comes back', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
      expect(stored(value)).toEqual({ type: 'integer', value });
    }),
  );
  expect(stored(-(2n ** 63n))).toEqual({ type: 'integer', value: -(2n ** 63n) });
});

test('texts of any characters, NUL and quotes included, come back', () => {
  fc.assert(
    fc.property(
      fc.string({
        unit: fc.oneof(
          fc.constantFrom('\0', "'", '"', ';', '\n'),
          fc.string({ unit: 'binary', maxLength: 1 }),
        ),
      }),
      (value) => {
        expect(stored(value)).toEqual({ type: 'text', bytes: new Uint8Array(Buffer.from(value)) });
      },
    ),
  );
});

test('NULL, blobs and text that is not UTF-8 come back', () => {
  expect(stored(null)).toEqual({ type: 'null', value: null });
  expect(stored(Uint8Array.of(0, 255, 39))).toEqual({ type: 'blob', value: Uint8Array.of(0, 255, 39) });
  expect(stored(new InvalidText(Uint8Array.of(97, 255)))).toEqual({
    type: 'text',
    bytes: Uint8Array.of(97, 255),
  });
});
