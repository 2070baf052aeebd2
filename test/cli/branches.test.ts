/** Two databases of one origin store into one bucket: `list` names both, and each can be taken. */
import { cpSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ownDatabase } from './own-database.ts';
import { type CliResult, runCli } from './spawn-cli.ts';

const own = ownDatabase('branches');
const { run } = own;
const place = (name: string): string => join(own.directory, name);
const cliOf = (database: string, ...args: readonly string[]): Promise<CliResult> =>
  runCli(own.directory, { DATABASE_URL: `file:${database}`, BACKUP_DIR: 'bucket' }, ...args);

test('the line of list: both, the database’s own, and the option that takes each', async () => {
  await own.migrate();
  await own.cli('changes', 'ship');
  await own.full();
  cpSync(place('bot.db'), place('other.db'));
  const add = async (code: number): Promise<void> => {
    run(`INSERT INTO anime (code, title) VALUES (${code}, 'Bleach')`);
    await own.cli('changes', 'ship');
  };
  await add(1);
  // The other one finds its next name taken, and begins a history of its own.
  renameSync(place('bot.db'), place('first.db'));
  renameSync(place('other.db'), place('bot.db'));
  await add(2);
  await own.full();
  const swap = (): void => {
    renameSync(place('bot.db'), place('between.db'));
    renameSync(place('first.db'), place('bot.db'));
    renameSync(place('between.db'), place('first.db'));
  };
  swap();
  await add(3);
  swap();
  await add(4);
  swap();
  const { stdout } = await own.cli('list');
  const [, mine = ''] =
    /2 histories go on side by side: the database’s own is (\w{8}); for another, say which with restore --at … --timeline/.exec(
      stdout,
    ) ?? [];
  const ids = [
    ...stdout.matchAll(
      /^ {2}(\w{8}) \(\d+ anime in its last full backup, since [\d: -]+, last stored [\d: -]+\)$/gm,
    ),
  ].map(([, id = '']) => id);
  expect(ids).toHaveLength(2);
  expect(ids).toContain(mine);
  const branches = (await own.cli('list', '--json')).json()['branches'] as { timeline: string }[];
  expect(branches.map(({ timeline }) => timeline.slice(0, 8))).toEqual(ids);
  const none = (await cliOf('none.db', 'list')).stdout;
  expect(none).toContain('2 histories go on side by side: say which with');
  const codes: Record<string, unknown> = {};
  rmSync(place('bot.db'));
  // The command that is printed says which it means.
  const [, at = '', meant = ''] =
    /restore --at (\S+) --timeline (\w{8})/.exec((await own.cli('list')).stdout) ?? [];
  expect(ids).toContain(meant);
  const printed = await own.cli('restore', '--at', at, '--timeline', meant, '--dry-run');
  expect(printed.code, printed.stderr).toBe(0);
  for (const id of ids) {
    const done = await own.cli('restore', '--at', '0m', '--timeline', id);
    expect(done.code, done.stderr).toBe(0);
    codes[id] = own.rows('SELECT code FROM anime ORDER BY code').map((row) => Object.values(row)[0]);
    rmSync(place('bot.db'));
  }
  expect(codes[mine]).toEqual([1, 3]);
  expect(Object.values(codes)).toContainEqual([2, 4]);
}, 240_000);
