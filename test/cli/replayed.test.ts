/** An attacker with the bucket's key: what the commands say of an old backup under a new name. */

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sql } from '../../src/db/database.ts';
import { openEmbeddedDatabase } from '../../src/db/file/embedded-database.ts';
import { migrate } from '../../src/db/migrate.ts';
import { manifestIn, replayed } from '../support/replay-backup.ts';
import { runCli } from './spawn-cli.ts';

const SETTINGS = {
  DATABASE_URL: 'file:bot.db',
  BACKUP_DIR: 'bucket',
  BACKUP_PASSPHRASE: 'long pass phrase 1',
};
let directory: string;
let bucket: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'replayed-'));
  bucket = join(directory, 'bucket');
});
afterAll(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }));

const cli = (...args: readonly string[]) => runCli(directory, SETTINGS, ...args);
const names = (): string[] =>
  readdirSync(bucket)
    .flatMap((file) => /^anime_backup_(\d{8}_\d{6})\.manifest\.json$/.exec(file)?.[1] ?? [])
    .sort();

test('replayed, with the true newest one removed: nothing calls it safe, and nothing brings it as the newest', async () => {
  const db = await openEmbeddedDatabase(join(directory, 'bot.db'));
  await migrate(db, { now: () => new Date(0), backup: async () => {} });
  await db.write([sql("INSERT INTO anime (code, title) VALUES (1, 'One'), (2, 'Two')")]);
  await db.closeWhole();
  expect((await cli('full')).code).toBe(0);
  expect((await cli('full')).code).toBe(0);
  const [old = '', newest = ''] = names();
  const { changes } = manifestIn(bucket, newest);
  // Its second is that of no other.
  await sleep(2_500);
  const name = replayed(bucket, old, new Date(Date.now() - 1000), () => ({ changes }));
  const listed = await cli('list');
  expect(listed.stdout).toMatch(`Not safe: the newest backup, ${name}, is damaged`);
  expect(listed.stdout).toContain(`${name} is damaged: this is not the backup that its name says`);
  const named = await cli('restore', name, '--to', 'file:named.db');
  expect(named).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('not the backup that its name says'),
  });
  // The verdict that the restore kept is another matter.
  rmSync(join(bucket, `anime_backup_${name}.bad.json`));
  for (const file of readdirSync(bucket)) if (file.includes(newest)) rmSync(join(bucket, file));
  expect((await cli('list', '--check')).code).toBe(3);
  expect((await cli('verify', 'latest')).code).toBe(1);
  expect((await cli('drill')).code).toBe(1);
  const restored = await cli('restore', 'latest', '--to', 'file:new.db');
  expect(restored.code).toBe(0);
  expect(`${restored.stdout}${restored.stderr}`).toMatch(
    new RegExp(`${name} is newer and damaged: .*this is not the backup`),
  );
  expect(readdirSync(directory)).not.toContain('named.db');
});
