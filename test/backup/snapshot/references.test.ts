/** Foreign keys looked up from the pages (references.ts) say what SQLite's own check says. */
import { statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { orphansOf } from '../../../src/backup/snapshot/references.ts';
import { openStored } from '../../../src/backup/snapshot/stored-rows.ts';
import { PAGE_SIZE } from '../../../src/backup/sqlite/format.ts';
import '../../support/property-seed.ts';
import { makeDatabase } from './rig.ts';

/** What SQLite finds, and what is found here. */
function bothWays(sql: string): {
  readonly found: unknown;
  readonly wanted: unknown;
  /** Share of the file's bytes that was read here, by its pages. */
  readonly read: number;
} {
  const made = makeDatabase(sql);
  const path = `${made.file}.copy`;
  made.db.exec(`VACUUM INTO '${path}'`);
  made.db.close();
  const db = new DatabaseSync(path, { readOnly: true });
  const file = openStored(db, path);
  const wanted = new Map<string, number>();
  const pages = new Set<number>();
  try {
    for (const { table } of db.prepare('PRAGMA foreign_key_check').all())
      wanted.set(String(table), (wanted.get(String(table)) ?? 0) + 1);
    const { stored } = file;
    const seek = stored?.pages.seek.bind(stored.pages);
    if (stored !== undefined && seek !== undefined)
      stored.pages.seek = (page) => {
        pages.add(page);
        return seek(page);
      };
    const found = orphansOf(db, stored);
    return { found, wanted, read: (pages.size * PAGE_SIZE) / statSync(path).size };
  } finally {
    file.close();
    db.close();
  }
}

const KEYS = [
  ...['NULL', '0', '1', '2', '127', '128', '-1', '-129', '32767', '32768', '-32769', '8388608', '-8388609'],
  ...['2147483648', '-2147483649', '140737488355328', '-140737488355329', '9007199254740992'],
  ...['9007199254740993', '-9223372036854775808', '9223372036854775807'],
];
const OTHERS = ['1.0', '2.5', "'1'", "' 2'", "'x'", "x'01'", '1e300', '9e999'];
/** The table that is referred to, and how. */
const PARENTS = [
  ['CREATE TABLE p (k INTEGER PRIMARY KEY, a)', 'REFERENCES p'],
  ['CREATE TABLE p (k INTEGER PRIMARY KEY, a)', 'REFERENCES p (k)'],
  ['CREATE TABLE p (k INTEGER UNIQUE, a)', 'REFERENCES p (k)'],
  ['CREATE TABLE p (a TEXT, k INT UNIQUE)', 'REFERENCES p (k)'],
  ['CREATE TABLE p (k TEXT UNIQUE, a)', 'REFERENCES p (k)'],
  ['CREATE TABLE p (k UNIQUE, a)', 'REFERENCES p (k)'],
  ['CREATE TABLE p (k REAL UNIQUE, a)', 'REFERENCES p (k)'],
  ['CREATE TABLE p (k INTEGER PRIMARY KEY, a) WITHOUT ROWID', 'REFERENCES p'],
  ['CREATE TABLE q (k)', 'REFERENCES p'],
] as const;
const CHILDREN = ['INTEGER', 'REAL', 'TEXT', '', 'INTEGER PRIMARY KEY'] as const;

test('for all kinds of keys, types and values', () => {
  const value = fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...KEYS) }, fc.constantFrom(...OTHERS));
  const plan = fc.record({
    parent: fc.constantFrom(...PARENTS),
    type: fc.constantFrom(...CHILDREN),
    keys: fc.uniqueArray(fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...KEYS) }, value), {
      maxLength: 12,
    }),
    references: fc.array(value, { maxLength: 12 }),
    before: fc.constantFrom("'short'", 'zeroblob(4000)', 'zeroblob(9000)', 'NULL'),
  });
  fc.assert(
    fc.property(plan, ({ parent: [create, reference], type, keys, references, before }) => {
      const insert = (to: string, all: readonly string[]): string =>
        all.map((one) => `INSERT OR IGNORE INTO ${to} VALUES (${one});`).join('\n');
      const isThere = create.startsWith('CREATE TABLE p');
      const { found, wanted } = bothWays(`PRAGMA foreign_keys = OFF; ${create};
        CREATE TABLE c (b, r ${type} ${reference});
        CREATE TABLE other (id INTEGER PRIMARY KEY, r INTEGER ${reference});
        ${isThere ? inserts(keys, 'p (k)') : ''}
        ${insert('c', type === 'INTEGER PRIMARY KEY' ? [] : references.map((one) => `${before}, ${one}`))}
        ${inserts(references, 'other (r)')}`);
      expect(found).toEqual(wanted);
    }),
    { numRuns: 150 },
  );
});

function inserts(values: readonly string[], into: string): string {
  // A rowid takes integers only.
  return values.map((one) => `INSERT OR IGNORE INTO ${into} SELECT ${one} WHERE ${isFit(one)};`).join('\n');
}

function isFit(value: string): string {
  return value === 'NULL' ? '1' : `typeof(${value}) = 'integer'`;
}

/** 100,000 keys on many pages, far apart. */
const MANY = `CREATE TABLE p (k INTEGER PRIMARY KEY, a);
  CREATE TABLE c (id INTEGER PRIMARY KEY, a, r INTEGER REFERENCES p);
  CREATE TABLE own (id INTEGER PRIMARY KEY REFERENCES p, a);
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
    INSERT INTO p SELECT i * 70003, 'some text' FROM n;
  INSERT INTO c (r, a) SELECT k, 'x' FROM p ORDER BY k * 7919 % 100003;
  INSERT INTO own SELECT k, 1 FROM p WHERE k % 3 = 0;`;

test('one row of many that refers to nothing is found, by the pages of the file', () => {
  const whole = bothWays(MANY);
  expect(whole.found).toEqual(new Map());
  // Nothing was left to SQLite, which takes several times as long.
  expect(whole.read).toBeGreaterThan(0.9);
  const broken =
    bothWays(`${MANY} DELETE FROM own WHERE id = (SELECT r FROM c WHERE id = 70000); DELETE FROM p WHERE k = (SELECT r FROM c WHERE id = 70000);
    UPDATE c SET r = r + 1 WHERE id = 99999;`);
  expect(broken.wanted).toEqual(new Map([['c', 2]]));
  expect(broken.found).toEqual(broken.wanted);
});

test('what SQLite alone can say is left to it', () => {
  for (const [sql, wanted] of [
    [
      'CREATE TABLE p (a, b, PRIMARY KEY (a, b)); INSERT INTO p VALUES (1, 2), (2, 1); CREATE TABLE c (x, y, FOREIGN KEY (x, y) REFERENCES p); INSERT INTO c VALUES (1, 2), (1, 1), (NULL, 1)',
      1,
    ],
    [
      'CREATE TABLE p (k INTEGER PRIMARY KEY); INSERT INTO p VALUES (5); CREATE TABLE c (a); INSERT INTO c VALUES (1), (2); ALTER TABLE c ADD COLUMN r INTEGER DEFAULT NULL REFERENCES p; INSERT INTO c VALUES (3, 5), (4, 6)',
      1,
    ],
    [
      'CREATE TABLE p (k INTEGER PRIMARY KEY); INSERT INTO p VALUES (5); CREATE TABLE c (r INTEGER PRIMARY KEY REFERENCES p) WITHOUT ROWID; INSERT INTO c VALUES (5), (6)',
      1,
    ],
    [
      'CREATE TABLE p (k INTEGER UNIQUE); INSERT INTO p VALUES (9007199254740992); CREATE TABLE c (r INTEGER REFERENCES p (k)); INSERT INTO c VALUES (9007199254740992), (9007199254740993)',
      1,
    ],
    [
      'CREATE TABLE t (k INTEGER PRIMARY KEY, r REFERENCES t); INSERT INTO t VALUES (1, NULL), (2, 1), (3, 9)',
      1,
    ],
    [
      'CREATE TABLE p (k INTEGER PRIMARY KEY); INSERT INTO p VALUES (1); CREATE TABLE c (r REFERENCES P (K)); INSERT INTO c VALUES (1), (2)',
      1,
    ],
  ] as const) {
    const { found, wanted: sqlites } = bothWays(`PRAGMA foreign_keys = OFF; ${sql}`);
    expect([...(sqlites as Map<string, number>).values()]).toEqual([wanted]);
    expect(found).toEqual(sqlites);
  }
});

test('a foreign key that no column can be looked up by is refused as SQLite refuses it', () => {
  expect(() =>
    bothWays(
      'PRAGMA foreign_keys = OFF; CREATE TABLE p (k INTEGER); INSERT INTO p VALUES (1); CREATE TABLE c (r REFERENCES p (k)); INSERT INTO c VALUES (1)',
    ),
  ).toThrow('foreign key mismatch');
});
