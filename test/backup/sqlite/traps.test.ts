/**
 * Named traps of schemas and values; random.test.ts meets most of them too, here each is sure to be
 * there.
 */
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { openSqliteSource } from '../../support/sqlite-source.ts';
import { copyDatabase, integrity, openBytes, vacuumInto, writeFile, writeRows } from './oracle.ts';

async function copyOf(sql: string): Promise<DatabaseSync> {
  using db = new DatabaseSync(':memory:');
  db.exec(sql);
  // Awaited here: `using` closes the original on return.
  return await copyDatabase(db);
}

describe('records', () => {
  test('INTEGER PRIMARY KEY is stored as NULL, wherever it stands, and AUTOINCREMENT goes on', async () => {
    using copy = await copyOf(`CREATE TABLE t(a, id INTEGER PRIMARY KEY AUTOINCREMENT, b);
      INSERT INTO t VALUES ('x', 5, 'y'), ('z', 900, NULL); DELETE FROM t WHERE id = 900`);
    copy.exec("INSERT INTO t(a) VALUES ('new')");
    expect(copy.prepare("SELECT id FROM t WHERE a = 'new'").get()).toEqual({ id: 901 });
  });

  test('INTEGER PRIMARY KEY DESC is no alias of the rowid', async () => {
    using copy = await copyOf(
      "CREATE TABLE t(id INTEGER PRIMARY KEY DESC, a); INSERT INTO t VALUES (9, 'x'), (3, 'y')",
    );
    expect(copy.prepare('SELECT rowid, id FROM t').all()).toEqual([
      { rowid: 1, id: 9 },
      { rowid: 2, id: 3 },
    ]);
  });

  test('STORED columns are in the record, VIRTUAL ones are not, columns added later are', async () => {
    using copy = await copyOf(`CREATE TABLE t(v AS (a + b) VIRTUAL, a INTEGER, s REAL AS (a * 2) STORED, b);
      INSERT INTO t(a, b) VALUES (1, 2), (3, 4);
      ALTER TABLE t ADD COLUMN late REAL NOT NULL DEFAULT 7;
      ALTER TABLE t ADD COLUMN v2 AS (late || a);
      ALTER TABLE t ADD COLUMN last DEFAULT 'd';
      INSERT INTO t(a, b, late) VALUES (5, 6, 0.5);
      CREATE INDEX on_virtual ON t(v DESC, v2); CREATE INDEX on_late ON t(late)`);
    expect(copy.prepare('SELECT *, typeof(late) AS type FROM t').all()).toEqual([
      { v: 3, a: 1, s: 2, b: 2, late: 7, v2: '7.01', last: 'd', type: 'real' },
      { v: 7, a: 3, s: 6, b: 4, late: 7, v2: '7.03', last: 'd', type: 'real' },
      { v: 11, a: 5, s: 10, b: 6, late: 0.5, v2: '0.55', last: 'd', type: 'real' },
    ]);
  });

  test('columns dropped and renamed', async () => {
    using copy = await copyOf(`CREATE TABLE t(a, b, c); INSERT INTO t VALUES (1, 2, 3);
      ALTER TABLE t DROP COLUMN b; ALTER TABLE t RENAME COLUMN c TO "d e"`);
    expect(copy.prepare('SELECT * FROM t').get()).toEqual({ a: 1, 'd e': 3 });
  });

  test('WITHOUT ROWID: key first, in its order, doubled columns once unless their collations differ', async () => {
    using copy = await copyOf(`CREATE TABLE one(x, b, y, a, PRIMARY KEY(a DESC, b, a)) WITHOUT ROWID;
      INSERT INTO one VALUES (1, 'b', 2, 'a'), (3, 'c', 4, 'a'), (5, 'b', 6, 'z');
      CREATE INDEX one_y ON one(y DESC);
      CREATE TABLE two(x, a, PRIMARY KEY(a COLLATE nocase, a)) WITHOUT ROWID;
      INSERT INTO two VALUES (1, 'k'), (2, 'K'), (3, 'j')`);
    expect(copy.prepare('SELECT y FROM one ORDER BY a DESC, b').all()).toEqual([
      { y: 6 },
      { y: 2 },
      { y: 4 },
    ]);
    expect(copy.prepare("SELECT x FROM two WHERE a = 'K'").get()).toEqual({ x: 2 });
  });

  test('WITHOUT ROWID: the order follows from the columns when the schema does not tell it', async () => {
    using db = new DatabaseSync(':memory:');
    db.exec(
      "CREATE TABLE t(x, b, v AS (x) VIRTUAL, a, PRIMARY KEY(a, b)) WITHOUT ROWID; INSERT INTO t VALUES (1, 'b', 'a')",
    );
    const source = openSqliteSource(db);
    const bytes = await writeFile({
      read: (use) =>
        source.read(({ schema, scans }) => {
          const tables = schema.tables.map(({ recordOrder: _, ...table }) => table);
          return use({ schema: { ...schema, tables }, scans });
        }),
    });
    using copy = openBytes(bytes);
    expect(integrity(copy)).toEqual(['ok']);
    expect(copy.prepare("SELECT * FROM t WHERE a = 'a'").get()).toEqual({ x: 1, b: 'b', v: 1, a: 'a' });
  });
});

describe('values', () => {
  test('a REAL stays REAL, in the fewest bytes where the column has REAL affinity', async () => {
    using copy =
      await copyOf(`CREATE TABLE t(r REAL, "d" DOUBLE PRECISION, point "FLOATING POINT", n NUMERIC, b);
      CREATE INDEX i ON t(r, n, b);
      INSERT INTO t VALUES (1, 2.0, 3.0, 4.0, 5.0), (9e999, -9e999, 1e300, 1e300, 9e999), (-0.0, -0.0, -0.0, -0.0, -0.0),
        (140737488355327.0, -140737488355328.0, 2.0, 0.5, 1e15), (140737488355328.0, -140737488355329.0, 1, 1, 9007199254740993)`);
    const types = copy.prepare('SELECT DISTINCT typeof(r) AS r, typeof(d) AS d FROM t').all();
    expect(types).toEqual([{ r: 'real', d: 'real' }]);
  });

  test('-0.0, infinities and integers of 64 bits given as they are', async () => {
    const bytes = await writeRows('CREATE TABLE t(r REAL, b)', {
      t: [
        [1n, -0, -0],
        [2n, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
        [3n, null, 2n ** 63n - 1n],
        [4n, 5e-324, -(2n ** 63n)],
      ],
    });
    using db = openBytes(bytes);
    expect(integrity(db)).toEqual(['ok']);
    const select = db.prepare('SELECT r, b FROM t');
    select.setReadBigInts(true);
    select.setReturnArrays(true);
    expect(select.all()).toEqual([
      [-0, -0],
      [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
      [null, 2n ** 63n - 1n],
      [5e-324, -(2n ** 63n)],
    ]);
  });

  test('empty values, NUL characters and text that is not UTF-8', async () => {
    using copy = await copyOf(`CREATE TABLE t(a, b TEXT); CREATE INDEX i ON t(a DESC, b);
      INSERT INTO t VALUES ('', x''), (x'', ''), ('a' || char(0) || 'b', char(0)), (CAST(x'61ff' AS TEXT), CAST(x'eda080' AS TEXT)),
        (CAST(zeroblob(50000) AS TEXT), CAST(x'ff' || zeroblob(40000) AS TEXT)), (char(65279) || 'bom', NULL)`);
    expect(copy.prepare('SELECT count(*) AS n FROM t WHERE a = ?').get('a\0b')).toEqual({ n: 1 });
    expect(copy.prepare("SELECT hex(b) AS h FROM t WHERE a = CAST(x'61ff' AS TEXT)").get()).toEqual({
      h: 'EDA080',
    });
  });
});

describe('schema objects', () => {
  test('partial, expression, descending, collated and automatic indexes', async () => {
    using copy =
      await copyOf(`CREATE TABLE t(a TEXT COLLATE nocase UNIQUE, b, c, UNIQUE(b, c), PRIMARY KEY(c DESC, a));
      CREATE INDEX partial ON t(b) WHERE c IS NOT NULL AND b > 2;
      CREATE INDEX expression ON t(lower(a) || 'x, )' COLLATE rtrim DESC, b + 1);
      CREATE UNIQUE INDEX "we""ird [name]" ON t(c, a COLLATE binary DESC);
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) INSERT INTO t SELECT char(65 + i % 26) || i, i % 7, i FROM n`);
    expect(() => copy.exec("INSERT INTO t VALUES ('b1', 0, 1000)")).toThrow('UNIQUE constraint failed: t.a');
  });

  test('views, triggers, reserved words, quotes, statistics and foreign keys', async () => {
    using copy =
      await copyOf(`PRAGMA foreign_keys = off; CREATE TABLE "select"("from" INTEGER PRIMARY KEY, "it's" TEXT, "a""b");
      CREATE TABLE child(parent REFERENCES "select"); INSERT INTO child VALUES (1), (77);
      CREATE INDEX "order" ON "select"("it's", "a""b");
      INSERT INTO "select" VALUES (1, 'one', 2), (2, 'two', 3);
      CREATE TABLE log(text);
      CREATE TRIGGER "after; delete" AFTER DELETE ON "select" BEGIN INSERT INTO log VALUES (old."it's"); END;
      CREATE VIEW "group" AS SELECT "it's" AS x FROM "select"; ANALYZE`);
    copy.exec('PRAGMA foreign_keys = off; DELETE FROM "select" WHERE "from" = 2');
    expect(copy.prepare('SELECT text FROM log').all()).toEqual([{ text: 'two' }]);
    expect(copy.prepare('SELECT x FROM "group"').all()).toEqual([{ x: 'one' }]);
    expect(copy.prepare('SELECT count(*) AS n FROM sqlite_stat1').get()).toEqual({ n: 2 });
  });

  test('FTS5, with content of its own, of a table, and none', async () => {
    using copy = await copyOf(`CREATE TABLE anime(id INTEGER PRIMARY KEY, title);
      INSERT INTO anime VALUES (1, 'Naruto'), (2, 'O''lim daftari'), (3, 'Ўлим дафтари');
      CREATE VIRTUAL TABLE own USING fts5(title, prefix = '2'); INSERT INTO own(rowid, title) SELECT * FROM anime;
      CREATE VIRTUAL TABLE external USING fts5(title, content = 'anime', content_rowid = 'id');
      INSERT INTO external(external) VALUES ('rebuild');
      CREATE VIRTUAL TABLE bare USING fts5(title, content = ''); INSERT INTO bare(rowid, title) SELECT * FROM anime`);
    for (const name of ['own', 'external', 'bare']) {
      expect(copy.prepare(`SELECT rowid FROM ${name} WHERE ${name} MATCH 'дафтари'`).all()).toEqual([
        { rowid: 3 },
      ]);
      expect(copy.prepare(`SELECT rowid FROM ${name} WHERE ${name} MATCH 'na*'`).all()).toEqual([
        { rowid: 1 },
      ]);
    }
    copy.exec(
      "INSERT INTO own(own) VALUES ('integrity-check'); INSERT INTO external(external) VALUES ('integrity-check')",
    );
    copy.exec("INSERT INTO own(title) VALUES ('One Piece'); DELETE FROM own WHERE rowid = 1");
    expect(copy.prepare("SELECT rowid FROM own WHERE own MATCH 'piece OR naruto'").all()).toEqual([
      { rowid: 4 },
    ]);
    expect(integrity(copy)).toEqual(['ok']);
  });
});

test('the file is no larger than what VACUUM makes', async () => {
  using db = new DatabaseSync(':memory:');
  db.exec(`CREATE TABLE t(a, b REAL, c); CREATE INDEX i ON t(a, b);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
    INSERT INTO t SELECT 'name ' || i, i, CASE WHEN i % 50 = 0 THEN zeroblob(i) END FROM n`);
  using vacuumed = vacuumInto(db, 'size');
  const bytes = await writeFile(openSqliteSource(db));
  expect(bytes.length).toBeLessThanOrEqual(
    Number(vacuumed.prepare('PRAGMA page_count').get()?.['page_count']) * 4096 * 1.01,
  );
});
