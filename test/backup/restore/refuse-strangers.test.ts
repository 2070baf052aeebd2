/**
 * SQL of a backup that would run inside the bot is refused, unless the owner says or shows that it
 * is their own.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ensureTriggers } from '../../../src/backup/changes/ensure-triggers.ts';
import type { SchemaObject } from '../../../src/backup/model/model.ts';
import { refuseStrangers, strangersInFile } from '../../../src/backup/restore/refuse-strangers.ts';
import { BackupRefused } from '../../../src/backup/restore/source.ts';
import { strangersOf } from '../../../src/backup/schema/strangers.ts';
import { openEmbeddedSnapshotSource } from '../../../src/backup/snapshot/embedded.ts';
import { sql } from '../../../src/db/database.ts';
import { openEmbeddedDatabase } from '../../../src/db/file/embedded-database.ts';
import { migrate } from '../../../src/db/migrate.ts';
import { migrations } from '../../../src/db/migrations/all-migrations.ts';
import { LEDGER } from '../../../src/db/own-schema.ts';
import { type CliResult, runCli } from '../../cli/spawn-cli.ts';
import { createWorld } from '../../support/backup-world.ts';
import { backUp, restoreNewest, rowsOf } from './support.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'refuse-strangers-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }));

async function makeBot(name: string, sql = ''): Promise<void> {
  const path = join(directory, name);
  const db = await openEmbeddedDatabase(path);
  await migrate(db, { now: () => new Date(0), backup: async () => {} });
  db.close();
  const opened = new DatabaseSync(path, { enableForeignKeyConstraints: false });
  opened.exec(sql);
  opened.close();
}

/** The schema of a new database. */
const migrated = (() => {
  const db = new DatabaseSync(':memory:');
  for (const text of [LEDGER, ...migrations.flatMap(({ up }) => up(new Map()))]) db.exec(text);
  const rows = db.prepare('SELECT type, name, tbl_name AS tableName, sql FROM sqlite_schema').all();
  db.close();
  return rows as unknown as readonly SchemaObject[];
})();

function cli(...args: readonly string[]): Promise<CliResult> {
  return runCli(directory, { DATABASE_URL: 'file:bot.db', BACKUP_DIR: 'bucket' }, ...args);
}

const COSTLY = 'length(hex(zeroblob(9))) > 0';
/** One statement each, and how what it makes is named. */
const RUNS: readonly (readonly [string, string])[] = [
  ['CREATE TRIGGER spy AFTER INSERT ON users BEGIN DELETE FROM follows; END', 'trigger spy'],
  [`ALTER TABLE backup_runs ADD COLUMN x CHECK (${COSTLY})`, `in table backup_runs: x CHECK (${COSTLY})`],
  [`ALTER TABLE users ADD COLUMN x AS (${COSTLY})`, `in table users: x AS (${COSTLY})`],
  [
    "CREATE TABLE notes (x, y DEFAULT (hex('a')), z CHECK (z > 0))",
    "in table notes: y DEFAULT (hex('a')), in table notes: z CHECK (z > 0)",
  ],
  [`CREATE INDEX some ON users (username) WHERE ${COSTLY}`, 'index some on users'],
  ['CREATE INDEX computed ON users (hex(username))', 'index computed on users'],
  ['CREATE TABLE notes (x); CREATE INDEX theirs ON notes (x + 1)', 'index theirs on notes'],
  ['DROP TABLE alerts; CREATE VIEW alerts AS SELECT * FROM users', 'view alerts'],
  ['DROP TABLE alerts; CREATE VIRTUAL TABLE alerts USING fts5(key, told_at)', 'virtual table alerts'],
  [
    'ALTER TABLE alerts ADD COLUMN x REFERENCES users (user_id) ON DELETE CASCADE',
    'in table alerts: x REFERENCES users (user_id) ON DELETE CASCADE',
  ],
  ['CREATE UNIQUE INDEX once ON handled_updates (handled_at)', 'index once on handled_updates'],
  ['DROP INDEX users_banned; CREATE INDEX users_banned ON users (source)', 'index users_banned on users'],
  ['CREATE TABLE notes (x REFERENCES "Users" (user_id))', 'in table notes: x REFERENCES "Users" (user_id)'],
  ["ALTER TABLE users ADD COLUMN x TEXT NOT NULL DEFAULT ''", "in table users: x TEXT NOT NULL DEFAULT ''"],
  ['ALTER TABLE users ADD COLUMN x REFERENCES alerts (key)', 'in table users: x REFERENCES alerts (key)'],
  // A byte order mark is space to SQLite.
  ['ALTER TABLE users ADD COLUMN x \uFEFFCHECK (x > 0)', 'in table users: x CHECK (x > 0)'],
];

test.each(RUNS)('%s is refused by name', async (sql, name) => {
  await makeBot('given.db', sql);
  const source = { origin: 'given.db', strangers: strangersInFile(join(directory, 'given.db')) };
  expect(() => refuseStrangers(source, [])).toThrow(
    new BackupRefused(
      'given.db',
      `holds SQL that this program did not make and that would act inside the bot: ${name}; nothing was changed. If you made it yourself: --any-schema`,
    ),
  );
  expect(() => refuseStrangers(source, source.strangers)).not.toThrow();
});

/** A table, what becomes of its statement, and how that is named. */
const REWRITTEN: readonly (readonly [string, string, string, string])[] = [
  ['users', 'banned_at TEXT', "banned_at TEXT DEFAULT '2020-01-01 00:00:00'", ''],
  ['users', 'source TEXT', 'source TEXT NOT NULL', ''],
  ['users', 'rate_since INTEGER NOT NULL', 'rate_since INTEGER', 'rate_since INTEGER DEFAULT 0'],
  ['users', 'banned_at TEXT', 'banned_at GENERATED ALWAYS', ''],
  ['users', 'banned_at TEXT', "'banned_at' TEXT DEFAULT 1", ''],
  ['admins', "DEFAULT 'admin'", "DEFAULT 'owner'", "role TEXT NOT NULL DEFAULT 'owner'"],
  ['admins', 'added_by INTEGER', 'added_by INTEGER COLLATE evilcoll', ''],
  ['handled_updates', 'update_id INTEGER PRIMARY KEY', 'update_id INT', ''],
  ['handled_updates', 'INTEGER PRIMARY KEY', 'INTEGER "PRIMARY" KEY', 'update_id INTEGER "PRIMARY" KEY'],
  ['backup_runs', 'bytes INTEGER', 'bytes INTEGER, FOREIGN KEY (fence) REFERENCES nosuch (x)', ''],
  ['follows', ', PRIMARY KEY (anime_id, user_id)', '', 'without primary key ( anime_id , user_id )'],
  ['users', ')', ') STRICT', 'STRICT'],
  ['handled_updates', ')', ') WITHOUT ROWID', 'WITHOUT ROWID'],
  ['anime_views', ' WITHOUT ROWID', '', 'not without rowid'],
];

test.each(REWRITTEN)('%s with %s made %s is refused by name', (table, from, to, named) => {
  const own = migrated.find(({ name }) => name === table)?.sql?.replaceAll(/,\s+/g, ', ') ?? '';
  const at = own.lastIndexOf(from);
  expect(at).toBeGreaterThan(0);
  const text = `${own.slice(0, at)}${to}${own.slice(at + from.length)}`;
  const strangers = strangersOf(
    migrated.map((object) => (object.name === table ? { ...object, sql: text } : object)),
  );
  const name = `in table ${table}: ${named || to.split(', ').at(-1)}`;
  expect(strangers.map((stranger) => [stranger.name, stranger.runs])).toEqual([[name, true]]);
});

test('triggers of the change log come back with a backup, forged ones of their names are refused', async () => {
  const world = await createWorld();
  const { db, path } = world;
  const run = (...texts: string[]) => db.write(texts.map((text) => sql(text)));
  const restored = (name: string, isBots = true) =>
    restoreNewest(world, { target: { kind: 'file', path: join(world.directory, name) } }, { isBots });
  const triggersIn = (name: string) =>
    rowsOf(
      join(world.directory, name),
      "SELECT name, sql FROM sqlite_schema WHERE name LIKE 'change!_log!_%' ESCAPE '!'",
    );
  try {
    await ensureTriggers(db, openEmbeddedSnapshotSource({ path }));
    await backUp(world);
    await restored('own.db');
    expect(triggersIn('own.db')).toEqual(triggersIn('anime_bot.db'));
    expect(triggersIn('own.db').length).toBeGreaterThan(90);

    const [own = ''] = rowsOf(
      world.path,
      "SELECT sql FROM sqlite_schema WHERE name = 'change_log_update_users'",
    );
    const forged = String(own).replace(/ END$/, ' DELETE FROM follows; END');
    expect(forged).not.toBe(own);
    await run('DROP TRIGGER change_log_update_users', forged);
    await backUp(world);
    await expect(restored('forged.db')).rejects.toThrow(
      /would act inside the bot: trigger change_log_update_users; nothing was changed.*--any-schema/,
    );
    expect(existsSync(join(world.directory, 'forged.db'))).toBe(false);
    await restored('forged.db', false);
    expect(
      rowsOf(
        join(world.directory, 'forged.db'),
        "SELECT sql FROM sqlite_schema WHERE name = 'change_log_update_users'",
      ),
    ).toEqual([forged]);
  } finally {
    world.close();
  }
});

test('what runs nothing is not refused: views, bare indexes, plain tables', async () => {
  await makeBot(
    'given.db',
    `CREATE VIEW everybody AS SELECT * FROM users; CREATE INDEX by_name ON users (first_name COLLATE NOCASE DESC, "username");
     CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL DEFAULT 'no', at TEXT DEFAULT CURRENT_TIMESTAMP, n DEFAULT -1)`,
  );
  const strangers = strangersInFile(join(directory, 'given.db'));
  expect(strangers.map(({ name }) => name)).toEqual(['view everybody', 'index by_name on users']);
  expect(() => refuseStrangers({ origin: 'given.db', strangers }, [])).not.toThrow();
});

test('the owner’s own is restored: by --any-schema, and over a database that has the very same', async () => {
  const own =
    'ALTER TABLE users ADD COLUMN vip TEXT CHECK (vip <> 0); CREATE TRIGGER spy AFTER INSERT ON users BEGIN DELETE FROM follows; END';
  await makeBot('given.db', own);
  const named = 'trigger spy, in table users: vip TEXT CHECK (vip <> 0)';
  const dry = await cli('restore', 'given.db', '--dry-run', '--json');
  expect(dry.json()).toMatchObject({
    ok: true,
    notes: [
      `not made by this program, and at work once it is restored: ${named}`,
      `the restore itself refuses this without --any-schema: ${named}`,
    ],
  });
  const refused = await cli('restore', 'given.db');
  expect(refused.stderr).toContain(`given.db holds SQL that this program did not make`);
  expect(refused.code).toBe(1);
  expect(existsSync(join(directory, 'bot.db'))).toBe(false);
  expect((await cli('restore', 'given.db', '--any-schema')).code).toBe(0);
  const again = await cli('restore', 'given.db', '--replace', '--yes', '--dry-run', '--json');
  expect(again.json()).toMatchObject({
    notes: [`not made by this program, and at work once it is restored: ${named}`],
  });
  expect((await cli('restore', 'given.db', '--replace', '--yes')).code).toBe(0);

  // The same name, another text.
  await makeBot('other.db', own.replace('vip <> 0', `${COSTLY} OR vip <> 0`));
  const other = await cli('restore', 'other.db', '--replace', '--yes');
  expect(other.stderr).toContain(`inside the bot: in table users: vip TEXT CHECK (${COSTLY} OR vip <> 0);`);
  expect(other.code).toBe(1);
});

test('verify and the drill name it, and pass', async () => {
  await makeBot('bot.db', RUNS[0]?.[0]);
  expect((await cli('full')).code).toBe(0);
  const note = 'not made by this program, and at work once it is restored: trigger spy';
  expect((await cli('verify', '--json')).json()).toMatchObject({ ok: true, results: [{ warnings: [note] }] });
  expect((await cli('drill', '--json')).json()).toMatchObject({ ok: true, notes: [note] });
});

test('a trigger on the engine’s own tables is found by verify and named by the restore', async () => {
  await makeBot('bot.db', 'CREATE TRIGGER bad AFTER UPDATE ON "Backup_Runs" BEGIN DELETE FROM users; END');
  expect((await cli('full')).code).toBe(1);
  const problem =
    'trigger bad on backup_runs would run at every restore: drop it in the database (DROP TRIGGER bad), then make a new backup';
  // The restore first: it goes by itself, not by what verify left.
  const restored = await cli('restore', 'latest', '--to', 'file:new.db', '--any-schema');
  expect(restored.stderr).toContain(problem);
  expect(restored.stderr).not.toContain('not authorized');
  const drilled = await cli('drill', '--json');
  const verified = await cli('verify', '--json');
  expect(JSON.stringify([drilled.json(), verified.json()])).toContain(problem);
  expect(drilled.code).toBe(1);
  expect(verified.code).toBe(1);
});
