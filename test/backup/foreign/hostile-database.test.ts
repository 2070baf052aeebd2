/**
 * SQLite files made to do harm: read within limits, nothing in them evaluated, and refused in
 * words.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openForeignFile } from '../../../src/backup/foreign/connection.ts';
import { openImportFile } from '../../../src/backup/import/open-file.ts';
import type { ImportEvent } from '../../../src/backup/import/stage.ts';
import { fetchSource } from '../../../src/backup/restore/source.ts';
import { diffInProcess } from '../../../src/backup/verify/database-diff.ts';
import { verifyFile } from '../../../src/backup/verify/verify-backup.ts';
import { openEmbeddedDatabase } from '../../../src/db/file/embedded-database.ts';
import { migrate } from '../../../src/db/migrate.ts';
import { explain } from '../../../src/lib/clock.ts';
import { createMemoryStore } from '../../support/memory-store.ts';

let directory = '';
let scratch = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'hostile-'));
  scratch = join(directory, 'scratch');
  mkdirSync(scratch);
});
afterEach(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }));

const ANIME = 'CREATE TABLE anime (id INTEGER PRIMARY KEY, code INTEGER, description TEXT)';
const ENDLESS = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n';
const BOMB = 'hex(zeroblob(300000000))';

function make(sql: string): string {
  const path = join(directory, 'evil.db');
  const db = new DatabaseSync(path);
  db.exec(sql);
  db.close();
  return path;
}

const bucket = { store: createMemoryStore(() => new Date(0)), prefix: '' };
async function importAll(path: string): Promise<ImportEvent[]> {
  const options = { keys: undefined, directory: scratch, utcOffsetMinutes: 0 };
  const events: ImportEvent[] = [];
  for await (const event of await openImportFile(path, options)) events.push(event);
  return events;
}
const prepare = (path: string) =>
  fetchSource({ kind: 'file', path }, { bucket, keys: undefined, directory: scratch });
const failure = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'nothing',
    (error: unknown) => explain(error),
  );

/** In its file: what reads it, and what it says. `.` is anything but silence. */
test.each([
  ['a VIRTUAL column', `CREATE TABLE anime (code INTEGER, description TEXT NOT NULL AS (${BOMB}) VIRTUAL)`],
  ['an index over an expression', `${ANIME}; CREATE INDEX i ON anime (length(${BOMB}))`],
])('%s of 600 MB in 8 KB is refused, and no memory is taken', async (_, sql) => {
  const path = join(directory, 'evil.db');
  const db = new DatabaseSync(path);
  db.exec(sql.replaceAll('300000000', '3'));
  db.exec('INSERT INTO anime (code) VALUES (1)');
  // SQLite would have to compute it to fill an index: the forger writes it into the schema.
  db.enableDefensive(false);
  db.exec(
    "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'zeroblob(3)', 'zeroblob(300000000)')",
  );
  db.close();
  expect(statSync(path).size).toBeLessThan(20_000);
  const verdict = await verifyFile(path, 'database');
  expect(verdict.problems.join()).toContain('string or blob too big');
  expect(await failure(prepare(path))).toContain('string or blob too big');
  expect(await failure(importAll(path))).toContain('string or blob too big');
  expect(readdirSync(directory).toSorted()).toEqual(['evil.db', 'scratch']);
});

test('views that never end, under names that are looked for, are not read', async () => {
  const names = ['broadcasts', 'schema_migrations', 'backup_runs', 'backup_lease', 'users'];
  const views = names.map(
    (name) => `CREATE VIEW ${name} (state, version, name) AS SELECT 1, 1, (${ENDLESS})`,
  );
  const path = make(`${ANIME}; INSERT INTO anime VALUES (1, 7, 'x'); ${views.join(';')}`);
  const began = performance.now();
  expect((await verifyFile(path, 'database')).problems).toEqual([]);
  // They would be read once they are the bot's: they are named.
  expect(await prepare(path)).toMatchObject({
    schemaVersion: undefined,
    strangers: names.map((name) => ({ name: `view ${name}`, runs: true })),
  });
  expect(await importAll(path)).toMatchObject([{ kind: 'anime', fields: { code: 7n } }]);
  expect((await diffInProcess({ first: path, second: path, scratch })).tables).toMatchObject([{ same: 1 }]);
  expect(performance.now() - began).toBeLessThan(120_000);
});

test('a schema that hides a second statement, or an unknown module, is not restored', async () => {
  const path = make(`${ANIME}; CREATE VIEW v AS SELECT 1; CREATE TABLE t (a)`);
  const set = (sql: string): void => {
    const db = new DatabaseSync(path);
    db.enableDefensive(false);
    db.prepare('PRAGMA writable_schema = ON').get();
    db.prepare("UPDATE sqlite_schema SET sql = ? WHERE name = 'v'").run(sql);
    db.close();
  };
  set(`CREATE VIEW v AS SELECT 1; ATTACH '${directory}/new.db' AS n`);
  expect(await failure(prepare(path))).toContain('more than one statement');
  set('CREATE VIRTUAL TABLE v USING zipfile(x)');
  expect(await failure(prepare(path))).toMatch(/no CREATE VIEW|malformed/);
});

test('a file in WAL mode is not written to, nor anything beside it', async () => {
  const path = make(`PRAGMA journal_mode = WAL; ${ANIME}; INSERT INTO anime VALUES (1, 7, 'x')`);
  const state = (): string[] =>
    readdirSync(directory)
      .filter((name) => name.startsWith('evil'))
      .map(
        (name) =>
          `${name} ${createHash('sha256')
            .update(readFileSync(join(directory, name)))
            .digest('hex')}`,
      );
  const before = state();
  expect((await verifyFile(path, 'database')).problems).toEqual([]);
  await diffInProcess({ first: path, second: path, scratch });
  await prepare(path);
  expect(state()).toEqual(before);
});

test('the connection itself refuses what no check has seen', () => {
  const path = make(`${ANIME}; CREATE VIEW v AS SELECT 1 AS a;
    CREATE TRIGGER t AFTER INSERT ON anime BEGIN DELETE FROM anime; END`);
  const { db, creating, close } = openForeignFile(path, 'write');
  const refused = (sql: string): void => {
    expect(() => db.prepare(sql).run(), sql).toThrow(/not authorized|prohibited|too many attached|no such/);
  };
  refused(`ATTACH '${directory}/new.db' AS n`);
  refused('DETACH main');
  refused("SELECT load_extension('x')");
  refused('PRAGMA writable_schema = ON');
  refused('PRAGMA journal_mode = WAL');
  refused('CREATE TEMP TABLE x (a)');
  refused('CREATE VIRTUAL TABLE x USING dbstat(main)');
  refused('SELECT * FROM v');
  refused('INSERT INTO anime VALUES (1, 1, 1)');
  creating(true);
  refused('COMMIT');
  refused('SAVEPOINT s');
  refused('DROP TABLE anime');
  refused('ALTER TABLE anime ADD COLUMN x');
  refused('ANALYZE');
  refused('PRAGMA user_version = 7');
  close();
  expect(readdirSync(directory).toSorted()).toEqual(['evil.db', 'scratch']);
});

test('the bot’s own triggers are no strangers', async () => {
  const path = join(directory, 'bot.db');
  const db = await openEmbeddedDatabase(path);
  await migrate(db, { now: () => new Date(0), backup: async () => {} });
  db.close();
  const { notes, strangers, objects } = await prepare(path);
  expect(objects.filter(({ type }) => type === 'trigger').length).toBeGreaterThan(3);
  expect([notes, strangers]).toEqual([[], []]);
});
