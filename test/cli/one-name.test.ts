/** The database under a second name: commands would miss what the bot's journal holds. */
import { spawnSync } from 'node:child_process';
import { existsSync, linkSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { sql } from '../../src/db/database.ts';
import { ownDatabase } from './own-database.ts';
import { runCli, runCliMounted } from './spawn-cli.ts';

const own = ownDatabase('one-name');
const COMMANDS: readonly (readonly string[])[] = [
  ['full', '--json'],
  ['list', '--check'],
  ['changes', 'ship'],
  ['export', '-o', 'catalogue.json'],
  ['restore', 'latest', '--replace', '--yes'],
  ['diff', 'latest'],
];
const ADDED = sql("INSERT INTO anime (code, title) VALUES (7, 'Newest')");
const MAY_MOUNT = spawnSync('unshare', ['-rm', 'true']).status === 0;

/** A second name in a directory of its own, and the settings of a command there. */
const other = (): { place: string; env: Record<string, string> } => {
  const place = join(own.directory, 'two', 'bot.db');
  mkdirSync(dirname(place));
  return { place, env: { DATABASE_URL: `file:${place}`, BACKUP_DIR: join(own.directory, 'bucket') } };
};

test.skipIf(!MAY_MOUNT)('every command refuses a file that is mounted by itself', async () => {
  await own.migrate();
  await own.full();
  const before = readdirSync(join(own.directory, 'bucket'));
  const { place, env } = other();
  writeFileSync(place, '');
  await own.open(async (db) => {
    await db.write([ADDED]);
    const file = join(own.directory, 'bot.db');
    const results = await Promise.all(
      COMMANDS.map((args) => runCliMounted(file, place, own.directory, env, ...args)),
    );
    for (const { code, stdout, stderr } of results) {
      expect(stdout + stderr).toContain(`${place} is mounted as a single file`);
      expect(code).toBe(1);
    }
  });
  expect(readdirSync(join(own.directory, 'bucket'))).toEqual(before);
  expect(readdirSync(dirname(place))).toEqual(['bot.db']);
});

test('every command refuses a hard link of a file that is in use; the name that is in use works', async () => {
  await own.migrate();
  const first = await own.full();
  const { place, env } = other();
  await own.open(async (db) => {
    linkSync(join(own.directory, 'bot.db'), place);
    await db.write([ADDED]);
    for (const args of COMMANDS.slice(0, 3)) {
      const { code, stdout, stderr } = await runCli(own.directory, env, ...args);
      expect(stdout + stderr).toMatch(
        /two\/bot\.db has a second name \(a hard link\), and is in use under it/,
      );
      expect(code).toBe(1);
    }
    expect(readdirSync(dirname(place))).toEqual(['bot.db']);
    expect(db.isLost()).toBe(false);
    expect(await own.full()).not.toBe(first);
  });
  // Nobody uses the other name now.
  expect(await runCli(own.directory, env, 'full')).toMatchObject({ code: 0 });
  expect(existsSync(`${place}-wal`)).toBe(false);
  expect(own.rows('SELECT title FROM anime')).toEqual([{ title: 'Newest' }]);
});
