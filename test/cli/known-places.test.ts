/**
 * Disks of backups that are not mounted, at the command line: nothing is stored in their mount
 * points, everybody hears it with what to do, and a new place counts by one command.
 */
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MARK } from '../../src/backup/store/known-place.ts';
import { openEmbeddedDatabase } from '../../src/db/file/embedded-database.ts';
import { migrate } from '../../src/db/migrate.ts';
import { type CliResult, runCli } from './spawn-cli.ts';

let directory: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'known-places-'));
  const db = await openEmbeddedDatabase(join(directory, 'bot.db'));
  await migrate(db, { now: () => new Date(0), backup: async () => {} });
  db.close();
});
afterAll(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }));

const SETTINGS = { DATABASE_URL: 'file:bot.db', BACKUP_DIR: 'first', COPY_DIR: 'second' };
const cli = (...args: readonly string[]): Promise<CliResult> => runCli(directory, SETTINGS, ...args);
const at = (...path: readonly string[]): string => join(directory, ...path);
const files = (bucket: string): string[] => readdirSync(at(bucket)).toSorted();
function unmount(bucket: string): void {
  renameSync(at(bucket), at(`${bucket}.away`));
  mkdirSync(at(bucket));
}
function mount(bucket: string): void {
  rmSync(at(bucket), { recursive: true });
  renameSync(at(`${bucket}.away`), at(bucket));
}

const COPY_AWAY =
  /second is not the directory that the bot knows as COPY_DIR: its mark, \S+, is not there\. Mount its disk\. If the place is new on purpose: npm run backup -- accept copy/;

test('a second copy whose disk is away: backups are made, none lies beside the first, and it is told', async () => {
  expect((await cli('full')).code).toBe(0);
  expect(files('second')).toContain(MARK);
  unmount('second');
  const made = await cli('full');
  expect(made.code).toBe(0);
  expect(made.stdout + made.stderr).toMatch(COPY_AWAY);
  expect(files('second')).toEqual([]);
  const copied = await cli('copy');
  expect([copied.code, copied.stdout + copied.stderr]).toEqual([1, expect.stringMatching(COPY_AWAY)]);
  const listed = await cli('list');
  expect(listed.stdout).toMatch(/^Not safe: the second copy could not be read/);
  expect(listed.stdout.match(new RegExp(COPY_AWAY, 'g'))).toHaveLength(1);
  expect((await cli('list', '--check')).code).toBe(3);
  expect(files('second')).toEqual([]);
  mount('second');
  expect((await cli('copy')).code).toBe(0);
  expect(files('second').filter((file) => file !== MARK)).toEqual(
    files('first').filter((file) => file !== MARK),
  );
});

test('a first bucket whose disk is away: nothing looks lost, and the way to the copy is named', async () => {
  unmount('first');
  const listed = await cli('list');
  expect([listed.code, listed.stdout]).toEqual([1, '']);
  expect(listed.stderr).toMatch(
    /first is not the directory that the bot knows as BACKUP_DIR.*accept first\nThe second copy may answer: add --from copy/,
  );
  expect((await cli('full')).code).toBe(1);
  expect((await cli('prune', '--yes')).code).toBe(1);
  expect((await cli('list', '--from', 'copy')).code).toBe(0);
  expect(files('first')).toEqual([]);
  // The mount point is gone as well: a lost disk is no first start.
  rmSync(at('first'), { recursive: true });
  for (const command of [['prune', '--yes'], ['copy']])
    expect(await cli(...command), command[0]).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('first is not the directory that the bot knows as BACKUP_DIR'),
    });
  mkdirSync(at('first'));
});

test('a new disk in its place counts by a command that asks', async () => {
  const asked = await cli('accept', 'first');
  expect([asked.code, asked.stderr]).toEqual([2, expect.stringContaining('not confirmed')]);
  expect(files('first')).toEqual([]);
  const done = await cli('accept', 'first', '--yes');
  expect(done.code, done.stderr).toBe(0);
  expect(done.stdout).toMatch(/first: no backup is in it\n[\s\S]*first is the right one now/);
  expect((await cli('full')).code).toBe(0);
  const again = await cli('accept', 'first', '--json');
  expect(again.json()).toEqual({ ok: true, directory: at('first'), accepted: false });
  // The old disk is another one now.
  const fresh = files('first');
  rmSync(at('first'), { recursive: true });
  renameSync(at('first.away'), at('first'));
  expect((await cli('list')).stderr).toMatch(/it has the mark of another one/);
  expect(fresh.length).toBeGreaterThan(3);
  expect((await cli('accept', 'first', '--yes')).code).toBe(0);
  expect((await cli('list')).code).toBe(0);
});

test('a restore on another machine asks nobody: what is there is taken over', async () => {
  // It has the second copy, and places with the names of the old ones.
  mkdirSync(at('machine'));
  rmSync(at('first'), { recursive: true });
  const other = (...args: readonly string[]): Promise<CliResult> =>
    runCli(at('machine'), { ...SETTINGS, BACKUP_DIR: at('first'), COPY_DIR: at('second') }, ...args);
  const restored = await other('restore', 'latest');
  expect(restored.code, restored.stderr).toBe(0);
  const made = await other('full');
  expect(made.code, made.stderr).toBe(0);
  expect(files('first')).toContain(MARK);
});

test('what is no directory of the settings is refused', async () => {
  expect((await cli('accept')).code).toBe(2);
  expect((await cli('accept', 'both')).code).toBe(2);
  const lone = await runCli(directory, { ...SETTINGS, COPY_DIR: '' }, 'accept', 'copy');
  expect([lone.code, lone.stderr]).toEqual([2, expect.stringContaining('no second copy')]);
});
