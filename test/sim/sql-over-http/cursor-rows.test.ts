/** A cursor and a pipeline say the same of every row, to the letter. */
import fc from 'fast-check';
import Database from 'libsql';
import { describe, expect, test } from 'vitest';
import { execute, startRig } from './plain-client.ts';

const step = (sql: string) => ({ stmt: { sql } });

const value = fc.oneof(
  fc.constant(null),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.double({ noNaN: true }),
  fc.constantFrom(-0, 0, 1, 5e-324, 2 ** 53, 1e300, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
  fc.string({ unit: 'grapheme', maxLength: 30 }),
  fc.constantFrom(
    '',
    '\0',
    'a\0b',
    '"',
    '\\',
    '\u001f\u007f',
    '[null]',
    '"]}',
    '\u2028',
    'o‘',
    '1.5',
    'null',
  ),
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
);
const row = fc.tuple(value, value, value, value, value);

test('thousands of rows of any values, in columns of every affinity', async () => {
  const { cursor, pipeline, file } = await startRig();
  const db = new Database(file);
  db.exec(
    'CREATE TABLE t (id INTEGER PRIMARY KEY, i INTEGER, x TEXT, r REAL, b BLOB, n NUMERIC); CREATE TABLE w (k TEXT PRIMARY KEY, v) WITHOUT ROWID',
  );
  const insert = db.prepare('INSERT INTO t (i, x, r, b, n) VALUES (?, ?, ?, ?, ?)');
  const rows = fc.sample(row, { numRuns: 3_000, seed: 20261122 });
  db.exec('BEGIN');
  for (const values of rows) insert.run(values);
  db.exec("INSERT OR IGNORE INTO w SELECT x, n FROM t WHERE typeof(x) = 'text'; COMMIT");
  db.close();
  for (const sql of [
    'SELECT rowid, i, x, r, b, n FROM t ORDER BY rowid',
    'SELECT n, b, r, x, i FROM t ORDER BY id DESC -- a comment',
    'SELECT k, v FROM w',
    'SELECT w.v, t.x FROM w JOIN t ON t.x = w.k ORDER BY t.id',
  ]) {
    const streamed = (await cursor([step(sql)])).filter(({ type }) => type === 'row');
    const { results } = await pipeline([execute(sql), { type: 'close' }]);
    const plain = results[0]?.response?.result?.rows ?? [];
    expect(streamed.length, sql).toBe(plain.length);
    expect(plain.length, sql).toBeGreaterThan(100);
    const differs = streamed.findIndex(
      (entry, i) => JSON.stringify(entry['row']) !== JSON.stringify(plain[i]),
    );
    expect([streamed[differs]?.['row'], plain[differs]], sql).toEqual([undefined, undefined]);
  }
});

test('the very bytes are the server\u2019s: -0.0, 1.0 and escapes are spelled alike', async () => {
  const { post, pipeline } = await startRig();
  const sql = 'SELECT a FROM t ORDER BY rowid';
  await pipeline([
    {
      type: 'sequence',
      sql: "CREATE TABLE t (a); INSERT INTO t VALUES (-0.0), (1.0), (1e16), (9e999), (char(8, 9, 10, 12, 13, 31, 34, 92, 127)), (x'ff')",
    },
    { type: 'close' },
  ]);
  const lines = (await post('/v3/cursor', { batch: { steps: [step(sql)] } })).text.split('\n').slice(2, 8);
  const { text } = await post('/v3/pipeline', { requests: [execute(sql), { type: 'close' }] });
  expect(lines.map((line) => line.slice('{"type":"row","row":'.length, -1))).toEqual(
    text.slice(text.indexOf('"rows":[') + 8, text.indexOf('],"affected')).split(/(?<=\]),(?=\[)/),
  );
  expect(lines[0]).toBe('{"type":"row","row":[{"type":"float","value":-0.0}]}');
});

describe('limits and faults of rows', () => {
  test('a value over the limit, escapes not counted', async () => {
    const { cursor, pipeline } = await startRig({ limits: { rowBytes: 1_000 } });
    await pipeline([
      {
        type: 'sequence',
        sql: "CREATE TABLE t (a); INSERT INTO t VALUES (replace(hex(zeroblob(500)), '0', char(10))), (zeroblob(1000)); CREATE TABLE u (a); INSERT INTO u VALUES (zeroblob(1001)); CREATE TABLE v (a); INSERT INTO v VALUES (hex(zeroblob(501)))",
      },
      { type: 'close' },
    ]);
    const entries = await cursor(['t', 'u', 'v'].map((table) => step(`SELECT a FROM ${table}`)));
    expect(entries.filter(({ type }) => type === 'row')).toHaveLength(2);
    expect(entries.filter(({ type }) => type === 'step_error')).toMatchObject([
      { step: 1, error: { code: 'SQLITE_TOOBIG' } },
      { step: 2, error: { code: 'SQLITE_TOOBIG' } },
    ]);
  });

  test('a text that is not UTF-8 breaks the answer off', async () => {
    const { cursor, pipeline } = await startRig();
    await pipeline([
      { type: 'sequence', sql: "CREATE TABLE t (a TEXT); INSERT INTO t VALUES (CAST(x'61ff' AS TEXT))" },
      { type: 'close' },
    ]);
    await expect(cursor([step('SELECT a FROM t')])).rejects.toThrow();
  });
});
