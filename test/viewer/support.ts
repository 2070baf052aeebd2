/** The bot with a catalogue, and people who use it. */
import { afterEach } from 'vitest';
import type { Person, Room, SeenMessage } from '../../sim/telegram/start-telegram.ts';
import { ALLOWED_UPDATES } from '../../src/bot/telegram.ts';
import { all, sql } from '../../src/db/database.ts';
import { indexAnime } from '../../src/db/search-index.ts';
import { searchText } from '../../src/text/search-text.ts';
import { startTestBot, type TestBot, type TestBotOptions } from '../support/bot.ts';

const running: TestBot[] = [];
afterEach(async () => {
  for (const bot of running.splice(0)) await bot.close();
});

export async function start(options?: TestBotOptions): Promise<TestBot> {
  const bot = await startTestBot(options);
  running.push(bot);
  // Telegram remembers what a webhook asked for; chat_member comes only when asked for. Updates
  // still go to the test's own handler.
  await bot.services.api.setWebhook(bot.telegram.apiRoot, { allowed_updates: ALLOWED_UPDATES });
  await bot.services.api.deleteWebhook();
  bot.telegram.forgetCalls();
  return bot;
}

/** A file Telegram holds, as this bot knows it. */
export async function fileId(
  bot: TestBot,
  kind: 'photo' | 'video' | 'document' | 'animation',
): Promise<string> {
  const uploader = bot.telegram.people[0] ?? bot.telegram.person({ firstName: 'Uploader' });
  const sent = await bot.telegram.hold(() =>
    kind === 'photo'
      ? uploader.send({ photo: true })
      : kind === 'video'
        ? uploader.send({ video: true })
        : kind === 'document'
          ? uploader.send({ document: 'part.mkv' })
          : uploader.send({ animation: true }),
  );
  bot.telegram.takeUpdates();
  if (sent.file === undefined) throw new Error(`no ${kind} was sent`);
  return sent.file.fileId;
}

export interface Anime {
  readonly code: number;
  readonly title?: string | null;
  readonly description?: string;
  readonly aliases?: string;
  readonly photo?: boolean;
  /** How many parts, all with one file, or their numbers. */
  readonly parts?: number | readonly number[];
  readonly kind?: 'video' | 'document' | 'animation';
  /** Left out: indexed as the admin's bot does it. */
  readonly unindexed?: true;
}

/** Adds an anime as the admin's bot would; gives its id. */
export async function addAnime(bot: TestBot, anime: Anime): Promise<number> {
  const title = anime.title === undefined ? `Anime ${anime.code}` : anime.title;
  const { description = null, aliases = null, kind = 'video', parts = 0 } = anime;
  const photo = anime.photo === true ? await fileId(bot, 'photo') : null;
  const numbers = typeof parts === 'number' ? Array.from({ length: parts }, (_, i) => i + 1) : parts;
  const file = numbers.length > 0 ? await fileId(bot, kind) : '';
  const [added] = await bot.db.write([
    sql(
      'INSERT INTO anime (code, title, description, aliases, photo_id) VALUES (?, ?, ?, ?, ?) RETURNING id',
      anime.code,
      title,
      description,
      aliases,
      photo,
    ),
    ...(anime.unindexed
      ? []
      : [indexAnime({ code: anime.code }, searchText({ title, description, aliases }))]),
    ...numbers.map((number) =>
      sql(
        'INSERT INTO anime_parts (anime_code, part_number, file_id, kind) VALUES (?, ?, ?, ?)',
        anime.code,
        number,
        file,
        kind,
      ),
    ),
  ]);
  return added?.rows[0]?.int('id') ?? 0;
}

/** Values of column `v`. */
export async function values(bot: TestBot, text: string): Promise<string[]> {
  const [found] = await bot.db.read([all(sql(text), (row) => row.textOrNull('v') ?? 'NULL')]);
  return found;
}

interface Mandatory {
  readonly username?: string;
  readonly link?: string;
  readonly inviteLink?: string;
  readonly chat?: string;
}

export async function addChannel(bot: TestBot, room: Room, given: Mandatory = {}): Promise<void> {
  await bot.db.write([
    sql(
      'INSERT INTO mandatory_channels (channel_id, name, username, link, invite_link) VALUES (?, ?, ?, ?, ?)',
      given.chat ?? String(room.id),
      room.title,
      given.username ?? null,
      given.link ?? null,
      given.inviteLink ?? null,
    ),
  ]);
}

/** Two channels and an anime with parts. */
export async function guarded() {
  const bot = await start();
  const news = bot.telegram.channel({ title: 'Yangiliklar', username: 'news_uz' });
  const club = bot.telegram.channel({ title: 'Klub <1>', username: 'club_uz' });
  await addChannel(bot, news, { username: 'news_uz' });
  await addChannel(bot, club, { username: 'club_uz' });
  await addAnime(bot, { code: 12, title: 'Naruto', parts: 12 });
  return { bot, news, club, viewer: bot.telegram.person() };
}

export function buttons(message: SeenMessage): string[] {
  return message.keyboard.flat().map(({ text }) => text);
}

/** The whole text of the first button that holds `part`: no other is pressed by mistake. */
export function buttonWith(message: SeenMessage, part: string): string {
  const found = buttons(message).find((text) => text.includes(part));
  if (found === undefined) throw new Error(`no button with ${part} among ${buttons(message).join(' | ')}`);
  return found;
}

/** Presses, and gives what the person sees then: the bot's newest message, or the edited one. */
export async function press(person: Person, message: SeenMessage, part: string): Promise<SeenMessage> {
  await person.press(message, buttonWith(message, part));
  const newest = person.lastMessage();
  return newest.id > message.id ? newest : person.look(message);
}

/** Runs a job as the tick does. */
export async function run(
  bot: TestBot,
  job: { run(context: ReturnType<TestBot['jobContext']>): Promise<void> },
  options?: { seconds?: number; requests?: number },
): Promise<void> {
  await job.run(bot.jobContext(options));
}
