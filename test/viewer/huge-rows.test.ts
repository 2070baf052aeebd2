/** Texts of any length may be in restored rows: screens and searches take their beginnings. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Person } from '../../sim/telegram/start-telegram.ts';
import { sql } from '../../src/db/database.ts';
import { Row } from '../../src/db/row.ts';
import { indexSearchJob } from '../../src/jobs/index-search.ts';
import { ADMIN_ID, type TestBot } from '../support/bot.ts';
import { addAnime, addChannel, buttons, press, start, values } from './support.ts';

/** 150,000 words: as arguments of one call they end the stack. */
const WORDS = 150_000;
const words = (count: number): string =>
  Array.from({ length: count }, (_, i) => `w${(i * 7919).toString(36)}`).join(' ');
const HUGE = `Naruto ${words(WORDS)}`;
/** The most that anything reads at once; an export holds all texts of an anime in one. */
const MOST_READ = 32_768;

let longest: { column: string; length: number };
beforeEach(() => {
  longest = { column: '', length: 0 };
  const read = Row.prototype.textOrNull;
  vi.spyOn(Row.prototype, 'textOrNull').mockImplementation(function (this: Row, column) {
    const text = read.call(this, column);
    if (text !== null && text.length > longest.length) longest = { column, length: text.length };
    return text;
  });
});
afterEach(() => vi.restoreAllMocks());

/** One anime, a chat and a channel, everything about them huge. */
async function withHugeRows(text = HUGE): Promise<TestBot> {
  const bot = await start();
  const channel = bot.telegram.channel({ title: 'Kanal', username: 'kanal_uz' });
  await addChannel(bot, channel, { username: 'kanal_uz' });
  await addAnime(bot, { code: 2, title: 'Bleach', parts: 1 });
  await addAnime(bot, { code: 1, title: 'Naruto', parts: 2, unindexed: true });
  await bot.db.write([
    sql('UPDATE anime SET title = ?1, aliases = ?1, genres = ?1, description = ?1 WHERE code = 1', text),
    sql("INSERT INTO anime (code, title, deleted_at) VALUES (9, ?1, '2026-11-21 10:00:00')", text),
    sql('UPDATE mandatory_channels SET name = ?1', text),
    sql("INSERT INTO groups (group_id, name, link) VALUES (-100500, ?1, 'https://t.me/guruh')", text),
    sql('INSERT INTO users (user_id, first_name, last_name, username) VALUES (555, ?1, ?1, ?1)', text),
    sql("INSERT INTO admins (user_id, added_at) VALUES (555, '2026-01-01 00:00:00')"),
  ]);
  return bot;
}

test('the index holds the beginning of a huge title, and it is found by it', {
  timeout: 60_000,
}, async () => {
  const bot = await withHugeRows();
  await bot.db.write([sql('DELETE FROM mandatory_channels')]);
  await indexSearchJob.run(bot.jobContext());
  const lengths = await values(
    bot,
    'SELECT max(length(title), length(names), length(about), length(sound)) AS v FROM anime_search',
  );
  expect(Math.max(...lengths.map(Number))).toBeLessThan(MOST_READ);
  expect(longest.length).toBeLessThanOrEqual(MOST_READ);
  const viewer = bot.telegram.person();
  for (const text of ['naruto', 'narutp', 'backup', 'bleech']) {
    bot.advance(5_000);
    await viewer.send(text);
  }
  expect(viewer.lastMessage().text).toContain('Bleach');
  expect(bot.log.filter(({ level }) => level === 'error')).toEqual([]);
});

test('an index that an older program made of it ends no search', { timeout: 120_000 }, async () => {
  const bot = await withHugeRows();
  await bot.db.write([
    sql('DELETE FROM mandatory_channels'),
    sql('DELETE FROM anime_stale'),
    sql(
      `INSERT INTO anime_search (anime_id, title, names, about, sound)
       SELECT id, ?1, ?2, '', '' FROM anime WHERE code = 1`,
      HUGE.toLowerCase(),
      `shisui\n${words(WORDS)}`,
    ),
  ]);
  const viewer = bot.telegram.person();
  const admin = bot.telegram.person({ id: ADMIN_ID });
  for (const text of ['narutp', 'bleach', 'naruto', 'shisuy']) {
    bot.advance(5_000);
    await viewer.send(text);
    await admin.send(`/edit ${text}`);
  }
  expect(viewer.lastMessage().text).toContain('Naruto');
  expect(longest.length).toBeLessThanOrEqual(MOST_READ);
  expect(await values(bot, 'SELECT error AS v FROM failed_updates')).toEqual([]);
});

/** Presses each button below the answer, and the first few below what that shows. */
async function walk(bot: TestBot, person: Person, text: string): Promise<void> {
  const ask = async (act: () => Promise<unknown>): Promise<string[]> => {
    bot.advance(5_000);
    // What the button did may have taken the next one away.
    await act().catch(() => undefined);
    return buttons(person.lastMessage());
  };
  for (const label of await ask(() => person.send(text))) {
    await ask(() => person.send(text));
    const inner = await ask(() => press(person, person.lastMessage(), label));
    for (const next of inner.slice(0, 4)) await ask(() => press(person, person.lastMessage(), next));
  }
}

test('screens read the beginning of a huge text only', { timeout: 120_000 }, async () => {
  const bot = await withHugeRows(`Naruto ${words(10_000)}`);
  await indexSearchJob.run(bot.jobContext());
  const viewer = bot.telegram.person();
  const admin = bot.telegram.person({ id: ADMIN_ID });
  // The gate names the channel.
  await viewer.send('1');
  await bot.db.write([sql('DELETE FROM mandatory_channels')]);
  bot.advance(600_000);
  for (const text of ['/start', '1', 'naruto', '3', '/top', '/new', '/history'])
    await walk(bot, viewer, text);
  for (const text of ['/edit 1', '/edit naruto', '/admin', '/user 555', '1']) await walk(bot, admin, text);
  expect(longest).toMatchObject({ length: expect.toSatisfy((length: number) => length <= MOST_READ) });
  expect(await values(bot, 'SELECT error AS v FROM failed_updates')).toEqual([]);
});
