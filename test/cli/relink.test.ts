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

const relink = (...args: string[]) =>
  runCli(
    home,
    {
      DATABASE_URL: `file:${town.bot.path}`,
      BACKUP_DIR: join(home, 'backups'),
      BOT_TOKEN: town.telegram.token,
      TELEGRAM_API_ROOT: town.telegram.apiRoot,
      ADMIN_IDS: '100',
    },
    'relink',
    ...args,
  );

test('status before and after, missing files by title, and the whole move by `run`', async () => {
  await town.add(12, 2, { photo: true });
  await town.archive();
  await town.add(13, 1);
  expect((await relink()).stdout).toContain('the database belongs to @old_anime_bot');
  await town.move();

  expect((await relink('status')).stdout).toContain(
    'moving from @old_anime_bot: 0 linked, 3 left, about 1 min',
  );
  expect((await relink('missing')).stdout).toContain('13 Anime 13: part 1');
  const ran = await relink('run');
  expect(ran).toMatchObject({ code: 0 });
  expect(ran.stdout).toContain('0 of 3 files linked');
  expect(ran.stdout).toContain('1 files have no copy');
  expect(JSON.parse((await relink('status', '--json')).stdout)).toMatchObject({
    ok: true,
    bot: { username: 'new_anime_bot' },
    moving: null,
    missing: 1,
  });
});

test('missing: nobody is told that all is well where no archive has the files', async () => {
  await town.add(12, 2);
  const waiting = await relink('missing');
  expect(waiting.stdout).toMatch(/^2 of 2 files are not in the archive channel yet/);
  await town.archive();
  expect((await relink('missing')).stdout).toBe('no file is without a copy\n');
  await town.bot.db.write([sql('DELETE FROM archive_channel'), sql('DELETE FROM archive')]);
  expect((await relink('missing')).stdout).toMatch(
    /^no archive channel: none of 2 files has a copy .*\/archive$/m,
  );
  expect((await relink('missing', '--json')).json()).toMatchObject({ missing: [], not_in_archive: 2 });
});

test('a word that is none of its own, and a run without a token', async () => {
  expect(await relink('all')).toMatchObject({ code: 2 });
  expect((await relink('all')).stderr).toContain('status, run, missing');
});
