/**
 * Values that SQLite stores and the bot could not read: mended or left out, counted, and named with
 * their place.
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { inEnglish } from '../../../src/backup/document/reasons.ts';
import { fitValue, kindOfColumn } from '../../../src/backup/import/fit.ts';
import { type ImportReport, importRecords } from '../../../src/backup/import/import.ts';
import { openImportFile } from '../../../src/backup/import/open-file.ts';
import { InvalidText, type SqlValue } from '../../../src/backup/model/model.ts';
import { type Database, sql } from '../../../src/db/database.ts';
import { openEmbeddedDatabase } from '../../../src/db/file/embedded-database.ts';
import { migrate } from '../../../src/db/migrate.ts';
import { cut } from '../../../src/text/text-limits.ts';

let directory: string;
let db: Database;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'import-values-'));
  db = await openEmbeddedDatabase(join(directory, 'bot.db'));
  await migrate(db, { now: () => new Date('2026-01-01T00:00:00Z'), backup: async () => {} });
});
afterEach(() => {
  db.close();
  rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
});

async function importFile(file: string): Promise<ImportReport> {
  const scratch = mkdtempSync(join(directory, 'scratch-'));
  const records = await openImportFile(file, { keys: undefined, directory: scratch, utcOffsetMinutes: 0 });
  return importRecords(db, records, { id: scratch, prefer: 'newer', dryRun: false });
}

function importJson(value: unknown): Promise<ImportReport> {
  const file = join(directory, 'file.json');
  writeFileSync(file, typeof value === 'string' ? value : JSON.stringify(value));
  return importFile(file);
}

/** Read as the bot reads: a text that is not UTF-8 would end the process here. */
async function texts(statement: string): Promise<(string | null)[]> {
  const [found] = await db.read([
    { ...sql(statement), parse: (rows) => rows.map((row) => row.textOrNull('t')) },
  ]);
  return found;
}

const told = (report: ImportReport) =>
  report.refusals.map((refusal) => `${refusal.what} ${refusal.place}: ${inEnglish(refusal)}`);
const changes = (report: ImportReport) =>
  report.tables.reduce((sum, { added, changed }) => sum + added + changed, 0);

const NUL_FILE = {
  anime: [
    {
      code: 5,
      description: 'before\0after',
      photo_id: 'p\0x',
      parts: [
        { part_number: 1, file_id: 'good' },
        { part_number: 2, file_id: 'f\0x' },
      ],
    },
  ],
  users: [{ user_id: 1, username: '\0' }],
};

describe('a text longer than anybody can type', () => {
  const long = `a‘😀${'x'.repeat(10_000)}`;
  const FILE = {
    anime: [
      {
        code: 5,
        title: long,
        aliases: long,
        genres: long,
        description: long,
        photo_id: 'p'.repeat(10_000),
        parts: [
          { part_number: 1, file_id: 'good' },
          { part_number: 2, file_id: 'f'.repeat(10_000) },
        ],
      },
    ],
    users: [{ user_id: 1, username: 'u', first_name: long }],
    groups: [{ group_id: -1001, name: long, link: `https://t.me/${'x'.repeat(10_000)}` }],
    mandatory_channels: [{ channel_id: '-1002', name: long, link: 'https://t.me/kanal' }],
  };

  test('is cut, an id so long is none, and the report names both', async () => {
    const report = await importJson(FILE);
    expect(
      await texts(
        `SELECT length(title) || ' ' || length(aliases) || ' ' || length(genres) || ' ' || length(description) AS t FROM anime`,
      ),
    ).toEqual(['200 1000 300 4096']);
    expect(await texts('SELECT substr(title, 1, 4) AS t FROM anime')).toEqual(['a‘😀x']);
    expect(await texts('SELECT first_name AS t FROM users')).toEqual([cut(long, 128)]);
    expect(await texts('SELECT name AS t FROM groups UNION ALL SELECT name FROM mandatory_channels')).toEqual(
      [cut(long, 128), cut(long, 128)],
    );
    expect(await texts('SELECT photo_id AS t FROM anime UNION ALL SELECT file_id FROM anime_parts')).toEqual([
      null,
      'good',
    ]);
    expect(report.values).toEqual({ mended: 7, leftOut: 2 });
    expect(told(report)).toEqual(
      expect.arrayContaining([
        'mended anime[0].title: longer than 200 characters',
        'mended anime[0].description: longer than 4096 characters',
        'value anime[0].photo_id: longer than 512 characters',
        'row anime[0].parts[1].file_id: longer than 512 characters',
        'mended groups[0].name: longer than 128 characters',
      ]),
    );
    expect(changes(await importJson(FILE))).toBe(0);
  });
});

describe('a NUL in a text', () => {
  test('JSON: prose loses it and nothing after it, an id is no id any more; all of it is told', async () => {
    const report = await importJson(NUL_FILE);
    expect(await texts('SELECT description AS t FROM anime')).toEqual(['beforeafter']);
    expect(await texts('SELECT photo_id AS t FROM anime')).toEqual([null]);
    expect(await texts('SELECT file_id AS t FROM anime_parts')).toEqual(['good']);
    expect(await texts('SELECT username AS t FROM users')).toEqual(['']);
    expect(told(report)).toEqual([
      'mended anime[0].description: a NUL character in it: left out',
      'value anime[0].photo_id: a NUL character in it',
      'row anime[0].parts[1].file_id: a NUL character in it',
      'mended users[0].username: a NUL character in it: left out',
    ]);
    expect(report.values).toEqual({ mended: 2, leftOut: 1 });
    expect(report.tables.find(({ table }) => table === 'anime_parts')).toMatchObject({
      added: 1,
      refused: 1,
    });
    expect(changes(await importJson(NUL_FILE))).toBe(0);
  });

  test('database: the same', async () => {
    const file = join(directory, 'old.db');
    const old = new DatabaseSync(file);
    old.exec(`CREATE TABLE anime (code INTEGER, description TEXT, photo_id TEXT);
      INSERT INTO anime VALUES (5, CAST(x'6200610063' AS TEXT), CAST(x'7000' AS TEXT)), (6, CAST(x'd09dffd0' AS TEXT), NULL)`);
    old.close();
    const report = await importFile(file);
    expect(await texts('SELECT description AS t FROM anime ORDER BY code')).toEqual(['bac', 'Н��']);
    expect(told(report)).toEqual([
      'mended anime[0].description: a NUL character in it: left out',
      'value anime[0].photo_id: a NUL character in it',
      'mended anime[1].description: bytes in it that are not UTF-8: each became U+FFFD',
    ]);
    expect(changes(await importFile(file))).toBe(0);
  });

  test('hundreds of them: the first are named, all are counted', async () => {
    const anime = Array.from({ length: 300 }, (_, i) => ({ code: i + 1, description: 'a\0' }));
    const report = await importJson({ anime });
    expect(report.values).toEqual({ mended: 300, leftOut: 0 });
    expect(report.refusals).toHaveLength(200);
  });
});

test('wrong types: a value that its column cannot hold is left out, a row that cannot be without it is refused', async () => {
  const report = await importJson({
    anime: [
      { code: 5, title: { $blob: 'AAE=' }, year: 'last year', views: 1e300, id: 1 },
      { code: '6', title: 7, year: ' 2020 ', views: 12, id: 2 },
    ],
    tables: {
      anime_views: [
        { day: '2025-01-01', anime_id: 1, views: 'many' },
        { day: '2025-01-02', anime_id: 1, views: 3 },
        { anime_id: 1, views: 3 },
      ],
      favourites: [{ anime_id: 1, added_at: '2025-01-01 00:00:00' }],
      watch_progress: [{ user_id: 1, anime_id: 1, viewed_at: '2025-01-01 00:00:00' }],
    },
  });
  expect(
    await texts('SELECT json_array(code, title, year, typeof(year), views) AS t FROM anime ORDER BY code'),
  ).toEqual(['[5,null,null,"null",0]', '[6,"7",2020,"integer",12]']);
  expect(await texts('SELECT json_array(day, views) AS t FROM anime_views')).toEqual(['["2025-01-02",3]']);
  expect(told(report)).toEqual([
    'value anime[0].title: not a text',
    'value anime[0].year: not an integer',
    'value anime[0].views: not an integer',
    'row tables.anime_views[0].views: not an integer',
    'row tables.anime_views[2].day: missing',
    'row tables.favourites[0].user_id: missing',
    'row tables.watch_progress[0].part_number: missing',
  ]);
});

test('refusals are counted for the table that loses the row, wherever the file keeps it', async () => {
  const report = await importJson({
    anime: [{ code: 1, parts: [{ part_number: 1 }, 'x'] }],
    channels: [{ name: 'no id' }],
  });
  expect(report.tables.filter(({ refused }) => refused > 0)).toEqual([
    { table: 'anime_parts', added: 0, changed: 0, same: 0, kept: 0, refused: 2 },
    { table: 'mandatory_channels', added: 0, changed: 0, same: 0, kept: 0, refused: 1 },
  ]);
});

test('what a file has and the database has no column for is named, not dropped in silence', async () => {
  const report = await importJson({
    anime: [
      { id: 9, code: 1, rating: 5, studio: null },
      { id: 8, code: 2, rating: 4, studio: '' },
    ],
    users: [{ user_id: 1, rate_count: 3 }],
  });
  expect(report.leftAside).toEqual([{ table: 'anime.rating', rows: 2, reason: 'not a column of this bot' }]);
});

const anyValue = fc.oneof(
  fc.constant(null),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.double({ noNaN: true }),
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('\0', 'a', '1', ' ', 'ў', '🎬') }),
  fc.uint8Array(),
  fc.uint8Array().map((bytes) => new InvalidText(bytes)),
) satisfies fc.Arbitrary<SqlValue>;

test('whatever comes: a column gets only what the bot can read, and no change is silent', () => {
  const columns = [
    ['views', 'INTEGER'],
    ['user_id', 'INTEGER'],
    ['title', 'TEXT'],
    ['file_id', 'TEXT'],
    ['theirs', ''],
  ] as const;
  fc.assert(
    fc.property(fc.constantFrom(...columns), anyValue, ([name, type], value) => {
      const { value: fitted, change, note } = fitValue(kindOfColumn(name, type), value);
      if (typeof fitted === 'string') expect(fitted).not.toContain('\0');
      expect(fitted).not.toBeInstanceOf(InvalidText);
      if (type === 'TEXT') expect(['string', 'object']).toContain(typeof fitted);
      if (type === 'INTEGER' && fitted !== null) expect(typeof fitted).toBe('bigint');
      if (type !== '') expect(fitted).not.toBeInstanceOf(Uint8Array);
      expect(change === undefined).toBe(note === undefined);
      const isBlank = typeof value === 'string' && value.trim() === '';
      if (fitted === null && value !== null && !isBlank) expect(change).toBe('left out');
      if (typeof value === 'string' && typeof fitted === 'string')
        expect(fitted).toBe(value.replaceAll('\0', ''));
    }),
    { seed: 4, numRuns: 2000 },
  );
});

test('a zero where a ban’s time belongs is no ban; a ban without a time stays one', async () => {
  await importJson({
    users: [
      { user_id: 1, banned_at: 0 },
      { user_id: 2, banned_at: '0' },
      { user_id: 3, banned_at: false },
      { user_id: 4, banned_at: '' },
      { user_id: 5, banned_at: '2025-01-01 00:00:00' },
      { user_id: 6, banned_at: 1 },
    ],
    anime: [{ code: 5, deleted_at: 0 }],
  });
  const banned = "SELECT user_id || ' ' || banned_at AS t FROM users WHERE banned_at IS NOT NULL";
  expect(await texts(banned)).toEqual(['5 2025-01-01 00:00:00', '6 1970-01-01 00:00:00']);
  expect(await texts('SELECT deleted_at AS t FROM anime')).toEqual([null]);
});

test.each(['https://cdn.example/1.mp4', 't.me/kanal/5', 'videos/naruto 1.mp4', '', '  '])(
  '%j is no file_id: the part is refused, the anime stays without a picture',
  async (link) => {
    const file = { anime: [{ code: 5, photo_id: link, parts: [{ part_number: 1, file_id: link }] }] };
    const report = await importJson(file);
    expect(await texts('SELECT photo_id AS t FROM anime')).toEqual([null]);
    expect(await texts('SELECT file_id AS t FROM anime_parts')).toEqual([]);
    const reason = link.trim() === '' ? 'missing' : `${JSON.stringify(link)} is not a file_id of Telegram’s`;
    expect(told(report)).toContain(`row anime[0].parts[0].file_id: ${reason}`);
    expect(changes(await importJson(file))).toBe(0);
  },
);

test('a channel’s link leads into Telegram, as when an admin types it, or is left out and named', async () => {
  const good = ['https://t.me/kanal', 't.me/+AbC', '@kanal', 'kanal_uz', 'https://telegram.me/joinchat/AbC'];
  const bad = [
    'https://evil.example/t.me/kanal',
    'https://t.me@evil.example/',
    'https://t.me.evil.example/x',
    'javascript:alert(1)',
    'not a link',
    'tg://resolve?domain=x',
  ];
  const file = (name: string, id: string, links: readonly string[]) => ({
    [name]: links.map((link, i) => ({ [id]: `-100${i + 1}00000000`, name: `K${i}`, link })),
  });
  const report = await importJson({
    ...file('mandatory_channels', 'channel_id', [...good, ...bad]),
    ...file('groups', 'group_id', [...bad, ...good]),
  });
  for (const table of ['mandatory_channels', 'groups']) {
    expect((await texts(`SELECT link AS t FROM ${table} WHERE link IS NOT NULL`)).toSorted()).toEqual(
      good.toSorted(),
    );
    expect(await texts(`SELECT count(*) AS t FROM ${table}`)).toEqual([String(good.length + bad.length)]);
  }
  for (const link of bad) expect(told(report).join()).toContain(`${JSON.stringify(link)} is not a link`);
});

test('an id that is no person’s makes nobody a viewer: groups and ids beyond Telegram’s are named', async () => {
  const ids = ['-100900002', '0', '9007199254740992', '9007199254740991', '5'];
  const report = await importJson(
    `{"anime": [{"code": 5}], "users": [${ids.map((id) => `{"user_id": ${id}}`).join(',')}],
      "user_history": [{"user_id": -100900003, "anime_code": 5}, {"user_id": 6, "anime_code": 5}]}`,
  );
  expect(told(report)).toEqual([
    'row users[2].user_id: 9007199254740992 is too large',
    ...['-100900002', '0'].map(
      (id, i) => `row users[${i}]: ${id} is not a user’s id (a group’s id is negative)`,
    ),
    'row user_history[0]: -100900003 is not a user’s id (a group’s id is negative)',
  ]);
  expect(await texts('SELECT CAST(user_id AS TEXT) AS t FROM users ORDER BY user_id')).toEqual([
    '5',
    '6',
    '9007199254740991',
  ]);
});

test('a number that is too large for the bot to read is refused in every column, ids as well', async () => {
  const big = '4611686018427387904';
  const report = await importJson(
    `{"groups":[{"group_id":${big},"name":"g"},{"group_id":-1001,"name":"h"}],
      "anime":[{"code":1,"title":"A","year":${big},"views":4503599627370497}],
      "audit_log":[{"user_id":${big},"action":"x","subject":"","at":"2026-01-01 00:00:00"}]}`,
  );
  expect(told(report).filter((line) => line.includes('too large'))).toHaveLength(4);
  expect(await texts('SELECT name AS t FROM groups')).toEqual(['h']);
  expect(await texts('SELECT year AS t FROM anime')).toEqual([null]);
  expect(await texts('SELECT COUNT(*) AS t FROM audit_log')).toEqual(['0']);
});

test('no file bans an owner or an admin: the ban is left out and told, and other bans are taken', async () => {
  await db.write([sql("INSERT INTO admins (user_id, added_at) VALUES (6, '2026-01-01 00:00:00')")]);
  const file = join(directory, 'bans.json');
  const at = '2025-01-01 00:00:00';
  const users = [5, '6', 7].map((user_id) => ({ user_id, banned_at: at }));
  writeFileSync(file, JSON.stringify({ users }));
  const records = await openImportFile(file, { keys: undefined, directory, utcOffsetMinutes: 0 });
  const report = await importRecords(db, records, { id: 'x', prefer: 'newer', dryRun: false, ownerIds: [5] });
  expect(told(report)).toEqual(
    [0, 1].map((i) => `value users[${i}].banned_at: this person runs the bot: no file bans an admin`),
  );
  expect(await texts("SELECT user_id || COALESCE(banned_at, '') AS t FROM users ORDER BY user_id")).toEqual([
    '5',
    '6',
    `7${at}`,
  ]);
});
