import { describe, expect, test } from 'vitest';
import type { ScanTarget } from '../../../src/backup/model/model.ts';
import { openEmbeddedSnapshotSource } from '../../../src/backup/snapshot/embedded.ts';
import { openFileSnapshotSource } from '../../../src/backup/snapshot/file.ts';
import { openRemoteSnapshotSource } from '../../../src/backup/snapshot/remote.ts';
import { nestedViews } from '../../support/nested-views.ts';
import { copyOf, makeDatabase, readAll, serve } from './rig.ts';

async function schemaOf(sql: string) {
  return (await readAll(openEmbeddedSnapshotSource({ path: makeDatabase(sql).file }), () => [])).schema;
}

describe('the rowid alias', () => {
  test.each([
    ['INTEGER PRIMARY KEY', 'CREATE TABLE t (x, a INTEGER PRIMARY KEY)', 1],
    ['in any case', 'CREATE TABLE t (a integer primary key)', 0],
    ['AUTOINCREMENT', 'CREATE TABLE t (a INTEGER PRIMARY KEY AUTOINCREMENT)', 0],
    ['ASC', 'CREATE TABLE t (a INTEGER PRIMARY KEY ASC)', 0],
    ['a table constraint', 'CREATE TABLE t (x, a INTEGER, PRIMARY KEY (a))', 1],
    ['a table constraint, descending', 'CREATE TABLE t (a INTEGER, PRIMARY KEY (a DESC))', 0],
    ['INTEGER PRIMARY KEY DESC is none', 'CREATE TABLE t (a INTEGER PRIMARY KEY DESC)', null],
    ['INT is none', 'CREATE TABLE t (a INT PRIMARY KEY)', null],
    ['INTEGER UNSIGNED is none', 'CREATE TABLE t (a INTEGER UNSIGNED PRIMARY KEY)', null],
    ['two columns are none', 'CREATE TABLE t (a INTEGER, b, PRIMARY KEY (a, b))', null],
    ['WITHOUT ROWID is none', 'CREATE TABLE t (a INTEGER PRIMARY KEY) WITHOUT ROWID', null],
    ['UNIQUE is none', 'CREATE TABLE t (a INTEGER UNIQUE)', null],
  ])('%s', async (_, sql, alias) => {
    const { tables } = await schemaOf(`${sql}; `);
    expect(tables[0]?.rowidAlias).toBe(alias);
  });
});

describe('what a schema tells', () => {
  test('kinds of tables, objects without storage, versions', async () => {
    const schema = await schemaOf(`CREATE TABLE a (id INTEGER PRIMARY KEY AUTOINCREMENT, x);
      CREATE VIRTUAL TABLE f USING fts5 (x); CREATE VIEW v AS SELECT 1; CREATE TRIGGER r AFTER INSERT ON a BEGIN SELECT 1; END;
      CREATE INDEX i ON a (x); ANALYZE; PRAGMA user_version = 7; PRAGMA application_id = -5`);
    const kinds = Object.fromEntries(schema.tables.map(({ name, kind }) => [name, kind]));
    expect(kinds).toMatchObject({
      a: 'table',
      sqlite_sequence: 'internal',
      f_data: 'shadow',
      f_content: 'shadow',
    });
    expect(kinds).not.toHaveProperty('f');
    expect(schema.tables.find(({ name }) => name === 'a')?.autoincrement).toBe(true);
    const bare = schema.objects
      .filter(({ hasStorage }) => !hasStorage)
      .map(({ type, name }) => `${type} ${name}`);
    expect(bare.sort()).toEqual(['table f', 'trigger r', 'view v']);
    expect(schema).toMatchObject({ userVersion: 7, applicationId: -5 });
  });

  test('columns: types, NOT NULL, defaults, generated; "autoincrement" in quotes is no keyword', async () => {
    const { tables } = await schemaOf(
      `CREATE TABLE t (
      a TEXT NOT NULL DEFAULT 'it''s', b AS (a || 'autoincrement') VIRTUAL, c INT AS (length(a)) STORED, "autoincrement" /* autoincrement */ ANY) STRICT`
        .replace('c INT', 'c INTEGER')
        .replace('b AS', 'b TEXT AS'),
    );
    expect(tables[0]).toMatchObject({ strict: true, autoincrement: false, withoutRowid: false });
    expect(tables[0]?.columns).toEqual([
      {
        name: 'a',
        declaredType: 'TEXT',
        notNull: true,
        defaultValue: "'it''s'",
        primaryKey: 0,
        generated: 'no',
      },
      {
        name: 'b',
        declaredType: 'TEXT',
        notNull: false,
        defaultValue: null,
        primaryKey: 0,
        generated: 'virtual',
      },
      {
        name: 'c',
        declaredType: 'INTEGER',
        notNull: false,
        defaultValue: null,
        primaryKey: 0,
        generated: 'stored',
      },
      {
        name: 'autoincrement',
        declaredType: 'ANY',
        notNull: false,
        defaultValue: null,
        primaryKey: 0,
        generated: 'no',
      },
    ]);
  });

  test('WITHOUT ROWID: the order on disk, a key column under two collations twice', async () => {
    const { tables, indexes } = await schemaOf(
      'CREATE TABLE t (a, b TEXT, c, PRIMARY KEY (c DESC, b COLLATE NOCASE, b COLLATE BINARY)) WITHOUT ROWID; CREATE INDEX i ON t (a)',
    );
    expect(tables[0]).toMatchObject({ withoutRowid: true, recordOrder: [2, 1, 1, 0] });
    expect(indexes.map(({ name }) => name)).toEqual(['i']);
    expect(
      indexes[0]?.columns.map(({ columnId, descending, collation, key }) => [
        columnId,
        descending,
        collation,
        key,
      ]),
    ).toEqual([
      [0, false, 'BINARY', true],
      [2, true, 'BINARY', false],
      [1, false, 'NOCASE', false],
      [1, false, 'BINARY', false],
    ]);
  });

  test('the server tells the same', async () => {
    const sql = `CREATE TABLE "quo""te" (a INTEGER PRIMARY KEY, "b c" TEXT UNIQUE COLLATE NOCASE); CREATE VIRTUAL TABLE f USING fts5 (x);
      CREATE TABLE w (a, b, PRIMARY KEY (b, a)) WITHOUT ROWID; CREATE UNIQUE INDEX i ON "quo""te" (lower("b c") DESC) WHERE a > 1`;
    const database = makeDatabase(sql);
    const server = await serve(database.file);
    const local = await readAll(openFileSnapshotSource({ path: copyOf(database) }), () => []);
    const remote = await readAll(openRemoteSnapshotSource({ url: server.url, fetch }), () => []);
    expect(remote).toEqual(local);
  });

  test('a UTF-16 database is refused', async () => {
    const { file } = makeDatabase();
    const { default: Database } = await import('libsql');
    const wide = `${file}.wide`;
    const db = new Database(wide);
    db.exec("PRAGMA encoding = 'UTF-16le'; CREATE TABLE t (a); INSERT INTO t VALUES ('x')");
    db.close();
    await expect(readAll(openEmbeddedSnapshotSource({ path: wide }))).rejects.toThrow(/UTF-16.*\.dump/);
  });

  test('a table that hides all names of its rowid is refused by name', async () => {
    const { file } = makeDatabase('CREATE TABLE t (rowid, _rowid_, "OID")');
    await expect(readAll(openEmbeddedSnapshotSource({ path: file }))).rejects.toThrow(
      /table t hides its rowid/,
    );
  });
});

describe('nested scans', () => {
  const SQL = `CREATE TABLE p (id INTEGER PRIMARY KEY, code UNIQUE, title TEXT, extra, more);
    CREATE TABLE c (p_code, n, v);
    INSERT INTO p VALUES (5, 10, 'five', 1, 2), (2, 20, 'two', 3, 4), (9, 30, 'childless', 5, 6), (7, NULL, 'no code', 7, 8);
    INSERT INTO c VALUES (20, 2, 'a'), (10, 1, 'b'), (20, 1, 'c'), (99, 1, 'orphan'), (NULL, 1, 'lost'), (20, 1, x'ff'), (10, NULL, 9e999), ('20', 0, 'text key')`;

  test.each(['embedded', 'cursor', 'pages'] as const)(
    '%s: parents with their children, then the orphans',
    async (how) => {
      const { file } = makeDatabase(SQL);
      const server = await serve(file, how === 'pages' ? { without: 'cursor' } : {});
      const source =
        how === 'embedded'
          ? openEmbeddedSnapshotSource({ path: file })
          : openRemoteSnapshotSource({ url: server.url, fetch });
      const read = async (orderBy: number | null) => {
        const { rows } = await readAll(source, ({ tables }): ScanTarget[] => {
          const [parent, child] = tables;
          return parent && child
            ? [{ kind: 'nested', parent, child, parentKey: 1, childKey: 0, orderBy }]
            : [];
        });
        return rows['p/c'];
      };
      expect(await read(1)).toEqual([
        [0n, 2n, 2n, 20n, 'two', 3n, 4n],
        [1n, 3n, 20n, 1n, 'c'],
        [1n, 6n, 20n, 1n, new Uint8Array([255])],
        [1n, 1n, 20n, 2n, 'a'],
        [0n, 5n, 5n, 10n, 'five', 1n, 2n],
        [1n, 7n, 10n, null, Number.POSITIVE_INFINITY],
        [1n, 2n, 10n, 1n, 'b'],
        [0n, 7n, 7n, null, 'no code', 7n, 8n],
        [0n, 9n, 9n, 30n, 'childless', 5n, 6n],
        [2n, 4n, 99n, 1n, 'orphan'],
        [2n, 5n, null, 1n, 'lost'],
        [2n, 8n, '20', 0n, 'text key'],
      ]);
      expect((await read(null))?.slice(1, 4).map((row) => row[1])).toEqual([1n, 3n, 6n]);
    },
  );
});

describe('what others made of a schema', () => {
  test.each(['embedded', 'file', 'remote'] as const)(
    'views that take SQLite hours to resolve are not resolved: %s',
    { timeout: 30_000 },
    async (how) => {
      const made = makeDatabase(`CREATE TABLE t (a ANY) STRICT; ${nestedViews(40).join(';')}`);
      const source =
        how === 'embedded'
          ? openEmbeddedSnapshotSource({ path: made.file })
          : how === 'file'
            ? openFileSnapshotSource({ path: copyOf(made) })
            : openRemoteSnapshotSource({ url: (await serve(made.file)).url, fetch });
      const { schema } = await readAll(source, () => []);
      expect(schema.tables).toMatchObject([{ name: 't', kind: 'table', strict: true, withoutRowid: false }]);
      expect(schema.objects.filter(({ type }) => type === 'view')).toHaveLength(40);
    },
  );

  test.each([
    [
      'no name',
      'CREATE TABLE "" (a)',
      'table "" has an empty name: rename it, or drop it, with sqlite3, and try again',
    ],
    [
      'a broken name',
      `CREATE TABLE foo (a); PRAGMA writable_schema = ON; 
         UPDATE sqlite_schema SET name = CAST(x'66ff' AS TEXT), tbl_name = CAST(x'66ff' AS TEXT),
         sql = CAST(CAST('CREATE TABLE "f' AS BLOB) || x'ff' || CAST('" (a)' AS BLOB) AS TEXT)`,
      'table "f\ufffd" has a name that is not UTF-8 text: rename it, or drop it, with sqlite3, and try again',
    ],
    [
      'a broken remark',
      `CREATE TABLE foo (a); PRAGMA writable_schema = ON;
         UPDATE sqlite_schema SET sql = CAST(CAST('CREATE TABLE foo (a /* ' AS BLOB) || x'ff' || CAST('*/)' AS BLOB) AS TEXT)`,
      'table "foo" has bytes in its SQL that are not UTF-8 text: make it again without them, or drop it, with sqlite3, and try again',
    ],
  ])('%s: the object is named', async (_, sql, message) => {
    const made = makeDatabase(sql);
    await expect(readAll(openEmbeddedSnapshotSource({ path: made.file }), () => [])).rejects.toThrow(message);
    await expect(readAll(openFileSnapshotSource({ path: copyOf(made) }), () => [])).rejects.toThrow(message);
  });
});
