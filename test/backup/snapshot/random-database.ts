/** Random schemas and contents, from a fast-check seed. */
import fc from 'fast-check';
import { indexParts, makeDatabase, type TestDatabase } from './rig.ts';

type Bound = { readonly kind: 'text' | 'plain'; readonly value: null | bigint | number | Buffer };

export interface TablePlan {
  readonly name: string;
  readonly columns: readonly { readonly name: string; readonly type: string; readonly collation: string }[];
  readonly key: 'none' | 'rowid' | 'autoincrement' | 'descending' | 'text' | 'pair' | 'without rowid';
  readonly generated: boolean;
  readonly rows: readonly (readonly Bound[])[];
  readonly indexes: readonly IndexPlan[];
}

interface IndexPlan {
  readonly kind: 'column' | 'expression';
  readonly column: number;
  readonly second: number | null;
  readonly suffix: string;
  readonly partial: boolean;
  readonly unique: boolean;
}

const plain = (value: Bound['value']): Bound => ({ kind: 'plain', value });
const text = (bytes: Uint8Array): Bound => ({ kind: 'text', value: Buffer.from(bytes) });

const REALS = [
  0,
  -0,
  1,
  -1.5,
  0.1,
  1e15,
  1e16,
  2 ** 53,
  2 ** 63,
  5e-324,
  1.7976931348623157e308,
  2.2250738585072014e-308,
  Infinity,
  -Infinity,
];
const INTEGERS = [
  0n,
  1n,
  -1n,
  255n,
  2n ** 53n,
  2n ** 53n + 1n,
  2n ** 63n - 1n,
  -(2n ** 63n),
  999_999_999_999_999n,
  1_000_000_000_000_000n,
];

const value: fc.Arbitrary<Bound> = fc.oneof(
  { weight: 1, arbitrary: fc.constant(plain(null)) },
  {
    weight: 3,
    arbitrary: fc
      .oneof(
        fc.constantFrom(...INTEGERS),
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
        fc.bigInt({ min: -9n, max: 9n }),
      )
      .map(plain),
  },
  { weight: 2, arbitrary: fc.oneof(fc.constantFrom(...REALS), fc.double({ noNaN: true })).map(plain) },
  {
    weight: 3,
    arbitrary: fc.string({ unit: 'binary', maxLength: 20 }).map((string) => text(Buffer.from(string))),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('', 'a', 'A', 'a ', 'A\0b', '"\\\n', '1', '1.0', '9e999', 'Inf', '\ufeffx', 'o‘lim', '💥')
      .map((string) => text(Buffer.from(string))),
  },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 20 }).map((bytes) => plain(Buffer.from(bytes))) },
);
/** Bytes stored as TEXT that are no UTF-8 (mostly). */
export const invalidText: fc.Arbitrary<Bound> = fc.uint8Array({ minLength: 1, maxLength: 8 }).map(text);

const name = fc.constantFrom(
  'a',
  'B',
  'two words',
  'quo"te',
  "ap'os",
  'sel;ect',
  'order',
  'ў',
  'x--y',
  '/*z*/',
  'rowid',
  'oid',
  '[b]',
  'c0',
  'desc',
);
const column = fc.record({
  name,
  type: fc.constantFrom(
    '',
    'INTEGER',
    'INT',
    'TEXT',
    'REAL',
    'BLOB',
    'NUMERIC',
    'VARCHAR(10)',
    'DATETIME',
    'DOUBLE PRECISION',
  ),
  collation: fc.constantFrom('', '', ' COLLATE NOCASE', ' COLLATE RTRIM'),
});
const index = fc.record({
  kind: fc.constantFrom<IndexPlan['kind']>('column', 'column', 'expression'),
  column: fc.nat(5),
  second: fc.option(fc.nat(5)),
  suffix: fc.constantFrom('', ' DESC', ' COLLATE NOCASE', ' COLLATE RTRIM DESC', ' ASC'),
  partial: fc.boolean(),
  unique: fc.constant(false),
});

export function tablePlan(values: fc.Arbitrary<Bound> = value): fc.Arbitrary<TablePlan> {
  return fc
    .uniqueArray(column, { minLength: 1, maxLength: 6, selector: (entry) => entry.name.toLowerCase() })
    .chain((columns) =>
      fc.record({
        name: fc.constantFrom('t', 'Two Words', 'quo"te', 'group', 'жадвал', "it's", 'x.y'),
        columns: fc.constant(columns),
        key: fc.constantFrom<TablePlan['key']>(
          'none',
          'none',
          'rowid',
          'autoincrement',
          'descending',
          'text',
          'pair',
          'without rowid',
        ),
        generated: fc.boolean(),
        rows: fc.array(fc.array(values, { minLength: columns.length + 2, maxLength: columns.length + 2 }), {
          maxLength: 25,
        }),
        indexes: fc.array(index, { maxLength: 3 }),
      }),
    );
}

export const anyValue = value;

/** Builds what the plan says; rows that break a constraint stay out. */
export function build(plan: TablePlan): TestDatabase {
  const database = makeDatabase(createTable(plan));
  const { db } = database;
  indexParts.clear();
  for (const [number, entry] of plan.indexes.entries()) {
    const { sql, ...parts } = createIndex(plan, entry, number);
    indexParts.set(`idx ${number}`, parts);
    db.exec(sql);
  }
  const keys = keyColumns(plan.key);
  const names = [...keys, ...plan.columns.map((entry) => entry.name)].map(quote).join(', ');
  for (const row of plan.rows) {
    const values = row.slice(0, keys.length + plan.columns.length);
    const marks = values.map(({ kind }) => (kind === 'text' ? 'CAST(? AS TEXT)' : '?')).join(', ');
    try {
      db.prepare(`INSERT OR IGNORE INTO ${quote(plan.name)} (${names}) VALUES (${marks})`).run(
        values.map((entry) => entry.value),
      );
    } catch (error) {
      // A text for an INTEGER PRIMARY KEY, no rowid left behind the largest: not every row fits.
      if (
        !(error instanceof Error && /mismatch|overflow|too big|database or disk is full/.test(error.message))
      )
        throw error;
    }
  }
  return database;
}

const KEY_NAME = 'key column';

function keyColumns(key: TablePlan['key']): string[] {
  if (key === 'none') return [];
  return key === 'pair' || key === 'without rowid' ? [KEY_NAME, `${KEY_NAME} 2`] : [KEY_NAME];
}

function createTable({ name: table, columns, key, generated }: TablePlan): string {
  const [first, second] = [quote(KEY_NAME), quote(`${KEY_NAME} 2`)];
  const keys = {
    none: [],
    rowid: [`${first} INTEGER PRIMARY KEY`],
    autoincrement: [`${first} INTEGER PRIMARY KEY AUTOINCREMENT`],
    descending: [`${first} INTEGER PRIMARY KEY DESC`],
    text: [`${first} TEXT COLLATE NOCASE PRIMARY KEY`],
    pair: [first, second],
    'without rowid': [first, `${second} TEXT`],
  }[key];
  const constraint =
    key === 'pair' || key === 'without rowid'
      ? [`PRIMARY KEY (${second} COLLATE NOCASE DESC, ${first})`]
      : [];
  const extra = generated
    ? [
        `gen_v AS (length(hex(${quote(columns[0]?.name ?? '')})))`,
        `gen_s TEXT AS (hex(${quote(columns[0]?.name ?? '')})) STORED`,
      ]
    : [];
  const body = [
    ...keys,
    ...columns.map((entry) => `${quote(entry.name)} ${entry.type}${entry.collation}`),
    ...extra,
    ...constraint,
  ];
  return `CREATE TABLE ${quote(table)} (${body.join(', /* a comment, ( */ ')})${key === 'without rowid' ? ' WITHOUT ROWID' : ''}`;
}

function createIndex(
  plan: TablePlan,
  entry: IndexPlan,
  number: number,
): { sql: string; expressions: string[]; where: string | undefined } {
  const nameAt = (at: number) => quote(plan.columns[at % plan.columns.length]?.name ?? '');
  const expression = `coalesce(${nameAt(entry.column)}, 'ON (WHERE') /* , ) */`;
  const terms = [
    entry.kind === 'column' ? `${nameAt(entry.column)}${entry.suffix}` : `${expression}${entry.suffix}`,
    ...(entry.second === null ? [] : [nameAt(entry.second)]),
  ];
  const where = entry.partial ? `${nameAt(entry.column + 1)} IS NOT NULL -- only those` : undefined;
  return {
    sql: `CREATE INDEX "idx ${number}" ON ${quote(plan.name)} (${terms.join(', ')})${where === undefined ? '' : ` WHERE ${where}`}`,
    expressions: entry.kind === 'expression' ? [expression] : [],
    where,
  };
}

function quote(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}
