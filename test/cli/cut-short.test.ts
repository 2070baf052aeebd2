/** Commands whose reader leaves, or told to stop: nothing half done, an honest exit code. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
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
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sql } from '../../src/db/database.ts';
import { openEmbeddedDatabase } from '../../src/db/file/embedded-database.ts';
import { migrate } from '../../src/db/migrate.ts';
import { PROCESS_MARK } from '../../src/lib/disk/process-mark.ts';
import { childEnv } from '../support/child-env.ts';
import { runCliInterrupted, runCliUnread, runCli as spawnCli } from './spawn-cli.ts';

let directory: string;
let name: string;
const env = () => ({ DATABASE_URL: 'file:bot.db', BACKUP_DIR: 'bucket', TMPDIR: join(directory, 'tmp') });
const cli = (...args: readonly string[]) => spawnCli(directory, env(), ...args);
const unread = (...args: readonly string[]) => runCliUnread(directory, env(), ...args);
const interrupted = (signal: NodeJS.Signals, at: RegExp, ...args: readonly string[]) =>
  runCliInterrupted(directory, env(), { signal, at }, ...args);
/** Node's compile cache is no file of ours. */
const files = (below: string) =>
  readdirSync(join(directory, below))
    .filter((file) => file !== 'node-compile-cache')
    .toSorted();

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'cut-short-'));
  for (const below of ['tmp', 'got']) mkdirSync(join(directory, below));
  const db = await openEmbeddedDatabase(join(directory, 'bot.db'));
  await migrate(db, { now: () => new Date(), backup: async () => {} });
  await db.write([
    sql(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 25000)
         INSERT INTO users (user_id, username) SELECT i, hex(randomblob(100)) FROM n`),
  ]);
  db.close();
  const full = await cli('full', '--json');
  expect(full.code, full.stdout + full.stderr).toBe(0);
  name = String(full.json()['name']);
});
afterAll(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }));
beforeEach(() => {
  rmSync(join(directory, 'got'), { recursive: true });
  mkdirSync(join(directory, 'got'));
});

describe('nobody reads', () => {
  test('full makes its backup all the same, and says nothing', async () => {
    const before = files('bucket').length;
    expect(await unread('full')).toMatchObject({ code: 0, stderr: '' });
    expect(files('bucket')).toHaveLength(before + 3);
    expect((await cli('list', '--json')).json()).toMatchObject({ ok: true, backups: [{}, { name }] });
    expect(await unread('full', '--json')).toMatchObject({ code: 0, stderr: '' });
  });

  test('what only looks ends quietly', async () => {
    const looks = [
      ['list'],
      ['list', '--json'],
      ['prune', '--dry-run'],
      ['--help'],
      ['list', '--help'],
      ['verify', name],
    ];
    for (const args of looks)
      expect(await unread(...args), args.join(' ')).toMatchObject({ code: 0, stderr: '' });
  });

  test('a document that nobody took, and backups that were not checked, are not called done', async () => {
    expect(await unread('export')).toMatchObject({ code: 1, stderr: '' });
    expect(await unread('verify', '--all')).toMatchObject({ code: 1, stderr: '' });
    expect(files('tmp')).toEqual([]);
  });

  test.skipIf(process.platform !== 'linux')('a full disk is no reader that left', async () => {
    const { spawnSync } = await import('node:child_process');
    const main = join(import.meta.dirname, '../../src/cli/main.ts');
    const script = '"$0" "$@" > /dev/full';
    const { status, stderr } = spawnSync('sh', ['-c', script, process.execPath, main, 'list', '--json'], {
      cwd: directory,
      env: { ...childEnv(), NODE_NO_WARNINGS: '1', ...env() },
      encoding: 'utf8',
    });
    expect({ status, stderr }).toMatchObject({ status: 1, stderr: expect.stringContaining('ENOSPC') });
  });
});

describe.skipIf(process.platform === 'win32')('Ctrl-C', () => {
  test('full: nothing of it stays, the next one works at once, and it says so', async () => {
    const before = files('bucket');
    const result = await interrupted('SIGINT', /^bucket\/.*anime_bot_/, 'full');
    expect(result).toMatchObject({
      code: 130,
      stdout: expect.stringMatching(/failed: interrupted\nThis run changed no other backup/),
      stderr: expect.stringContaining('stopping and cleaning up'),
    });
    expect(files('bucket')).toEqual(before);
    expect((await cli('full', '--json')).json()).toMatchObject({ ok: true, notices: [] });
  });

  test('full --json: one answer, and SIGTERM is heard too', async () => {
    const result = await interrupted('SIGTERM', /^bucket\/.*anime_bot_/, 'full', '--json');
    expect(result).toMatchObject({ code: 143, stderr: '' });
    expect(result.json()).toMatchObject({ ok: false, error: 'interrupted' });
  });

  test('download, export and verify leave no file half written, and nothing unpacked', async () => {
    const cases: [RegExp, ...string[]][] = [
      [/^got\/.*\.part$/, 'download', name, '-o', 'got', '--plain'],
      [/^got\/.*\.part$/, 'export', '-o', 'got/export.json'],
      [/^tmp\/.*\.part$/, 'export'],
      [/^tmp\/.*backup\.db$/, 'verify', '--all'],
      [/^tmp\/.*backup\.db$/, 'diff', name, 'live'],
    ];
    for (const [at, ...args] of cases) {
      const result = await interrupted('SIGINT', at, ...args);
      expect(result, args.join(' ')).toMatchObject({
        code: 130,
        stdout: '',
        stderr: expect.stringContaining('interrupted'),
      });
      expect([files('got'), files('tmp')], args.join(' ')).toEqual([[], []]);
    }
  });
});

describe.skipIf(process.platform === 'win32')('killed', () => {
  test('full: the next one waits for no dead process, tells of it and removes what it left', async () => {
    const before = files('bucket');
    await interrupted('SIGKILL', /^bucket\/.*anime_bot_/, 'full');
    expect(files('bucket').length).toBeGreaterThan(before.length);
    const full = (await cli('full', '--json')).json();
    expect(full).toMatchObject({
      ok: true,
      problems: [],
      notices: [expect.stringMatching(/^the run \d{8}_\d{6} \(command\), begun .* never ended/)],
    });
    expect(files('bucket').filter((file) => !file.includes(String(full['name'])))).toEqual(before);
    expect((await cli('full', '--json')).json()).toMatchObject({ ok: true, notices: [] });
  });

  test('a download and an export that were killed do not block the next try, which removes what they left', async () => {
    for (const args of [
      ['download', name, '-o', 'got', '--plain'],
      ['export', '-o', 'got/export.json'],
    ]) {
      await interrupted('SIGKILL', /^got\/.*\.part$/, ...args);
      expect(files('got'), args.join(' ')).toEqual([expect.stringMatching(/\.part$/)]);
      expect(await cli(...args), args.join(' ')).toMatchObject({ code: 0 });
      expect(files('got').filter((file) => file.endsWith('.part'))).toEqual([]);
      rmSync(join(directory, 'got'), { recursive: true });
      mkdirSync(join(directory, 'got'));
    }
  });

  test('what another process, or another machine, may still be writing is left alone', async () => {
    const others = [
      `export.json.00000000-1-aaaaaaaa.part`,
      `export.json.part`,
      `export.json.old.11111111-1-aaaaaaaa.part`,
    ];
    await interrupted('SIGKILL', /^got\/.*\.part$/, 'export', '-o', 'got/export.json');
    const [dead = ''] = files('got');
    const machine = dead.split('.').at(-2)?.split('-')[0];
    // This very test is a process that lives.
    others.push(`export.json.${machine}-${process.pid}-bbbbbbbb.part`);
    for (const file of others) writeFileSync(join(directory, 'got', file), 'theirs');
    expect((await cli('export', '-o', 'got/export.json')).code).toBe(0);
    expect(files('got')).toEqual(['export.json', ...others].toSorted());
    for (const file of others) expect(readFileSync(join(directory, 'got', file), 'utf8')).toBe('theirs');
  });
});

test('what a killed command had unpacked goes with the next command; a living one keeps its own', async () => {
  await interrupted('SIGKILL', /^tmp\/anime-backup-/, 'verify', name);
  const left = files('tmp');
  expect(left).toEqual([expect.stringMatching(/^anime-backup-[0-9a-f]{8}-\d+-\w{6}$/)]);
  const living = String(left[0]).replace(/-\d+-/, `-${process.pid}-`);
  mkdirSync(join(directory, 'tmp', living));
  expect((await cli('list')).code).toBe(0);
  expect(files('tmp')).toEqual([living]);
  rmSync(join(directory, 'tmp', living), { recursive: true });
});

test.runIf(process.getuid?.() === 0)('what another user left in /tmp stops no command', () => {
  const tmp = join(directory, 'shared-tmp');
  mkdirSync(tmp);
  // As /tmp is: everybody may write, and removes only their own.
  chmodSync(directory, 0o755);
  chmodSync(tmp, 0o1777);
  const left = `anime-backup-${PROCESS_MARK.replace(/-\d+$/, '-999999999')}-abcdef`;
  mkdirSync(join(tmp, left), { mode: 0o700 });
  const main = join(import.meta.dirname, '../../src/cli/main.ts');
  const { status, stderr } = spawnSync(process.execPath, [main, 'list', '--json'], {
    cwd: tmp,
    env: { TMPDIR: tmp, BACKUP_DIR: 'backups', DATABASE_URL: 'file:none.db' },
    uid: 65_534,
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  expect(existsSync(join(tmp, left))).toBe(true);
});
