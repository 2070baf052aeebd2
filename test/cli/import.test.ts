/** Import: looking writes nothing, a refusal leaves nothing, a cut changed nothing. */
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runCliInterrupted, runCli as spawnCli } from './spawn-cli.ts';

let directory: string;
const env = () => ({
  DATABASE_URL: 'file:data/bot.db',
  BACKUP_DIR: 'bucket',
  TMPDIR: join(directory, 'tmp'),
});
const cli = (...args: readonly string[]) => spawnCli(directory, env(), ...args);
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'cli-import-'));
  mkdirSync(join(directory, 'tmp'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }));

function write(name: string, value: unknown): void {
  writeFileSync(join(directory, name), JSON.stringify(value));
}

function oldBotsDatabase(path: string): void {
  const old = new DatabaseSync(join(directory, path), { timeout: 10_000 });
  old.exec(`CREATE TABLE anime (id INTEGER PRIMARY KEY, code INTEGER, description TEXT);
    INSERT INTO anime VALUES (1, 5, 'Naruto')`);
  old.close();
}

/** Every file of the database and the bucket with a digest of its bytes. */
function state(): Record<string, string> {
  const found: Record<string, string> = {};
  for (const below of ['data', 'bucket'].filter((name) => existsSync(join(directory, name))))
    for (const name of readdirSync(join(directory, below)))
      found[`${below}/${name}`] = createHash('sha256')
        .update(readFileSync(join(directory, below, name)))
        .digest('hex');
  return found;
}

const FILE = { anime: [{ code: 6, parts: [{ part_number: 1, file_id: 'f' }] }], users: [{ user_id: 7 }] };

test('the same file again changes nothing and says why; a row of the database that stays is explained', async () => {
  const anime = { code: 6, title: 'Naruto', updated_at: '2025-05-01 10:00:00' };
  write('file.json', { anime: [anime] });
  expect(await cli('import', 'file.json', '--yes')).toMatchObject({ code: 0 });
  const again = await cli('import', 'file.json', '--utc-offset', '+05:00', '--yes');
  expect(again).toMatchObject({ code: 0 });
  expect(again.stdout).toContain('Nothing was changed: the database has all of it already.\n');
  expect(again.stdout).toContain('all others are in UTC already');
  expect(again.stdout).not.toContain('KEPT:');
  write('file.json', { anime: [{ ...anime, title: 'Bleach', updated_at: '2024-05-01 10:00:00' }] });
  const older = await cli('import', 'file.json', '--yes');
  expect(older.stdout).toContain('KEPT: the database’s row stays');
  expect(older.stdout).toContain(
    'Nothing was changed: the database has all of it already, or keeps its own.',
  );
});

test('a dry run writes not a byte: not into an old bot’s database, a migrated one, nor where none is', async () => {
  write('file.json', FILE);
  expect(await cli('import', 'file.json', '--dry-run')).toMatchObject({ code: 0 });
  expect(state()).toEqual({});
  mkdirSync(join(directory, 'data'));
  oldBotsDatabase('data/bot.db');
  const before = state();
  const looked = await cli('import', 'file.json', '--dry-run', '--json');
  expect(looked.json()).toMatchObject({ ok: true, dry_run: true, safety_backup: null });
  expect(state()).toEqual(before);
  expect(await cli('import', 'file.json', '--yes')).toMatchObject({ code: 0 });
  const after = state();
  expect(await cli('import', 'file.json', '--dry-run')).toMatchObject({ code: 0 });
  expect(state()).toEqual(after);
});

test('a file that is refused leaves no new database behind', async () => {
  writeFileSync(join(directory, 'cut.json'), '{"anime":[{"code":5},{"co');
  write('refused.json', { anime: [{ code: 0 }, { code: 'x' }] });
  expect(await cli('import', 'cut.json', '--yes')).toMatchObject({ code: 1 });
  expect(await cli('import', 'refused.json', '--yes')).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('none of its rows could be taken'),
  });
  expect((await cli('import', 'refused.json', '--yes', '--json')).json()).toMatchObject({ ok: false });
  expect(existsSync(join(directory, 'data'))).toBe(false);
});

test('a database that holds nothing of ours is refused with its tables', async () => {
  const theirs = new DatabaseSync(join(directory, 'theirs.db'), { timeout: 10_000 });
  theirs.exec('CREATE TABLE recipes (a, b); CREATE TABLE cooks (a)');
  theirs.close();
  const refused = await cli('import', 'theirs.db', '--yes');
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('cooks, recipes');
  expect(existsSync(join(directory, 'data'))).toBe(false);
});

test.each(['SIGINT', 'SIGKILL'] as const)('%s: everything is as it was', async (signal) => {
  write('first.json', FILE);
  expect(await cli('import', 'first.json', '--yes')).toMatchObject({ code: 0 });
  const views = Array.from({ length: 20_000 }, (_, i) => ({ user_id: i + 1, anime_code: 6, part_number: 1 }));
  write('large.json', { user_history: views });
  const result = await runCliInterrupted(
    directory,
    env(),
    { signal, at: /anime-import-/ },
    'import',
    'large.json',
    '--yes',
  );
  expect(result.code).not.toBe(0);
  if (signal === 'SIGINT') expect(result.stderr).toContain('error: interrupted');
  const db = new DatabaseSync(join(directory, 'data/bot.db'), { timeout: 10_000 });
  const count = (what: string) => db.prepare(`SELECT count(*) AS n FROM ${what}`).get()?.['n'];
  expect([count('user_history'), count("sqlite_schema WHERE name GLOB 'importing_*'")]).toEqual([0, 0]);
  db.close();
});

test('another bot’s file: the guess is shown, a map overrules it, and twice is the same as once', async () => {
  write('kinolar.json', [{ kod: 5, nomi: 'Naruto', video: 'BAAC', izoh: 'yaxshi' }]);
  const looked = await cli('import', 'kinolar.json', '--dry-run');
  expect(looked).toMatchObject({ code: 0, stdout: expect.stringContaining('title ← nomi') });
  const { map } = (await cli('import', 'kinolar.json', '--dry-run', '--json')).json();
  expect(map).toMatchObject({
    sources: [{ from: '$', to: 'anime', fields: { code: 'kod', file_id: 'video' } }],
  });
  write('map.json', {
    ...Object(map),
    sources: [{ from: '$', to: 'anime', fields: { code: 'kod', title: 'izoh' } }],
  });
  expect(await cli('import', 'kinolar.json', '--map', 'map.json', '--yes')).toMatchObject({ code: 0 });
  const db = new DatabaseSync(join(directory, 'data/bot.db'), { timeout: 10_000 });
  expect(db.prepare('SELECT title FROM anime').all()).toMatchObject([{ title: 'yaxshi' }]);
  db.close();
  const again = await cli('import', 'kinolar.json', '--map', 'map.json', '--yes', '--json');
  expect(again.json()).toMatchObject({
    ok: true,
    dry_run: true,
    tables: [{ added: 0, changed: 0, same: 1 }],
  });
  write('map.json', { format: 'none' });
  expect(await cli('import', 'kinolar.json', '--map', 'map.json', '--yes')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('the map is wrong at format'),
  });
});

function theirDatabase(name: string, text: string): void {
  const theirs = new DatabaseSync(join(directory, name), { timeout: 10_000 });
  theirs.exec(text);
  theirs.close();
}

test('a map with a misspelt column is refused with the columns there are', async () => {
  theirDatabase('theirs.db', "CREATE TABLE kinolar (kod, nom); INSERT INTO kinolar VALUES (5, 'Naruto')");
  const fields = { code: 'kod', title: 'nomi' };
  write('map.json', {
    format: 'anime-bot-import-map',
    format_version: 1,
    sources: [{ from: 'kinolar', to: 'anime', fields }],
  });
  const refused = await cli('import', 'theirs.db', '--map', 'map.json', '--yes');
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('which kinolar does not have (did you mean "nom"?); it has kod, nom');
  expect(existsSync(join(directory, 'data'))).toBe(false);
});

test('a guess that leaves out what may be the anime says so, names --map, and ends with 1', async () => {
  theirDatabase(
    'theirs.db',
    `CREATE TABLE azolar (user_id); INSERT INTO azolar VALUES (7); CREATE TABLE kinolar (a, b);
     INSERT INTO kinolar VALUES (1, 2), (3, 4); CREATE TABLE settings (a); INSERT INTO settings VALUES (1)`,
  );
  const imported = await cli('import', 'theirs.db', '--yes');
  expect(imported.code).toBe(1);
  expect(imported.stdout).toContain('kinolar (2 rows) may hold the anime and was not understood');
  expect(imported.stdout).toContain('give it with --map');
  const again = await cli('import', 'theirs.db', '--yes', '--json');
  expect(again.code).toBe(1);
  expect(again.json()).toMatchObject({
    ok: false,
    left_aside: [
      { table: 'kinolar', rows: 2, isCatalogue: true },
      { table: 'settings', rows: 1 },
    ],
  });
});

test('a guessed table of which no row was taken ends with 1; the anime beside our own users are found', async () => {
  theirDatabase(
    'whole.db',
    `CREATE TABLE users (user_id); INSERT INTO users VALUES (7);
     CREATE TABLE kinolar (kod, nomi, video); INSERT INTO kinolar VALUES (5, 'Naruto', 'BAAC')`,
  );
  write('parts.json', { azolar: [{ user_id: 7 }], qismlar: [{ anime_id: 1, qism: 1, video: 'F1' }] });
  const refused = await cli('import', 'parts.json', '--yes');
  expect(refused.code).toBe(1);
  expect(refused.stdout).toContain('no row was taken of what was guessed to be anime_parts');
  const whole = await cli('import', 'whole.db', '--yes', '--json');
  expect(whole.code).toBe(0);
  const { tables } = Object(whole.json());
  expect(tables).toMatchObject([{ table: 'users' }, { table: 'anime', added: 1 }, { table: 'anime_parts' }]);
});

test.each([
  ['encrypted.db', Buffer.alloc(4096, 0xa7), /or an encrypted one: decrypt it/],
  ['html.db', Buffer.from('<!DOCTYPE html><html></html>'), /is a web page, not a database/],
  ['rows.csv', Buffer.from('PK\x03\x04xlsx'), /is a zip archive/],
  ['rows.csv', Buffer.from('kod,nomi\n5,\xcd\xe0\xf0', 'latin1'), /Windows-1251/],
  ['dump.db', Buffer.from('BEGIN TRANSACTION;\nCREATE TABLE a (b);'), /is SQL text, not a database/],
])('%s that is none is refused by what it is', async (name, bytes, why) => {
  writeFileSync(join(directory, name), bytes);
  const refused = await cli('import', name, '--yes');
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(why);
});

test('a value that is not taken is told from a row that is not, and one row is a row', async () => {
  const parts = [
    { part_number: 1, file_id: 'f1', size: 'katta' },
    { part_number: 'ikki', file_id: 'f2' },
  ];
  writeFileSync(
    join(directory, 'odd.json'),
    JSON.stringify({
      anime: [{ code: 1, title: 'A', parts }, { code: 'uch' }],
      schema_migrations: [{ version: 1 }],
    }),
  );
  const { stdout } = await cli('import', 'odd.json', '--dry-run');
  expect(stdout).toMatch(/value not taken, its row is: \S+part_number: "ikki" is not an integer/);
  expect(stdout).toMatch(/row not taken: anime\[1\]\S*: /);
  expect(stdout).toContain('left aside: schema_migrations (1 row): what a bot keeps for itself');
  write('file.json', FILE);
  expect(await cli('import', 'file.json', '--yes')).toMatchObject({ code: 0 });
  expect(await cli('export', '-o', 'own.json')).toMatchObject({ code: 0 });
  const own = (await cli('import', 'own.json', '--dry-run')).stdout.match(/left aside: .*/g) ?? [];
  // One line for each reason, however many tables.
  const reasons = own.map((line) => line.replace(/.*\): /, ''));
  expect(new Set(reasons).size).toBe(reasons.length);
  expect(own.find((line) => line.endsWith('made anew from the rows'))).toMatch(/ and \d+ more \(\d+ rows\)/);
});

test('after an import, import and list say that no backup has it yet, until one has', async () => {
  write('file.json', FILE);
  const imported = await cli('import', 'file.json', '--yes');
  expect(imported).toMatchObject({ code: 0 });
  expect(imported.stdout).toContain('No backup has what came in: npm run backup -- full');
  expect((await cli('list')).stdout).toMatch(
    /^Safe: .* made before an import; if that was done, it has nothing .*-- full/,
  );
  expect(await cli('full')).toMatchObject({ code: 0 });
  expect((await cli('list')).stdout).toMatch(/^Safe: the newest verified backup is .* old\.$/m);
});
