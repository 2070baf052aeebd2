/**
 * Values that somebody put into the living database, or that came back with a restore: the next
 * start makes them readable.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Database, sql } from '../../src/db/database.ts';
import { openEmbeddedDatabase } from '../../src/db/file/embedded-database.ts';
import { migrate, SCHEMA_VERSION } from '../../src/db/migrate.ts';
import { takeOverFile } from '../../src/takeover/take-over.ts';
import { texts } from './old-bot-file.ts';

let directory: string;
let path: string;
let db: Database;
let backups: number;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'anime-mend-'));
  path = join(directory, 'bot.db');
  db = await openEmbeddedDatabase(path);
  backups = 0;
  await start();
  db.close();
});
afterEach(() => {
  db.close();
  rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
});

const start = (): Promise<{ notes: readonly string[]; to: number }> =>
  migrate(db, {
    now: () => new Date('2026-11-22T10:00:00Z'),
    takeOver: takeOverFile,
    backup: async () => {
      backups += 1;
    },
  });

/** With sqlite3, which checks no foreign keys. */
async function edit(statements: string): Promise<void> {
  const file = new DatabaseSync(path, { enableForeignKeyConstraints: false, defensive: false });
  file.exec(statements);
  file.close();
  db = await openEmbeddedDatabase(path);
}

test('a text that is not UTF-8 is mended after a backup, named, and kept as it was', async () => {
  await edit(`INSERT INTO users (user_id, first_name) VALUES (1, CAST(x'41ff42' AS TEXT)), (2, 'Aziza ў'), (3, CAST(x'4100' AS TEXT));
    INSERT INTO anime (code, title, description, photo_id) VALUES (5, x'4e', CAST(x'c3' AS TEXT), CAST(x'50ff' AS TEXT));
    UPDATE anime SET views = 'many' WHERE code = 5`);
  const { notes, to } = await start();
  expect(to).toBe(SCHEMA_VERSION);
  expect(notes.toSorted()).toEqual([
    'anime.description: 1 value, bytes in it that are not UTF-8: each became U+FFFD (kept in old_values)',
    'anime.photo_id: 1 value, bytes in it that are not UTF-8 (kept in old_values)',
    'anime.title: 1 value, not a text (kept in old_values)',
    'anime.views: 1 value, not an integer (kept in old_values)',
    'users.first_name: 1 value, a NUL character in it: left out (kept in old_values)',
    'users.first_name: 1 value, bytes in it that are not UTF-8: each became U+FFFD (kept in old_values)',
  ]);
  expect(backups).toBe(1);
  expect(await texts(db, 'SELECT first_name AS v FROM users')).toEqual(['A\ufffdB', 'Aziza ў', 'A']);
  expect(await texts(db, 'SELECT title AS v FROM anime')).toEqual(['NULL']);
  expect(await texts(db, 'SELECT views AS v FROM anime')).toEqual(['0']);
  expect(await texts(db, "SELECT hex(bytes) AS v FROM old_values WHERE column_name = 'photo_id'")).toEqual([
    '50FF',
  ]);
  // The search learns of it: the change is queued for the index.
  expect(await texts(db, 'SELECT COUNT(*) AS v FROM anime_stale')).toEqual(['1']);
  expect(await start()).toMatchObject({ notes: [] });
  expect(backups).toBe(1);
});

test('a row that is nothing without such a value is set aside with all that hangs on it', async () => {
  await edit(`INSERT INTO users (user_id) VALUES (1);
    INSERT INTO anime (id, code) VALUES (9, 5), (10, 6);
    INSERT INTO anime_parts (anime_code, part_number, file_id) VALUES (5, 1, 'F'), (6, 1, 'G'), (6, 'OVA', 'H'), (6, 2, CAST(x'46ff' AS TEXT));
    INSERT INTO follows (anime_id, user_id, since) VALUES (9, 1, 'x');
    UPDATE anime SET code = 'ABC' WHERE id = 9; UPDATE anime_parts SET anime_code = 'ABC' WHERE anime_code = 5;
    INSERT INTO mandatory_channels (channel_id, name) VALUES (CAST(x'2dff' AS TEXT), 'K')`);
  const { notes } = await start();
  expect(notes.toSorted()).toEqual([
    'anime.code: 1 row set aside, not an integer (kept in old_rows_of_anime)',
    'anime_parts.anime_code: 1 row set aside, not an integer (kept in old_rows_of_anime_parts)',
    'anime_parts.file_id: 1 row set aside, bytes in it that are not UTF-8 (kept in old_rows_of_anime_parts)',
    'anime_parts.part_number: 1 row set aside, not an integer (kept in old_rows_of_anime_parts)',
    'mandatory_channels.channel_id: 1 row set aside, bytes in it that are not UTF-8 (kept in old_rows_of_mandatory_channels)',
  ]);
  expect(await texts(db, 'SELECT file_id AS v FROM anime_parts')).toEqual(['G']);
  expect(await texts(db, 'SELECT id AS v FROM anime')).toEqual(['10']);
  expect(await texts(db, 'SELECT COUNT(*) AS v FROM follows')).toEqual(['0']);
  expect(await texts(db, "SELECT id || ' ' || refused AS v FROM old_rows_of_anime")).toEqual([
    '9 code: not an integer',
  ]);
  expect(await texts(db, "SELECT user_id || ' ' || refused AS v FROM old_rows_of_follows")).toEqual([
    '1 its row of anime is set aside',
  ]);
  expect(await texts(db, 'SELECT COUNT(*) AS v FROM old_rows_of_anime_parts')).toEqual(['3']);
  expect(await texts(db, 'SELECT name AS v FROM old_rows_of_mandatory_channels')).toEqual(['K']);
  expect(await start()).toMatchObject({ notes: [] });
});

test('a number that is too large to be read is mended, or its row set aside', async () => {
  const big = 2n ** 62n;
  await edit(`INSERT INTO users (user_id, rate_since) VALUES (1, ${big}), (${big}, 0), (2, 5);
    INSERT INTO anime (id, code, title, year, views) VALUES (9, 5, 'A', ${big}, -${big}), (10, 6, 'B', 2001, ${2n ** 52n});
    INSERT INTO groups (group_id, name) VALUES (${big}, 'G'), (-1001, 'H');
    INSERT INTO anime_groups (anime_code, group_id) SELECT 5, id FROM groups;
    INSERT OR REPLACE INTO counters (metric, period, value) VALUES ('users', 'all', ${big});
    INSERT INTO audit_log (user_id, action, subject, at) VALUES (${big}, 'x', '', '2026-01-01 00:00:00')`);
  const { notes } = await start();
  expect(notes.toSorted()).toEqual([
    'anime.views: 1 value, it is too large (kept in old_values)',
    'anime.year: 1 value, it is too large (kept in old_values)',
    'audit_log.user_id: 1 row set aside, it is too large (kept in old_rows_of_audit_log)',
    'counters.value: 1 row set aside, it is too large (kept in old_rows_of_counters)',
    'groups.group_id: 1 row set aside, it is too large (kept in old_rows_of_groups)',
    'users.rate_since: 1 value, it is too large (kept in old_values)',
    'users.user_id: 1 row set aside, it is too large (kept in old_rows_of_users)',
  ]);
  expect(await texts(db, "SELECT code || ' ' || COALESCE(year, '') || ' ' || views AS v FROM anime")).toEqual(
    ['5  0', `6 2001 ${2n ** 52n}`],
  );
  expect(await texts(db, 'SELECT name AS v FROM groups')).toEqual(['H']);
  expect(await texts(db, 'SELECT COUNT(*) AS v FROM anime_groups')).toEqual(['1']);
  expect(
    await texts(db, "SELECT CAST(bytes AS TEXT) AS v FROM old_values WHERE column_name = 'year'"),
  ).toEqual([String(big)]);
  expect(await texts(db, 'SELECT group_id AS v FROM old_rows_of_groups')).toEqual([String(big)]);
  expect(await start()).toMatchObject({ notes: [] });
});

test.each([
  ['views', 'CREATE VIEW old_values AS SELECT 1; CREATE VIEW Old_Rows_of_anime_parts AS SELECT 1'],
  ['tables', 'CREATE TABLE OLD_values (zz); CREATE TABLE old_rows_of_anime_parts (zz, refused)'],
  [
    'an index',
    'CREATE INDEX old_values ON users (source); CREATE INDEX old_rows_of_anime_parts ON users (source)',
  ],
])('names that are taken by somebody else’s %s: the next ones are', async (_, sqlText) => {
  await edit(`${sqlText}; INSERT INTO users (user_id, first_name) VALUES (1, x'41');
    INSERT INTO anime (code) VALUES (6); INSERT INTO anime_parts (anime_code, part_number, file_id) VALUES (6, 'OVA', 'H')`);
  const told = [
    'anime_parts.part_number: 1 row set aside, not an integer (kept in old_rows_of_anime_parts_2)',
    'users.first_name: 1 value, not a text (kept in old_values_2)',
  ];
  expect((await start()).notes.toSorted()).toEqual(told);
  expect(await texts(db, 'SELECT hex(bytes) AS v FROM old_values_2')).toEqual(['41']);
  expect(await start()).toMatchObject({ notes: [] });
  await db.write([
    sql("UPDATE users SET first_name = x'42'"),
    sql("INSERT INTO anime_parts (anime_code, part_number, file_id) VALUES (6, 'TWO', 'I')"),
  ]);
  expect((await start()).notes.toSorted()).toEqual(told);
  expect(await texts(db, 'SELECT hex(bytes) AS v FROM old_values_2')).toEqual(['41', '42']);
  expect(await texts(db, 'SELECT file_id AS v FROM old_rows_of_anime_parts_2')).toEqual(['H', 'I']);
});

test.each([
  "INSERT INTO anime_words_config VALUES ('rank', 'nosuch()')",
  "INSERT INTO anime_words_config VALUES ('pgsz', 1000000000)",
  "UPDATE anime_words_config SET v = 6 WHERE k = 'version'",
  'DELETE FROM anime_words_config',
])('an order to the search index is taken back: %s', async (order) => {
  await edit(`INSERT INTO anime (id, code, title) VALUES (1, 5, 'Naruto'), (2, 6, x'41');
    INSERT INTO anime_search (anime_id, title, names, about, sound) VALUES (1, 'naruto', 'naruto', '', 'naruto'); ${order}`);
  expect((await start()).notes.toSorted()).toEqual([
    'anime.title: 1 value, not a text (kept in old_values)',
    'anime_words: anime_words_config held what this program does not write: the index was made anew',
  ]);
  expect(backups).toBe(1);
  expect(await texts(db, 'SELECT k || v AS v FROM anime_words_config')).toEqual(['version4']);
  const search = "SELECT rowid AS v FROM anime_words WHERE anime_words MATCH 'naruto' ORDER BY rank";
  expect(await texts(db, search)).toEqual(['1']);
  expect(await start()).toMatchObject({ notes: [] });
});

test.each([
  'CREATE TABLE old_schema (type, name, table_name, sql, why)',
  'CREATE VIEW old_schema AS SELECT 1 AS type, 1 AS name, 1 AS table_name, 1 AS sql, 1 AS why',
  'CREATE TABLE old_schema (why); INSERT INTO old_schema VALUES (NULL)',
])('a record of a takeover that is none stops no start: %s', async (made) => {
  const rows = made.includes('type, name')
    ? `INSERT INTO old_schema VALUES ('staged', 'users', 'admins', 'role', NULL), ('staged', 'x', 'old_x', 'y', NULL),
         (NULL, CAST(x'ff' AS TEXT), 7, x'ff', NULL); CREATE VIEW old_values AS SELECT 1`
    : 'SELECT 1';
  await edit(`${made}; ${rows}`);
  expect(await start()).toMatchObject({ notes: [] });
  expect(await texts(db, 'SELECT COUNT(*) AS v FROM admins')).toEqual(['0']);
});

test('a sound database is not written to, and needs no backup', async () => {
  await edit("INSERT INTO users (user_id, first_name) VALUES (1, 'Ў — 🎬')");
  expect(await start()).toMatchObject({ notes: [] });
  expect(backups).toBe(0);
  expect(await texts(db, "SELECT name AS v FROM sqlite_schema WHERE name GLOB 'old_*'")).toEqual([]);
});
