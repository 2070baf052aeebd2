/**
 * What follows from imported rows: numbers, view counts, "continue watching"; as the migrations
 * derive them.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readLegacyDocument } from '../../../src/backup/document/legacy.ts';
import { type ImportReport, importRecords } from '../../../src/backup/import/import.ts';
import { type Database, sql } from '../../../src/db/database.ts';
import { openEmbeddedDatabase } from '../../../src/db/file/embedded-database.ts';
import { migrate } from '../../../src/db/migrate.ts';
import { takeOver } from '../../../src/takeover/take-over.ts';

let directory: string;
let db: Database;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'import-derived-'));
  db = await migrated(join(directory, 'bot.db'));
});
afterEach(() => {
  db.close();
  rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
});

async function migrated(path: string): Promise<Database> {
  const opened = await openEmbeddedDatabase(path);
  await migrate(opened, {
    now: () => new Date('2026-01-01T00:00:00Z'),
    takeOver,
    backup: async () => {},
  });
  return opened;
}

function importJson(value: unknown, into: Database = db): Promise<ImportReport> {
  const records = readLegacyDocument(ReadableStream.from([Buffer.from(JSON.stringify(value))]));
  return importRecords(into, records, { id: crypto.randomUUID(), prefer: 'newer', dryRun: false });
}

const changes = (report: ImportReport) =>
  report.tables.reduce((sum, { added, changed }) => sum + added + changed, 0);

async function rows(query: string, from: Database = db): Promise<string[]> {
  const [, columns = '', rest = ''] = /^SELECT (.*?) FROM (.*)$/s.exec(query) ?? [];
  const statement = sql(`SELECT json_array(${columns}) AS r FROM ${rest}`);
  const [found] = await from.read([{ ...statement, parse: (all) => all.map((row) => row.text('r')) }]);
  return found;
}

const DERIVED = [
  'SELECT metric, period, value FROM counters ORDER BY metric, period',
  'SELECT v.day, a.code, v.views FROM anime_views AS v JOIN anime AS a ON a.id = v.anime_id ORDER BY 1',
  'SELECT code, views FROM anime ORDER BY code',
  `SELECT w.user_id, a.code, w.part_number, p.file_id, w.viewed_at FROM watch_progress AS w
     JOIN anime AS a ON a.id = w.anime_id LEFT JOIN anime_parts AS p ON p.id = w.part_id ORDER BY 1`,
  'SELECT a.code FROM anime_stale AS s JOIN anime AS a ON a.id = s.anime_id ORDER BY 1',
];

const VIEWS = [
  [501, 5, 1, '2024-12-30 10:00:00'],
  [501, 5, 2, '2025-01-02 10:00:00'],
  [502, 5, 1, '2025-01-02 11:00:00'],
  [502, 6, 1, '2025-01-03 11:00:00'],
  [502, null, null, '2025-01-03 12:00:00'],
  [502, 5, 9, 'kecha'],
] as const;

/** The same rows as an old bot's database and as its JSON. */
function oldBot(path: string): unknown {
  const old = new DatabaseSync(path);
  old.exec(`CREATE TABLE users (user_id INTEGER PRIMARY KEY, username TEXT, created_at TEXT, source TEXT);
    CREATE TABLE anime (id INTEGER PRIMARY KEY, code INTEGER, description TEXT);
    CREATE TABLE anime_parts (id INTEGER PRIMARY KEY, anime_code INTEGER, part_number INTEGER, file_id TEXT);
    CREATE TABLE user_history (id INTEGER PRIMARY KEY, user_id INTEGER, anime_code INTEGER, part_number INTEGER, viewed_at TEXT);
    INSERT INTO users VALUES (501, 'a', '2024-12-01 00:00:00', 'ref'), (502, 'b', '2024-12-01 00:00:00', NULL);
    INSERT INTO anime VALUES (1, 5, 'Naruto'), (2, 6, 'Bleach');
    INSERT INTO anime_parts VALUES (1, 5, 1, 'f1'), (2, 5, 2, 'f2'), (3, 6, 1, 'g1');`);
  const insert = old.prepare(
    'INSERT INTO user_history (user_id, anime_code, part_number, viewed_at) VALUES (?, ?, ?, ?)',
  );
  for (const view of VIEWS) insert.run(...view);
  old.close();
  return {
    users: [
      { user_id: 501, username: 'a', created_at: '2024-12-01 00:00:00', source: 'ref' },
      { user_id: 502, username: 'b', created_at: '2024-12-01 00:00:00' },
    ],
    anime: [
      {
        code: 5,
        description: 'Naruto',
        parts: [
          { part_number: 1, file_id: 'f1' },
          { part_number: 2, file_id: 'f2' },
        ],
      },
      { code: 6, description: 'Bleach', parts: [{ part_number: 1, file_id: 'g1' }] },
    ],
    user_history: VIEWS.filter(([, code]) => code !== null).map(
      ([user_id, anime_code, part_number, viewed_at]) => ({
        user_id,
        anime_code,
        part_number,
        viewed_at,
      }),
    ),
  };
}

test('imported, an old bot’s file gives the numbers that it gives when the bot starts on it', async () => {
  const path = join(directory, 'taken-over.db');
  const file = oldBot(path);
  // A view of nothing has no place in a JSON file.
  const old = new DatabaseSync(path);
  old.exec('DELETE FROM user_history WHERE anime_code IS NULL');
  old.close();
  const takenOver = await migrated(path);
  await importJson(file);
  for (const query of DERIVED) expect(await rows(query), query).toEqual(await rows(query, takenOver));
  takenOver.close();
});

test('the same file again doubles nothing', async () => {
  const file = oldBot(join(directory, 'old.db'));
  await importJson(file);
  const before = await Promise.all(DERIVED.map((query) => rows(query)));
  expect(changes(await importJson(file))).toBe(0);
  expect(await Promise.all(DERIVED.map((query) => rows(query)))).toEqual(before);
});

test('numbers of the bot itself stay, and what the file adds is added', async () => {
  await importJson({ anime: [{ code: 5, parts: [{ part_number: 1, file_id: 'f1' }] }] });
  await db.write([
    sql("INSERT INTO users (user_id, created_at) VALUES (1, '2025-01-02 00:00:00')"),
    sql(
      "INSERT INTO user_history (user_id, anime_code, part_number, viewed_at) VALUES (1, 5, 1, '2025-01-02 09:00:00')",
    ),
    sql(
      "INSERT OR REPLACE INTO counters VALUES ('views', '2025-01-02', 1), ('views', 'all', 1), ('day', '2025-01-02', 7), ('users', 'all', 1)",
    ),
    sql('UPDATE anime SET views = 1'),
    sql("INSERT INTO anime_views SELECT '2025-01-02', id, 1 FROM anime"),
    sql(
      "INSERT INTO watch_progress SELECT 1, a.id, p.id, 1, '2025-01-02 09:00:00' FROM anime AS a, anime_parts AS p",
    ),
  ]);
  await importJson({
    user_history: [{ user_id: 2, anime_code: 5, part_number: 1, viewed_at: '2025-01-02 12:00:00' }],
  });
  expect(await rows('SELECT metric, period, value FROM counters ORDER BY metric, period')).toEqual([
    '["day","2025-01-02",7]',
    '["month","2025-01",2]',
    '["new","2025-01-02",1]',
    '["users","all",2]',
    '["views","2025-01-02",2]',
    '["views","all",2]',
    '["week","2024-12-30",2]',
  ]);
  expect(await rows('SELECT views FROM anime')).toEqual(['[2]']);
  expect(await rows('SELECT views FROM anime_views')).toEqual(['[2]']);
  expect(await rows('SELECT user_id, part_number FROM watch_progress ORDER BY 1')).toEqual([
    '[1,1]',
    '[2,1]',
  ]);
});

test('views that come in while the file is imported count as well', async () => {
  const records = readLegacyDocument(
    ReadableStream.from([
      Buffer.from(
        '{"user_history":[{"user_id":2,"anime_code":5,"part_number":1,"viewed_at":"2025-01-02 12:00:00"}]}',
      ),
    ]),
  );
  await db.write([sql('INSERT INTO anime (code) VALUES (5)')]);
  await importRecords(db, records, {
    id: 'ours',
    prefer: 'newer',
    dryRun: false,
    beforeMerge: async () => {
      await db.write([
        sql("INSERT OR REPLACE INTO counters VALUES ('views', 'all', 3), ('views', '2025-01-02', 3)"),
        sql('UPDATE anime SET views = 3'),
      ]);
    },
  });
  expect(await rows("SELECT period, value FROM counters WHERE metric = 'views' ORDER BY period")).toEqual([
    '["2025-01-02",4]',
    '["all",4]',
  ]);
  expect(await rows('SELECT views FROM anime')).toEqual(['[4]']);
});

test('rows without a readable time are taken once, and are nobody’s today', async () => {
  const file = {
    anime: [{ code: 5 }],
    users: [{ user_id: 7, created_at: 'yaqinda' }],
    user_history: [
      { user_id: 7, anime_code: 5, part_number: 1 },
      { user_id: 7, anime_code: 5, part_number: 2, viewed_at: 'kecha' },
      { user_id: 8, anime_code: 5, part_number: 2, viewed_at: '' },
    ],
  };
  await importJson(file);
  expect(changes(await importJson(file))).toBe(0);
  expect(await rows('SELECT user_id, part_number, viewed_at FROM user_history')).toEqual([
    '[7,1,null]',
    '[7,2,null]',
    '[8,2,null]',
  ]);
  expect(await rows('SELECT created_at FROM users')).toEqual(['[null]', '[null]']);
  expect(await rows('SELECT metric, period, value FROM counters ORDER BY 1')).toEqual([
    '["users","all",2]',
    '["views","all",3]',
  ]);
});
