/**
 * Import as docs/spec/backup.md promises it: what comes in, what stays, what is refused, and that a
 * broken file changes nothing.
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startSqlServer } from '../../../sim/sql-over-http/sql-server.ts';
import { documentKey } from '../../../src/backup/catalog/names.ts';
import { inEnglish } from '../../../src/backup/document/reasons.ts';
import { type ImportReport, importRecords, type Preference } from '../../../src/backup/import/import.ts';
import { openImportFile } from '../../../src/backup/import/open-file.ts';
import { IMPORT_TABLES, whyLeftAside } from '../../../src/backup/import/tables.ts';
import { type Database, sql } from '../../../src/db/database.ts';
import { openEmbeddedDatabase } from '../../../src/db/file/embedded-database.ts';
import { migrate } from '../../../src/db/migrate.ts';
import { ownSchema } from '../../../src/db/own-tables.ts';
import { openRemoteDatabase } from '../../../src/db/remote-database.ts';
import { LARGEST_USER_ID } from '../../../src/db/users.ts';
import { createWorld, type World } from '../../support/backup-world.ts';
import { backUp, contents } from '../restore/support.ts';

let directory: string;
let db: Database;
let path: string;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'import-'));
  path = join(directory, 'bot.db');
  db = await openEmbeddedDatabase(path);
  await migrate(db, { now: () => new Date('2026-01-01T00:00:00Z'), backup: async () => {} });
});
afterEach(() => {
  db.close();
  rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
});

interface Options {
  readonly prefer?: Preference;
  readonly dryRun?: boolean;
  readonly utcOffsetMinutes?: number;
  readonly maxBytes?: number;
  readonly db?: Database;
}

async function importFile(file: string, options: Options = {}): Promise<ImportReport> {
  const { prefer = 'newer', dryRun = false, utcOffsetMinutes = 0, maxBytes } = options;
  const scratch = mkdtempSync(join(directory, 'scratch-'));
  const records = await openImportFile(file, {
    keys: undefined,
    directory: scratch,
    utcOffsetMinutes,
    ...(maxBytes === undefined ? {} : { maxBytes }),
  });
  return importRecords(options.db ?? db, records, { id: scratch, prefer, dryRun });
}

function importJson(value: unknown, options: Options = {}): Promise<ImportReport> {
  const file = join(directory, 'file.json');
  writeFileSync(file, typeof value === 'string' ? value : JSON.stringify(value));
  return importFile(file, options);
}

/** Rows as JSON arrays: integers keep their digits. */
async function rows(query: string, from: Database = db): Promise<string[]> {
  const [, columns = '', rest = ''] = /^SELECT (.*?) FROM (.*)$/s.exec(query) ?? [];
  const [found] = await from.read([
    {
      ...sql(`SELECT json_array(${columns}) AS r FROM ${rest}`),
      parse: (all) => all.map((row) => row.text('r')),
    },
  ]);
  return found;
}

const table = (report: ImportReport, name: string) => report.tables.find((found) => found.table === name);
const changesOf = (report: ImportReport) =>
  report.tables.reduce((sum, { added, changed }) => sum + added + changed, 0);

const OLD = {
  backup_timestamp: '2024-01-01T12:00:00.123456',
  anime: [
    {
      id: 7,
      code: 5,
      description: 'Naruto',
      photo_id: 'p',
      created_at: '2024-01-01T12:00:00.123456',
      parts: [
        { id: 1, anime_code: 5, part_number: 1, file_id: 'f1' },
        { part_number: null, file_id: 'f2' },
      ],
    },
    { id: 8, code: '12', description: null, parts: [] },
  ],
  groups: [{ id: 3, group_id: '-1001234567890', name: null, link: 'https://t.me/x' }],
  users: [
    { user_id: 'BIG', username: 'ўзбек' },
    { user_id: '42', username: null },
  ],
  user_history: [{ user_id: 55, anime_code: 5, part_number: 1, viewed_at: '2024-01-02T03:04:05.5' }],
  anime_groups: [{ anime_code: 5, group_id: 3 }],
  mandatory_channels: [{ channel_id: -100777, name: 'Kanal', link: 'https://t.me/k' }],
};
const OLD_TEXT = JSON.stringify(OLD).replace('"BIG"', '9007199254740991');

describe('the old bot’s JSON', () => {
  test('comes in whole: users and history too, ids to the digit, local times in UTC', async () => {
    const report = await importJson(OLD_TEXT, { utcOffsetMinutes: 300 });
    expect(report.refusals).toEqual([]);
    expect(await rows('SELECT code, description, created_at FROM anime')).toEqual([
      '[5,"Naruto","2024-01-01 07:00:00"]',
      expect.stringMatching(/^\[12,null,/),
    ]);
    expect(await rows('SELECT anime_code, part_number, file_id FROM anime_parts')).toEqual([
      '[5,1,"f1"]',
      '[5,2,"f2"]',
    ]);
    expect(await rows('SELECT user_id, username FROM users ORDER BY user_id')).toEqual([
      '[42,null]',
      '[55,null]',
      '[9007199254740991,"ўзбек"]',
    ]);
    expect(await rows('SELECT user_id, viewed_at FROM user_history')).toEqual(['[55,"2024-01-01 22:04:05"]']);
    expect(await rows('SELECT group_id, name, link FROM groups')).toEqual([
      '[-1001234567890,"","https://t.me/x"]',
    ]);
    expect(await rows('SELECT channel_id, name FROM mandatory_channels')).toEqual(['["-100777","Kanal"]']);
    expect(
      await rows('SELECT g.anime_code, c.link FROM anime_groups AS g JOIN groups AS c ON c.id = g.group_id'),
    ).toEqual(['[5,"https://t.me/x"]']);
  });

  test('twice changes nothing the second time', async () => {
    await importJson(OLD_TEXT);
    const before = await contents(path);
    const again = await importJson(OLD_TEXT);
    expect(changesOf(again)).toBe(0);
    expect(table(again, 'anime_parts')).toMatchObject({ same: 2 });
    expect(await contents(path)).toEqual(before);
  });

  test('a dry run tells the same and changes nothing', async () => {
    const before = await contents(path);
    const plan = await importJson(OLD_TEXT, { dryRun: true });
    expect(await contents(path)).toEqual(before);
    expect(await importJson(OLD_TEXT)).toEqual(plan);
  });

  test('what cannot be taken is refused with its place and reason', async () => {
    const report = await importJson({
      anime: [
        { code: 5 },
        { code: 5, description: 'again' },
        { description: 'none' },
        { code: 0 },
        { code: 'x' },
        7,
      ],
      parts_without_anime: [{ anime_code: 777, part_number: 1, file_id: 'f' }],
      anime_parts: [
        { anime_code: 5, part_number: 1 },
        { anime_code: 5, part_number: -1, file_id: 'f' },
        { anime_code: 5, part_number: 1, file_id: 'a' },
        { anime_code: 5, part_number: 1, file_id: 'b' },
      ],
      anime_groups: [{ anime_code: 5, group_id: 9 }],
      something: [{ a: 1 }],
    });
    expect(Object.fromEntries(report.refusals.map((refusal) => [refusal.place, inEnglish(refusal)]))).toEqual(
      {
        'anime[1]': 'stands in the file twice: first at anime[0]',
        'anime[2].code': 'missing',
        'anime[3]': 'code 0 is not from 1 to 999999',
        'anime[4].code': '"x" is not an integer',
        'anime[5]': 'not an object',
        'parts_without_anime[0]': 'no anime has the code 777',
        'anime_parts[0].file_id': 'missing',
        'anime_parts[1]': 'part number -1 is not a number from 1',
        'anime_parts[3]': 'stands in the file twice: first at anime_parts[2]',
        'anime_groups[0]': 'group 9 is not in the file',
      },
    );
    expect(table(report, 'anime')).toMatchObject({ added: 1, refused: 5 });
    expect(report.leftAside).toEqual([{ table: 'something', rows: 1, reason: 'not a table of this bot' }]);
  });
});

describe('what a file may say of itself', () => {
  test('a time yet to come is left out, a ban until then is kept, and the same file adds nothing twice', async () => {
    const file = {
      anime: [{ code: 5, description: 'x', created_at: '9999-12-31 23:59:59' }],
      anime_parts: [{ anime_code: 5, part_number: 1, file_id: 'F' }],
      users: [{ user_id: 1, banned_at: '9999-12-31 23:59:59' }],
      user_history: [
        { user_id: 1, anime_code: 5, part_number: 1, viewed_at: '9999-12-31 23:59:59' },
        { user_id: 1, anime_code: 5, part_number: 1, viewed_at: '2025-01-01 00:00:00' },
      ],
    };
    const report = await importJson(file);
    expect(report.refusals.map((refusal) => [refusal.place, inEnglish(refusal)])).toEqual([
      ['anime[0].created_at', '"9999-12-31 23:59:59" is not a time'],
      ['user_history[0].viewed_at', '"9999-12-31 23:59:59" is not a time'],
    ]);
    expect(await rows("SELECT viewed_at FROM user_history WHERE viewed_at > '2100'")).toEqual([]);
    expect(await rows("SELECT banned_at FROM users WHERE banned_at > '2100'")).toHaveLength(1);
    const again = await importJson(file);
    expect(table(again, 'user_history')).toMatchObject({ added: 0 });
  });

  test('a kind that is none is left out', async () => {
    const report = await importJson({
      anime: [{ code: 5, description: 'x' }],
      anime_parts: [
        { anime_code: 5, part_number: 1, file_id: 'F', kind: 'evil' },
        { anime_code: 5, part_number: 2, file_id: 'G', kind: 'document' },
      ],
    });
    expect(report.refusals.map((refusal) => [refusal.place, inEnglish(refusal)])).toEqual([
      ['anime_parts[0].kind', '"evil" is not a kind that this bot knows'],
    ]);
    expect(await rows("SELECT kind FROM anime_parts WHERE kind IN ('video', 'document')")).toHaveLength(2);
  });

  test('no table of this bot is called another’s', () => {
    const own = [...ownSchema().tables.keys()].filter((name) =>
      IMPORT_TABLES.every((one) => one.name !== name),
    );
    expect(own).toContain('floods');
    expect(own.filter((name) => whyLeftAside(name).reason === 'not a table of this bot')).toEqual([]);
    expect(whyLeftAside('floods').reason).toBe('work under way, not data');
  });
});

describe('where both have something', () => {
  const file = {
    anime: [{ code: 5, description: 'file', photo_id: 'file', updated_at: '2025-06-01 00:00:00' }],
    users: [{ user_id: 1, username: 'file', first_name: 'Ism' }],
  };
  const local = (updatedAt: string) => [
    sql("INSERT INTO anime (code, description, updated_at) VALUES (5, 'database', ?)", updatedAt),
    sql("INSERT INTO users (user_id, username) VALUES (1, 'database')"),
    sql("INSERT INTO anime (code, description) VALUES (6, 'only here')"),
  ];
  const anime = () => rows('SELECT code, description, photo_id FROM anime WHERE code = 5');

  test('the newer row wins, gaps are filled, and nothing local is deleted', async () => {
    await db.write(local('2025-01-01 00:00:00'));
    const report = await importJson(file);
    expect(await anime()).toEqual(['[5,"file","file"]']);
    expect(await rows('SELECT username, first_name FROM users')).toEqual(['["database","Ism"]']);
    expect(await rows('SELECT description FROM anime WHERE code = 6')).toEqual(['["only here"]']);
    expect(table(report, 'anime')).toMatchObject({ changed: 1 });
    expect(changesOf(await importJson(file))).toBe(0);
  });

  test('the database’s stays when it is newer, and the report says so', async () => {
    await db.write(local('2025-12-01 00:00:00'));
    await db.write([sql("UPDATE anime SET photo_id = 'database' WHERE code = 5")]);
    const report = await importJson(file);
    expect(await anime()).toEqual(['[5,"database","database"]']);
    expect(table(report, 'anime')).toMatchObject({ changed: 0, kept: 1, same: 0 });
  });

  test('--prefer settles it', async () => {
    await db.write(local('2025-12-01 00:00:00'));
    await importJson(file, { prefer: 'file' });
    expect(await anime()).toEqual(['[5,"file","file"]']);
    expect(await rows('SELECT username FROM users')).toEqual(['["file"]']);
    await db.write([
      sql("UPDATE anime SET description = 'database', updated_at = '2020-01-01 00:00:00' WHERE code = 5"),
    ]);
    await importJson(file, { prefer: 'database' });
    expect(await anime()).toEqual(['[5,"database","file"]']);
  });

  test('what an admin threw into the trash does not come back, and nothing is thrown away', async () => {
    await db.write([
      sql("INSERT INTO anime (code, deleted_at) VALUES (5, '2025-01-01 00:00:00'), (6, NULL)"),
    ]);
    await importJson(
      {
        anime: [
          { code: 5, description: 'x' },
          { code: 6, deleted_at: '2025-01-01 00:00:00' },
        ],
      },
      { prefer: 'file' },
    );
    expect(await rows('SELECT code, deleted_at FROM anime')).toEqual([
      '[5,"2025-01-01 00:00:00"]',
      '[6,null]',
    ]);
  });
});

test('the index of names is told of every new and renamed anime', async () => {
  await importJson(OLD_TEXT);
  expect(await rows('SELECT COUNT(*) FROM anime_stale')).toEqual(['[2]']);
});

describe('other files', () => {
  test('the old bot’s database, with columns missing, gives what its JSON gives', async () => {
    const file = join(directory, 'old.db');
    const old = new DatabaseSync(file);
    old.exec(`CREATE TABLE anime (id INTEGER PRIMARY KEY, code INTEGER, description TEXT);
      CREATE TABLE anime_parts (id INTEGER PRIMARY KEY, anime_code INTEGER, part_number INTEGER, file_id TEXT);
      CREATE TABLE users (user_id INTEGER PRIMARY KEY, username TEXT);
      INSERT INTO anime VALUES (1, 5, 'Naruto'), (2, 9, NULL);
      INSERT INTO anime_parts VALUES (1, 5, 1, 'f1'), (2, 5, 2, 'f2'), (3, 8, 1, 'orphan');
      INSERT INTO users VALUES (9007199254740991, 'a'), (2, CAST(x'61ff' AS TEXT));`);
    old.close();
    const report = await importFile(file);
    expect(table(report, 'anime')).toMatchObject({ added: 2 });
    expect(table(report, 'anime_parts')).toMatchObject({ added: 2, refused: 1 });
    expect(
      report.refusals.map((refusal) => `${refusal.what} ${refusal.place}: ${inEnglish(refusal)}`),
    ).toEqual([
      'mended users[0].username: bytes in it that are not UTF-8: each became U+FFFD',
      'row anime_parts[2]: no anime has the code 8',
    ]);
    expect(await rows('SELECT user_id, hex(username) FROM users ORDER BY user_id')).toEqual([
      '[2,"61EFBFBD"]',
      '[9007199254740991,"61"]',
    ]);
    expect(changesOf(await importFile(file))).toBe(0);
  });

  test('our own backup, packed, brings back everything that is not its program’s own state', async () => {
    const world: World = await createWorld();
    await world.db.write([
      sql(
        "INSERT INTO favourites (user_id, anime_id, added_at) SELECT 7, id, '2025-01-01 00:00:00' FROM anime LIMIT 3",
      ),
      sql(
        "INSERT INTO watch_progress (user_id, anime_id, part_id, part_number, viewed_at) SELECT 7, a.id, p.id, 2, '2025-01-01 00:00:00' FROM anime AS a JOIN anime_parts AS p ON p.anime_code = a.code AND p.part_number = 2 LIMIT 5",
      ),
    ]);
    const name = await backUp(world);
    // Other ids here than there.
    await db.write([sql("INSERT INTO anime (code, title) VALUES (999, 'first')")]);
    await importFile(join(world.directory, 'bucket', documentKey('backups/', name, false)));
    const same = async (query: string) => expect(await rows(query)).toEqual(await rows(query, world.db));
    await same('SELECT code, title, description FROM anime WHERE code <> 999 ORDER BY code');
    await same('SELECT anime_code, part_number, file_id FROM anime_parts ORDER BY anime_code, part_number');
    await same(
      `SELECT user_id, username, first_name FROM users WHERE user_id <= ${LARGEST_USER_ID} ORDER BY user_id`,
    );
    await same(
      'SELECT f.user_id, a.code FROM favourites AS f JOIN anime AS a ON a.id = f.anime_id ORDER BY a.code',
    );
    await same(
      'SELECT code, file_id FROM watch_progress AS w JOIN anime AS a ON a.id = w.anime_id JOIN anime_parts AS p ON p.id = w.part_id ORDER BY code',
    );
    world.close();
  });

  test.each([
    ['cut JSON', '{"anime":[{"code":5},{"code"'],
    ['a list that is none', '{"anime":{"code":5}}'],
    ['another JSON', '{"hello":1}'],
    ['something after the end', '{"anime":[{"code":5}]} x'],
  ])('%s is an error, and nothing was changed', async (_, text) => {
    const before = await contents(path);
    await expect(importJson(text)).rejects.toThrow(/file\.json cannot be imported, nothing was changed/);
    expect(await contents(path)).toEqual(before);
  });

  test('a bomb is given up, and nothing was changed', async () => {
    const file = join(directory, 'bomb.json.gz');
    writeFileSync(file, gzipSync(Buffer.concat([Buffer.from('{"anime":['), Buffer.alloc(5_000_000, ' ')])));
    await expect(importFile(file, { maxBytes: 1_000_000 })).rejects.toMatchObject({
      message: `${file} cannot be imported, nothing was changed`,
      cause: { message: expect.stringContaining('unpacks to more than 1 MB') },
    });
  });

  test('an empty file is called that', async () => {
    const file = join(directory, 'empty.json');
    writeFileSync(file, '');
    await expect(importFile(file)).rejects.toThrow(`${file} is empty`);
  });

  test.each(['no file of ours', '[{"code": 5}]', 'SQLite format 3\0 torn'])('%j is refused', async (text) => {
    const file = join(directory, 'wrong');
    writeFileSync(file, text);
    await expect(importFile(file)).rejects.toThrow(file);
  });
});

test('a database that has never been set up is not filled', async () => {
  const empty = await openEmbeddedDatabase(join(directory, 'empty.db'));
  await expect(importJson(OLD_TEXT, { db: empty })).rejects.toThrow('start the bot once');
  empty.close();
});

test('on a server: the same report and the same rows as in a file', async () => {
  const server = await startSqlServer({
    file: join(directory, 'server.db'),
    hosted: true,
    affectedRows: 'zero',
  });
  const remote = openRemoteDatabase({ url: server.url, authToken: undefined, fetch });
  await migrate(remote, { now: () => new Date('2026-01-01T00:00:00Z'), backup: async () => {} });
  expect(await importJson(OLD_TEXT, { db: remote })).toEqual(await importJson(OLD_TEXT));
  for (const query of [
    'SELECT code, description FROM anime',
    'SELECT user_id, username FROM users',
    'SELECT user_id, viewed_at FROM user_history',
  ])
    expect(await rows(query, remote)).toEqual(await rows(query));
  remote.close();
  await server.close();
});

test('two at once: one of them changes everything, the other nothing', async () => {
  const other = await openEmbeddedDatabase(path);
  const outcomes = await Promise.allSettled([importJson(OLD_TEXT), importJson(OLD_TEXT, { db: other })]);
  expect(outcomes.some(({ status }) => status === 'fulfilled')).toBe(true);
  expect(await rows('SELECT COUNT(*) FROM anime')).toEqual(['[2]']);
  expect(await rows('SELECT COUNT(*) FROM user_history')).toEqual(['[1]']);
  await importJson(OLD_TEXT);
  expect(await rows("SELECT COUNT(*) FROM sqlite_schema WHERE name GLOB 'importing_*'")).toEqual(['[0]']);
  other.close();
});
