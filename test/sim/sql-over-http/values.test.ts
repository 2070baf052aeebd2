import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeFloat } from '../../../sim/sql-over-http/wire-values.ts';
import { execute, startRig } from './plain-client.ts';

describe('floats are spelled as Rust spells them', () => {
  test.each([
    [0, '0.0'],
    [-0, '-0.0'],
    [1, '1.0'],
    [-1.5, '-1.5'],
    [123456789, '123456789.0'],
    [1e15, '1000000000000000.0'],
    [1e16, '1e16'],
    [1.5e16, '1.5e16'],
    [123456789012345680, '1.2345678901234568e17'],
    [0.1, '0.1'],
    [0.00001, '0.00001'],
    [0.000001, '1e-6'],
    [5e-324, '5e-324'],
    [1.7976931348623157e308, '1.7976931348623157e308'],
    [Number.POSITIVE_INFINITY, 'null'],
    [Number.NEGATIVE_INFINITY, 'null'],
  ])('%d', (value, text) => {
    expect(encodeFloat(value)).toBe(text);
  });

  test('and every double comes back from JSON as it was', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(Object.is(JSON.parse(encodeFloat(value)), value)).toBe(true);
      }),
      { numRuns: 2_000, seed: 1 },
    );
  });
});

describe('values survive the way in and out', () => {
  const integer = fc
    .bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
    .map((value) => ({ type: 'integer', value: `${value}` }));
  const float = fc
    .double({ noNaN: true, noDefaultInfinity: true })
    // JSON.stringify writes -0 as 0; the server's own answers do carry it.
    .filter((value) => !Object.is(value, -0))
    .map((value) => ({ type: 'float', value }));
  const text = fc.string({ unit: 'binary', maxLength: 60 }).map((value) => ({ type: 'text', value }));
  const blob = fc
    .uint8Array({ maxLength: 60 })
    .map((value) => ({ type: 'blob', base64: Buffer.from(value).toString('base64').replaceAll('=', '') }));

  test('bound and read back', async () => {
    const { pipeline } = await startRig();
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(integer, float, text, blob, fc.constant({ type: 'null' })), {
          minLength: 1,
          maxLength: 12,
        }),
        async (values) => {
          const sql = `SELECT ${values.map(() => '?').join(', ')}`;
          const { results } = await pipeline([execute(sql, values), { type: 'close' }]);
          expect(results[0]?.response?.result?.rows).toEqual([values]);
        },
      ),
      { numRuns: 60, seed: 2 },
    );
  });

  test('padded base64 is taken, too; infinities become null, -0.0 stays', async () => {
    const { post } = await startRig();
    const { text: body } = await post('/v3/pipeline', {
      requests: [
        execute('SELECT ?', [{ type: 'blob', base64: 'aGk=' }]),
        execute('SELECT 9e999, -9e999, -0.0, 1.0'),
        { type: 'close' },
      ],
    });
    expect(body).toContain('{"type":"blob","base64":"aGk"}');
    expect(body).toContain(
      '[{"type":"float","value":null},{"type":"float","value":null},{"type":"float","value":-0.0},{"type":"float","value":1.0}]',
    );
  });

  test('a text that is not UTF-8 fails the whole request, or breaks the cursor off', async () => {
    const { post, server, pipeline } = await startRig();
    await pipeline([
      { type: 'sequence', sql: `CREATE TABLE t (a); INSERT INTO t VALUES ('ok'), (CAST(x'61ff' AS TEXT))` },
    ]);
    const bad = await post('/v3/pipeline', { requests: [execute('SELECT a FROM t')] });
    expect(bad.status).toBe(500);
    const response = await fetch(`${server.url}/v3/cursor`, {
      method: 'POST',
      body: JSON.stringify({ batch: { steps: [{ stmt: { sql: 'SELECT a FROM t' } }] } }),
    });
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow();
    // As bytes it can be read.
    const { results } = await pipeline([
      execute('SELECT CAST(a AS BLOB) FROM t ORDER BY rowid DESC LIMIT 1'),
    ]);
    expect(results[0]?.response?.result?.rows).toEqual([[{ type: 'blob', base64: 'Yf8' }]]);
  });

  test('a result keeps the order its query asked for', async () => {
    const { pipeline } = await startRig();
    const { results } = await pipeline([
      {
        type: 'sequence',
        sql: `CREATE TABLE t (id INTEGER PRIMARY KEY, a); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
          INSERT INTO t SELECT i, i * 7919 % 1000 FROM n`,
      },
      execute('SELECT a FROM t ORDER BY a DESC -- newest first'),
      execute('WITH x AS (SELECT a FROM t) SELECT a FROM x ORDER BY a LIMIT 3 OFFSET 2;'),
      execute('VALUES (2), (1)'),
    ]);
    const column = (index: number) =>
      results[index]?.response?.result?.rows.map((row) => Number((row[0] as { value: string }).value)) ?? [];
    expect(column(1)).toEqual(Array.from({ length: 1_000 }, (_, index) => 999 - index));
    expect(column(2)).toEqual([2, 3, 4]);
    expect(column(3)).toEqual([2, 1]);
  });
});
