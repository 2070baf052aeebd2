import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createDigestSink, type TableDigest } from '../../src/backup/model/digest.ts';
import {
  type DatabaseSchema,
  InvalidText,
  type Row,
  type SqlValue,
  type TableInfo,
} from '../../src/backup/model/model.ts';
import { CONTENT, VALUES } from './document/arbitraries.ts';
import { type Content, column, drive, schemaOf, table } from './document/support.ts';

async function digest(content: Content, batchSize?: number): Promise<TableDigest[]> {
  const sink = createDigestSink();
  await drive(sink, content, batchSize);
  return sink.result();
}

async function digestOf(of: TableInfo, rows: readonly Row[]): Promise<string | undefined> {
  return (await digest({ schema: schemaOf([of]), rows: new Map([[of.name, rows]]) }))[0]?.sha256;
}

/** docs/formats.md "Digests", as plainly as it can be put. */
function reference(of: TableInfo, rows: readonly Row[]): string {
  const kept = of.columns.filter(({ generated }) => generated === 'no');
  const stored = of.columns.filter(({ generated }) => generated !== 'virtual');
  const rowid = of.withoutRowid ? 'none' : of.rowidAlias === null ? 'hidden' : 'alias';
  const head: SqlValue[] = [
    'anime-bot table 1',
    of.name,
    rowid,
    BigInt(kept.length),
    ...kept.map(({ name }) => name),
  ];
  const body = rows.flatMap((row) => {
    const values = row.slice(of.withoutRowid ? 0 : 1).filter((_, i) => stored[i]?.generated === 'no');
    return rowid === 'hidden' ? [row[0] ?? null, ...values] : values;
  });
  return createHash('sha256')
    .update(Buffer.concat([...head, ...body].map(encode)))
    .digest('hex');
}

function encode(value: SqlValue): Buffer {
  if (value === null) return Buffer.of(0);
  const eight = Buffer.alloc(9);
  if (typeof value === 'bigint') {
    eight.writeBigInt64BE(value, 1);
    eight[0] = 1;
    return eight;
  }
  if (typeof value === 'number') {
    eight.writeDoubleBE(value, 1);
    eight[0] = 2;
    return eight;
  }
  const blob = value instanceof Uint8Array;
  const bytes = typeof value === 'string' ? Buffer.from(value) : blob ? value : value.bytes;
  const head = Buffer.of(blob ? 4 : 3, 0, 0, 0, 0);
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

test('is what docs/formats.md says, for any schema and rows', async () => {
  await fc.assert(
    fc.asyncProperty(CONTENT, fc.integer({ min: 1, max: 7 }), async (content, batchSize) => {
      const expected = content.schema.tables.map((of): TableDigest => {
        const rows = content.rows.get(of.name) ?? [];
        return { table: of.name, kind: of.kind, rows: rows.length, sha256: reference(of, rows) };
      });
      expect(await digest(content, batchSize)).toEqual(expected);
    }),
    { numRuns: 300 },
  );
});

test('is what docs/formats.md says around the edges of its buffer', async () => {
  const one = table('one', ['v'], { withoutRowid: true });
  const edge = 64 * 1024;
  const lengths = fc.oneof(
    fc.integer({ min: edge - 40, max: edge + 8 }),
    fc.integer({ min: Math.floor(edge / 3) - 20, max: Math.floor(edge / 3) + 4 }),
    fc.nat(60),
    fc.constant(200_000),
  );
  const value: fc.Arbitrary<SqlValue> = fc
    .tuple(lengths, fc.constantFrom('a', 'ў', '🎬', 'blob', 'bad', 'int', 'null'))
    .map(([length, kind]) => {
      if (kind === 'int') return BigInt(length);
      if (kind === 'null') return null;
      if (kind === 'blob') return new Uint8Array(length).fill(length);
      if (kind === 'bad') return new InvalidText(new Uint8Array(length + 1).fill(0xff));
      return kind.repeat(Math.ceil(length / kind.length));
    });
  await fc.assert(
    fc.asyncProperty(fc.array(value, { maxLength: 9 }), async (values) => {
      const rows = values.map((item): Row => [item]);
      expect(await digestOf(one, rows)).toBe(reference(one, rows));
    }),
    { numRuns: 60 },
  );
});

/** Values that a careless encoding takes for one another. */
const ALIKE: SqlValue[] = [
  null,
  0n,
  0,
  -0,
  1n,
  1,
  '',
  '0',
  '1',
  '\0',
  '\u0000\u0000',
  'ab',
  'a',
  'b',
  '\ufffd',
  new Uint8Array(0),
  Uint8Array.of(0),
  Uint8Array.of(0x31),
  new InvalidText(Uint8Array.of(0xff)),
  Uint8Array.of(0xff),
  Infinity,
  -Infinity,
  2 ** 53,
  2n ** 53n,
  2n ** 53n + 1n,
  -1n,
];

function tell(rows: readonly Row[]): string {
  return JSON.stringify(rows.map((row) => row.map((value) => encode(value).toString('hex'))));
}

test('different contents have different digests, equal ones equal', async () => {
  const value = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...ALIKE) }, VALUES);
  const rows = (width: number): fc.Arbitrary<SqlValue[][]> => {
    return fc.array(fc.array(value, { minLength: width, maxLength: width }), { maxLength: 3 });
  };
  const pair = fc
    .integer({ min: 1, max: 3 })
    .chain((width) => fc.tuple(fc.constant(width), rows(width), rows(width)));
  await fc.assert(
    fc.asyncProperty(
      pair,
      fc.nat(2),
      fc.nat(2),
      fc.constantFrom(...ALIKE),
      async ([width, a, b], at, to, put) => {
        const names = ['a', 'b', 'c'].slice(0, width);
        const of = table('t', names, { withoutRowid: true });
        // Beside two unrelated contents, one and the same with a single value replaced.
        const near = a.map((row, i) => row.map((old, j) => (i === at && j === to ? put : old)));
        for (const other of [b, near]) {
          expect((await digestOf(of, a)) === (await digestOf(of, other))).toBe(tell(a) === tell(other));
        }
      },
    ),
    { numRuns: 500 },
  );
});

test('every pair of look-alikes is told apart', async () => {
  const of = table('t', ['v'], { withoutRowid: true });
  const digests = await Promise.all(ALIKE.map((value) => digestOf(of, [[value]])));
  expect(new Set(digests).size).toBe(ALIKE.length);
});

test('values cannot move between columns, rows, names and rowids', async () => {
  const contents: [TableInfo, Row[]][] = [
    [table('t', ['a', 'b']), [[1n, 'x', 'y']]],
    [table('t', ['a', 'b']), [[2n, 'x', 'y']]],
    [table('t', ['a', 'b']), [[1n, 'xy', '']]],
    [table('t', ['b', 'a']), [[1n, 'x', 'y']]],
    [table('ta', ['b']), [[1n, 'x']]],
    [table('t', ['ab']), [[1n, 'x']]],
    [
      table('t', ['a']),
      [
        [1n, 'x'],
        [2n, 'y'],
      ],
    ],
    [table('t', ['a', 'b', 'c'], { withoutRowid: true }), [[1n, 'x', 'y']]],
    [table('t', ['a', 'b', 'c'], { rowidAlias: 0 }), [[1n, 1n, 'x', 'y']]],
    [table('t', ['a', 'b', 'c'], { rowidAlias: 0 }), []],
    [table('t', ['a', 'b', 'c']), []],
  ];
  const digests = await Promise.all(contents.map(([of, rows]) => digestOf(of, rows)));
  expect(new Set(digests).size).toBe(contents.length);
});

test('generated columns are no content', async () => {
  const plain = table('t', ['a', 'z']);
  const generated = table('t', [
    'a',
    column('g', { generated: 'stored' }),
    column('h', { generated: 'virtual' }),
    'z',
  ]);
  expect(await digestOf(generated, [[1n, 'x', 'derived', 'y']])).toBe(
    await digestOf(plain, [[1n, 'x', 'y']]),
  );
});

test('the encoding is pinned: old manifests stay comparable', async () => {
  const of = table('users', ['user_id', 'username', 'score', 'photo'], { rowidAlias: 0 });
  const rows: Row[] = [
    [5n, 5n, 'Oʻktam', 1, Uint8Array.of(1, 2)],
    [6n, 6n, null, -0, new InvalidText(Uint8Array.of(0xff))],
  ];
  expect(await digestOf(of, rows)).toBe('7dab12a84e0685029e293aae64579c4370addf18ba4fdacec83d2c2aa63a3676');
  const sink = createDigestSink();
  await sink.begin(schemaOf([of], { objects: [object('table', 'users', 'CREATE TABLE users(user_id)')] }));
  expect(sink.schemaSha256()).toBe('e9c37187b861079fcd015dfadbb260ec3c7ba3eda20c5c5ee2f7eb1354e97c0a');
});

function object(
  type: 'table' | 'index',
  name: string,
  sql: string | null,
): DatabaseSchema['objects'][number] {
  return { type, name, tableName: 'users', sql, hasStorage: true };
}

test('the schema digest sees every object, but not their order', async () => {
  const [a, b] = [
    object('table', 'users', 'CREATE TABLE users(id)'),
    object('index', 'i', 'CREATE INDEX i ON users(id)'),
  ];
  const of = async (schema: DatabaseSchema): Promise<string> => {
    const sink = createDigestSink();
    await sink.begin(schema);
    return sink.schemaSha256();
  };
  const base = await of(schemaOf([], { objects: [a, b] }));
  expect(await of(schemaOf([], { objects: [b, a] }))).toBe(base);
  const others = [
    schemaOf([], { objects: [a] }),
    schemaOf([], { objects: [a, { ...b, sql: null }] }),
    schemaOf([], { objects: [a, { ...b, name: 'j' }] }),
    schemaOf([], { objects: [a, b], userVersion: 4 }),
    schemaOf([], { objects: [a, b], applicationId: 8 }),
  ];
  expect(new Set([base, ...(await Promise.all(others.map(of)))]).size).toBe(others.length + 1);
});

test('refuses what is no row of the table, and says nothing before the end', async () => {
  const of = table('t', ['v']);
  await expect(digestOf(of, [[1n]])).rejects.toThrow('a row of t has 1 values, not 2');
  await expect(digestOf(of, [[1n, '\ud800']])).rejects.toThrow('lone surrogate');
  await expect(digestOf(of, [[1n, 2n ** 63n]])).rejects.toThrow('beyond 64 bits');
  await expect(digestOf(of, [[1n, Number.NaN]])).rejects.toThrow('not a number');
  expect(() => createDigestSink().result()).toThrow('not known before');
});
