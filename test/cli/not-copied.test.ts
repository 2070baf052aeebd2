/** What lies in the first bucket and is no whole backup: the second copy does not lack it. */
import { copyFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ownDatabase } from './own-database.ts';
import { type CliResult, runCli } from './spawn-cli.ts';

const own = ownDatabase('not-copied');
const SETTINGS = { DATABASE_URL: 'file:bot.db', BACKUP_DIR: 'first', COPY_DIR: 'second' };
const cli = (...args: readonly string[]): Promise<CliResult> => runCli(own.directory, SETTINGS, ...args);
const FUTURE = '20381231_101010';

test('what nobody can read in the first bucket the copy does not lack, and no command ends in a circle', async () => {
  await own.migrate();
  const newest = String((await cli('full', '--json')).json()['name']);
  const place = join(own.directory, 'first');
  for (const file of readdirSync(place).filter((name) => name.includes(newest)))
    copyFileSync(join(place, file), join(place, file.replace(newest, FUTURE)));
  const before = await cli('list');
  expect(before.stdout).toMatch(/^Not safe: .* cannot be read: .* Make a new one: npm run backup -- full\n/);
  expect(await cli('full')).toMatchObject({ code: 0 });
  const [safe = '', second = ''] = (await cli('list')).stdout.split('\n');
  expect(safe).toMatch(/^Safe: /);
  expect(second).toMatch(
    new RegExp(`^Second copy: has \\d of \\d, none cut short; 1 \\(${FUTURE}\\) cannot be read in the first`),
  );
  expect(second).not.toMatch(/lacks|backup -- copy/);
  expect(await cli('list', '--check')).toMatchObject({ code: 0 });
  const copied = await cli('copy');
  expect(copied).toMatchObject({
    code: 1,
    stdout: expect.stringContaining(`The second copy has every whole backup; but ${FUTURE} is not whole in`),
  });
});
