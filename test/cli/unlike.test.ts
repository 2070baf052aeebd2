/** Backups that are not alike in the two buckets: `list` calls none damaged that is not. */
import { createHash } from 'node:crypto';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openEmbeddedDatabase } from '../../src/db/file/embedded-database.ts';
import { migrate } from '../../src/db/migrate.ts';
import { type CliResult, runCli } from './spawn-cli.ts';

let directory: string;
let newest: string;
const SETTINGS = { DATABASE_URL: 'file:bot.db', BACKUP_DIR: 'first', COPY_DIR: 'second' };
const cli = (...args: readonly string[]): Promise<CliResult> => runCli(directory, SETTINGS, ...args);
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'unlike-'));
  const db = await openEmbeddedDatabase(join(directory, 'bot.db'));
  await migrate(db, { now: () => new Date(0), backup: async () => {} });
  db.close();
  const done = await cli('full');
  expect(done.code, done.stderr).toBe(0);
  newest =
    readdirSync(join(directory, 'second'))
      .join(' ')
      .match(/anime_bot_(\d+_\d+)/)?.[1] ?? '';
});
afterAll(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }));

/** As `verify` takes it for whole: with the sum of its own text. */
function seal(text: string): string {
  const { sha256: _, ...rest } = JSON.parse(text);
  const body = JSON.stringify(rest, null, 2).slice(0, -2);
  return `${body},\n  "sha256": "${createHash('sha256').update(body).digest('hex')}"\n}\n`;
}

test.each([
  ['first', true, 'damaged or altered in the first'],
  ['second', true, 'altered in the second'],
  ['first', false, 'not alike'],
  ['second', false, 'not alike'],
])('rewritten as a whole in the %s bucket; a database that remembers: %s', async (bucket, isThere, said) => {
  const path = join(directory, bucket, `anime_backup_${newest}.manifest.json`);
  const before = readFileSync(path, 'utf8');
  writeFileSync(path, seal(before.replace(/"trigger": "\w+"/, '"trigger": "schedule"')));
  expect(readFileSync(path, 'utf8').length).not.toBe(before.length);
  if (!isThere) renameSync(join(directory, 'bot.db'), join(directory, 'away.db'));
  const listed = await cli('list');
  const check = await cli('list', '--check');
  const read = (): string[] =>
    ['first', 'second'].map((one) => readFileSync(path.replace(`/${bucket}/`, `/${one}/`), 'utf8'));
  const found = read();
  const copied = await cli('copy');
  // Nobody writes over what is whole by itself.
  expect(read()).toEqual(found);
  expect(copied.code).toBe(1);
  if (!isThere) renameSync(join(directory, 'away.db'), join(directory, 'bot.db'));
  writeFileSync(path, before);
  expect(listed.stdout).toMatch(new RegExp(`${newest}.*both, ${said}\\s*$`, 'm'));
  expect(listed.stdout).not.toContain('damaged there');
  expect(check.code).toBe(3);
});

test('cut in the first bucket: that one is damaged, and not its copy', async () => {
  const path = join(directory, 'first', `anime_bot_${newest}.db.gz`);
  const before = readFileSync(path);
  truncateSync(path, 500);
  const { stdout } = await cli('list');
  writeFileSync(path, before);
  expect(stdout).toMatch(new RegExp(`${newest}.*both, damaged or altered in the first`));
  expect(stdout).toContain(`1 (${newest}) damaged or altered in the first bucket, in`);
});
