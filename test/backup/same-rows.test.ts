import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { noLedger } from '../../src/backup/catalog/ledger.ts';
import { createManifest, type Manifest } from '../../src/backup/catalog/manifest.ts';
import { runBackup } from '../../src/backup/run/run.ts';
import { openEmbeddedSnapshotSource } from '../../src/backup/snapshot/embedded.ts';
import { checkTask } from '../../src/backup/verify/check-file.ts';
import { sameTables } from '../../src/backup/verify/same-rows.ts';
import { verifyDeep } from '../../src/backup/verify/verify-backup.ts';
import { createWorld, type World } from '../support/backup-world.ts';
import { createMemoryStore } from '../support/memory-store.ts';

let directory = '';
let world: World;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'same-'));
  world = await createWorld();
});
afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
  world.close();
});

let made = 0;
/** A file with this schema and, behind the back of its types, these rows. */
function file(...sql: readonly string[]): string {
  made += 1;
  const path = join(directory, `${made}.db`);
  const db = new DatabaseSync(path, { defensive: false });
  for (const text of sql) db.exec(text);
  db.close();
  return path;
}

const SCHEMA = `CREATE TABLE t (i INTEGER, r REAL, x TEXT COLLATE NOCASE, n NUMERIC, b, g AS (abs(i)) STORED);
  CREATE TABLE u (id INTEGER PRIMARY KEY, "y ""z" TEXT);
  CREATE TABLE w (k TEXT PRIMARY KEY, v) WITHOUT ROWID`;
const ROWS = `INSERT INTO t (rowid, i, r, x, n, b) VALUES (1, 1, 1, 'a', 1.5, x'00'), (5, NULL, 1e999, 'ʻ' || char(0) || 'b', 'soʻz', 2.5),
    (9, -7, NULL, CAST(x'ff' AS TEXT), 9223372036854775807, NULL);
  INSERT INTO u VALUES (3, 'c'), (-4, '');
  INSERT INTO w VALUES ('k', 1)`;

test('tables with the same rows are told with how many they have; one by another key than a rowid is not', () => {
  expect(sameTables(file(SCHEMA, ROWS), file(SCHEMA, ROWS))).toEqual(
    new Map([
      ['t', 3],
      ['u', 2],
    ]),
  );
  expect(sameTables(file(SCHEMA), file(SCHEMA))).toEqual(
    new Map([
      ['t', 0],
      ['u', 0],
    ]),
  );
});

/** As no INSERT alone makes it: the column has its type when the value is there. */
const raw = (declared: string, value: string): string =>
  file(`CREATE TABLE t (v); INSERT INTO t VALUES (${value}); PRAGMA writable_schema = ON;
    UPDATE sqlite_schema SET sql = 'CREATE TABLE t (v ${declared})'`);
test.each([
  ['INTEGER', '1', '1.0'],
  ['NUMERIC', '1', '1.0'],
  ['', '1', '1.0'],
  ['', '0.0', '-0.0'],
  ['', "'1'", '1'],
  ['', "'a'", "x'61'"],
  ['', "''", 'NULL'],
  ['', "x''", 'NULL'],
  ['TEXT COLLATE NOCASE', "'a'", "'A'"],
  ['TEXT COLLATE RTRIM', "'a'", "'a '"],
  ['TEXT', "'a'", "'a' || char(0)"],
  ['TEXT', "'5'", '5'],
  ['NUMERIC', '5', "'5'"],
  ['INTEGER', '5', "'5.0'"],
  ['REAL', '5.0', '5.0000000000000009'],
  ['', '9007199254740993', '9007199254740992.0'],
])('a value of type %s: %s is not %s', (declared, filled, first) => {
  const inserted = file(`CREATE TABLE t (v ${declared}); INSERT INTO t VALUES (${filled})`);
  expect(sameTables(raw(declared, first), inserted)).toEqual(new Map());
});

test('rows too many, too few, or under another rowid', () => {
  const other = file(SCHEMA, ROWS);
  for (const change of [
    'DELETE FROM u WHERE id = 3',
    'INSERT INTO u VALUES (4, NULL)',
    'UPDATE u SET id = 30 WHERE id = 3',
  ]) {
    const changed = file(SCHEMA, ROWS, change);
    expect([...sameTables(changed, other).keys()]).toEqual(['t']);
    expect([...sameTables(other, changed).keys()]).toEqual(['t']);
  }
  const moved = file(SCHEMA, ROWS, 'UPDATE t SET rowid = 6 WHERE rowid = 5');
  expect([...sameTables(moved, other).keys()]).toEqual(['u']);
});

test('texts that look like one number are two texts', () => {
  expect(sameTables(raw('NUMERIC', "'5'"), raw('NUMERIC', "'5.0'"))).toEqual(new Map());
});

test('a row of NULLs is not taken for one that is not there', () => {
  const rows = (rowid: number): string =>
    file('CREATE TABLE t (v)', `INSERT INTO t (rowid) VALUES (${rowid})`);
  expect(sameTables(rows(1), rows(2))).toEqual(new Map());
  expect(sameTables(rows(1), rows(1))).toEqual(new Map([['t', 1]]));
});

test('where the two cannot be compared, nothing is told', () => {
  const other = file(SCHEMA, ROWS);
  expect(sameTables(file("PRAGMA encoding = 'UTF-16'", SCHEMA, ROWS), other)).toEqual(new Map());
  expect(sameTables(other, file('CREATE TABLE x (y)'))).toEqual(new Map());
  const bad = join(directory, 'bad.db');
  writeFileSync(bad, 'no database at all, but as long as the first page of one'.padEnd(4096));
  expect(sameTables(other, bad)).toEqual(new Map());
});

describe('verify', () => {
  const holding = (rows: string): string =>
    file('CREATE TABLE t (id INTEGER PRIMARY KEY, v)', `INSERT INTO t VALUES ${rows}`);
  /** A backup of a database with these rows. */
  async function backup(rows: string): Promise<{ manifest: Manifest; bodies: Map<string, Uint8Array> }> {
    const store = createMemoryStore(() => world.clock.now());
    const path = holding(rows);
    const source = openEmbeddedSnapshotSource({ path });
    const outcome = await runBackup(
      { ...world.context, store, source, ledger: noLedger },
      { trigger: 'command', scheduledAt: world.clock.now() },
    );
    if (outcome.kind !== 'done') throw new Error(JSON.stringify(outcome));
    const bodies = [...store.objects].map(([key, { body }]) => [key, body] as const);
    return { manifest: outcome.manifest, bodies: new Map(bodies) };
  }
  /** What is said of one backup whose file of this kind is that of the other. */
  async function problemsOf(kind: 'database' | 'document'): Promise<readonly string[]> {
    const [one, other] = [await backup("(1, 'a'), (2, 'b')"), await backup("(1, 'a'), (2, 'B')")];
    const objects = { ...one.manifest.objects, [kind]: other.manifest.objects[kind] };
    const manifest = createManifest({ ...one.manifest, objects });
    const store = createMemoryStore(() => world.clock.now());
    const modified = world.clock.now();
    for (const object of Object.values(objects)) {
      const key = `backups/${object.file}`;
      const { bodies } = object === objects[kind] ? other : one;
      store.objects.set(key, { body: bodies.get(key) ?? new Uint8Array(), modified });
    }
    return (await verifyDeep({ store, prefix: 'backups/' }, manifest, { keys: undefined })).problems;
  }

  test('a database with another row than its document is found, and it alone', async () => {
    expect(await problemsOf('database')).toEqual([
      "database, digests: rows of table t are not the manifest's",
    ]);
  });

  test('a document with another row than its database is found, and it alone', async () => {
    expect(await problemsOf('document')).toEqual([
      "document, digests: rows of table t are not the manifest's",
    ]);
  });

  test('what is the same as in a proved document is not read again', async () => {
    const rows = "(1, 'a'), (2, 'b')";
    const { manifest } = await backup(rows);
    const tables = manifest.tables.map((one) => ({ ...one, sha256: '0'.repeat(64) }));
    const scratch = mkdtempSync(join(directory, 'scratch-'));
    renameSync(holding(rows), join(scratch, 'document.db'));
    const input = {
      path: holding(rows),
      kind: 'database',
      scratch,
      expected: { ...manifest, tables },
    } as const;
    const problemsWith = async (...answers: readonly unknown[]): Promise<readonly string[]> => {
      const left = [...answers];
      return (await checkTask(input, { send: async () => left.shift() })).problems;
    };
    const wrong = ["database, digests: rows of table t are not the manifest's"];
    expect(await problemsWith(true, true)).toEqual([]);
    expect(await problemsWith(true, false)).toEqual(wrong);
    expect(await problemsWith(false)).toEqual(wrong);
  });
});
