/** A bot with an archive that is banned, and the next one with its database. */
import { type Person, type Room, startTelegram } from '../../sim/telegram/start-telegram.ts';
import type { Telegram } from '../../sim/telegram/telegram.ts';
import { meetBot } from '../../src/db/bot-identity.ts';
import { all, type Statement, sql } from '../../src/db/database.ts';
import { indexAnime } from '../../src/db/search-index.ts';
import { archiveJob } from '../../src/jobs/archive-files.ts';
import { relinkJob } from '../../src/jobs/relink-files.ts';
import { searchText } from '../../src/text/search-text.ts';
import { sendAdminNotices } from '../support/admin-notices.ts';
import { ADMIN_ID, startTestBot, type TestBot } from '../support/bot.ts';

export const OLD = 'old_anime_bot';
export const NEW = 'new_anime_bot';

export interface Town {
  /** The bot of today. */
  bot: TestBot;
  telegram: Telegram;
  readonly old: Telegram;
  readonly channel: Room;
  /** An anime whose parts are videos of their own. */
  add(code: number, parts: number, options?: { photo?: boolean; views?: number }): Promise<void>;
  /** Until the archive has all. */
  archive(): Promise<void>;
  /** The ban: another bot with the same database. `joins`: it is in the archive channel at once. */
  move(options?: { joins?: boolean }): Promise<void>;
  /** A minute: the relinking and what is told. */
  minute(options?: { seconds?: number; requests?: number }): Promise<void>;
  /** The person as the bot of today knows them. */
  person(id: number): Person;
  numbers(query: string): Promise<number[]>;
  close(): Promise<void>;
}

/** @param limits Telegram's, which a test of pressing viewers has no time for */
export async function startTown({ limits = true } = {}): Promise<Town> {
  let bot: TestBot | undefined;
  const clock = (): Date => bot?.now() ?? new Date('2026-11-22T10:00:00Z');
  const old = await startTelegram({ clock, limits, botUsername: OLD });
  bot = await startTestBot({ telegram: old });
  const bots: TestBot[] = [bot];
  await meetBot(bot.db, old.botInfo, bot.now());
  const channel = old.channel({ title: 'Arxiv' });
  old.takeUpdates();
  await bot.db.write([
    sql(
      `INSERT INTO archive_channel (id, chat_id, name, added_by, added_at) VALUES (1, ?, 'Arxiv', 100, '2026-11-22')`,
      channel.id,
    ),
  ]);
  const town: Town = {
    bot,
    telegram: old,
    old,
    channel,
    async add(code, parts, { photo = false, views = 0 } = {}) {
      const uploader = town.telegram.people.find(({ id }) => id === 9) ?? town.telegram.person({ id: 9 });
      const files = await town.telegram.hold(async () => {
        const sent = [];
        for (let i = 0; i < parts; i += 1) sent.push((await uploader.send({ video: true })).file);
        return { sent, photo: photo ? (await uploader.send({ photo: true })).file : undefined };
      });
      town.telegram.takeUpdates();
      const statements: Statement[] = [
        sql(
          'INSERT INTO anime (code, title, views, photo_id, photo_unique_id) VALUES (?, ?, ?, ?, ?)',
          code,
          `Anime ${code}`,
          views,
          files.photo?.fileId ?? null,
          files.photo?.uniqueId ?? null,
        ),
        indexAnime({ code }, searchText({ title: `Anime ${code}`, description: null, aliases: null })),
        ...files.sent.map((file, i) =>
          sql(
            'INSERT INTO anime_parts (anime_code, part_number, file_id, file_unique_id) VALUES (?, ?, ?, ?)',
            code,
            i + 1,
            file?.fileId ?? '',
            file?.uniqueId ?? '',
          ),
        ),
      ];
      await town.bot.db.write(statements);
    },
    async archive() {
      await town.bot.db.write([sql('UPDATE archive_channel SET rest_until_ms = 0')]);
      for (;;) {
        await archiveJob.run(town.bot.jobContext({ seconds: 100 }));
        town.bot.advance(45_000);
        const [rest] = await town.numbers('SELECT rest_until_ms AS n FROM archive_channel');
        if (rest !== 0) return;
      }
    },
    async move({ joins = true } = {}) {
      old.ban();
      const { path } = town.bot;
      // Not while the archive is being filled.
      town.bot.advance(10 * 60_000);
      const at = town.bot.now();
      const telegram = await startTelegram({
        beside: old,
        token: '7000000002:AANewBotTokenForTestsAndDemosOnly1',
        botUsername: NEW,
        limits,
      });
      town.telegram = telegram;
      bot = await startTestBot({ telegram, path, now: at });
      bots.push(bot);
      town.bot = bot;
      await meetBot(bot.db, telegram.botInfo, bot.now());
      if (joins) await telegram.room(channel.id).promoteBot();
    },
    async minute(options) {
      const began = town.bot.now().getTime();
      await relinkJob.run(town.bot.jobContext({ seconds: 60, ...options }));
      await sendAdminNotices(town.bot);
      town.bot.advance(Math.max(0, 60_000 - (town.bot.now().getTime() - began)));
    },
    person: (id) => town.telegram.people.find((one) => one.id === id) ?? town.telegram.person({ id }),
    async numbers(query) {
      const [rows] = await town.bot.db.read([all(sql(query), (row) => row.int('n'))]);
      return rows;
    },
    async close() {
      for (const one of bots.reverse()) await one.close();
      await Promise.all([old.close(), town.telegram === old ? undefined : town.telegram.close()]);
    },
  };
  return town;
}

export const OWNER = ADMIN_ID;
