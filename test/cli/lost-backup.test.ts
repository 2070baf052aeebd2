/** The newest backup is taken out of the bucket: every command that judges safety tells of it. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openEmbeddedDatabase } from '../../src/db/file/embedded-database.ts';
import { migrate } from '../../src/db/migrate.ts';
import { runCli } from './spawn-cli.ts';

test('list, list --check and the drill tell of a newest backup that is gone', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'lost-backup-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }));
  const db = await openEmbeddedDatabase(join(directory, 'bot.db'));
  await migrate(db, { now: () => new Date(0), backup: async () => {} });
  db.close();
  const cli = (...args: readonly string[]) =>
    runCli(directory, { DATABASE_URL: 'file:bot.db', BACKUP_DIR: 'bucket' }, ...args);
  const full = async (): Promise<string> => String((await cli('full', '--json')).json()['name']);
  const older = await full();
  const newest = await full();
  expect((await cli('list', '--check')).code).toBe(0);

  const bucket = join(directory, 'bucket');
  const files = readdirSync(bucket, { recursive: true, encoding: 'utf8' });
  for (const file of files.filter((name) => name.includes(newest))) rmSync(join(bucket, file));
  const checked = await cli('list', '--check');
  expect(checked.stderr).toContain(
    `Not safe: the newest backup, ${newest}, is lost: all its files are gone from the bucket, and this program did not remove it; the newest verified one, ${older}, is `,
  );
  expect(checked.code).toBe(3);
  expect((await cli('list', '--json')).json()).toMatchObject({
    ok: false,
    damaged: { name: newest, problem: 'all its files are gone from the bucket' },
  });
  expect((await cli('drill')).stdout).toContain(
    `drill FAILED: ${older}: the newest backup, ${newest}, is lost`,
  );
  expect((await cli('drill', older)).code).toBe(0);
  // Without the database nothing is known of it: that is said.
  rmSync(join(directory, 'bot.db'));
  expect((await cli('list')).stdout).toContain('Not compared with the database’s record of runs');
});
