/** The real CLI against a file and a directory: the old bot's database, never opened by us. */
import {
  copyFileSync,
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
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { generateKey } from '../../src/backup/envelope/keys.ts';
import { createDirectoryStore } from '../../src/backup/store/directory.ts';
import { putBackup } from '../support/sample-backup.ts';
import { runCliWithoutRoom, runCli as spawnCli } from './spawn-cli.ts';

const RECIPIENT = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p';
let directory: string;
const env = () => ({ DATABASE_URL: 'file:old.db', BACKUP_DIR: 'bucket', BACKUP_PREFIX: 'b/' });
const runCli = (...args: readonly string[]) => spawnCli(directory, env(), ...args);

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'backup-cli-'));
  const db = new DatabaseSync(join(directory, 'old.db'), { timeout: 10_000 });
  db.exec(`
    CREATE TABLE users (user_id INTEGER PRIMARY KEY, username TEXT, first_name TEXT);
    CREATE TABLE anime (id INTEGER PRIMARY KEY AUTOINCREMENT, code INTEGER UNIQUE NOT NULL, description TEXT, photo_id TEXT);
    CREATE TABLE anime_parts (id INTEGER PRIMARY KEY AUTOINCREMENT, anime_code INTEGER, part_number INTEGER, file_id TEXT NOT NULL,
      UNIQUE(anime_code, part_number));
    INSERT INTO users VALUES (1, 'ali', 'Ali'), (9007199254740993, NULL, 'Vali');
    INSERT INTO anime (code, description) VALUES (12, 'Naruto'), (7, 'O‘lim daftari');
    INSERT INTO anime_parts (anime_code, part_number, file_id) VALUES (12, 1, 'a'), (12, 2, 'b'), (99, 1, 'orphan');
  `);
  db.close();
});
afterAll(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }));

describe('one after the other', () => {
  let name = '';

  test('an empty bucket is not safe, and says what to do', async () => {
    const { code, stdout } = await runCli('list');
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: `Not safe: there is no backup in directory ${join(directory, 'bucket')}, which is not there. Was none made yet? Start the bot once, or make one: npm run backup -- full. Else mount its disk, or set BACKUP_DIR to where the backups are\n`,
    });
  });

  test('an option that an unset variable left empty is no option left out: 2, and nothing is touched', async () => {
    for (const args of [
      ['restore', 'latest', '--to', ''],
      ['export', '-o', ''],
      ['import', 'x.json', '--map', ''],
    ]) {
      const { code, stderr } = await runCli(...args);
      expect([code, stderr]).toEqual([2, expect.stringMatching(/^error: --\w+: its value is empty/)]);
    }
  });

  test('full backs up the old database without writing into it', async () => {
    const result = await runCli('full', '--json');
    expect(result.code, result.stderr + result.stdout).toBe(0);
    const answer = result.json();
    name = String(answer['name']);
    expect(answer).toMatchObject({
      ok: true,
      leased: false,
      problems: [],
      manifest: { trigger: 'command', schema_version: null },
    });
    expect(readdirSync(join(directory, 'bucket/b')).toSorted()).toEqual([
      `anime_backup_${name}.json.gz`,
      `anime_backup_${name}.manifest.json`,
      `anime_bot_${name}.db.gz`,
    ]);
    const db = new DatabaseSync(join(directory, 'old.db'), { readOnly: true, timeout: 10_000 });
    expect(db.prepare("SELECT count(*) AS n FROM sqlite_schema WHERE name LIKE 'backup%'").get()).toEqual({
      n: 0,
    });
    db.close();
  });

  test('the .db opens in stock SQLite, the document is JSON with every row', () => {
    const path = join(directory, 'opened.db');
    writeFileSync(path, gunzipSync(readFileSync(join(directory, `bucket/b/anime_bot_${name}.db.gz`))));
    const db = new DatabaseSync(path, { readOnly: true, timeout: 10_000 });
    expect(db.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }]);
    expect(db.prepare('SELECT CAST(user_id AS TEXT) AS id FROM users ORDER BY user_id').all()).toEqual([
      { id: '1' },
      { id: '9007199254740993' },
    ]);
    db.close();
    const document = JSON.parse(
      gunzipSync(readFileSync(join(directory, `bucket/b/anime_backup_${name}.json.gz`))).toString(),
    );
    expect(
      document.anime.map((one: { code: number; parts: unknown[] }) => [one.code, one.parts.length]),
    ).toEqual([
      [12, 2],
      [7, 0],
    ]);
    expect(document.parts_without_anime).toHaveLength(1);
  });

  test('list reads at a glance', async () => {
    const { stdout } = await runCli('list');
    expect(stdout).toMatch(
      /^Safe: the newest verified backup is \d+ s old\.\n\nNAME +AGE +SIZE +ANIME +PARTS +USERS +GROUPS +WHY +STATE\n/,
    );
    expect(stdout).toMatch(new RegExp(`${name} +\\d+ s +\\S+ KB +2 +3 +2 +- +command +verified\n`));
    expect(stdout).not.toContain('\u001b');
    expect((await runCli('list', '--json')).json()).toMatchObject({
      ok: true,
      newest_verified: name,
      total: 1,
    });
  });

  test('verify proves it; a flipped bit is told with its place', async () => {
    const good = await runCli('verify');
    expect(good).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('document, digests: 3 tables, 7 rows as in the manifest'),
    });
    const path = join(directory, `bucket/b/anime_bot_${name}.db.gz`);
    const bytes = readFileSync(path);
    bytes[200] = (bytes[200] ?? 0) ^ 4;
    writeFileSync(path, bytes);
    const bad = await runCli('verify', name, '--json');
    bytes[200] = (bytes[200] ?? 0) ^ 4;
    writeFileSync(path, bytes);
    expect(bad.code).toBe(1);
    expect(bad.json()).toMatchObject({
      ok: false,
      results: [{ ok: false, problems: [expect.stringMatching(/bytes 0 to \d+ differ/), expect.anything()] }],
    });
    // It is remembered until another look finds it whole.
    expect((await runCli('list')).stdout).toContain('damaged');
    expect((await runCli('verify', name)).code).toBe(0);
    expect((await runCli('list')).stdout).not.toContain('damaged');
  });

  test('diff with the live database', async () => {
    const db = new DatabaseSync(join(directory, 'old.db'), { timeout: 10_000 });
    db.exec(
      "INSERT INTO anime (code) VALUES (500); UPDATE users SET username = 'vali' WHERE user_id <> 1; DELETE FROM anime_parts WHERE anime_code = 99",
    );
    db.close();
    const { code, stdout } = await runCli('diff', name, 'live', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      same: false,
      tables: [
        { table: 'anime', added: 1, removed: 0, changed: 0, same: 2 },
        { table: 'anime_parts', added: 0, removed: 1, changed: 0, same: 2 },
        { table: 'users', added: 0, removed: 0, changed: 1, same: 1 },
      ],
    });
    expect((await runCli('diff', 'latest', join(directory, 'opened.db'))).stdout).toContain('No difference.');
  });

  test('verify of one file of a backup: it is held against the manifest beside it', async () => {
    const file = `anime_bot_${name}.db.gz`;
    const alone = join(directory, 'alone');
    mkdirSync(alone);
    for (const each of [file, `anime_backup_${name}.manifest.json`])
      copyFileSync(join(directory, 'bucket/b', each), join(alone, each));
    expect(await runCli('verify', join(alone, file))).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('it is the file of which the manifest beside it tells'),
    });
    writeFileSync(join(alone, file), gzipSync(readFileSync(join(directory, 'opened.db')), { level: 9 }));
    expect(await runCli('verify', join(alone, file))).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('not the file of which the manifest beside it tells'),
    });
  });

  test('export, and verify of a file by itself', async () => {
    expect((await runCli('export', '-o', 'export.json')).code).toBe(0);
    expect(JSON.parse(readFileSync(join(directory, 'export.json'), 'utf8'))).toMatchObject({
      anime: [{}, {}, { code: 500 }],
    });
    expect(await runCli('verify', 'export.json')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('checked for itself'),
    });
    const again = await runCli('export', '-o', 'export.json');
    expect(again).toMatchObject({
      code: 1,
      stderr: 'error: export.json exists and is left as it is: --yes replaces it\n',
    });
    expect((await runCli('export')).stdout).toMatch(/^\{\n"backup_timestamp":/);
    const cut = readFileSync(join(directory, 'export.json')).subarray(0, -40);
    writeFileSync(join(directory, 'cut.json'), cut);
    expect((await runCli('verify', 'cut.json')).code).toBe(1);
  });

  test('download, packed and plain', async () => {
    // Without a word about where: below data, which git ignores.
    expect((await runCli('download', 'latest', '--json')).json()).toMatchObject({
      files: expect.arrayContaining([`data/downloads/anime_bot_${name}.db.gz`]),
    });
    expect((await runCli('download', 'latest', '-o', 'got')).code).toBe(0);
    expect(await runCli('verify', `got/anime_bot_${name}.db.gz`)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('as in the manifest'),
    });
    const plain = await runCli('download', `anime_bot_${name}.db.gz`, '-o', 'got', '--plain', '--json');
    expect(plain.json()).toMatchObject({
      ok: true,
      files: [`got/anime_bot_${name}.db`, `got/anime_backup_${name}.json`],
    });
    expect(readdirSync(join(directory, 'got')).filter((file) => file.endsWith('.part'))).toEqual([]);
  });

  test.skipIf(process.platform === 'win32')(
    'a download that finds no room does not blame the backup',
    async () => {
      const { code, stderr } = await runCliWithoutRoom(
        directory,
        env(),
        ...['download', name, '-o', 'small', '--plain'],
      );
      expect(code).toBe(1);
      expect(stderr).toMatch(/cannot write small\/anime_bot_\S+\.db: EFBIG/);
      expect(stderr).not.toContain('damaged');
      expect(readdirSync(join(directory, 'small'))).toEqual([]);
    },
  );

  test('pin, unpin', async () => {
    expect((await runCli('pin', name)).stdout).toContain('now pinned');
    expect((await runCli('list')).stdout).toContain('verified, pinned');
    expect((await runCli('unpin', name, '--json')).json()).toEqual({
      ok: true,
      name,
      pinned: false,
      changed: true,
    });
  });
});

test('prune: reasons, by the younger of the two times', async () => {
  const where = join(directory, 'pruned');
  const store = createDirectoryStore(where);
  for (let day = 1; day <= 9; day += 1) await putBackup(store, '', new Date(Date.UTC(2025, 0, day)));
  const prune = (...args: readonly string[]) =>
    spawnCli(
      directory,
      { BACKUP_DIR: 'pruned', BACKUP_PREFIX: '', BACKUP_KEEP_DAILY: '1' },
      'prune',
      ...args,
    );
  // Written just now with names of long ago: the bucket says they are young, so they stay.
  const doubtful = await prune('--dry-run');
  expect(doubtful.stdout).toMatch(/20250101_000000 +keep +younger than 24 hours/);
  expect(doubtful.stdout).toContain('0 would be deleted, 9 kept; nothing was touched');
});

describe('encryption', () => {
  test('key new makes a key that key test accepts, and with which a backup opens', async () => {
    const made = (await runCli('key', 'new', '--json')).json();
    writeFileSync(join(directory, 'key.txt'), `# created by hand\n${made['identity']}\n`);
    writeFileSync(join(directory, 'key16.txt'), `\uFEFF${made['identity']}\r\n`, 'utf16le');
    const sealed = { ...env(), BACKUP_DIR: 'sealed', BACKUP_AGE_RECIPIENTS: String(made['recipient']) };
    const withKey = { ...sealed, BACKUP_AGE_IDENTITY: 'key.txt' };
    expect(await spawnCli(directory, withKey, 'key', 'test')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Your key opens new backups.'),
    });
    const utf16 = { ...sealed, BACKUP_AGE_IDENTITY: 'key16.txt' };
    expect((await spawnCli(directory, utf16, 'key', 'test')).code).toBe(0);
    const { identity } = await generateKey();
    expect(
      (await spawnCli(directory, { ...sealed, BACKUP_AGE_IDENTITY: identity }, 'key', 'test')).code,
    ).toBe(1);
    const full = await spawnCli(directory, sealed, 'full');
    expect(full.stdout).toContain('contents not opened');
    const blind = await spawnCli(directory, sealed, 'verify');
    expect(blind).toMatchObject({ code: 0, stdout: expect.stringContaining('set BACKUP_AGE_IDENTITY') });
    expect(blind.stdout).toContain('stored bytes good, contents not opened');
    expect(blind.stdout).not.toContain('BAD');
    expect((await spawnCli(directory, withKey, 'verify')).code).toBe(0);
    expect((await spawnCli(directory, withKey, 'diff', 'latest', 'live')).stdout).toContain('No difference.');
    // Without a key damage of the stored bytes is found all the same.
    const [file = ''] = readdirSync(join(directory, 'sealed', 'b')).filter((name) =>
      name.endsWith('.db.gz.age'),
    );
    const bytes = readFileSync(join(directory, 'sealed', 'b', file));
    bytes[300] = (bytes[300] ?? 0) ^ 1;
    writeFileSync(join(directory, 'sealed', 'b', file), bytes);
    expect(await spawnCli(directory, sealed, 'verify')).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('BAD'),
    });
    // Nothing secret is ever printed but by `key new`.
    for (const { stdout, stderr } of [full, blind]) expect(stdout + stderr).not.toContain('AGE-SECRET-KEY');
  });
});

test('a bucket with a relative name of one letter is one like any other', async () => {
  const where = { DATABASE_URL: 'file:old.db', BACKUP_DIR: 'o' };
  const { code, stdout } = await spawnCli(directory, where, 'full', '--json');
  expect(code, stdout).toBe(0);
  expect(readdirSync(join(directory, 'o'))).toHaveLength(3);
});

describe('bad usage and failures', () => {
  const CASES: readonly [number, RegExp, string[], Record<string, string>][] = [
    [2, /unknown command 'frobnicate'/, ['frobnicate'], {}],
    [2, /missing required argument 'name'/, ['pin'], {}],
    [2, /unknown option '--loud'/, ['list', '--loud'], {}],
    [2, /not the name of a backup/, ['verify', 'nonsense'], {}],
    [2, /takes a target or --all/, ['verify', '20240101_000000', '--all'], {}],
    [2, /BACKUP_RETENTION_DAYS: must be a whole number/, ['list'], { BACKUP_RETENTION_DAYS: 'many' }],
    [1, /no backup 20240101_000000 .*the newest verified one is/, ['download', '20240101_000000'], {}],
    [
      1,
      /database file \/.*\/missing\.db does not exist: start the bot once, set DATABASE_URL/,
      ['full'],
      { DATABASE_URL: 'file:missing.db' },
    ],
    [1, /BACKUP_AGE_IDENTITY: not a key of age/, ['verify'], { BACKUP_AGE_IDENTITY: 'AGE-SECRET-KEY-1FOO' }],
    [1, /BACKUP_AGE_IDENTITY: not a key of age in bad\.txt/, ['verify'], { BACKUP_AGE_IDENTITY: 'bad.txt' }],
    [2, /BACKUP_AGE_IDENTITY is not set/, ['key', 'test'], { BACKUP_AGE_RECIPIENTS: RECIPIENT }],
  ];

  test('exit codes and messages', async () => {
    writeFileSync(join(directory, 'bad.txt'), '# mine\nAGE-SECRET-KEY-1FOO\n');
    const results = await Promise.all(
      CASES.map(([, , args, change]) => spawnCli(directory, { ...env(), ...change }, ...args)),
    );
    for (const [i, [code, message, args]] of CASES.entries()) {
      expect(results[i], args.join(' ')).toMatchObject({
        code,
        stdout: '',
        stderr: expect.stringMatching(message),
      });
    }
    expect(existsSync(join(directory, 'missing.db'))).toBe(false);
  });

  test('with --json a failure is one answer too', async () => {
    const result = await runCli('pin', '20240101_000000', '--json');
    expect(result).toMatchObject({ code: 1, stderr: '' });
    expect(result.json()).toMatchObject({
      ok: false,
      error: expect.stringContaining('no backup 20240101_000000'),
    });
  });

  test('a bucket that cannot be written to: failed, in words, and nothing else harmed', async () => {
    writeFileSync(join(directory, 'file'), '');
    const result = await spawnCli(directory, { ...env(), BACKUP_DIR: 'file' }, 'full');
    expect(result.code).toBe(2);
    expect(result.stdout + result.stderr).toMatch(/failed:|error:/);
  });

  test('.env is read', async () => {
    const home = join(directory, 'home');
    mkdirSync(home);
    writeFileSync(join(home, '.env'), 'BACKUP_DIR=elsewhere\n');
    expect((await spawnCli(home, {}, 'list', '--json')).json()).toMatchObject({
      bucket: `directory ${join(home, 'elsewhere')}`,
    });
  });
});
