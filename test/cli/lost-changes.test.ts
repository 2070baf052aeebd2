/** Change files that somebody took away: the database knows what it stored. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sql } from '../../src/db/database.ts';
import { openEmbeddedDatabase } from '../../src/db/file/embedded-database.ts';
import { migrate } from '../../src/db/migrate.ts';
import { type CliResult, runCli } from './spawn-cli.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'lost-changes-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }));

const cli = (...args: readonly string[]): Promise<CliResult> =>
  runCli(directory, { DATABASE_URL: 'file:bot.db', BACKUP_DIR: 'bucket' }, ...args);

async function run(text: string): Promise<void> {
  const db = await openEmbeddedDatabase(join(directory, 'bot.db'));
  await db.write([sql(text)]);
  db.close();
}

test('changes, list --check, verify --changes and restore --at 0m tell of it', async () => {
  const db = await openEmbeddedDatabase(join(directory, 'bot.db'));
  await migrate(db, { now: () => new Date(), backup: async () => {} });
  db.close();
  // The log begins, and asks for its first full backup.
  await cli('changes', 'ship');
  await cli('full');
  await run("INSERT INTO anime (code, title) VALUES (8, 'Bleach')");
  expect(await cli('changes', 'ship')).toMatchObject({ code: 0 });
  expect(await cli('changes')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Every change/) });
  expect(await cli('list', '--check')).toMatchObject({ code: 0 });
  expect(await cli('verify', '--changes')).toMatchObject({ code: 0 });
  await run('UPDATE change_state SET timeline = 7');
  const stood = /row that says where the change log stands was lost or altered/;
  expect((await cli('changes')).stdout).toMatch(stood);
  expect((await cli('changes', '--json')).json()).toMatchObject({ needs_backup: 'spoilt' });
  await cli('changes', 'ship');
  await cli('full');
  expect((await cli('changes')).stdout).toMatch(
    /^Every change(?:.|\n)*not from .*where the change log stood/,
  );
  await run("INSERT INTO anime (code, title) VALUES (9, 'Naruto')");
  expect(await cli('changes', 'ship')).toMatchObject({ code: 0 });
  rmSync(join(directory, 'bucket', 'changes'), { recursive: true });
  const said = /has stored its changes up to \d+, and the bucket leads up to \d+ only/;
  expect((await cli('changes')).stdout).not.toMatch(/^Every change/);
  expect(await cli('list', '--check')).toMatchObject({ code: 3, stderr: expect.stringMatching(said) });
  expect(await cli('verify', '--changes')).toMatchObject({ code: 1, stdout: expect.stringMatching(said) });
  expect(await cli('restore', '--at', '0m', '--dry-run')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(said),
  });
  const best = await cli('restore', '--at', '0m', '--best-effort', '--dry-run', '--json');
  expect(best.json()).toMatchObject({ ok: true, point: { short: expect.stringMatching(said) } });
}, 120_000);
