/**
 * Old databases of every kind that people have come with: each starts with all its rows, or is
 * refused in one sentence, untouched.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openSqlServer } from '../../sim/sql-over-http/in-process-server.ts';
import { type Database, sql } from '../../src/db/database.ts';
import { openEmbeddedDatabase } from '../../src/db/file/embedded-database.ts';
import { migrate, SCHEMA_VERSION } from '../../src/db/migrate.ts';
import { openRemoteDatabase } from '../../src/db/remote-database.ts';
import { takeOver, takeOverFile } from '../../src/takeover/take-over.ts';
import { nestedViews } from '../support/nested-views.ts';
import { countRows, LOOSE, type OldFile, texts, writeOldFile } from './old-bot-file.ts';

let directory: string;
let path: string;
let db: Database | undefined;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'anime-takeover-'));
  path = join(directory, 'bot.db');
});
afterEach(() => {
  db?.close();
  db = undefined;
  rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
});

interface Case extends OldFile {
  /** What the log says, in any order. */
  readonly notes?: readonly string[];
  /** SQL with a column `v` -> what it gives. */
  readonly gives?: Readonly<Record<string, readonly string[]>>;
}

const CODES = `INSERT INTO anime (code, description) VALUES`;
const PARTS = `INSERT INTO anime_parts (anime_code, part_number, file_id) VALUES`;
const NO_CODE = 'its code is not a number from 1 to 999999 (kept in old_anime)';
const NO_ANIME_CODE = 'its anime_code is not a number from 1 to 999999 (kept in old_anime_parts)';
const NO_NUMBER = 'its part_number is not a number from 1 (kept in old_anime_parts)';
const KEPT = '(as it was: old_schema)';

const CASES: Readonly<Record<string, Case>> = {
  'as the old bot left it': {
    gives: {
      "SELECT id || ' ' || code || ' ' || description || ' ' || COALESCE(photo_id, '-') AS v FROM anime": [
        '1 1 Naruto P1',
        '2 2 One Piece -',
        '3 7 Bleach P7',
      ],
      "SELECT metric || ' ' || period || ' ' || value AS v FROM counters WHERE metric IN ('views', 'users')":
        ['users all 2', 'views 2025-03-01 1', 'views all 1'],
      "SELECT user_id || ' ' || part_number AS v FROM watch_progress": ['501 2'],
      "SELECT code || ' ' || views AS v FROM anime WHERE views > 0": ['1 1'],
    },
  },
  'without columns': {
    tables: {
      users: 'CREATE TABLE users (user_id INTEGER PRIMARY KEY, username TEXT)',
      anime: 'CREATE TABLE anime (code INTEGER, description TEXT)',
      anime_parts: 'CREATE TABLE anime_parts (anime_code INTEGER NOT NULL, file_id TEXT NOT NULL)',
      groups: 'CREATE TABLE groups (group_id INTEGER)',
      mandatory_channels: 'CREATE TABLE mandatory_channels (channel_id TEXT)',
      user_history: 'CREATE TABLE user_history (user_id INTEGER NOT NULL)',
      anime_groups: 'CREATE TABLE anime_groups (anime_code INTEGER, group_id INTEGER)',
    },
    more: 'UPDATE anime_groups SET group_id = -1001',
    gives: {
      'SELECT part_number AS v FROM anime_parts WHERE anime_code = 7': ['1', '2'],
      // Nobody knows when they came: they are not new today.
      "SELECT COUNT(*) AS v FROM counters WHERE metric = 'new'": ['0'],
    },
  },
  'without tables': {
    tables: { groups: null, anime_groups: null, mandatory_channels: null, user_history: null },
  },
  'parts without numbers, some with': {
    tables: LOOSE,
    more: `${PARTS} (1, NULL, 'X'), (1, NULL, 'Y'), (2, NULL, 'Z')`,
    gives: {
      "SELECT anime_code || ' ' || part_number || ' ' || file_id AS v FROM anime_parts WHERE file_id IN ('X', 'Y', 'Z')":
        ['1 3 X', '1 4 Y', '2 3 Z'],
    },
  },
  'columns of our names with another meaning': {
    more: `ALTER TABLE users ADD COLUMN phone TEXT DEFAULT '+998';
      ALTER TABLE users ADD COLUMN language TEXT DEFAULT 'xx';
      ALTER TABLE users ADD COLUMN banned_at INTEGER DEFAULT 0;
      ALTER TABLE users ADD COLUMN blocked_at TEXT DEFAULT 'ha';
      ALTER TABLE users ADD COLUMN rate_count INTEGER;
      ALTER TABLE anime ADD COLUMN title TEXT DEFAULT 'T';
      ALTER TABLE anime ADD COLUMN Views TEXT DEFAULT 'ko''p';
      ALTER TABLE anime ADD COLUMN genres TEXT DEFAULT '["a"]';
      ALTER TABLE anime ADD COLUMN deleted_at TEXT DEFAULT '2020-01-01';
      ALTER TABLE anime ADD COLUMN "weird ""name" TEXT DEFAULT 'w';
      ALTER TABLE anime_parts ADD COLUMN kind TEXT;
      ALTER TABLE groups ADD COLUMN position TEXT DEFAULT 'birinchi';
      ALTER TABLE mandatory_channels ADD COLUMN kind TEXT DEFAULT 'request';
      ALTER TABLE mandatory_channels ADD COLUMN check_state TEXT`,
    notes: [
      'column users.language: the bot means something else by it: its values are in the column old_language',
      'column anime.Views: the bot means something else by it: its values are in the column old_views',
      'column anime.genres: the bot means something else by it: its values are in the column old_genres',
      'column anime.deleted_at: the bot means something else by it: its values are in the column old_deleted_at',
      'column groups.position: the bot means something else by it: its values are in the column old_position',
      'users.banned_at: 2 values, says nothing (kept in old_values)',
      'users.blocked_at: 2 values, it is not a time (kept in old_values)',
      'anime.views: 3 values, not an integer (kept in old_values)',
      'groups.position: 1 value, not an integer (kept in old_values)',
    ],
    gives: {
      "SELECT phone || COALESCE(language, '-') || old_language || COALESCE(banned_at, '-') || blocked_at AS v FROM users WHERE user_id = 501":
        ['+998-xx-1970-01-01 00:00:00'],
      [`SELECT title || views || "weird ""name" || COALESCE(deleted_at, '-') || old_deleted_at AS v FROM anime WHERE code = 2`]:
        ['T0w-2020-01-01'],
      'SELECT DISTINCT kind AS v FROM anime_parts': ['video'],
      'SELECT kind || check_state AS v FROM mandatory_channels': ['requestunknown'],
      'SELECT DISTINCT became AS v FROM old_values': ['1970-01-01 00:00:00', 'NULL'],
    },
  },
  'names in other letter case': {
    tables: { users: 'CREATE TABLE Users (User_ID INTEGER PRIMARY KEY, UserName TEXT)' },
    more: `INSERT INTO users VALUES (501, 'u1'), (502, 'u2'); ALTER TABLE anime RENAME COLUMN description TO Description`,
    gives: {
      'SELECT username AS v FROM users': ['u1', 'u2'],
      'SELECT description AS v FROM anime WHERE code = 1': ['Naruto'],
      "SELECT name AS v FROM pragma_table_info('anime') WHERE name = 'description'": ['description'],
    },
  },
  'tables of our names that are not ours': {
    more: `CREATE TABLE admins (id INTEGER PRIMARY KEY, user_id INTEGER UNIQUE, name TEXT); INSERT INTO admins VALUES (1, 501, 'Boss');
      CREATE TABLE favourites (user_id INTEGER REFERENCES users(user_id), anime_code INTEGER); INSERT INTO favourites VALUES (501, 1);
      CREATE TABLE schema_migrations (version TEXT PRIMARY KEY); INSERT INTO schema_migrations VALUES ('20240101_init');
      CREATE TABLE Counters (x); INSERT INTO Counters VALUES (1);
      CREATE TABLE importing_x (x); INSERT INTO importing_x VALUES (1);
      CREATE TABLE old_schema (b); INSERT INTO old_schema VALUES (1); CREATE TABLE old_values (a REFERENCES anime(id));
      CREATE TABLE old_admins (x); CREATE TABLE old_anime (y); INSERT INTO old_anime VALUES (1);
      ${CODES}('ABC', 'refused')`,
    notes: [
      `table admins: the bot has a table of that name: it is old_admins_2 now ${KEPT}`,
      `table favourites: its foreign keys to the bot's tables are left out, and it is old_favourites now ${KEPT}`,
      `table schema_migrations: the bot has a table of that name: it is old_schema_migrations now ${KEPT}`,
      `table Counters: the bot has a table of that name: it is old_Counters now ${KEPT}`,
      `table old_schema: the bot has a table of that name: it is old_old_schema now ${KEPT}`,
      `table old_values: its foreign keys to the bot's tables are left out, and it is old_old_values now ${KEPT}`,
      `table importing_x: the bot has a table of that name: it is old_importing_x now ${KEPT}`,
      'anime: 1 row not taken, its code is not a number from 1 to 999999 (kept in old_anime_2)',
      'anime.code: 1 value, not an integer (kept in old_values)',
    ],
    gives: {
      'SELECT name AS v FROM old_admins_2': ['Boss'],
      'SELECT version AS v FROM old_schema_migrations': ['20240101_init'],
      'SELECT description AS v FROM old_anime_2': ['refused'],
      'SELECT COUNT(*) AS v FROM admins': ['0'],
    },
  },
  'unknown tables that point to ours, and to each other': {
    more: `CREATE TABLE anime_reports (id INTEGER PRIMARY KEY AUTOINCREMENT, anime_code INTEGER NOT NULL REFERENCES anime(code), reason TEXT DEFAULT "x");
      INSERT INTO anime_reports VALUES (41, 1, 'x'); DELETE FROM anime_reports; INSERT INTO anime_reports (anime_code) VALUES (2);
      CREATE TABLE ratings (user_id INTEGER CONSTRAINT u REFERENCES users(user_id), anime_id INTEGER REFERENCES anime(id) ON DELETE RESTRICT, stars REAL CHECK (stars < 6));
      INSERT INTO ratings VALUES (501, 1, 4.5);
      CREATE TABLE answers (report INTEGER, other INTEGER, FOREIGN KEY (report) REFERENCES anime_reports (id) ON UPDATE CASCADE, FOREIGN KEY (other) REFERENCES answers2 (id));
      CREATE TABLE answers2 (id INTEGER PRIMARY KEY, back INTEGER REFERENCES answers (report) DEFERRABLE INITIALLY DEFERRED);
      INSERT INTO answers VALUES (42, 1); INSERT INTO answers2 VALUES (1, 42);
      CREATE INDEX ratings_by_stars ON ratings (stars)`,
    notes: ['anime_reports', 'ratings', 'answers', 'answers2'].map(
      (name) => `table ${name}: its foreign keys to the bot's tables are left out ${KEPT}`,
    ),
    gives: {
      'SELECT stars AS v FROM ratings': ['4.5'],
      "SELECT sql AS v FROM sqlite_schema WHERE name = 'ratings'": [
        'CREATE TABLE "ratings" (user_id INTEGER , anime_id INTEGER , stars REAL CHECK (stars < 6))',
      ],
      'SELECT id || reason AS v FROM anime_reports': ['42x'],
      "SELECT seq AS v FROM sqlite_sequence WHERE name = 'anime_reports'": ['42'],
      "SELECT name AS v FROM sqlite_schema WHERE name = 'ratings_by_stars'": ['ratings_by_stars'],
    },
  },
  'codes that are none': {
    more: `${CODES} ('ABC', 'a'), ('12abc', 'b'), (-5, 'c'), (0, 'd'), (1000000, 'e'), (9223372036854775807, 'f'), (x'0102', 'g'), (4.5, 'h');
      ${PARTS} ('ABC', 1, 'F'), (1000000, 1, 'F'), (4.5, 1, 'F');
      INSERT INTO anime_groups (anime_code, group_id) VALUES (1000000, 1)`,
    notes: [
      `anime: 8 rows not taken, ${NO_CODE}`,
      `anime_parts: 3 rows not taken, ${NO_ANIME_CODE}`,
      'anime_groups: 1 row not taken, no anime has its anime_code (kept in old_anime_groups)',
      'anime.code: 1 value, it is too large (kept in old_values)',
      'anime.code: 4 values, not an integer (kept in old_values)',
      'anime_parts.anime_code: 2 values, not an integer (kept in old_values)',
    ],
    gives: {
      "SELECT hex(bytes) || ' ' || COALESCE(became, 'NULL') AS v FROM old_values WHERE type = 'real'": [
        '342E35 NULL',
        '342E35 NULL',
      ],
    },
  },
  'part numbers that are none': {
    more: `${PARTS}(1, 0, 'A'), (1, -1, 'B'), (1, 10, 'C'), (1, 'OVA', 'D'), (1, 1.5, 'E')`,
    notes: [
      `anime_parts: 2 rows not taken, ${NO_NUMBER}`,
      'anime_parts.part_number: 2 values, not an integer (kept in old_values)',
    ],
    gives: {
      'SELECT part_number || file_id AS v FROM anime_parts WHERE anime_code = 1 ORDER BY part_number': [
        '1F1_1',
        '2F1_2',
        '10C',
        '11D',
        '12E',
      ],
    },
  },
  'numbers written as texts and reals': {
    tables: {
      anime: 'CREATE TABLE anime (id, code, description)',
      anime_parts: 'CREATE TABLE anime_parts (id TEXT, anime_code TEXT, part_number REAL, file_id)',
    },
    more: `DELETE FROM anime; DELETE FROM anime_parts;
      INSERT INTO anime VALUES ('5', '1', 'A'), (5, 2.0, 'B'), (NULL, ' 7 ', 'C'); INSERT INTO anime_parts VALUES ('3', '1', 2, 'F')`,
    notes: [
      'anime.id: 1 value, made a number (kept in old_values)',
      'anime.code: 3 values, made a number (kept in old_values)',
      'anime_parts.id: 1 value, made a number (kept in old_values)',
      'anime_parts.anime_code: 1 value, made a number (kept in old_values)',
      'anime_parts.part_number: 1 value, made a number (kept in old_values)',
    ],
    gives: {
      "SELECT id || ' ' || code || typeof(code) AS v FROM anime": ['5 1integer', '6 2integer', '7 7integer'],
      'SELECT id || anime_code || part_number || typeof(part_number) AS v FROM anime_parts': ['312integer'],
    },
  },
  'no constraint holds: rows twice, and rows without a key': {
    tables: LOOSE,
    more: `${CODES}(1, 'again'), (NULL, 'none'); ${PARTS}(1, 2, 'TWICE'), (NULL, 1, 'NONE'), (2, 9, ''), (2, 8, NULL);
      INSERT INTO groups (group_id, name) VALUES (-1001, 'again'), (NULL, 'none'), (-1002, NULL);
      INSERT INTO mandatory_channels (channel_id, name) VALUES (-1003, 'again'), ('', 'none'), ('@x', NULL);
      INSERT INTO anime_groups (anime_code, group_id) VALUES (1, -1001), (NULL, 1), (2, 3)`,
    notes: [
      'anime: 1 row not taken, a row before it has the same code (kept in old_anime)',
      `anime: 1 row not taken, ${NO_CODE}`,
      'anime_parts: 1 row not taken, a row before it has the same anime_code and part_number (kept in old_anime_parts)',
      `anime_parts: 1 row not taken, ${NO_ANIME_CODE}`,
      'anime_parts: 2 rows not taken, it has no file_id (kept in old_anime_parts)',
      'anime_parts.file_id: 1 value, says nothing (kept in old_values)',
      'groups: 1 row not taken, a row before it has the same group_id (kept in old_groups)',
      'groups: 1 row not taken, it has no chat id (kept in old_groups)',
      'mandatory_channels: 1 row not taken, a row before it has the same channel_id (kept in old_mandatory_channels)',
      'mandatory_channels: 1 row not taken, it has no channel id (kept in old_mandatory_channels)',
      'anime_groups: 1 row not taken, a row before it says the same (kept in old_anime_groups)',
      'anime_groups: 1 row not taken, no anime has its anime_code (kept in old_anime_groups)',
      'anime_groups: 1 row not taken, its group is not in the file (kept in old_anime_groups)',
    ],
    gives: {
      'SELECT group_id || name AS v FROM groups': ['-1001G1', '-1002'],
      'SELECT channel_id || name AS v FROM mandatory_channels': ['-1003C1', '@x'],
    },
  },
  'row numbers twice, far too large, or none': {
    tables: { ...LOOSE, anime: LOOSE.anime.replace('INTEGER PRIMARY KEY AUTOINCREMENT', 'INTEGER') },
    more: `UPDATE anime SET id = 4; ${CODES}(30, 'x'); UPDATE anime SET id = 9223372036854775807 WHERE code = 30`,
    notes: ['anime.id: 1 value, it is too large (kept in old_values)'],
    gives: {
      "SELECT id || ' ' || code AS v FROM anime ORDER BY id": ['4 1', '5 2', '6 7', '7 30'],
    },
  },
  'times of every kind': {
    more: ["'2025-06-01T10:00:00+05:00'", "''", "'kecha'", '1748772000', '2460827.5', 'NULL']
      .map(
        (time, i) =>
          `INSERT INTO users (user_id, created_at, last_seen) VALUES (${600 + i}, ${time}, ${time})`,
      )
      .join(';'),
    gives: {
      "SELECT period || ' ' || value AS v FROM counters WHERE metric = 'new' AND period > '2025-02'": [
        '2025-06-01 1',
      ],
    },
  },
  'texts of every kind': {
    more: `${CODES}(200, '🎬👨‍👩‍👧‍👦 Oila'), (201, '<b>qalin</b>'), (202, printf('%.*c', 100000, 'A')), (203, ''), (204, 'Oʻzbek ‘g’ ўзбек')`,
    notes: ['anime.description: 1 value, longer than 4096 characters (kept in old_values)'],
    gives: {
      'SELECT length(description) AS v FROM anime WHERE code = 202': ['4096'],
      'SELECT length(bytes) AS v FROM old_values': ['100000'],
    },
  },
  'texts that are not UTF-8, or have a NUL': {
    more: `${CODES}(301, CAST(x'4e61ff6f' AS TEXT)), (302, CAST(x'610062' AS TEXT)), (303, x'e282ac');
      INSERT INTO users (user_id, first_name, username) VALUES (802, CAST(x'c328' AS TEXT), CAST(x'e28261' AS TEXT)), (803, CAST(x'a9' AS TEXT), 'ok');
      ${PARTS}(301, 1, CAST(x'46ff' AS TEXT)), (301, 2, CAST(x'46004c' AS TEXT)), (301, 3, 'https://t.me/x')`,
    notes: [
      'anime.description: 1 value, bytes in it that are not UTF-8: each became U+FFFD (kept in old_values)',
      'anime.description: 1 value, a NUL character in it: left out (kept in old_values)',
      'anime.description: 1 value, not a text (kept in old_values)',
      'users.first_name: 2 values, bytes in it that are not UTF-8: each became U+FFFD (kept in old_values)',
      'users.username: 1 value, bytes in it that are not UTF-8: each became U+FFFD (kept in old_values)',
      'anime_parts.file_id: 1 value, bytes in it that are not UTF-8 (kept in old_values)',
      'anime_parts.file_id: 1 value, a NUL character in it (kept in old_values)',
      'anime_parts.file_id: 1 value, it is not a file_id of Telegram’s (kept in old_values)',
      'anime_parts: 3 rows not taken, it has no file_id (kept in old_anime_parts)',
    ],
    gives: {
      'SELECT description AS v FROM anime WHERE code > 300 ORDER BY code': ['Na\ufffdo', 'ab', 'NULL'],
      'SELECT first_name AS v FROM users WHERE user_id > 800': ['\ufffd(', '\ufffd'],
      "SELECT hex(bytes) AS v FROM old_values WHERE became = 'ab'": ['610062'],
    },
  },
  'lost parents': {
    more: `${PARTS}(555, 1, 'ORPHAN'); INSERT INTO user_history (user_id, anime_code, part_number) VALUES (999, 1, 1), (999, NULL, NULL), (501, 888, 3);
      INSERT INTO anime_groups (anime_code, group_id) VALUES (2, -1001), (1, 77), (666, 1)`,
    notes: [
      'anime: 1 row made, with nothing but the number that other rows name',
      'users: 1 row made, with nothing but the number that other rows name',
      'anime_groups: 1 row not taken, its group is not in the file (kept in old_anime_groups)',
      'anime_groups: 1 row not taken, no anime has its anime_code (kept in old_anime_groups)',
    ],
    gives: { "SELECT anime_code || ' ' || group_id AS v FROM anime_groups": ['1 1', '2 1'] },
  },
  'a chat id that is also a row number': {
    more: `INSERT INTO groups (id, group_id, name) VALUES (10, 1, 'chat id 1'); INSERT INTO anime_groups (anime_code, group_id) VALUES (7, 1)`,
    gives: { 'SELECT group_id AS v FROM anime_groups WHERE anime_code = 7': ['1'] },
  },
  'the same view five times': {
    more: `INSERT INTO user_history (user_id, anime_code, part_number) SELECT 502, 1, 1 FROM json_each('[1,2,3,4,5]')`,
    gives: { "SELECT value AS v FROM counters WHERE metric = 'views' AND period = 'all'": ['6'] },
  },
  'views, triggers and indexes': {
    more: `CREATE VIEW top AS SELECT a.code, COUNT(*) AS n FROM anime AS a JOIN user_history AS h ON h.anime_code = a.code GROUP BY 1;
      CREATE VIEW broken AS SELECT x FROM nowhere; CREATE VIEW follows AS SELECT 1;
      CREATE TABLE log (x); CREATE TRIGGER t1 AFTER INSERT ON anime_parts BEGIN UPDATE anime SET updated_at = 'now' WHERE code = new.anime_code; END;
      CREATE TRIGGER t2 AFTER INSERT ON log BEGIN DELETE FROM log WHERE x = 3; END;
      CREATE INDEX ix1 ON anime (description); CREATE UNIQUE INDEX ix2 ON users (username); CREATE INDEX anime_by_views ON log (x)`,
    notes: [
      `trigger t1: it would run in the bot's own writes ${KEPT}`,
      `index ix2: the bot may write such values twice ${KEPT}`,
      `index anime_by_views: the bot has something of that name ${KEPT}`,
      `view follows: the bot has something of that name ${KEPT}`,
      `view broken: it cannot be made again: SQLITE_ERROR: no such table: main.nowhere ${KEPT}`,
    ],
    gives: {
      'SELECT n AS v FROM top': ['1'],
      "SELECT name AS v FROM sqlite_schema WHERE name IN ('t1', 't2', 'ix1', 'ix2', 'broken')": ['ix1', 't2'],
    },
  },
  'AUTOINCREMENT goes on where it was': {
    more: `DELETE FROM anime_parts WHERE anime_code = 7; DELETE FROM anime WHERE code = 7; UPDATE sqlite_sequence SET seq = 900 WHERE name = 'groups'`,
    gives: {
      "SELECT name || ' ' || seq AS v FROM sqlite_sequence WHERE name IN ('anime', 'anime_parts', 'groups') ORDER BY 1":
        ['anime 3', 'anime_parts 6', 'groups 900'],
    },
  },
  'pages of 512 bytes with auto_vacuum': { first: 'PRAGMA page_size = 512; PRAGMA auto_vacuum = FULL' },
  'pages of 65536 bytes': { first: 'PRAGMA page_size = 65536' },
  'a version and an id of its own': { more: 'PRAGMA user_version = 77; PRAGMA application_id = 12345' },
  'WITHOUT ROWID and generated columns': {
    tables: {
      users:
        'CREATE TABLE users (user_id INTEGER, first_name TEXT, shout TEXT GENERATED ALWAYS AS (upper(first_name)) VIRTUAL, PRIMARY KEY (user_id)) WITHOUT ROWID',
    },
    more: 'CREATE TABLE pairs (a, b, PRIMARY KEY (b, a)) WITHOUT ROWID; INSERT INTO pairs VALUES (1, 2)',
  },
  'viewers whose id is none': {
    tables: { users: 'CREATE TABLE users (user_id BIGINT PRIMARY KEY, first_name TEXT)' },
    more: "INSERT INTO users VALUES (NULL, 'idsiz'), ('abc', 'matn'), (9223372036854775807, 'katta')",
    notes: [
      'users: 3 rows not taken, it has no Telegram id (kept in old_users)',
      'users.user_id: 1 value, it is too large (kept in old_values)',
      'users.user_id: 1 value, not an integer (kept in old_values)',
    ],
  },
  'a foreign key that SQLite refuses to follow': {
    tables: {
      anime: 'CREATE TABLE anime (id INTEGER PRIMARY KEY AUTOINCREMENT, code INTEGER, description TEXT)',
    },
    more: 'CREATE TABLE notes (code INTEGER REFERENCES anime(code)); INSERT INTO notes VALUES (1)',
    notes: [`table notes: its foreign keys to the bot's tables are left out ${KEPT}`],
  },
  'an FTS5 index of its own': {
    more: `CREATE VIRTUAL TABLE anime_fts USING fts5 (description); INSERT INTO anime_fts VALUES ('naruto');
      CREATE VIRTUAL TABLE anime_words USING fts5 (x); INSERT INTO anime_words VALUES ('old')`,
    notes: [`table anime_words: the bot has a table of that name: it is old_anime_words now ${KEPT}`],
    gives: { "SELECT x AS v FROM old_anime_words WHERE x MATCH 'old'": ['old'] },
  },
  'a name in every script': {
    more: `CREATE TABLE "jadval 'a' ""b""" ("ustun ў" TEXT REFERENCES anime(code)); INSERT INTO "jadval 'a' ""b""" VALUES ('x')`,
    notes: [`table jadval 'a' "b": its foreign keys to the bot's tables are left out ${KEPT}`],
    gives: { [`SELECT "ustun ў" AS v FROM "jadval 'a' ""b"""`]: ['x'] },
  },
};

const now = (): Date => new Date('2026-11-22T10:00:00Z');
const MADE = /^(\w+): (\d+) rows? made/;
const NOT_TAKEN = /^(\w+): (\d+) rows? not taken.*\(kept in (\w+)\)$/;

/**
 * Each row of the old file is under its table's name, or in the table that the log names with its
 * number.
 */
function accountFor(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
  notes: readonly string[],
): void {
  for (const [table, count] of before) {
    const made = notes.flatMap((note) =>
      MADE.exec(note)?.[1] === table ? Number(MADE.exec(note)?.[2]) : [],
    );
    const refused = notes.flatMap((note) =>
      NOT_TAKEN.exec(note)?.[1] === table ? [NOT_TAKEN.exec(note)] : [],
    );
    const named = refused.reduce((sum, match) => sum + Number(match?.[2]), 0);
    const renamed = notes
      .filter((note) => note.toLowerCase().startsWith(`table ${table}: `))
      .map((note) => / it is (\S+) now/.exec(note)?.[1])
      .find((name) => name !== undefined);
    const here = after.get((renamed ?? table).toLowerCase()) ?? 0;
    expect(`${table}: ${here + named - (made[0] ?? 0)}`).toBe(`${table}: ${count}`);
    const kept = refused[0]?.[3];
    if (kept !== undefined) expect(after.get(kept)).toBe(named);
  }
}

describe('an old database starts with all that it holds', () => {
  test.each(Object.entries(CASES))('%s', async (_, { notes = [], gives = {}, ...file }) => {
    writeOldFile(path, file);
    const before = countRows(path);
    db = await openEmbeddedDatabase(path);
    let backups = 0;
    const backup = async (): Promise<void> => {
      backups += 1;
    };
    const options = { now, takeOver: takeOverFile, backup };
    const report = await migrate(db, options);
    expect(report).toMatchObject({ from: -1, to: SCHEMA_VERSION });
    expect(report.notes.toSorted()).toEqual(notes.toSorted());
    expect(backups).toBe(1);
    for (const [query, answer] of Object.entries(gives)) expect(await texts(db, query)).toEqual(answer);
    expect(await texts(db, 'SELECT "table" AS v FROM pragma_foreign_key_check')).toEqual([]);
    db.close();
    const after = countRows(path);
    accountFor(before, after, report.notes);
    db = await openEmbeddedDatabase(path);
    expect(await migrate(db, options)).toEqual({ from: SCHEMA_VERSION, to: SCHEMA_VERSION, notes: [] });
    expect(backups).toBe(1);
    db.close();
    expect(countRows(path)).toEqual(after);
  });
});

test('views that take SQLite hours are left aside, and told', async () => {
  writeOldFile(path, { more: `${nestedViews(24).join(';')}; CREATE VIEW codes AS SELECT code FROM anime` });
  db = await openEmbeddedDatabase(path);
  const { notes } = await migrate(db, { now, takeOver: takeOverFile, backup: async () => {} });
  const told = (from: number, to: number, why: string): string[] =>
    Array.from({ length: to - from }, (_, n) => `view v${from + n}: ${why} ${KEPT}`);
  expect(notes.toSorted()).toEqual(told(8, 24, 'it is made of too many other views').toSorted());
  expect(await texts(db, 'SELECT COUNT(*) AS v FROM v7')).toEqual(['128']);
  expect(await texts(db, 'SELECT code AS v FROM codes LIMIT 1')).toEqual(['1']);
});

test('a record of what is to be made again makes nothing else', async () => {
  writeOldFile(path, {});
  db = await openEmbeddedDatabase(path);
  const options = { now, takeOver: takeOverFile, backup: async () => {} };
  await migrate(db, options);
  await db.write([
    sql('CREATE TABLE old_schema (type TEXT, name TEXT, table_name TEXT, sql TEXT, why TEXT)'),
    sql(
      "INSERT INTO old_schema VALUES ('view', 'x', 'x', 'INSERT INTO admins VALUES (666, ''owner'', NULL, 0)', NULL)",
    ),
  ]);
  expect((await migrate(db, options)).notes).toEqual([
    `view x: it cannot be made again: its SQL is no CREATE VIEW ${KEPT}`,
  ]);
  expect(await texts(db, 'SELECT user_id AS v FROM admins')).toEqual([]);
});

test.each([
  'as the old bot left it',
  'names in other letter case',
  'tables of our names that are not ours',
  'unknown tables that point to ours, and to each other',
  'no constraint holds: rows twice, and rows without a key',
  'columns of our names with another meaning',
  'texts that are not UTF-8, or have a NUL',
  'views, triggers and indexes',
])('a server takes the same statements: %s', async (name) => {
  const { notes = [], gives = {}, ...file } = CASES[name] ?? {};
  writeOldFile(path, file);
  const before = countRows(path);
  const server = openSqlServer({ file: path });
  db = openRemoteDatabase({ url: 'http://database', authToken: undefined, fetch: server.fetch });
  const report = await migrate(db, { now, takeOver, backup: async () => {} });
  expect(report.notes.map(bare).toSorted()).toEqual(notes.map(bare).toSorted());
  for (const [query, answer] of Object.entries(gives)) expect(await texts(db, query)).toEqual(answer);
  db.close();
  await server.close();
  accountFor(before, countRows(path), report.notes);
});

/** Without what each adapter puts before an error of SQLite. */
function bare(note: string): string {
  return note.replace(/made again: .*?(no such)/, 'made again: $1');
}
