/** A change file or a backup that is damaged in the first bucket, and whole in the second copy. */
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { all, sql } from '../../src/db/database.ts';
import { openEmbeddedDatabase } from '../../src/db/file/embedded-database.ts';
import { migrate } from '../../src/db/migrate.ts';
import { type CliResult, runCli } from './spawn-cli.ts';

let directory: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'damaged-change-'));
  const db = await openEmbeddedDatabase(join(directory, 'bot.db'));
  await migrate(db, { now: () => new Date(), backup: async () => {} });
  db.close();
  await cli('changes', 'ship');
  await cli('full');
  for (const code of [1, 2, 3]) {
    await run(`INSERT INTO anime (code, title) VALUES (${code}, 'Bleach')`);
    expect(await cli('changes', 'ship')).toMatchObject({ code: 0 });
  }
  expect(await cli('copy')).toMatchObject({ code: 0 });
}, 120_000);
afterAll(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }));

const cli = (...args: readonly string[]): Promise<CliResult> =>
  runCli(directory, { DATABASE_URL: 'file:bot.db', BACKUP_DIR: 'first', COPY_DIR: 'second' }, ...args);

async function run(text: string): Promise<void> {
  const db = await openEmbeddedDatabase(join(directory, 'bot.db'));
  await db.write([sql(text)]);
  db.close();
}

/** Of three, by default the second. */
function changeFile(bucket: string, index = 1): string {
  const place = join(directory, bucket, 'changes');
  const [timeline = ''] = readdirSync(place);
  return join(place, timeline, readdirSync(join(place, timeline)).toSorted()[index] ?? '');
}

test('a restore that it refuses names the copy; changes and list --check see it; copy puts it back', async () => {
  const path = changeFile('first');
  const whole = readFileSync(path);
  truncateSync(path, 50);
  const refused = await cli('restore', '--at', '0m', '--to', 'file:to.db');
  expect(refused).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('npm run backup -- restore --at 0m --to file:to.db --from copy'),
  });
  const changes = await cli('changes');
  expect(changes.stdout).not.toMatch(/^Every change/);
  expect(changes.stdout).toContain('npm run backup -- copy');
  const NOT_ALIKE = /^Not safe: .*1 change file .* differ in length/;
  expect(await cli('list', '--check')).toMatchObject({ code: 3, stderr: expect.stringMatching(NOT_ALIKE) });
  expect((await cli('list')).stdout).toMatch(NOT_ALIKE);
  expect(await cli('verify', '--changes')).toMatchObject({ code: 1 });
  expect(await cli('restore', '--at', '0m', '--from', 'copy', '--to', 'file:to.db')).toMatchObject({
    code: 0,
  });
  const copied = await cli('copy');
  expect(copied.code, copied.stdout).toBe(0);
  expect(copied.stdout).toContain('put back from the second copy');
  expect(readFileSync(path)).toEqual(whole);
  expect(readFileSync(changeFile('second'))).toEqual(whole);
  expect((await cli('changes')).stdout).toMatch(/^Every change/);
  expect(await cli('list', '--check')).toMatchObject({ code: 0 });
}, 120_000);

test.each([2, 1])(
  'file %s of three is gone: changes, verify and list name the copy',
  async (index) => {
    const path = changeFile('first', index);
    const whole = readFileSync(path);
    rmSync(path);
    for (const asked of [['changes'], ['verify', '--changes'], ['list']]) {
      const { stdout } = await cli(...asked);
      expect(stdout, asked.join(' ')).toContain('npm run backup -- copy');
      expect(stdout, asked.join(' ')).not.toContain('npm run backup -- full');
    }
    expect(await cli('copy')).toMatchObject({ code: 0 });
    expect(readFileSync(path)).toEqual(whole);
    expect(await cli('list', '--check')).toMatchObject({ code: 0 });
  },
  120_000,
);

test('a backup: its name, latest and a moment name the copy', async () => {
  const [file = ''] = readdirSync(join(directory, 'first')).filter((name) => name.endsWith('.db.gz'));
  const name = /\d{8}_\d{6}/.exec(file)?.[0] ?? '';
  const paths = readdirSync(join(directory, 'first'))
    .filter((one) => one.includes(name) && one.endsWith('.gz'))
    .map((one) => join(directory, 'first', one));
  expect(paths).toHaveLength(2);
  const whole = paths.map((path) => readFileSync(path));
  for (const path of paths) truncateSync(path, 60);
  const to = ['--to', 'file:back.db'];
  for (const source of [name, 'latest']) {
    const { stdout, stderr } = await cli('restore', source, ...to);
    expect(`${stdout}${stderr}`).toMatch(
      new RegExp(`restore (${name}|latest) .*--from copy|from the second copy`),
    );
  }
  rmSync(join(directory, 'back.db'), { force: true });
  const moment = await cli('restore', '--at', '0m', ...to);
  expect(moment).toMatchObject({ code: 0, stderr: expect.stringContaining('from the second copy') });
  expect(await cli('copy')).toMatchObject({ code: 0 });
  for (const [i, path] of paths.entries()) expect(readFileSync(path)).toEqual(whole[i]);
}, 120_000);

test('no database, and the last changes in the copy alone: a restore names the copy', async () => {
  const place = join(directory, 'first', 'changes');
  const away = join(directory, 'away');
  const settings = { DATABASE_URL: 'file:lost.db', BACKUP_DIR: 'first' };
  const alone = (...args: readonly string[]): Promise<CliResult> =>
    runCli(directory, { ...settings, COPY_DIR: 'second' }, 'restore', '--at', '0m', ...args);
  expect(await alone('--dry-run')).toMatchObject({ code: 0, stderr: '' });
  renameSync(place, away);
  try {
    const refused = await alone('--replace');
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /second copy has it whole up to .*: npm run backup -- restore --at 0m --replace --from copy .*--from first/,
      ),
    });
    expect(existsSync(join(directory, 'lost.db'))).toBe(false);
    const listed = await runCli(directory, { ...settings, COPY_DIR: 'second' }, 'list');
    expect(listed.stdout).toMatch(/second copy has it whole up to .*restore --at 0m --from copy/);
    expect(await alone('--best-effort')).toMatchObject({ code: 1 });
    expect(await alone('--from', 'first')).toMatchObject({ code: 0 });
    rmSync(join(directory, 'lost.db'));
    const silent = {
      COPY_S3_ENDPOINT: 'http://127.0.0.1:1',
      COPY_S3_BUCKET: 'copy',
      COPY_S3_ACCESS_KEY_ID: 'key',
      COPY_S3_SECRET_ACCESS_KEY: 'secret',
    };
    const unread = await runCli(directory, { ...settings, ...silent }, 'restore', '--at', '0m');
    expect(unread.code, unread.stderr).toBe(0);
    expect(unread.stderr.match(/whether it reaches further is not known/g)).toHaveLength(1);
    rmSync(join(directory, 'lost.db'));
    const { code, stdout } = await alone('--from', 'copy');
    expect(code, stdout).toBe(0);
    const db = await openEmbeddedDatabase(join(directory, 'lost.db'));
    const [anime] = await db.read([all(sql('SELECT code FROM anime'), (row) => row)]);
    db.close();
    expect(anime).toHaveLength(3);
  } finally {
    renameSync(away, place);
  }
}, 120_000);

test('the first bucket is gone: list names what brings the changes, too', async () => {
  const settings = { DATABASE_URL: 'file:none.db', BACKUP_DIR: 'nothing', COPY_DIR: 'second' };
  const { stdout } = await runCli(directory, settings, 'list');
  expect(stdout).toMatch(/and the changes behind it: npm run backup -- restore --at \S+\+05:00 --from copy/);
}, 60_000);
