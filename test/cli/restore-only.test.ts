/**
 * `restore --only` in a database that somebody's SQL changed: what is the owner's comes along, and
 * what cannot be done is said with the way on.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { sql } from '../../src/db/database.ts';
import { ownDatabase } from './own-database.ts';

const own = ownDatabase('only-owners');
const { cli, rows, run } = own;
beforeEach(async () => {
  await own.migrate();
  await own.open((db) =>
    db.write([
      sql("INSERT INTO users (user_id, first_name) VALUES (7, 'Aziza')"),
      sql("INSERT INTO anime (code, title) VALUES (1, 'One'), (2, 'Two')"),
    ]),
  );
});

const WAY =
  /nothing was changed: bring everything back with `npm run backup -- restore \d{8}_\d{6} --replace`/;

test.each([
  [
    'ALTER TABLE anime RENAME TO anime2',
    'anime',
    'index anime_by_views of table anime2 has a name that the bot’s own index needs',
  ],
  ['DROP TABLE anime_words', 'anime', 'table anime_words is missing, and trigger anime_search_'],
  [
    'DROP TABLE follows; CREATE VIEW follows AS SELECT 1 AS x',
    'follows',
    'a view has the name of table follows',
  ],
  [
    'ALTER TABLE users ADD COLUMN owner_note TEXT; DROP TABLE follows; CREATE TABLE fans (x); CREATE INDEX follows_by_anime ON fans (x)',
    'follows',
    undefined,
  ],
  [
    'CREATE TRIGGER bad AFTER INSERT ON users BEGIN INSERT INTO nowhere VALUES (1); END',
    'users',
    'no such table: main.nowhere',
  ],
  [
    'CREATE TRIGGER louder AFTER INSERT ON users BEGIN UPDATE users SET first_name = upper(first_name); END',
    'users',
    'table users did not arrive as it is in the backup',
  ],
])('%s: --only %s', async (statements, table, reason) => {
  expect(await cli('full')).toMatchObject({ code: 0 });
  run(statements);
  const before = readFileSync(join(own.directory, 'bot.db'));
  const dry = await cli('restore', 'latest', '--only', table, '--dry-run');
  const result = await cli('restore', 'latest', '--only', table, '--yes');
  expect(dry).toMatchObject({ code: result.code });
  if (reason === undefined) {
    expect(result).toMatchObject({ code: 0 });
    return;
  }
  expect(dry.stderr).toBe(result.stderr);
  expect(result).toMatchObject({ code: 1, stderr: expect.stringContaining(reason) });
  expect(result.stderr).toMatch(WAY);
  expect(result.stderr).toContain(`--only ${table}: `);
  expect(before.length).toBeGreaterThan(0);
  expect(rows('SELECT user_id, first_name FROM users')).toEqual([{ user_id: 7, first_name: 'Aziza' }]);
});

test('what is refused is refused before a backup is made of what is there', async () => {
  const good = await own.full();
  run(
    "INSERT INTO anime (code, title) VALUES (3, 'New'); INSERT INTO anime_parts (anime_code, part_number, file_id) VALUES (3, 1, 'f')",
  );
  await own.full();
  const before = readdirSync(join(own.directory, 'bucket'));
  const { code, stderr } = await cli('restore', good, '--only', 'anime', '--yes');
  expect(code).toBe(1);
  expect(stderr).toContain(
    '1 row of anime_parts would belong to rows of anime that are missing in the backup (add anime_parts to --only, or take all)',
  );
  // Not the newest: what went wrong is in that one.
  expect(stderr).toContain(`npm run backup -- restore ${good} --replace`);
  expect(readdirSync(join(own.directory, 'bucket'))).toEqual(before);
});

test('two tables that hang together, one of them named: the named one comes back', async () => {
  expect(await cli('full')).toMatchObject({ code: 0 });
  run('DROP TABLE draft_parts; DROP TABLE drafts');
  expect(await cli('restore', 'latest', '--only', 'drafts', '--yes')).toMatchObject({ code: 0, stderr: '' });
  expect(rows('SELECT * FROM drafts')).toEqual([]);
});

test('a backup with a column of the owner’s: the table is made again with it', async () => {
  run("ALTER TABLE users ADD COLUMN note TEXT NOT NULL DEFAULT 'it''s'; UPDATE users SET note = 'mine'");
  expect(await cli('full')).toMatchObject({ code: 0 });
  run('DROP TABLE users');
  const result = await cli('restore', 'latest', '--only', 'users', '--yes');
  expect(result).toMatchObject({ code: 0, stderr: '' });
  run('INSERT INTO users (user_id) VALUES (8)');
  expect(rows('SELECT user_id, note FROM users')).toEqual([
    { user_id: 7, note: 'mine' },
    { user_id: 8, note: "it's" },
  ]);
  expect(result.stdout).toContain(
    'users: note, no column of the bot’s, is made again with its type and default alone',
  );
});

test('a column of the owner’s that SQL of its own makes is refused in a sentence', async () => {
  run('DELETE FROM users; ALTER TABLE users ADD COLUMN note TEXT DEFAULT (1 + 1)');
  expect(await cli('full')).toMatchObject({ code: 0 });
  run('DROP TABLE users');
  const result = await cli('restore', 'latest', '--only', 'users', '--yes');
  expect(result).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('--only users: column note of the backup’s table users'),
  });
  expect(result.stderr).toMatch(WAY);
});

const OWNERS = `CREATE TABLE seen (id INTEGER);
  CREATE INDEX by_first_name ON users (first_name);
  CREATE TRIGGER user_seen AFTER UPDATE ON users BEGIN INSERT INTO seen VALUES (new.user_id); END;
  CREATE TRIGGER tells_username AFTER UPDATE OF username ON users BEGIN INSERT INTO seen VALUES (1); END`;

test('triggers and indexes of the owner’s on a table that is made again are made again', async () => {
  run(OWNERS);
  expect(await cli('full')).toMatchObject({ code: 0 });
  run('ALTER TABLE users RENAME COLUMN username TO nom');
  const result = await cli('restore', 'latest', '--only', 'users', '--yes');
  expect(result).toMatchObject({ code: 0, stderr: '' });
  run("UPDATE users SET first_name = 'A'");
  expect(rows('SELECT id FROM seen')).toEqual([{ id: 7 }]);
  expect(rows("SELECT name FROM sqlite_schema WHERE name IN ('by_first_name', 'tells_username')")).toEqual([
    { name: 'by_first_name' },
  ]);
  // The rename has changed its text: it is about a column that is gone.
  expect(result.stdout).toContain('users: trigger tells_username is not made again');
});

test('those of a table that was gone are named', async () => {
  run(OWNERS);
  expect(await cli('full')).toMatchObject({ code: 0 });
  run('DROP TABLE users');
  const result = await cli('restore', 'latest', '--only', 'users', '--yes');
  expect(result).toMatchObject({ code: 0, stderr: '' });
  expect(result.stdout).toContain(
    'users: index by_first_name, trigger user_seen, trigger tells_username are not made again',
  );
});
