import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { coverageOf, isLeftOut } from '../../../src/backup/changes/coverage.ts';
import type { SchemaObject } from '../../../src/backup/model/model.ts';
import { keySql } from '../../../src/backup/schema/change-key.ts';
import { isChangeTrigger, triggersOf } from '../../../src/backup/schema/change-triggers.ts';
import { strangersOf } from '../../../src/backup/schema/strangers.ts';
import { openEmbeddedSnapshotSource } from '../../../src/backup/snapshot/embedded.ts';
import { makeDatabase } from '../snapshot/rig.ts';

const LOG =
  'CREATE TABLE change_log (seq INTEGER PRIMARY KEY AUTOINCREMENT, tbl TEXT NOT NULL, key BLOB, rest TEXT);';

async function schemaOf(sql: string) {
  const { file } = makeDatabase(LOG + sql);
  return { file, schema: await openEmbeddedSnapshotSource({ path: file }).schema() };
}

/** A database whose covered tables have their triggers; what the log says after some SQL. */
async function logged(sql: string, change: string): Promise<unknown[][]> {
  const { file, schema } = await schemaOf(sql);
  const db = new DatabaseSync(file);
  for (const table of coverageOf(schema).covered)
    for (const trigger of triggersOf(table, schema.indexes)) db.exec(trigger.sql);
  db.exec(change);
  const rows = db.prepare('SELECT tbl, key, rest FROM change_log ORDER BY seq').all();
  db.close();
  return rows.map((row) => Object.values(row));
}

test('ours and unknown tables are covered; others are named with their reason', async () => {
  const { schema } =
    await schemaOf(`CREATE TABLE anime (id INTEGER PRIMARY KEY, x); CREATE TABLE theirs (a, b);
    CREATE TABLE job_leases (name TEXT PRIMARY KEY); CREATE TABLE backup_runs (name TEXT PRIMARY KEY);
    CREATE TABLE change_state (id INTEGER PRIMARY KEY); CREATE TABLE restoring_1 (x);
    CREATE TABLE hidden (rowid, oid, _rowid_); CREATE TABLE aliased (rowid, oid, _rowid_ INTEGER PRIMARY KEY);
    CREATE VIRTUAL TABLE words USING fts5 (x, content = 'anime', content_rowid='id');
    CREATE VIRTUAL TABLE notes USING fts5 (x); CREATE VIRTUAL TABLE bare USING fts5 (x, content='');
    CREATE VIRTUAL TABLE boxes USING rtree (id, a, b); CREATE VIRTUAL TABLE terms USING fts5vocab (notes, row);
    CREATE TRIGGER change_log_insert_theirs AFTER INSERT ON theirs BEGIN SELECT 1; END;
    ANALYZE`);
  const { covered, left } = coverageOf(schema);
  expect(covered.map(({ name }) => name)).toEqual(['anime', 'aliased']);
  const reasons = Object.fromEntries(
    left.map(({ table, reason, isData }) => [table, isData ? reason : null]),
  );
  expect(reasons).toEqual({
    change_log: null,
    change_state: null,
    job_leases: null,
    backup_runs: null,
    hidden: 'it hides its rowid behind columns of all three names',
    notes: 'it is a virtual table (fts5), which can have no triggers',
    bare: 'it is a virtual table (fts5), which can have no triggers',
    boxes: 'it is a virtual table (rtree), which can have no triggers',
    theirs: "somebody else's trigger has the name change_log_insert_theirs",
  });
});

test('rows with a rowid: inserts, updates, deletions, a rowid that moved, an upsert, a cascade', async () => {
  const sql = `CREATE TABLE a (id INTEGER PRIMARY KEY, x UNIQUE);
    CREATE TABLE "b 'c" (rowid, a REFERENCES a(id) ON DELETE CASCADE)`;
  const change = `PRAGMA foreign_keys = ON; INSERT INTO a VALUES (1, 'x'), (2, 'y');
    UPDATE a SET x = 'z' WHERE id = 1; UPDATE a SET id = 7 WHERE id = 2;
    INSERT INTO a (id, x) VALUES (9, 'z') ON CONFLICT (x) DO UPDATE SET x = 'w';
    INSERT OR IGNORE INTO a VALUES (1, 'q');
    INSERT INTO "b 'c" VALUES (50, 1); DELETE FROM a`;
  expect(await logged(sql, change)).toEqual([
    ['a', 1, null],
    ['a', 2, null],
    ['a', 1, null],
    ['a', 7, null],
    ['a', 2, null],
    // The row that an OR REPLACE would take away; here it is updated.
    ['a', 1, null],
    ['a', 1, null],
    ["b 'c", 1, null],
    ["b 'c", 1, null],
    ['a', 1, null],
    ['a', 7, null],
  ]);
});

test('rows without a rowid: every column of the key, also where only its case changes', async () => {
  const sql = `CREATE TABLE p (x, b, a TEXT COLLATE NOCASE, PRIMARY KEY (a, b)) WITHOUT ROWID;
    CREATE TABLE q (k TEXT PRIMARY KEY COLLATE NOCASE, v) WITHOUT ROWID`;
  const change = `INSERT INTO p VALUES (1, 'b'||char(0)||'c', 'A'), (2, x'62', 'A'); UPDATE p SET b = 1.5 WHERE x = 2;
    UPDATE p SET x = 3 WHERE x = 1;
    INSERT INTO q VALUES ('a', 1); UPDATE q SET k = 'A'; UPDATE q SET v = 2`;
  expect(await logged(sql, change)).toEqual([
    ['p', 'A', 't620063'],
    ['p', 'A', "X'62'"],
    ['p', 'A', 'r1.2305843009213693952.0'],
    ['p', 'A', "X'62'"],
    ['p', 'A', 't620063'],
    ['q', 'a', null],
    // The row that an OR REPLACE would take away; here it is the row itself.
    ['q', 'a', null],
    ['q', 'A', null],
    ['q', 'a', null],
    ['q', 'A', null],
  ]);
});

test('an outer OR REPLACE or OR FAIL does not make the log lose entries', async () => {
  const sql = 'CREATE TABLE a (id INTEGER PRIMARY KEY, x UNIQUE)';
  const change = `INSERT OR FAIL INTO a VALUES (1, 1); UPDATE OR REPLACE a SET x = 2; UPDATE OR ROLLBACK a SET x = 3`;
  expect(await logged(sql, change)).toHaveLength(3);
});

test.each([
  ['a unique value', 'x UNIQUE', "(1, 'a')", "INSERT OR REPLACE INTO t VALUES (2, 'a')"],
  ['its collation', 'x COLLATE NOCASE UNIQUE', "(1, 'a')", "INSERT OR REPLACE INTO t VALUES (2, 'A')"],
  [
    'a default for NULL',
    'x NOT NULL DEFAULT 5 UNIQUE',
    '(1, 5)',
    'INSERT OR REPLACE INTO t VALUES (2, NULL)',
  ],
  ['a clause of the table', 'x UNIQUE ON CONFLICT REPLACE', '(1, 5)', 'INSERT INTO t VALUES (2, 5)'],
  ['an update', 'x UNIQUE', '(1, 5), (2, 6)', 'UPDATE OR REPLACE t SET x = 5 WHERE id = 2'],
])('a row that goes for another one is logged: %s', async (_, column, rows, change) => {
  const found = await logged(
    `CREATE TABLE t (id INTEGER PRIMARY KEY, ${column})`,
    `INSERT INTO t VALUES ${rows}; DELETE FROM change_log; ${change}`,
  );
  expect(found).toContainEqual(['t', 1, null]);
});

test("a trigger is the log's own by its text", async () => {
  const { schema } = await schemaOf(
    `CREATE TABLE "o'n ""e" (x UNIQUE); CREATE TABLE p (x, b, a, PRIMARY KEY (a, b)) WITHOUT ROWID;
     CREATE TABLE folded (a COLLATE NOCASE PRIMARY KEY, "b""; END" UNIQUE) WITHOUT ROWID;
     CREATE TABLE wide (a NOT NULL DEFAULT 'it''s; END', b, c AS (b), d COLLATE RTRIM, UNIQUE (a, d), UNIQUE (c));
     CREATE UNIQUE INDEX part ON wide (b) WHERE "d" = '; o."x" = 1' and A is null`,
  );
  for (const table of coverageOf(schema).covered)
    for (const { name, sql } of triggersOf(table, schema.indexes)) {
      const object: SchemaObject = { type: 'trigger', name, tableName: table.name, sql, hasStorage: false };
      expect(isChangeTrigger(object), sql).toBe(true);
      const forged = [
        sql.replace(/; END$/, '; DELETE FROM p; END'),
        sql.replace('BEGIN ', 'BEGIN SELECT load_extension(1); '),
        sql.replace('change_log (', 'p ('),
        sql.replace(/AFTER|BEFORE/, (when) => (when === 'AFTER' ? 'BEFORE' : 'AFTER')),
        sql.replace(/; END$/, '; SELECT load_extension(1); END'),
        sql.replace(' BEGIN', ' WHEN 0 BEGIN'),
        `${sql} `,
      ];
      for (const text of forged) expect(isChangeTrigger({ ...object, sql: text }), text).toBe(false);
      expect(isChangeTrigger({ ...object, tableName: 'other' })).toBe(false);
      expect(isChangeTrigger({ ...object, name: 'other' })).toBe(false);
      expect(isChangeTrigger(object, () => false)).toBe(false);
    }
});

test("a table's own quotes make its triggers no strangers", async () => {
  const { file, schema } = await schemaOf(
    `CREATE TABLE u2 ("k""" text primary key, [a""b] UNIQUE, \`c\`\`d\`, UNIQUE (\`c\`\`d\`)) without rowid`,
  );
  const db = new DatabaseSync(file);
  for (const table of coverageOf(schema).covered)
    for (const trigger of triggersOf(table, schema.indexes)) db.exec(trigger.sql);
  db.exec(`ALTER TABLE u2 RENAME TO "it's ""u3"; ALTER TABLE "it's ""u3" RENAME COLUMN [a""b] TO "x""y"`);
  db.close();
  const { objects } = await openEmbeddedSnapshotSource({ path: file }).schema();
  expect(objects.filter(({ type }) => type === 'trigger')).toHaveLength(5);
  expect(strangersOf(objects)).toEqual([]);
});

test('the key of a row in SQL is the one that the triggers log', async () => {
  const { file, schema } = await schemaOf(
    `CREATE TABLE p (x, b, a, PRIMARY KEY (a, b, x)) WITHOUT ROWID; CREATE TABLE r (x)`,
  );
  const db = new DatabaseSync(file);
  const { covered } = coverageOf(schema);
  for (const table of covered) for (const trigger of triggersOf(table, schema.indexes)) db.exec(trigger.sql);
  db.exec(`INSERT INTO p VALUES (0.1, 'o''z', 1), (x'00', '', 1); INSERT INTO r VALUES (1)`);
  for (const table of covered) {
    const { key, rest } = keySql(table, 't');
    const found = db
      .prepare(
        `SELECT COUNT(*) AS n FROM change_log AS l JOIN "${table.name}" AS t
         ON l.tbl = '${table.name}' AND l.key IS ${key} AND l.rest IS ${rest}`,
      )
      .get();
    expect(found).toEqual({ n: table.name === 'p' ? 2 : 1 });
  }
  db.close();
});

test('tables of the engine and of a restore under way are in no change file', () => {
  expect(
    ['change_log', 'Job_Leases', 'backup_runs', 'restoring_4', 'importing_control'].filter(isLeftOut),
  ).toHaveLength(5);
  expect(['anime', 'restorings', 'old_schema'].filter(isLeftOut)).toEqual([]);
});

test('a table whose unique index hides what OR REPLACE takes away is left to full backups', async () => {
  const { schema } = await schemaOf(`CREATE TABLE folded (id INTEGER PRIMARY KEY, name);
    CREATE UNIQUE INDEX by_name ON folded (lower(name));
    CREATE TABLE part (id INTEGER PRIMARY KEY, name, n);
    CREATE UNIQUE INDEX "some" ON part (name) WHERE n > 5;
    CREATE TABLE plain (id INTEGER PRIMARY KEY, name); CREATE INDEX plain_name ON plain (lower(name))`);
  const { covered, left } = coverageOf(schema);
  expect(covered.map(({ name }) => name)).toEqual(['plain']);
  const why = (index: string): string =>
    `no trigger can tell which rows OR REPLACE takes away for its unique index ${index}`;
  expect(left.filter(({ isData }) => isData)).toEqual([
    { table: 'folded', reason: why('by_name'), isData: true },
    { table: 'part', reason: why('some'), isData: true },
  ]);
});
