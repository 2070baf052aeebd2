/** The real CLI: what it refuses, what it asks, and what it says afterwards. */
import { existsSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { copyLive } from '../../src/backup/snapshot/copy-live.ts';
import { openEmbeddedSnapshotSource } from '../../src/backup/snapshot/embedded.ts';
import { createDirectoryStore } from '../../src/backup/store/directory.ts';
import { createWorld } from '../support/backup-world.ts';
import { putBackup } from '../support/sample-backup.ts';
import { type CliResult, runCli } from './spawn-cli.ts';

let directory: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'restore-cli-'));
  const world = await createWorld();
  await copyLive(openEmbeddedSnapshotSource({ path: world.path }), join(directory, 'bot.db'));
  world.close();
});
afterAll(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }));

const cli = (...args: readonly string[]): Promise<CliResult> =>
  runCli(directory, { DATABASE_URL: 'file:bot.db', BACKUP_DIR: 'bucket' }, ...args);
const query = (sql: string): unknown => {
  const db = new DatabaseSync(join(directory, 'bot.db'), { timeout: 10_000 });
  try {
    return Object.values(db.prepare(sql).get() ?? {})[0];
  } finally {
    db.close();
  }
};

test('restore, from refusal to done', async () => {
  const name = String((await cli('full', '--json')).json()['name']);
  query("UPDATE anime SET title = 'x' RETURNING 1");

  const full = await cli('restore', 'latest');
  expect(full).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('bot.db is not empty: --replace saves it first'),
  });
  const unasked = await cli('restore', 'latest', '--replace');
  expect(unasked).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('not confirmed: nothing was changed'),
  });
  const dry = await cli('restore', 'latest', '--dry-run', '--json');
  expect(dry.json()).toMatchObject({
    ok: true,
    dry_run: true,
    tables: expect.arrayContaining([expect.objectContaining({ table: 'anime', changed: 40 })]),
  });
  expect(query("SELECT count(*) FROM anime WHERE title = 'x'")).toBe(40);

  writeFileSync(
    join(directory, 'bot.db.lock'),
    JSON.stringify({ holder: 'node host', pid: process.pid, host: hostname(), began: null, since: 'today' }),
  );
  const busy = await cli('restore', 'latest', '--replace', '--yes');
  expect(busy).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`in use by node host (process ${process.pid}`),
  });
  rmSync(join(directory, 'bot.db.lock'));

  const done = await cli('restore', 'latest', '--replace', '--yes', '--json');
  expect(done.json()).toMatchObject({
    ok: true,
    origin: name,
    safety_backup: expect.any(String),
    kept: expect.stringContaining('.before-restore'),
  });
  expect(query("SELECT count(*) FROM anime WHERE title = 'x'")).toBe(0);
  // Once more: latest is still the backup, not the safety copy of the bad rows.
  expect((await cli('restore', 'latest', '--dry-run', '--json')).json()).toMatchObject({
    tables: expect.arrayContaining([expect.objectContaining({ table: 'anime', changed: 0 })]),
  });
  expect(existsSync(join(directory, 'bot.db.lock'))).toBe(false);
  // And it is the same for every command.
  const meant = async (...args: readonly string[]) => (await cli(...args, '--json')).json();
  expect(await meant('diff', 'live', 'latest')).toMatchObject({ same: true });
  expect(await meant('drill')).toMatchObject({ ok: true, name });
  expect(await meant('verify')).toMatchObject({ ok: true, results: [{ name }] });
  expect(await meant('pin', 'latest')).toMatchObject({ name });
  expect(await meant('download', 'latest')).toMatchObject({ name });
  const safety = String(done.json()['safety_backup']);
  expect((await cli('drill')).stdout).toContain(`${safety} is newer, the safety backup of a restore`);
  await cli('unpin', name);

  const missing = await cli('restore', '20200101_000000');
  expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining('no backup 20200101_000000') });
});

test('a restore and an import name what the retention of their safety backup deleted', async () => {
  const bucket = join(directory, 'bucket');
  const old = async (days: number): Promise<string> => {
    const time = new Date(Date.now() - days * 86_400_000);
    const name = await putBackup(createDirectoryStore(bucket), '', time);
    for (const file of readdirSync(bucket).filter((file) => file.includes(name)))
      utimesSync(join(bucket, file), time, time);
    return name;
  };
  await cli('full');
  for (const days of [100, 101]) await old(days);
  const oldest = await old(102);
  const restored = await cli('restore', 'latest', '--replace', '--yes');
  expect(restored.stdout).toContain(`retention deleted 1 old backup: ${oldest}`);
  const again = await old(103);
  writeFileSync(join(directory, 'users.json'), JSON.stringify({ users: [{ user_id: 987_654_321 }] }));
  const imported = await cli('import', 'users.json', '--yes');
  expect(imported.stdout).toContain(`retention deleted 1 old backup: ${again}`);
});

test('import, a broken file: says where, names backups to use instead, changes nothing', async () => {
  writeFileSync(join(directory, 'cut.json'), '{"anime":[{"code":5},{"co');
  const result = await cli('import', 'cut.json', '--yes');
  expect(result.code).toBe(1);
  expect(result.stderr).toMatch(/anime\[1\]/);
  expect(result.stdout).toMatch(/The newest verified backups: \d{8}_\d{6}/);
  expect(await cli('import', 'nowhere.json')).toMatchObject({ code: 2 });
  expect(await cli('import', 'cut.json', '--utc-offset', 'noon')).toMatchObject({ code: 2 });
});

test('drill tells its time, and list shows it', async () => {
  expect(await cli('drill')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/drill passed: \d{8}_\d{6} restored into a scratch database in [\d.]+ s/),
  });
  expect((await cli('list', '--json')).json()).toMatchObject({ last_drill: { ok: true } });
});

test('a database that another program keeps locked: who has it, and what to do', async () => {
  const other = new DatabaseSync(join(directory, 'bot.db'), { timeout: 10_000 });
  other.exec('BEGIN EXCLUSIVE');
  writeFileSync(
    join(directory, 'bot.db.lock'),
    JSON.stringify({ holder: 'node host', pid: process.pid, host: hostname(), began: null, since: 'today' }),
  );
  writeFileSync(join(directory, 'good.json'), '{"anime":[{"code":5}]}');
  const result = await cli('import', 'good.json', '--yes');
  expect(result).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/locked[\s\S]*in use by node host \(process/),
  });
  other.exec('ROLLBACK');
  other.close();
  rmSync(join(directory, 'bot.db.lock'));
});

test('another program’s database replaces the bot’s only when that is asked for', async () => {
  const history = new DatabaseSync(join(directory, 'places.sqlite'), { timeout: 10_000 });
  history.exec('CREATE TABLE moz_places (id INTEGER PRIMARY KEY, url TEXT); CREATE TABLE users (id INTEGER)');
  history.close();
  const before = query('SELECT count(*) FROM anime');
  for (const args of [['--replace', '--yes'], ['--dry-run'], ['--only', 'users', '--yes']]) {
    const refused = await cli('restore', 'places.sqlite', ...args);
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(
        "places.sqlite is not the bot's database (its tables: moz_places, users): nothing was changed; --any-schema",
      ),
    });
  }
  expect(query('SELECT count(*) FROM anime')).toBe(before);
  const done = await cli('restore', 'places.sqlite', '--to', 'file:other.db', '--any-schema', '--json');
  expect(done.json()).toMatchObject({ ok: true });
});
