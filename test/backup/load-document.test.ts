import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDocumentSink } from '../../src/backup/document/writer.ts';
import { writeLive } from '../../src/backup/snapshot/copy-live.ts';
import { openEmbeddedSnapshotSource } from '../../src/backup/snapshot/embedded.ts';
import { digestFile } from '../../src/backup/verify/file-digests.ts';
import { loadDocument } from '../../src/backup/verify/load-document.ts';
import { verifyFile } from '../../src/backup/verify/verify-backup.ts';

const ROWS = 700;
let directory = '';
let live = '';
let text = '';

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'load-'));
  live = join(directory, 'live.db');
  const db = new DatabaseSync(live);
  // A text that is not UTF-8 stands in the middle, and in a row of its own kind.
  db.exec(`CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER, x TEXT);
    WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < ${ROWS})
      INSERT INTO t (id, n, x) SELECT n, n * 7, '{"a": ' || n || '}' FROM i;
    CREATE TABLE c (n INTEGER, g AS (abs(n)) VIRTUAL); INSERT INTO c SELECT n FROM t;
    CREATE TABLE odd (x); INSERT INTO odd SELECT id FROM t;
    UPDATE odd SET x = CAST(x'ff' AS TEXT) WHERE rowid % 100 = 50;
    CREATE TABLE w (a TEXT PRIMARY KEY, b) WITHOUT ROWID; INSERT INTO w SELECT 'key' || id, n FROM t;
    CREATE INDEX plain ON t (n, id);
    CREATE UNIQUE INDEX alone ON t (n);
    CREATE INDEX computed ON t (json_extract(x, '$.a'));
    CREATE INDEX generated ON c (g);
    CREATE INDEX partial ON t (n) WHERE json_extract(x, '$.a') > 3;
    CREATE VIEW v AS SELECT n FROM t`);
  db.close();
  const path = join(directory, 'good.json');
  await writeLive(openEmbeddedSnapshotSource({ path: live }), {
    path,
    headLength: 0,
    replace: false,
    sink: (out) => createDocumentSink(out, { backupTime: new Date(0), appVersion: '1' }),
  });
  text = readFileSync(path, 'utf8');
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** As a forger would write it: its own SHA-256 is right. */
function write(whole: string): string {
  const path = join(directory, 'changed.json');
  const body = whole.slice(0, whole.lastIndexOf(',\n"sha256":'));
  writeFileSync(path, `${body},\n"sha256":"${createHash('sha256').update(body).digest('hex')}"}\n`);
  return path;
}

const indexesOf = (path: string): unknown[] => {
  const db = new DatabaseSync(path, { readOnly: true });
  const found = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL").all();
  db.close();
  return found.map(({ name }) => name);
};

test('every row as it was, of whatever kind the rows beside it are', async () => {
  const loaded = join(directory, 'whole.db');
  await loadDocument(write(text), loaded);
  const [was, is] = [await digestFile(live), await digestFile(loaded)];
  expect(is.tables).toEqual(was.tables);
  expect(is.schemaSha256).toBe(was.schemaSha256);
});

test('only an index that no row can break is left to the database without rows', async () => {
  const [loaded, bare] = [join(directory, 'loaded.db'), join(directory, 'bare.db')];
  await loadDocument(write(text), loaded, bare);
  expect(indexesOf(loaded)).toEqual(['alone', 'computed', 'generated', 'partial']);
  const [was, rows, rest] = [await digestFile(live), await digestFile(loaded), await digestFile(bare)];
  expect(rows.tables).toEqual(was.tables);
  expect(rest.schemaSha256).toBe(was.schemaSha256);
  expect(rest.tables.map((table) => table.rows)).toEqual([0, 0, 0, 0]);
});

describe('a document that cannot come back is found by its check', () => {
  test('as it is, it can', async () => {
    expect((await verifyFile(write(text), 'document')).problems).toEqual([]);
  });

  test.each([
    ['alone', '"n":700,', '"n":7,'],
    ['computed', '{\\"a\\": 9}', '{\\"a\\" 9}'],
  ])('rows that break the index %s', async (name, before, after) => {
    const changed = text.replace(before, after);
    expect(changed).not.toBe(text);
    expect((await verifyFile(write(changed), 'document')).problems).toEqual([
      expect.stringContaining(`index "${name}" cannot be made`),
    ]);
  });

  test('a plain index on a column that is not there', async () => {
    const changed = text.replace('ON t (n, id)', 'ON t (n, no)');
    expect((await verifyFile(write(changed), 'document')).problems).toEqual([
      expect.stringContaining('index "plain" cannot be made'),
    ]);
  });
});
