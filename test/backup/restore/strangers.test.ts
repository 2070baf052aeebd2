/**
 * What acts in a database and no migration makes is named: by a restore, its dry run and a
 * comparison alike.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { strangersInFile } from '../../../src/backup/restore/refuse-strangers.ts';
import { logStrangers } from '../../../src/backup/schema/living-strangers.ts';
import { strangersOf } from '../../../src/backup/schema/strangers.ts';
import { checkFile } from '../../../src/backup/verify/check-file.ts';
import { openEmbeddedDatabase } from '../../../src/db/file/embedded-database.ts';
import { migrate } from '../../../src/db/migrate.ts';
import { lackNow } from '../../../src/db/own-schema.ts';
import { createLog } from '../../../src/lib/log.ts';
import { takeOver, takeOverFile } from '../../../src/takeover/take-over.ts';
import { runCli } from '../../cli/spawn-cli.ts';
import { nestedViews } from '../../support/nested-views.ts';
import { writeOldFile } from '../../takeover/old-bot-file.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'strangers-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }));

async function makeBot(name: string, sql = ''): Promise<string> {
  const path = join(directory, name);
  const db = await openEmbeddedDatabase(path);
  await migrate(db, { now: () => new Date(0), backup: async () => {} });
  db.close();
  change(path, sql);
  return path;
}

function change(path: string, sql: string): void {
  const db = new DatabaseSync(path, { defensive: false });
  db.exec(sql);
  db.close();
}

function objectsOf(path: string): Parameters<typeof strangersOf>[0] {
  const db = new DatabaseSync(path);
  const rows = db.prepare('SELECT type, name, tbl_name AS tableName, sql FROM sqlite_schema').all();
  db.close();
  return rows.map((row) => ({ ...row })) as unknown as Parameters<typeof strangersOf>[0];
}

function namesIn(path: string): string[] {
  return strangersOf(objectsOf(path)).map(({ name }) => name);
}

/** One statement each, and how the one stranger it makes is named. */
const KINDS: readonly (readonly [string, string])[] = [
  ['CREATE TRIGGER spy AFTER INSERT ON users BEGIN DELETE FROM follows; END', 'trigger spy'],
  ['CREATE VIEW everybody AS SELECT * FROM users', 'view everybody'],
  ['CREATE UNIQUE INDEX one_title ON anime (title)', 'index one_title on anime'],
  ['ALTER TABLE users ADD COLUMN vip TEXT CHECK (vip <> 0)', 'in table users: vip TEXT CHECK (vip <> 0)'],
  ["ALTER TABLE users ADD COLUMN gold TEXT DEFAULT 'no'", "in table users: gold TEXT DEFAULT 'no'"],
  [
    'ALTER TABLE users ADD COLUMN loud AS (upper(first_name)) VIRTUAL',
    'in table users: loud AS (upper(first_name)) VIRTUAL',
  ],
];
const EVERYTHING = KINDS.map(([sql]) => sql).join(';');

test.each(KINDS)('%s is named', async (sql, name) => {
  expect(namesIn(await makeBot('bot.db', sql))).toEqual([name]);
});

test('views that are made of too many others run: a restore refuses them', async () => {
  const found = strangersOf(objectsOf(await makeBot('bot.db', nestedViews(10).join(';'))));
  expect(found.filter(({ runs }) => runs).map(({ name }) => name)).toEqual([
    'view v8, which is made of too many others',
    'view v9, which is made of too many others',
  ]);
  expect(found).toHaveLength(10);
});

test('names and remarks that are not UTF-8 end no process: of a start, of its log, of a restore over it', async () => {
  const path = await makeBot(
    'bot.db',
    `CREATE TABLE foo (a); CREATE TABLE bar (a); CREATE TABLE baz (a REFERENCES users ON DELETE CASCADE UNIQUE);
     CREATE TRIGGER tr AFTER INSERT ON foo BEGIN SELECT 1; END; INSERT INTO users (user_id, first_name) VALUES (1, x'41');
     PRAGMA writable_schema = ON;
     UPDATE sqlite_schema SET name = CAST(x'66ff' AS TEXT), tbl_name = CAST(x'66ff' AS TEXT),
       sql = CAST(CAST('CREATE TABLE "f' AS BLOB) || x'ff' || CAST('" (a)' AS BLOB) AS TEXT) WHERE name = 'foo';
     UPDATE sqlite_schema SET sql = CAST(CAST('CREATE TABLE bar (a /* ' AS BLOB) || x'ff' || CAST('*/)' AS BLOB) AS TEXT) WHERE name = 'bar';
     UPDATE sqlite_schema SET sql = CAST(CAST('CREATE TABLE baz ("' AS BLOB) || x'ff' ||
       CAST('" REFERENCES users ON DELETE CASCADE UNIQUE)' AS BLOB) AS TEXT) WHERE name = 'baz';
     UPDATE sqlite_schema SET name = CAST(x'74ff' AS TEXT), tbl_name = CAST(x'66ff' AS TEXT),
       sql = CAST(CAST('CREATE TRIGGER "t' AS BLOB) || x'ff22' || CAST(' AFTER INSERT ON "f' AS BLOB) || x'ff22' ||
       CAST(' BEGIN SELECT 1; END' AS BLOB) AS TEXT) WHERE name = 'tr'`,
  );
  const db = await openEmbeddedDatabase(path);
  try {
    const options = { now: () => new Date(0), backup: async () => {}, takeOver: takeOverFile };
    expect((await migrate(db, options)).notes).toEqual([
      'users.first_name: 1 value, not a text (kept in old_values)',
    ]);
    expect(await lackNow(db)).toBeUndefined();
    const told: unknown[] = [];
    const log = createLog('info', (line) => told.push(line));
    await logStrangers(db, log);
    expect(String(told)).toContain('at work inside the bot: trigger t\ufffd');
  } finally {
    db.close();
  }
  expect(strangersInFile(path).map(({ name }) => name)).toContain('trigger t\ufffd');
});

test('rows that are orders to a program are named, those that this program writes are not', async () => {
  const named = async (sql: string): Promise<string[]> =>
    (await checkFile(await makeBot(`${sql.length}.db`, sql), undefined)).strangers.map(
      ({ name, runs }) => `${runs} ${name}`,
    );
  expect(await named('')).toEqual([]);
  expect(
    await named(`INSERT INTO anime_words_config VALUES ('rank', 'nosuch()'); UPDATE anime_grams_config SET v = 5;
      CREATE TABLE old_schema (type TEXT, name TEXT, table_name TEXT, sql TEXT, why TEXT);
      INSERT INTO old_schema VALUES ('trigger', 'spy', 'users', 'CREATE TRIGGER spy', NULL), ('view', 'v', 'v', 'x', 'left')`),
  ).toEqual([
    "true row 'rank' of anime_words_config",
    "true row 'version' of anime_grams_config",
    "true row 'trigger spy' of old_schema",
  ]);
});

test('a constraint of the table, another default of ours, and a rebuilt table in other words', async () => {
  const path = await makeBot(
    'bot.db',
    `PRAGMA foreign_keys = OFF;
     DROP TABLE alerts; CREATE TABLE [alerts] ("key" text Primary Key, told_at TEXT NOT NULL, extra, CHECK (length(key) < 9));
     DROP TABLE admins; CREATE TABLE admins (user_id INTEGER PRIMARY KEY, role TEXT NOT NULL DEFAULT 'owner',
       added_by INTEGER, added_at TEXT NOT NULL)`,
  );
  expect(namesIn(path)).toEqual([
    'in table alerts: CHECK (length(key) < 9)',
    "in table admins: role TEXT NOT NULL DEFAULT 'owner'",
  ]);
});

test('neither a database of the bot’s own nor one that it took over has any', async () => {
  expect(namesIn(await makeBot('bot.db'))).toEqual([]);
  const path = join(directory, 'old.db');
  writeOldFile(path, {});
  expect(namesIn(path)).toEqual([]);
  const db = await openEmbeddedDatabase(path);
  await migrate(db, { now: () => new Date(0), backup: async () => {}, takeOver });
  db.close();
  expect(namesIn(path)).toEqual([]);
});

test('a restore, its dry run and a comparison name the same', async () => {
  const cli = (...args: readonly string[]) =>
    runCli(directory, { DATABASE_URL: 'file:bot.db', BACKUP_DIR: 'bucket' }, ...args);
  await makeBot('bot.db');
  await makeBot('given.db', EVERYTHING);
  // The sixth is counted.
  const named = `trigger spy, view everybody, ${KINDS.slice(2, 5)
    .map(([, name]) => name)
    .join(', ')} and 1 more`;

  const compared = await cli('diff', 'live', 'given.db', '--json');
  expect(compared.json()).toMatchObject({
    ok: true,
    same: false,
    notes: [`not made by this program, and only in given.db: ${named}`],
  });
  const both = await cli('diff', 'given.db', 'given.db', '--json');
  expect(both.json()).toMatchObject({
    same: true,
    notes: [`not made by this program, and in both: ${named}`],
  });

  const dry = await cli('restore', 'given.db', '--dry-run', '--json');
  const absent = await cli('restore', 'given.db', '--to', 'file:new.db', '--dry-run', '--json');
  expect(absent.json()).toMatchObject({ target: 'absent', tables: [] });
  const real = await cli('restore', 'given.db', '--to', 'file:new.db', '--any-schema', '--json');
  const note = `not made by this program, and at work once it is restored: ${named}`;
  // What runs something is refused besides (refuse-strangers.test.ts).
  for (const { json } of [dry, absent])
    expect(json()).toMatchObject({
      notes: [
        note,
        expect.stringMatching(
          /^the restore itself refuses this .*: trigger spy, index one_title on anime, in table users: vip/,
        ),
      ],
    });
  expect(real.json()).toMatchObject({ notes: [note] });
  // Single tables bring nothing of it along.
  const single = await cli('restore', 'given.db', '--only', 'alerts', '--dry-run', '--json');
  expect(single.json()).toMatchObject({ notes: [] });
});
