/**
 * Rows packed by SQLite into one text come out as they were, or say that they do not go this way.
 */
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NeedsExactForm } from '../../../src/backup/snapshot/needs-exact-form.ts';
import { packedSql, unpackRow } from '../../../src/backup/snapshot/packed-row.ts';
import { openRemoteSnapshotSource } from '../../../src/backup/snapshot/remote.ts';
import type { ScanValue } from '../../../src/backup/snapshot/scan-sql.ts';
import { WireError } from '../../../src/backup/sql-http/wire.ts';
import { makeDatabase, readAll, serve, truth } from './rig.ts';

const integer = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.bigInt({ min: -3000n, max: 3000n }),
  fc.bigInt({ min: 10n ** 15n - 5n, max: 10n ** 15n + 5n }),
);
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('\x7f', '\0', "'", '"', '\\', 't', '!', '-', '1', 'ў', '😀', '\n') }),
);
const value = fc.oneof(fc.constant(null), integer, text, fc.uint8Array());

const db = new DatabaseSync(':memory:');
function pack(
  values: readonly (null | bigint | string | number | Uint8Array)[],
  holds: ScanValue['holds'][],
): string {
  const columns = values.map((_, at): ScanValue => ({ sql: `c${at}`, holds: holds[at] ?? 'no real' }));
  const named = values.map((_, at) => `? AS c${at}`).join(', ');
  const found = db.prepare(`SELECT ${packedSql(columns)} AS packed FROM (SELECT ${named})`).get(...values);
  return String(found?.['packed']);
}

describe('packed rows', () => {
  test('any integers, texts, blobs and NULLs come out as they were, wherever they stand in a block', () => {
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 6 }),
        fc.boolean(),
        fc.string(),
        (values, isText, around) => {
          const packed = pack(
            values,
            values.map(() => (isText ? 'no real' : 'few reals')),
          );
          const block = `${around}${packed}${around}`;
          const row = unpackRow(block, around.length, around.length + packed.length, values.length);
          expect(row).toEqual(values);
        },
      ),
      { numRuns: 2_000, seed: 5 },
    );
  });

  test('a rowid alone is a text too', () => {
    expect(pack([5n], ['integer'])).toBe('5');
    expect(unpackRow('5', 0, 1, 1)).toEqual([5n]);
  });

  test.each([
    ['a REAL', 1.5],
    ['a zero with a sign', -0],
    ['an infinity', Number.POSITIVE_INFINITY],
    ['a large text', 'x'.repeat(70_000)],
    ['a large blob', new Uint8Array(70_000)],
  ])('%s asks for the exact form', (_, odd) => {
    const packed = pack([1n, odd, 'after'], ['integer', 'few reals', 'no real']);
    expect(() => unpackRow(packed, 0, packed.length, 3)).toThrow(NeedsExactForm);
  });

  test.each(['1\x7f2\x7f3', '1', '1\x7f-', '1\x7f5a', '1\x7fq', '1\x7fbxyz', '1\x7fx1'])(
    'what SQLite did not pack is no row: %j',
    (packed) => {
      expect(() => unpackRow(packed, 0, packed.length, 2)).toThrow(WireError);
    },
  );
});

describe('over HTTP', () => {
  const read = async (sql: string) => {
    const database = makeDatabase(sql);
    const server = await serve(database.file);
    const source = openRemoteSnapshotSource({ url: server.url, fetch });
    const attempt = async () => (await readAll(source)).rows;
    return { attempt, expected: truth(database), server };
  };

  test('an ordinary database is read at the first attempt, each row of its tables as one text', async () => {
    const { attempt, expected, server } =
      await read(`CREATE TABLE users (user_id INTEGER PRIMARY KEY, name TEXT, n INTEGER);
      CREATE INDEX users_by_name ON users (name); CREATE TABLE alone (id INTEGER PRIMARY KEY);
      INSERT INTO alone VALUES (1), (-9223372036854775808); CREATE TABLE score (id INTEGER PRIMARY KEY, value REAL); INSERT INTO score VALUES (1, 0.5);
      INSERT INTO users VALUES (9007199254740993, 'Ўткир "aka"', NULL), (2, NULL, -5), (3, x'00ff', 'text'), (4, 'a' || char(127) || 'b', 0)`);
    expect(await attempt()).toEqual(expected);
    const sql = server.requests.find(({ path }) => path === '/v3/cursor')?.sql ?? [];
    expect(sql.filter((text) => text.includes('char(127)') || text.includes("'' ||"))).toHaveLength(3);
  });

  test.each([
    ['a fraction in an INTEGER column', 'INSERT INTO t VALUES (2, 1.5)'],
    ['a large value', 'INSERT INTO t VALUES (2, zeroblob(70000))'],
  ])('%s is found out, and read at the second attempt', async (_, insert) => {
    const { attempt, expected } = await read(
      `CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER); INSERT INTO t VALUES (1, 1); ${insert}`,
    );
    await expect(attempt()).rejects.toThrow(/value is large, or a REAL/);
    expect(await attempt()).toEqual(expected);
  });

  test.each([
    ['packed', 'INTEGER', '7'],
    ['in bare values', 'NUMERIC', '9e999'],
    ['exactly', 'INTEGER', '1.5'],
  ])('a table of 990 columns is read %s', async (_, type, value) => {
    const columns = Array.from({ length: 990 }, (__, at) => `c${at} ${type}`).join(', ');
    const { attempt, expected } = await read(
      `CREATE TABLE wide (${columns}); INSERT INTO wide (c0, c989) VALUES (1, ${value})`,
    );
    const rows = value === '1.5' ? await attempt().catch(attempt) : await attempt();
    expect(rows).toEqual(expected);
  });
});
