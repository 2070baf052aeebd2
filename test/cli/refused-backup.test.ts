/** The real CLI with a whole backup that it must not restore: an older one is named. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { copyLive } from '../../src/backup/snapshot/copy-live.ts';
import { openEmbeddedSnapshotSource } from '../../src/backup/snapshot/embedded.ts';
import { SCHEMA_VERSION } from '../../src/db/migrate.ts';
import { createWorld } from '../support/backup-world.ts';
import { type CliResult, runCli } from './spawn-cli.ts';

let directory: string;
let good: string;
const cli = (...args: readonly string[]): Promise<CliResult> =>
  runCli(directory, { DATABASE_URL: 'file:bot.db', BACKUP_DIR: 'bucket' }, ...args);
const full = async (): Promise<string> => String((await cli('full', '--json')).json()['name']);

function change(script: string): void {
  const db = new DatabaseSync(join(directory, 'bot.db'), { timeout: 10_000 });
  db.exec(script);
  db.close();
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'refused-cli-'));
  const world = await createWorld();
  await copyLive(openEmbeddedSnapshotSource({ path: world.path }), join(directory, 'bot.db'));
  world.close();
  good = await full();
}, 60_000);
afterAll(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }));

test('of a newer program, or with SQL of others', { timeout: 100_000 }, async () => {
  change('CREATE TRIGGER spy AFTER INSERT ON users BEGIN DELETE FROM follows; END');
  const strange = await full();
  change(
    `DROP TRIGGER spy; INSERT INTO schema_migrations VALUES (${SCHEMA_VERSION + 1}, 'x', '2027-01-01 00:00:00')`,
  );
  await full();
  const newest = await full();

  // Nobody is safe with what only another program brings back.
  expect(await cli('list', '--check')).toMatchObject({
    code: 3,
    stderr: expect.stringMatching(new RegExp(`^Not safe: .*${newest}.*newer version.*update the program`)),
  });
  expect((await cli('verify', newest)).stdout).toMatch(/newer version/);
  const drilled = await cli('drill');
  expect(drilled).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/^drill FAILED: .*newer version/),
  });
  const newer = await cli('restore', 'latest', '--to', 'file:new.db', '--json');
  expect(newer.code).toBe(1);
  expect(newer.json()).toMatchObject({
    error: expect.stringMatching(new RegExp(`${newest} was made by a newer version.*\\n.*older.*${strange}`)),
    next: strange,
    retry: `npm run backup -- restore ${strange} --to file:new.db`,
  });
  const others = await cli('restore', strange, '--to', 'file:new.db');
  expect(others).toMatchObject({ code: 1, stderr: expect.stringContaining('--any-schema') });
  expect(others.stderr).toContain(
    `the next older verified backup is ${good}: npm run backup -- restore ${good}`,
  );
  expect((await cli('restore', good, '--to', 'file:new.db')).code).toBe(0);
});
