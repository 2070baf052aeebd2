/** What a second copy has is counted: what is damaged, or not encrypted while others are, stays. */
import { mkdtempSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openEmbeddedDatabase } from '../../src/db/file/embedded-database.ts';
import { migrate } from '../../src/db/migrate.ts';
import { runCli } from './spawn-cli.ts';

let directory: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'copy-plain-'));
  const db = await openEmbeddedDatabase(join(directory, 'bot.db'));
  await migrate(db, { now: () => new Date(0), backup: async () => {} });
  db.close();
});
afterAll(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }));

test('copy and list say how many are there, and which one stays', async () => {
  const plain = { DATABASE_URL: 'file:bot.db', BACKUP_DIR: 'bucket' };
  const sealed = { ...plain, COPY_DIR: 'second', BACKUP_PASSPHRASE: 'one long passphrase' };
  const { name } = (await runCli(directory, plain, 'full', '--json')).json();
  await runCli(directory, sealed, 'full');
  const stays = `; ${name} is not encrypted and stays in the first bucket while a key is set`;
  const copied = await runCli(directory, sealed, 'copy');
  expect(copied.code, copied.stderr).toBe(0);
  expect(copied.stdout).toContain(`has 1 of 2 backups of the first bucket, none cut short; `);
  expect(copied.stdout).toContain(`${stays}.`);
  const list = await runCli(directory, sealed, 'list');
  expect(list.stdout).toContain(`Second copy: has 1 of 2, none cut short${stays}`);
  // Nobody is woken for it.
  expect((await runCli(directory, sealed, 'list', '--check')).stderr).not.toContain('Second copy');
  for (const command of ['copy', 'list'])
    expect((await runCli(directory, sealed, command)).stdout).not.toContain('every backup');
}, 120_000);

test('copy and list count a damaged one, and name it', async () => {
  const first = { DATABASE_URL: 'file:bot.db', BACKUP_DIR: 'damaged' };
  const { name } = (await runCli(directory, first, 'full', '--json')).json();
  truncateSync(join(directory, 'damaged', `anime_bot_${String(name)}.db.gz`), 500);
  expect((await runCli(directory, first, 'verify', 'latest')).code).toBe(1);
  const both = { ...first, COPY_DIR: 'third' };
  await runCli(directory, both, 'copy');
  await runCli(directory, both, 'full');
  const left = `; ${name} is damaged, and not whole in the second copy either`;
  const copied = await runCli(directory, both, 'copy');
  expect(copied.stdout).toContain('has 1 of 2 backups of the first bucket, none cut short; ');
  expect(copied.stdout).toContain(`${left}.`);
  expect((await runCli(directory, both, 'list')).stdout).toContain(`has 1 of 2, none cut short${left}`);
}, 120_000);
