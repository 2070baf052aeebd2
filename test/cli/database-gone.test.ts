/** The database file is gone, and there are backups: the first line says so, with the way back. */
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { ownDatabase } from './own-database.ts';
import { runCli } from './spawn-cli.ts';

const own = ownDatabase('database-gone');
const { cli } = own;
const place = (name: string): string => join(own.directory, name);
const firstLine = async (): Promise<string> => (await cli('list')).stdout.split('\n')[0] ?? '';
const loseDatabase = (): void => {
  for (const end of ['', '-wal', '-shm']) rmSync(place(`bot.db${end}`), { force: true });
};

test('the first line of list names the command that brings most back, and it does', async () => {
  await own.migrate();
  await cli('changes', 'ship');
  await own.full();
  expect(await firstLine()).toMatch(/^Safe: /);
  own.run("INSERT INTO anime (code, title) VALUES (2, 'Two')");
  await cli('changes', 'ship');
  copyFileSync(place('bot.db'), place('bot.db.before-restore'));
  loseDatabase();

  const listed = await cli('list');
  const [line = ''] = listed.stdout.split('\n');
  expect(line).toMatch(/^Not safe: the database file \S*bot\.db is not there\./);
  expect(listed.stdout).not.toMatch(/^Safe: |start the bot once/m);
  const args = /npm run backup -- (restore --at \S+)$/.exec(line)?.[1]?.split(' ') ?? [];
  expect(args).toHaveLength(3);
  expect(await cli('list', '--check')).toMatchObject({ code: 3, stderr: expect.stringContaining(line) });
  expect((await cli('list', '--json')).json()).toMatchObject({
    ok: false,
    database_gone: expect.stringContaining(args.join(' ')),
  });
  expect(await cli(...args)).toMatchObject({ code: 0 });
  expect(own.rows('SELECT title FROM anime')).toEqual([{ title: 'Two' }]);
  expect(await firstLine()).not.toContain('is not there');
});

test('a rescued file that is newer than all that is stored comes first; an older one does not', async () => {
  await own.migrate();
  await own.full();
  const rescued = place('bot.db.rescued-20260615T020000Z');
  copyFileSync(place('bot.db'), rescued);
  loseDatabase();
  const later = new Date(Date.now() + 5_000);
  utimesSync(rescued, later, later);
  expect(await firstLine()).toMatch(/brings most back: mv \S+bot\.db\.rescued-20260615T020000Z \S+bot\.db$/);
  utimesSync(rescued, new Date(0), new Date(0));
  expect(await firstLine()).toMatch(/brings most back: npm run backup -- restore latest$/);
});

test('a file that lost its journal is empty: what was rescued comes first', async () => {
  await own.migrate();
  await own.full();
  copyFileSync(place('bot.db'), place('bot.db.rescued-20260615T020000Z'));
  loseDatabase();
  new DatabaseSync(place('bot.db')).exec('PRAGMA user_version = 0; VACUUM');
  const later = new Date(Date.now() + 5_000);
  utimesSync(place('bot.db.rescued-20260615T020000Z'), later, later);
  const { stdout } = await cli('list');
  expect(stdout.split('\n')[0]).toMatch(
    /bot\.db is empty\. What brings most back, with the bot stopped: mv \S+ \S+$/,
  );
  expect(stdout).not.toContain('restore latest');
});

test('an empty file stays as it is, and a refused backup of it makes no directory', async () => {
  writeFileSync(place('bot.db'), '');
  for (const args of [['full'], ['list'], ['changes', 'ship']]) await cli(...args);
  expect(await cli('full')).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('it has no tables'),
  });
  expect(readdirSync(own.directory)).toEqual(['bot.db']);
  expect(readFileSync(place('bot.db'))).toHaveLength(0);
  await own.migrate();
  expect(await cli('full')).toMatchObject({ code: 0 });
});

test('before the first start, with nothing kept, nothing is called gone', async () => {
  expect(await firstLine()).toMatch(/^Not safe: there is no backup in /);
});

test('beside a whole database, what a running bot rescued is named for a week, until the owner says enough', async () => {
  await own.migrate();
  await own.full();
  expect((await cli('list')).stdout).not.toContain('rescued');
  const rescued = place('bot.db.rescued-20260615T020000Z');
  copyFileSync(place('bot.db'), rescued);
  const line =
    /^Not safe: beside the database lies what a running bot rescued of it, .*: npm run backup -- restore \S+rescued-20260615T020000Z --replace$/m;
  expect((await cli('list')).stdout).toMatch(line);
  const reminded = { code: 3, stderr: expect.stringMatching(/^Not safe: beside the database lies /) };
  expect(await cli('list', '--check')).toMatchObject(reminded);
  utimesSync(rescued, new Date(0), new Date(0));
  expect(await cli('list', '--check')).toMatchObject({ code: 0, stderr: '' });
  const [now, later] = [new Date(), new Date(Date.now() + 60_000)];
  utimesSync(rescued, now, now);
  expect(await cli('list', '--check')).toMatchObject(reminded);
  const said = await cli('accept', 'database', '--yes');
  expect(said).toMatchObject({ code: 0, stdout: expect.stringContaining('what a running bot rescued') });
  expect(await cli('list', '--check')).toMatchObject({ code: 0, stderr: '' });
  expect((await cli('accept', 'database', '--json')).json()).toEqual({ ok: true, accepted: false });
  // Another loss is another matter.
  utimesSync(rescued, later, later);
  expect(await cli('list', '--check')).toMatchObject(reminded);
});

test('the restore of a rescued file ends the reminder of it, and of no later one', async () => {
  await own.migrate();
  const rescued = place('bot.db.rescued-20260615T020000Z');
  copyFileSync(place('bot.db'), rescued);
  await own.full();
  expect((await cli('list')).stdout).toContain('what a running bot rescued');
  expect(await cli('restore', rescued, '--replace', '--yes')).toMatchObject({ code: 0 });
  expect(await cli('list', '--check')).toMatchObject({ code: 0, stderr: '' });
  const later = new Date(Date.now() + 60_000);
  utimesSync(rescued, later, later);
  expect(await cli('list', '--check')).toMatchObject({ code: 3 });
});

test('a rescued file of a bot elsewhere makes no database here', async () => {
  await own.migrate();
  const rescued = place('bot.db.rescued-20260615T020000Z');
  copyFileSync(place('bot.db'), rescued);
  const here = join(own.directory, 'empty');
  mkdirSync(here);
  const restored = await runCli(here, {}, 'restore', rescued, '--replace', '--yes');
  expect(restored).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(`rescued of ${place('bot.db')}`),
  });
  expect(readdirSync(here)).toEqual([]);
  const named = await runCli(here, {}, 'restore', rescued, '--to', 'file:new.db');
  expect(named).toMatchObject({ code: 0 });
});
