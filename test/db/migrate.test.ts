import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, describe, expect, test } from 'vitest';
import type { Database } from '../../src/db/database.ts';
import { all, sql } from '../../src/db/database.ts';
import {
  DatabaseTooNew,
  type MigrateOptions,
  migrate as migrateWith,
  SCHEMA_VERSION,
} from '../../src/db/migrate.ts';
import { migrations } from '../../src/db/migrations/all-migrations.ts';
import { takeOver } from '../../src/takeover/take-over.ts';
import { openTestDatabase } from '../support/bot.ts';
import { nestedViews } from '../support/nested-views.ts';

const now = () => new Date('2026-11-22T10:00:00Z');
const opened: Database[] = [];
const migrate = (db: Database, options: MigrateOptions) => migrateWith(db, { takeOver, ...options });

afterEach(() => {
  for (const db of opened.splice(0)) db.close();
});

function freshPath(): string {
  return join(mkdtempSync(join(tmpdir(), 'anime-migrate-')), 'bot.db');
}

async function open(path: string): Promise<Database> {
  const db = await openTestDatabase(path);
  opened.push(db);
  return db;
}

const noBackup = async (): Promise<void> => {
  throw new Error('a backup was asked for where none is due');
};

/** The old Python bot's file as docs/spec/bot.md describes it. */
const OLD_SCHEMA = `
CREATE TABLE users (user_id INTEGER PRIMARY KEY, username TEXT, first_name TEXT, last_name TEXT,
  created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, last_seen TIMESTAMP);
CREATE TABLE anime (id INTEGER PRIMARY KEY AUTOINCREMENT, code INTEGER UNIQUE NOT NULL, description TEXT, photo_id TEXT,
  created_at TIMESTAMP, updated_at TIMESTAMP);
CREATE TABLE anime_parts (id INTEGER PRIMARY KEY AUTOINCREMENT, anime_code INTEGER NOT NULL, part_number INTEGER,
  file_id TEXT NOT NULL, created_at TIMESTAMP, FOREIGN KEY (anime_code) REFERENCES anime (code), UNIQUE (anime_code, part_number));
CREATE TABLE groups (id INTEGER PRIMARY KEY AUTOINCREMENT, group_id INTEGER UNIQUE NOT NULL, link TEXT, name TEXT NOT NULL, created_at TIMESTAMP);
CREATE TABLE anime_groups (id INTEGER PRIMARY KEY AUTOINCREMENT, anime_code INTEGER, group_id INTEGER, added_at TIMESTAMP,
  FOREIGN KEY (anime_code) REFERENCES anime (code), FOREIGN KEY (group_id) REFERENCES groups (id), UNIQUE (anime_code, group_id));
CREATE TABLE mandatory_channels (id INTEGER PRIMARY KEY AUTOINCREMENT, channel_id TEXT UNIQUE NOT NULL, link TEXT, name TEXT NOT NULL, created_at TIMESTAMP);
CREATE TABLE user_history (id INTEGER PRIMARY KEY AUTOINCREMENT, user_id INTEGER, anime_code INTEGER, part_number INTEGER, viewed_at TIMESTAMP,
  FOREIGN KEY (user_id) REFERENCES users (user_id));
`;

/** Closed before libSQL opens the file: two SQLite libraries in one process must not share one. */
function writeOld(path: string, statements: string): void {
  const old = new DatabaseSync(path, { enableForeignKeyConstraints: false });
  old.exec(OLD_SCHEMA);
  old.exec(statements);
  old.close();
}

async function rows(db: Database, text: string): Promise<string[]> {
  const [found] = await db.read([all(sql(text), (row) => row.textOrNull('v') ?? 'NULL')]);
  return found;
}

describe('a database comes to the program’s schema', () => {
  test('from nothing, without asking for a backup', async () => {
    const db = await open(freshPath());
    expect(await migrate(db, { now, backup: noBackup })).toEqual({
      from: 0,
      to: SCHEMA_VERSION,
      notes: [],
    });
    expect(await rows(db, 'SELECT count(*) AS v FROM schema_migrations')).toEqual([String(SCHEMA_VERSION)]);
    expect(await migrate(db, { now, backup: noBackup })).toEqual({
      from: SCHEMA_VERSION,
      to: SCHEMA_VERSION,
      notes: [],
    });
  });

  test('from the old bot’s file: a backup first, then every row is there', async () => {
    const path = freshPath();
    writeOld(
      path,
      `INSERT INTO users VALUES (7, 'ali', 'Ali', NULL, '2024-01-01T10:00:00.123456', NULL);
       INSERT INTO anime VALUES (3, 12, 'Naruto & <b>do‘stlari</b>', 'PHOTO', '2024-01-01 10:00:00', NULL);
       INSERT INTO anime_parts VALUES (1, 12, 1, 'F1', NULL), (2, 12, 2, 'F2', NULL), (3, 12, 5, 'F5', NULL);
       INSERT INTO groups VALUES (1, -1001, 'https://t.me/x', 'Guruh', NULL);
       INSERT INTO anime_groups VALUES (1, 12, 1, NULL);
       INSERT INTO mandatory_channels VALUES (1, '-1002', NULL, 'Kanal', NULL);
       INSERT INTO user_history VALUES (1, 7, 12, 2, '2024-01-02 11:00:00');`,
    );
    const db = await open(path);
    let backups = 0;
    const countBackup = async (): Promise<void> => {
      backups += 1;
    };
    const report = await migrate(db, { now, backup: countBackup });
    expect(report).toEqual({ from: -1, to: SCHEMA_VERSION, notes: [] });
    expect(backups).toBe(1);
    expect(
      await rows(db, `SELECT id || '|' || code || '|' || description || '|' || photo_id AS v FROM anime`),
    ).toEqual(['3|12|Naruto & <b>do‘stlari</b>|PHOTO']);
    expect(await rows(db, `SELECT part_number || file_id || kind AS v FROM anime_parts ORDER BY id`)).toEqual(
      ['1F1video', '2F2video', '5F5video'],
    );
    expect(await rows(db, 'SELECT created_at AS v FROM users')).toEqual(['2024-01-01T10:00:00.123456']);
    expect(await rows(db, 'SELECT group_id AS v FROM anime_groups')).toEqual(['1']);
    expect(await rows(db, 'SELECT channel_id AS v FROM mandatory_channels')).toEqual(['-1002']);
    expect(await rows(db, 'SELECT viewed_at AS v FROM user_history')).toEqual(['2024-01-02 11:00:00']);
    expect(
      await rows(db, `SELECT name AS v FROM sqlite_schema WHERE name LIKE 'old\\_%' ESCAPE '\\'`),
    ).toEqual([]);
    expect(await rows(db, 'SELECT "table" AS v FROM pragma_foreign_key_check')).toEqual([]);
  });

  test('faults of the old bot cost no row: lost parents, missing numbers, chat id in place of row id, missing and unknown columns', async () => {
    const path = freshPath();
    writeOld(
      path,
      `ALTER TABLE anime DROP COLUMN photo_id;
       ALTER TABLE anime ADD COLUMN rating REAL;
       INSERT INTO anime (id, code, description, rating) VALUES (1, 5, NULL, 8.5);
       INSERT INTO anime_parts (anime_code, part_number, file_id) VALUES (5, 1, 'A'), (5, NULL, 'B'), (99, 1, 'LOST');
       INSERT INTO groups (id, group_id, name) VALUES (4, -1007, 'G');
       INSERT INTO anime_groups (anime_code, group_id) VALUES (5, -1007);
       INSERT INTO user_history (user_id, anime_code, part_number) VALUES (77, 5, 1);`,
    );
    const db = await open(path);
    await migrate(db, { now, backup: async () => {} });
    expect(await rows(db, 'SELECT rating AS v FROM anime WHERE code = 5')).toEqual(['8.5']);
    expect(await rows(db, 'SELECT code AS v FROM anime ORDER BY code')).toEqual(['5', '99']);
    expect(await rows(db, `SELECT file_id AS v FROM anime_parts ORDER BY id`)).toEqual(['A', 'B', 'LOST']);
    expect(await rows(db, 'SELECT part_number AS v FROM anime_parts WHERE part_number IS NULL')).toEqual([]);
    expect(await rows(db, 'SELECT group_id AS v FROM anime_groups')).toEqual(['4']);
    expect(await rows(db, 'SELECT user_id AS v FROM users')).toEqual(['77']);
  });

  test('old fault: two kinds of group id; a chat chosen under both is chosen once, and the bot starts', async () => {
    const path = freshPath();
    writeOld(
      path,
      `INSERT INTO anime (code) VALUES (5), (6);
       INSERT INTO groups (id, group_id, name) VALUES (4, -1007, 'G'), (5, -1008, 'H');
       INSERT INTO anime_groups (anime_code, group_id) VALUES (5, 4), (5, -1007), (5, 5), (6, -1007);
       INSERT INTO user_history (user_id, anime_code, part_number) VALUES (NULL, 5, 1), (77, 5, 1);`,
    );
    const db = await open(path);
    await migrate(db, { now, backup: async () => {} });
    expect(await rows(db, `SELECT anime_code || ':' || group_id AS v FROM anime_groups ORDER BY 1`)).toEqual([
      '5:4',
      '5:5',
      '6:4',
    ]);
    expect(await rows(db, 'SELECT user_id AS v FROM user_history')).toEqual(['77']);
    // Nobody knows when this person came: they are not new today.
    expect(await rows(db, 'SELECT created_at AS v FROM users')).toEqual(['NULL']);
    expect(await rows(db, `SELECT period AS v FROM counters WHERE metric = 'new'`)).toEqual([]);
  });

  test('a failing backup stops the migration and the old file stays as it was', async () => {
    const path = freshPath();
    writeOld(path, `INSERT INTO anime (code, description) VALUES (1, 'x');`);
    const db = await open(path);
    const backup = async (): Promise<void> => {
      throw new Error('bucket is full');
    };
    await expect(migrate(db, { now, backup })).rejects.toThrow('bucket is full');
    expect(await rows(db, `SELECT name AS v FROM sqlite_schema WHERE name = 'schema_migrations'`)).toEqual(
      [],
    );
    expect(await rows(db, 'SELECT description AS v FROM anime')).toEqual(['x']);
  });

  test('two programs starting at once migrate once', async () => {
    const path = freshPath();
    const [a, b] = [await open(path), await open(path)];
    await Promise.all([migrate(a, { now, backup: noBackup }), migrate(b, { now, backup: noBackup })]);
    expect(await rows(a, 'SELECT version AS v FROM schema_migrations ORDER BY version')).toHaveLength(
      SCHEMA_VERSION,
    );
  });

  test('a view in the place of a table of ours is not read: the database is refused', async () => {
    const path = freshPath();
    const db = await open(path);
    await migrate(db, { now, backup: noBackup });
    await db.write([
      sql('DROP TABLE alerts'),
      ...nestedViews(24).map((text) => sql(text)),
      sql('CREATE VIEW alerts AS SELECT a FROM v23'),
    ]);
    await expect(migrate(db, { now, backup: noBackup })).rejects.toThrow(
      /^a view stands where table alerts must be \(DROP VIEW alerts\); the database is not whole: table alerts is missing;/,
    );
  });

  test('a database newer than the program is refused', async () => {
    const db = await open(freshPath());
    await migrate(db, { now, backup: noBackup });
    await db.write([
      sql('INSERT INTO schema_migrations VALUES (?, ?, ?)', SCHEMA_VERSION + 1, 'future', 'x'),
    ]);
    await expect(migrate(db, { now, backup: noBackup })).rejects.toThrow(DatabaseTooNew);
  });
});

describe('indexes that somebody dropped', () => {
  test('are made again at the start, and told', async () => {
    const path = freshPath();
    const db = await open(path);
    await migrate(db, { now, backup: async () => {} });
    await db.write([sql('DROP INDEX drafts_open'), sql('DROP INDEX anime_by_views')]);
    const report = await migrate(db, { now, backup: noBackup });
    expect(report.notes.toSorted()).toEqual([
      'index anime_by_views was missing and was made again',
      'index drafts_open was missing and was made again',
    ]);
    expect(report.lack).toBeUndefined();
    expect((await migrate(db, { now, backup: noBackup })).notes).toEqual([]);
  });

  test('a unique one that the rows contradict is a lost key', async () => {
    const db = await open(freshPath());
    await migrate(db, { now, backup: async () => {} });
    const draft = `INSERT INTO drafts (user_id, kind, is_open, step, created_at, updated_at) VALUES (7, 'anime', 1, 'title', '', '')`;
    await db.write([sql('DROP INDEX drafts_open'), sql(draft), sql(draft)]);
    const report = await migrate(db, { now, backup: noBackup });
    expect(report.notes).toEqual([]);
    expect(report.lack?.findings).toEqual(['table drafts lacks its key (user_id)']);
  });
});

test('no step renames a table or drops a column: SQLite resolves every view of the database first', () => {
  const texts = migrations.flatMap(({ up }) => up(new Map()));
  expect(texts.filter((text) => /^ALTER TABLE (?!\w+ ADD COLUMN )/i.test(text))).toEqual([]);
});
