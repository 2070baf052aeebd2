/** docs/operations.md: "The bot was banned" and "The token leaked", walked with two bots. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createApi } from '../../src/bot/telegram.ts';
import { meetBot } from '../../src/db/bot-identity.ts';
import { runCli } from '../cli/spawn-cli.ts';
import { sendAdminNotices } from '../support/admin-notices.ts';
import { NEW, OWNER, startTown, type Town } from './support.ts';

const page = readFileSync(fileURLToPath(new URL('../../docs/operations.md', import.meta.url)), 'utf8');
const section = (heading: string): string =>
  page.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? '';

let town: Town;
let home: string;
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'pages-'));
  town = await startTown({ limits: false });
});
afterEach(async () => {
  await town.close();
  rmSync(home, { recursive: true, force: true, maxRetries: 10 });
});

test('the bot was banned', { timeout: 60_000 }, async () => {
  await town.add(12, 2);
  await town.archive();
  town.telegram.person({ id: OWNER });
  // 1 and 2: another token, the same database; whoever starts the new bot is told.
  await town.move({ joins: false });
  const owner = town.person(OWNER);
  await owner.start();
  await sendAdminNotices(town.bot);
  expect(owner.lastMessage().text).toContain(`@${NEW}`);
  // 3: an administrator of the channel; a video opens as a copy.
  await town.telegram.room(town.channel.id).promoteBot();
  await owner.send('12 1');
  expect(owner.lastMessage()).toMatchObject({ kind: 'video' });
  // 4, at a terminal, as written.
  const commands = [...section('The bot was banned').matchAll(/^npm run backup -- (.+)$/gm)].map(
    ([, words = '']) => words.split(' '),
  );
  const env = {
    DATABASE_URL: `file:${town.bot.path}`,
    BACKUP_DIR: join(home, 'backups'),
    BOT_TOKEN: town.telegram.token,
    TELEGRAM_API_ROOT: town.telegram.apiRoot,
    ADMIN_IDS: String(OWNER),
  };
  const said: string[] = [];
  for (const words of commands) {
    const ran = await runCli(home, env, ...words);
    expect({ words, ...ran }).toMatchObject({ code: 0 });
    said.push(ran.stdout);
  }
  expect(said.join('\n')).toMatch(/0 linked, 2 left.*no file is without a copy/s);
  town.telegram.forgetCalls();
  await owner.send('12 1');
  expect(town.telegram.calls.map(({ method }) => method)).toEqual(['sendVideo']);
  // 6: the announcement.
  await owner.send('/archive');
  await owner.press(owner.lastMessage(), '📣 E’lon matni');
  expect(owner.lastMessage().text).toContain(`https://t.me/${NEW}`);
});

test('the token leaked: the same bot by another token, and nothing moves', async () => {
  expect(section('The token leaked')).toContain('/revoke');
  await town.add(12, 1);
  const old = town.telegram.token;
  const token = town.telegram.renewToken();
  const api = (one: string) => createApi({ token: one, apiRoot: town.telegram.apiRoot });
  await expect(api(old).getMe()).rejects.toThrow('401');
  expect(await meetBot(town.bot.db, await api(token).getMe(), town.bot.now())).toBeUndefined();
  expect(await town.numbers('SELECT COUNT(*) AS n FROM foreign_files')).toEqual([0]);
});
