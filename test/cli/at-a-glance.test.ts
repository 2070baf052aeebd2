/** What a person sees, and what a machine gets: bad backups, narrow lines, every answer as JSON. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDirectoryStore } from '../../src/backup/store/directory.ts';
import { childEnv } from '../support/child-env.ts';
import { putBackup } from '../support/sample-backup.ts';
import { runCli } from './spawn-cli.ts';

const HOUR_MS = 3_600_000;
const SCRIPT = '/usr/bin/script';
const MANY = { DATABASE_URL: 'file:bot.db', BACKUP_DIR: 'many' };
let directory: string;
/** Newest first. */
let names: string[];
const cli = (bucket: string, ...args: readonly string[]) =>
  runCli(directory, { DATABASE_URL: 'file:bot.db', BACKUP_DIR: bucket }, ...args);

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'at-a-glance-'));
  const db = new DatabaseSync(join(directory, 'bot.db'), { timeout: 10_000 });
  db.exec(
    "CREATE TABLE users (user_id INTEGER PRIMARY KEY, username TEXT); INSERT INTO users VALUES (1, 'a'), (2, 'b'), (3, 'c'); CREATE TABLE groups (group_id INTEGER PRIMARY KEY)",
  );
  db.close();
  const many = createDirectoryStore(join(directory, 'many'));
  const begin = Math.floor(Date.now() / 1000) * 1000;
  names = [];
  for (let i = 1; i <= 200; i += 1) names.push(await putBackup(many, '', new Date(begin - i * HOUR_MS)));
  mkdirSync(join(directory, 'none'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }));

test.each(['list', 'verify'])(
  '%s where the bot was only tried offline says where that is',
  async (command) => {
    const tried = join(directory, `tried-${command}`);
    mkdirSync(join(tried, 'data/offline'), { recursive: true });
    expect((await runCli(tried, {}, command)).stderr).toContain(
      'what was tried offline is its own: DATABASE_URL=file:data/offline/anime_bot.db',
    );
  },
);

describe('list', () => {
  test('two hundred backups: the verdict comes again below, where the eye is, but not into a pipe', async () => {
    const seen = await runCli(directory, { ...MANY, LINES: '24' }, 'list');
    const lines = seen.stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(2 + 1 + 200 + 2 + 1);
    expect(lines.at(-1)).toMatch(/^Safe: the newest verified backup is /);
    expect(lines[0]).toBe(lines.at(-1));
    const few = await runCli(directory, { ...MANY, LINES: '24' }, 'list', '-n', '5');
    for (const { stdout } of [few, await cli('many', 'list')]) expect(stdout.match(/Safe:/g)).toHaveLength(1);
  });

  test.each([40, 80])('lines of %d cells do not wrap; name and state stay', async (columns) => {
    const { stdout } = await runCli(directory, { ...MANY, COLUMNS: String(columns) }, ...['list', '-n', '3']);
    const table = stdout.split('\n').slice(2, 6);
    expect(table).toHaveLength(4);
    for (const line of table) expect(line.length).toBeLessThanOrEqual(columns);
    expect(table[0]).toMatch(/^NAME .* STATE$/);
    expect(table[1]).toMatch(new RegExp(`^${names[0]} .*verified$`));
    expect(table[0]?.includes('GROUPS')).toBe(columns === 80);
  });

  test('bad ones are named with what is wrong; one under way is not called bad', async () => {
    const bucket = join(directory, 'odd');
    const store = createDirectoryStore(bucket);
    const begin = Math.floor(Date.now() / 1000) * 1000;
    const [good, damaged, unreadable] = [
      await putBackup(store, '', new Date(begin - HOUR_MS)),
      await putBackup(store, '', new Date(begin - 2 * HOUR_MS)),
      await putBackup(store, '', new Date(begin - 3 * HOUR_MS)),
    ];
    rmSync(join(bucket, `anime_bot_${damaged}.db.gz`));
    writeFileSync(join(bucket, `anime_backup_${unreadable}.manifest.json`), '{');
    writeFileSync(join(bucket, 'anime_bot_20250101_000000.db.gz.age'), 'x');
    await cli('odd', 'pin', good);
    const { code, stdout } = await cli('odd', 'list');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Safe: /);
    expect(stdout).toContain(`${damaged} is damaged: anime_bot_${damaged}.db.gz is gone from the bucket\n`);
    expect(stdout).toMatch(new RegExp(`${unreadable} is unreadable: .+\n`));
    expect(stdout).toMatch(new RegExp(`${good} .* verified, pinned\n`));
    expect(stdout).toMatch(/20250101_000000 .* unfinished, encrypted\n/);
    expect(stdout).not.toContain('20250101_000000 is');
  });

  test('with neither a database nor a backup it says so, and what was tried offline is no matter beside backups', async () => {
    const bare = join(directory, 'bare');
    mkdirSync(join(bare, 'data/offline'), { recursive: true });
    const env = { DATABASE_URL: 'file:bot.db', BACKUP_DIR: 'bucket' };
    const none = await runCli(bare, env, 'list');
    expect(none.stdout).toMatch(
      /^Not safe: there is no backup in directory \S+, which is not there, and neither is the database, \S+bot\.db: start the bot once/,
    );
    mkdirSync(join(bare, 'bucket'));
    const empty = await runCli(bare, env, 'list');
    expect(empty.stdout).toMatch(/bucket\. Nor is there a database to make one of, \S+: start the bot once/);
    expect(empty.stdout).not.toContain('full');
    expect(empty.stderr).toContain('what was tried offline');
    await putBackup(createDirectoryStore(join(bare, 'bucket')), '', new Date());
    const { stderr } = await runCli(bare, env, 'download', 'latest');
    expect(stderr).not.toContain('what was tried offline');
  });

  test('an empty bucket, and one that is not there, are named: the settings may be wrong', async () => {
    expect((await cli('none', 'list')).stdout).toMatch(
      /^Not safe: there is no backup in directory \S+\/none\. Make one/,
    );
    expect((await cli('nowhere', 'list')).stdout).toMatch(
      /^Not safe: there is no backup in directory \S+\/nowhere, which is not there\. /,
    );
    expect(existsSync(join(directory, 'nowhere'))).toBe(false);
  });
});

describe('list --check: exit code 3 when not safe, so that a cron can watch', () => {
  const bucketOf = async (name: string, ages: readonly number[]) => {
    const store = createDirectoryStore(join(directory, name));
    const begin = Math.floor(Date.now() / 1000) * 1000;
    const made: string[] = [];
    for (const hours of ages) made.push(await putBackup(store, '', new Date(begin - hours * HOUR_MS)));
    return made;
  };

  test('an empty manifest with a newer name turns "not safe" into nothing better', async () => {
    const [, damaged] = await bucketOf('hidden', [3, 2]);
    rmSync(join(directory, 'hidden', `anime_bot_${damaged}.db.gz`));
    const before = await cli('hidden', 'list', '--check');
    expect(before).toMatchObject({ code: 3, stderr: expect.stringContaining(`${damaged}, is damaged`) });
    const stray = join(directory, 'hidden/anime_backup_20270103_000000.manifest.json');
    writeFileSync(stray, '');
    expect(await cli('hidden', 'list', '--check')).toMatchObject({ code: 3, stderr: before.stderr });
    rmSync(join(directory, 'hidden', `anime_backup_${damaged}.manifest.json`));
    expect(await cli('hidden', 'list', '--check')).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/Not safe: the newest backup, 20270103_000000, cannot be read: /),
    });
  });

  test('safe: one line on standard output, nothing on standard error', async () => {
    const { code, stdout, stderr } = await cli('many', 'list', '--check');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^Safe: the newest verified backup is \S+ \S+ old\.\n$/);
  });

  test.each<[string, () => Promise<unknown>, RegExp]>([
    ['nothing', async () => {}, /^Not safe: there is no backup in .*\n$/],
    [
      'nothing verified',
      async () => {
        const [name] = await bucketOf('check', [1]);
        rmSync(join(directory, 'check', `anime_bot_${name}.db.gz`));
      },
      /^Not safe: no backup is verified in .*\n$/,
    ],
    ['too old', () => bucketOf('check', [27, 50]), /^Not safe: .* is 27 h old, over 26 h\..*\n$/],
    [
      'the newest damaged',
      async () => {
        await bucketOf('check', [3]);
        const store = createDirectoryStore(join(directory, 'check'));
        await putBackup(store, '', new Date(Date.now() - HOUR_MS), ['row 7 missing from index x']);
      },
      /^Not safe: the newest backup, \S+, is damaged; .* is 3 h old\..*\n$/,
    ],
  ])('%s: the verdict alone, on standard error', async (_, make, line) => {
    rmSync(join(directory, 'check'), { recursive: true, force: true, maxRetries: 10 });
    await make();
    const seen = await cli('check', 'list', '--check');
    expect(seen).toMatchObject({ code: 3, stdout: '', stderr: expect.stringMatching(line) });
    const asked = await cli('check', 'list', '--check', '--json');
    expect({ code: asked.code, ok: asked.json()['ok'], stderr: asked.stderr }).toEqual({
      code: 3,
      ok: false,
      stderr: '',
    });
    // Without --check a person has been told, and that is all that was asked.
    expect((await cli('check', 'list')).code).toBe(0);
  });

  test('a bucket that cannot be looked into is another matter: 1', async () => {
    const names = ['S3_BUCKET', 'S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY'];
    const settings = Object.fromEntries(names.map((name) => [name, 'aaaaaaaa']));
    const env = { ...settings, S3_ENDPOINT: 'http://127.0.0.1:9' };
    const { code, stdout, stderr } = await runCli(directory, env, 'list', '--check');
    expect({ code, stdout, stderr }).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^error: .*127\.0\.0\.1:9/),
    });
  });
});

test('of nothing nothing is proved: verify --all of an empty bucket fails', async () => {
  expect(await cli('none', 'verify', '--all')).toMatchObject({
    code: 1,
    stdout: `there is no finished backup to verify in directory ${join(directory, 'none')}\n`,
  });
  expect((await cli('none', 'verify', '--all', '--json')).json()).toEqual({ ok: false, results: [] });
});

test('the beginning of a name is enough where it fits one backup; where it fits many, they are named', async () => {
  const [newest = ''] = names;
  expect((await cli('many', 'pin', newest.slice(0, 13))).stdout).toContain(`${newest} is now pinned`);
  expect((await cli('many', 'unpin', newest)).stdout).toContain(`${newest} is no longer pinned`);
  expect((await cli('many', 'unpin', newest)).stdout).toContain(`${newest} is not pinned`);
  const year = newest.slice(0, 4);
  const many = await cli('many', 'pin', year);
  const fitting = names.filter((name) => name.startsWith(year));
  expect(many).toMatchObject({ code: 2, stdout: '' });
  expect(many.stderr).toContain(`${year} fits ${fitting.length} backups: ${fitting.slice(0, 5).join(', ')}`);
  expect(await cli('many', 'pin', '1999')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`no backup in directory ${join(directory, 'many')} begins with 1999`),
  });
});

test('diff shows what differs, and counts what does not', async () => {
  await cli('diffed', 'full');
  const db = new DatabaseSync(join(directory, 'bot.db'), { timeout: 10_000 });
  db.exec('DELETE FROM users WHERE user_id = 3');
  db.close();
  const { stdout } = await cli('diffed', 'diff', 'latest', 'live');
  expect(stdout.trimEnd().split('\n')).toEqual([
    expect.stringMatching(/^TABLE +ADDED +REMOVED +CHANGED +SAME$/),
    expect.stringMatching(/^users +- +-1 +- +2$/),
    'the same: 1 other table, 0 rows',
  ]);
});

test('every answer of --json is JSON and nothing else, whatever went wrong', async () => {
  const cases: [number, ...string[]][] = [
    [0, 'full'],
    [0, 'list'],
    [0, 'verify'],
    [0, 'diff', 'latest', 'live'],
    [0, 'prune', '--dry-run'],
    [0, 'download', 'latest', '-o', 'got'],
    [1, 'download', 'latest', '-o', 'got'],
    [0, 'export', '-o', 'out.json'],
    [0, 'drill'],
    [0, 'pin', 'latest'],
    [0, 'key', 'new'],
    [2, 'key', 'test'],
    [2, 'export'],
    [2, 'pin', 'nonsense'],
    [1, 'pin', '20200101_000000'],
    [2, 'pin'],
    [2, 'list', '--loud'],
    [2, 'frobnicate'],
    [2, 'import', 'nowhere.json'],
  ];
  for (const [code, ...args] of cases) {
    const result = await cli('answers', ...args, '--json');
    expect({ code: result.code, stderr: result.stderr }, args.join(' ')).toEqual({ code, stderr: '' });
    expect(result.json()['ok'], args.join(' ')).toBe(code === 0);
  }
  const settings = await runCli(directory, { BACKUP_RETENTION_DAYS: 'many' }, 'list', '--json');
  expect(settings).toMatchObject({ code: 2, stderr: '' });
  expect(settings.json()).toMatchObject({
    ok: false,
    error: expect.stringContaining('BACKUP_RETENTION_DAYS'),
  });
});

describe.skipIf(!existsSync(SCRIPT))('on a terminal', () => {
  const main = join(import.meta.dirname, '../../src/cli/main.ts');
  function onTerminal(size: string, env: Record<string, string>, ...args: readonly string[]): string {
    const command = `${size}'${process.execPath}' '${main}' ${args.join(' ')}`;
    const { stdout } = spawnSync(SCRIPT, ['-qec', command, '/dev/null'], {
      cwd: directory,
      env: {
        ...childEnv(),
        TERM: 'xterm',
        NODE_NO_WARNINGS: '1',
        DATABASE_URL: 'file:bot.db',
        BACKUP_DIR: 'seen',
        ...env,
      },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return stdout;
  }

  test('progress is drawn and wiped off, also where the terminal does not know its size', () => {
    const screen = onTerminal('', {}, 'full');
    expect(screen).toMatch(/\r\u001b\[2Ksaving +.*\d rows/);
    // What was drawn last is gone before the result is said.
    expect(screen).toMatch(/\r\u001b\[2K[^\r\n]*\u001b\[32mdone:/);
  });

  test('no line is drawn wider than the terminal', () => {
    // Of a bucket of its own: a second `full` of one second would find its backup made.
    const screen = onTerminal('stty cols 30; ', { BACKUP_DIR: 'narrow' }, 'full');
    const drawn = screen.matchAll(/\u001b\[2K([^\r\u001b]*)/g);
    const widths = [...drawn].map(([, line = '']) => line.length).filter((width) => width > 0);
    expect(widths.length).toBeGreaterThan(0);
    expect(Math.max(...widths)).toBeLessThan(30);
  });

  test('colours for people, none with NO_COLOR or --json', () => {
    expect(onTerminal('', {}, 'list')).toContain('\u001b[32m');
    for (const screen of [onTerminal('', { NO_COLOR: '1' }, 'list'), onTerminal('', {}, 'list', '--json')])
      expect(screen).not.toContain('\u001b[');
  });
});
