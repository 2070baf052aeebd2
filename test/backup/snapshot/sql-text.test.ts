import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeFloat } from '../../../sim/sql-over-http/wire-values.ts';
import { parseCreateIndex } from '../../../src/backup/snapshot/index-sql.ts';
import { RowLines, startsRow } from '../../../src/backup/sql-http/row-lines.ts';
import { decodeWireValue, UNSIGNED_INFINITY } from '../../../src/backup/sql-http/wire.ts';
import { tokenizeSql } from '../../../src/lib/sql-tokens.ts';

describe('tokens', () => {
  test('quotes, comments, parameters and numbers', () => {
    const sql = `SELECT 'it''s -- no', "a""b", [x y], \`c\`\`d\`, x'0F', 1.5e-3, .5, 0xFF, ?1, :n, @a, $b::c(d) /* ) */ -- end
      || ў_1 /* open`;
    expect(tokenizeSql(sql).map(({ kind, text }) => [kind, text])).toEqual([
      ['word', 'SELECT'],
      ['string', "'it''s -- no'"],
      ['symbol', ','],
      ['name', '"a""b"'],
      ['symbol', ','],
      ['name', '[x y]'],
      ['symbol', ','],
      ['name', '`c``d`'],
      ['symbol', ','],
      ['blob', "x'0F'"],
      ['symbol', ','],
      ['number', '1.5e-3'],
      ['symbol', ','],
      ['number', '.5'],
      ['symbol', ','],
      ['number', '0xFF'],
      ['symbol', ','],
      ['param', '?1'],
      ['symbol', ','],
      ['param', ':n'],
      ['symbol', ','],
      ['param', '@a'],
      ['symbol', ','],
      ['param', '$b::c(d)'],
      ['symbol', '|'],
      ['symbol', '|'],
      ['word', 'ў_1'],
    ]);
  });

  test('any text is cut up without loss of place', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...`'"[]\`-/*;,()xX01.e:?@$ \n aў`) }), (sql) => {
        let at = 0;
        for (const { start, end, text } of tokenizeSql(sql)) {
          expect(start).toBeGreaterThanOrEqual(at);
          expect(end).toBeGreaterThan(start);
          expect(sql.slice(start, end)).toBe(text);
          at = end;
        }
      }),
      { numRuns: 500, seed: 3 },
    );
  });
});

describe('CREATE INDEX taken apart', () => {
  test.each([
    ['CREATE INDEX i ON t (a)', ['a'], undefined],
    [
      'create unique index if not exists "ON" on "a(b" ("x,y" desc, b collate nocase asc)',
      ['"x,y"', 'b'],
      undefined,
    ],
    [
      'CREATE INDEX i ON t (lower(a || \'),\') COLLATE "x" DESC, (a, 1) IN (SELECT 1, 2)) WHERE a > 1 AND b IN (1, 2)',
      ["lower(a || '),')", '(a, 1) IN (SELECT 1, 2)'],
      'a > 1 AND b IN (1, 2)',
    ],
    [
      'CREATE INDEX i ON t (a /* , b */, -- c\n d) WHERE "where" = \'x\' -- end',
      ['a', 'd'],
      '"where" = \'x\'',
    ],
    ['CREATE INDEX main.i ON t(a COLLATE NOCASE COLLATE RTRIM)', ['a COLLATE NOCASE'], undefined],
  ])('%s', (sql, terms, where) => {
    expect(parseCreateIndex(sql)).toEqual({ terms, where });
  });

  test.each([
    '',
    'CREATE TABLE t (a)',
    'CREATE INDEX i ON t',
    'CREATE INDEX i ON t (a',
    'CREATE INDEX i ON t ()',
  ])('refused: %s', (sql) => {
    expect(() => parseCreateIndex(sql)).toThrow();
  });
});

describe('row lines', () => {
  const value = fc.oneof(
    fc
      .bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
      .map((integer) => `{"type":"integer","value":"${integer}"}`),
    fc.double({ noNaN: true }).map((float) => `{"type":"float","value":${encodeFloat(float)}}`),
    fc.string({ unit: 'binary' }).map((text) => `{"type":"text","value":${JSON.stringify(text)}}`),
    fc
      .string({ unit: fc.constantFrom('"', '\\', '\n', 'n', '\u2028', '}', ']', ',', '{"type":"null"}') })
      .map((text) => `{"type":"text","value":${JSON.stringify(text)}}`),
    fc
      .uint8Array()
      .map(
        (bytes) => `{"type":"blob","base64":"${Buffer.from(bytes).toString('base64').replaceAll('=', '')}"}`,
      ),
    fc.constant('{"type":"null"}'),
    // Spellings no server is known to use.
    fc.constantFrom(
      '{ "type":"null"}',
      '{"value":"5","type":"integer"}',
      '{"type":"text","value":"\\u0041"}',
      '{"type":"integer","value":"+5"}'.replace('+', ''),
    ),
  );

  test('the quick reader and JSON.parse agree on every row', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(value, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 6 }),
        (rows) => {
          const block = rows.map((row) => `{"type":"row","row":[${row.join(',')}]}\n`).join('');
          const lines = new RowLines(block, 0);
          for (const row of rows) {
            expect(startsRow(block, lines.at)).toBe(true);
            const expected = row.map((text) => decodeWireValue(JSON.parse(text)));
            expect(lines.next()).toEqual(expected);
          }
          expect(lines.at).toBe(block.length);
        },
      ),
      { numRuns: 1_000, seed: 4 },
    );
  });

  test('integers at every length are exact, an infinity is marked', () => {
    for (let digits = 1; digits <= 19; digits++) {
      for (const text of [
        '9'.repeat(digits).slice(0, 18) || '9',
        `1${'0'.repeat(digits - 1)}`,
        `-${'1'.repeat(digits)}`,
      ]) {
        const row = new RowLines(`{"type":"row","row":[{"type":"integer","value":"${text}"}]}\n`, 0).next();
        expect(row).toEqual([BigInt(text)]);
      }
    }
    expect(new RowLines('{"type":"row","row":[{"type":"float","value":null}]}\n', 0).next()).toEqual([
      UNSIGNED_INFINITY,
    ]);
  });
});
