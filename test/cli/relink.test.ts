/** `relink`: the move to another bot at the terminal. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sql } from '../../src/db/database.ts';
import { startTown, type Town } from '../moving/support.ts';
import { runCli } from './spawn-cli.ts';

let town: Town;
let home: string;
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'relink-'));
  town = await startTown({ limits: false });
});
afterEach(async () => {
  await town.close();
  rmSync(home, { recursive: true, force: true, maxRetries: 10 });
});

const settings = (): Record<string, string> => ({
  DATABASE_URL: `file:${town.bot.path}`,
  BACKUP_DIR: join(home, 'backups'),
  BOT_TOKEN: town.telegram.token,
  TELEGRAM_API_ROOT: town.telegram.apiRoot,
  ADMIN_IDS: '100',
});
const relink = (...args: string[]) => runCli(home, settings(), 'relink', ...args);

test('before a ban: what would go with the bot, by title, and what to do', async () => {
  await town.add(12, 2, { photo: true });
  await town.archive();
  await town.add(13, 1, { photo: true });
  const half = await relink('missing');
  expect(half).toMatchObject({ code: 0 });
  expect(half.stdout).toBe(
    `13 Anime 13: part 1\n13 Anime 13: picture\n2 of 5 files without a copy\nthe bot still copies 2 of them, about 1 min\n`,
  );
  await town.archive();
  expect((await relink('missing')).stdout).toBe('no file is without a copy\n');
  await town.bot.db.write([sql('DELETE FROM archive'), sql('DELETE FROM archive_channel')]);
  const none = await relink('missing');
  expect(none.stdout).toContain(
    '5 of 5 files without a copy\nno archive channel: choose one in the bot, /archive',
  );
  expect((await relink('status', '--json')).json()).toMatchObject({ files: 5, archived: 0, missing: 5 });
});

test('status before and after, missing files by title and kind, and the whole move by `run`', async () => {
  await town.add(12, 2, { photo: true });
  await town.archive();
  await town.add(13, 0, { photo: true });
  expect((await relink()).stdout).toContain('the database belongs to @old_anime_bot');
  await town.move();

  expect((await relink('status')).stdout).toContain(
    'moving from @old_anime_bot: 0 linked, 3 left, about 1 min',
  );
  expect((await relink('missing')).stdout).toBe(
    '13 Anime 13: picture\n1 of 4 files without a copy\nwhoever has such a picture forwards it to the bot, as an admin: it is in its place at once\n',
  );
  const ran = await relink('run');
  expect(ran).toMatchObject({ code: 0, stderr: '' });
  expect(ran.stdout).toContain('0 of 3 files linked, about 1 min left');
  expect(ran.stdout).toContain('1 file without a copy');
  expect((await relink('status', '--json')).json()).toMatchObject({
    ok: true,
    bot: { username: 'new_anime_bot' },
    moving: null,
    missing: 1,
  });
});

test('`run` where nothing can come of it: one sentence with what to do, and exit code 1', async () => {
  await town.add(12, 2);
  await town.archive();
  await town.move({ joins: false });
  const closed = await relink('run');
  expect(closed).toMatchObject({
    code: 1,
    stderr: `error: the bot cannot work in the archive channel Arxiv (${town.channel.id}): chat not found. Make @new_anime_bot an admin of that channel, with the rights to post and to delete messages; then run this again: it goes on where it is\n`,
  });
  await town.bot.db.write([sql('DELETE FROM archive'), sql('DELETE FROM archive_channel')]);
  const without = await relink('run');
  expect(without).toMatchObject({ code: 1 });
  expect(without.stderr).toContain('no file has a copy in an archive channel, so there is nothing to link');
  expect(without.stdout).not.toContain('0 of 0');
  town.telegram.ban();
  const banned = await relink('run');
  expect(banned).toMatchObject({ code: 1 });
  expect(banned.stderr).toMatch(/^error: Telegram does not know this BOT_TOKEN.*make another bot there/);
});

test('a word that is none of its own, and a run without a token', async () => {
  const strange = await relink('all');
  expect(strange).toMatchObject({ code: 2 });
  expect(strange.stderr).toContain('status, run, missing');
  const { BOT_TOKEN: _, ...without } = settings();
  const ran = await runCli(home, without, 'relink', 'run');
  expect(ran).toMatchObject({ code: 2 });
  expect(ran.stderr).toContain('BOT_TOKEN: missing; it says which bot the files are to belong to');
});
