/** "Undo the last ten minutes" of operations.md, word by word: one bot, one bucket, one history. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ownDatabase } from './own-database.ts';
import { runCliInterrupted } from './spawn-cli.ts';

const own = ownDatabase('undo');

/** Every moment that a person may ask for, whatever was done before. */
async function askAll(good: string): Promise<void> {
  const list = await own.cli('list');
  expect(list.stdout).toContain('a restore replaced the rows');
  expect(list.stdout).not.toMatch(/histories|--timeline/);
  const { branches } = (await own.cli('list', '--json')).json();
  expect(branches).toHaveLength(1);
  for (const args of [
    ['restore', '--at', '0m', '--dry-run'],
    ['restore', '--at', good, '--dry-run'],
    ['download', '--at', '0m', '-o', join(own.directory, 'now'), '--yes'],
    ['download', '--at', good, '-o', join(own.directory, 'then'), '--yes'],
    ['export', '--at', '0m', '-o', 'now.json', '--yes'],
    ['diff', '--at', good, '--to', '0m', '--json'],
  ]) {
    const done = await own.cli(...args);
    expect(`${done.stdout}${done.stderr}`, args.join(' ')).not.toMatch(/histories|--timeline/);
    expect(done.code, `${args.join(' ')}: ${done.stderr}`).toBe(0);
  }
}

test('the plain recipe leaves no second history, and nobody is asked for --timeline', async () => {
  await own.migrate();
  // The log begins, and asks for its first full backup.
  await own.cli('changes', 'ship');
  await own.full();
  own.run("INSERT INTO anime (code, title) VALUES (8, 'Bleach')");
  await own.cli('changes', 'ship');
  const good = new Date().toISOString();
  own.run("UPDATE anime SET title = 'broken'");
  await own.cli('changes', 'ship');
  const undo = async (): Promise<void> => {
    const undone = await own.cli('restore', '--at', good, '--replace', '--yes');
    expect(undone.code, undone.stderr).toBe(0);
    await own.full();
    await askAll(good);
  };
  await undo();
  // Once more, to before the first one: what that one began is left, too.
  own.run("UPDATE anime SET title = 'broken again'");
  await own.cli('changes', 'ship');
  await undo();
}, 240_000);

test('what waits in the database is stored before it is replaced: --at 0m goes on, also after a killed one', async () => {
  await own.migrate();
  await own.cli('changes', 'ship');
  await own.full();
  own.run("INSERT INTO anime (code, title) VALUES (2, 'Waiting')");
  const dry = await own.cli('restore', '--at', '0m', '--dry-run');
  expect(dry.stderr).toContain('in no file yet: npm run backup -- changes ship');
  const again = ['restore', '--at', '0m', '--replace', '--yes'];
  const settings = { DATABASE_URL: 'file:bot.db', BACKUP_DIR: 'bucket' };
  const killed = await runCliInterrupted(
    own.directory,
    settings,
    { signal: 'SIGKILL', at: /\.restoring/ },
    ...again,
  );
  expect(killed.code).toBeNull();
  own.run("UPDATE anime SET title = 'Later' WHERE code = 2");
  const { code, stdout } = await own.cli(...again);
  expect([code, stdout]).toEqual([0, expect.stringContaining('stored first: 1 change that waited')]);
  expect(own.rows('SELECT title FROM anime')).toEqual([{ title: 'Later' }]);
});
