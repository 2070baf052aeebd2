/** A viewer's action: at most one read batch, one write batch, two calls; channels cached. */

import { describe, expect, test } from 'vitest';
import type { Person, SeenMessage } from '../../sim/telegram/start-telegram.ts';
import { sql } from '../../src/db/database.ts';
import { viewerCommands } from '../../src/handlers/commands-menu.ts';
import { textsFor } from '../../src/locales/index.ts';
import type { TestBot } from '../support/bot.ts';
import { addAnime, buttonWith, press, start } from './support.ts';

async function world(): Promise<{ bot: TestBot; viewer: Person }> {
  const bot = await start();
  for (const username of ['kanal_a', 'kanal_b']) {
    const channel = bot.telegram.channel({ username });
    await bot.db.write([
      sql(
        'INSERT INTO mandatory_channels (channel_id, name, username) VALUES (?, ?, ?)',
        String(channel.id),
        username,
        username,
      ),
    ]);
  }
  await addAnime(bot, {
    code: 12,
    title: 'Naruto',
    photo: true,
    description: 'uzun '.repeat(600),
    parts: 25,
  });
  await addAnime(bot, { code: 13, title: 'Bleach', parts: 3 });
  for (let i = 0; i < 25; i++) await addAnime(bot, { code: 100 + i, title: `Naruto ${i}` });
  const viewer = bot.telegram.person();
  for (const room of bot.telegram.rooms) await room.join(viewer);
  await viewer.start('12_2');
  await viewer.start('13_1');
  await viewer.send('12');
  await press(viewer, viewer.lastMessage(), 'Sevimlilarga');
  await press(viewer, viewer.lastMessage(), 'Kuzatish');
  return { bot, viewer };
}

const TYPED = [
  '/start',
  '/start 12',
  '/start 12_5',
  '/start 999',
  '/start instagram',
  ...viewerCommands(textsFor('uz')).map(({ command }) => `/${command}`),
  '/unknown',
  '12',
  '12 5',
  '12-99',
  '999',
  '0',
  'naruto',
  'нарутo',
  'sherigeki',
  '🔥',
];

/** What to send first, and the buttons to press one after another. */
const PRESSED: readonly (readonly [string, ...string[]])[] = [
  [
    '12',
    'Davomi',
    'O‘ng',
    'Orqaga',
    'Animeni',
    'O‘ng',
    'O‘ng',
    '25',
    '24-qism',
    'Qismlar',
    'Chap',
    '2 / 3',
    'Orqaga',
    'Menyu',
  ],
  ['13', 'Davom ettirish', '3-qism', 'Kuzatish', 'Qismlar', 'Orqaga', '☆'],
  [
    '/start',
    'Yangi animelar',
    'O‘ng',
    'Chap',
    'Menyu',
    'Ko‘p ko‘rilganlar',
    'O‘ng',
    'Menyu',
    'Alifbo',
    'N',
    'O‘ng',
    'Boshqa harf',
    'Menyu',
  ],
  ['/start', 'Tasodifiy', 'Menyu', 'Sevimlilar', 'Naruto'],
  ['/start', 'Tarix', '▶️'],
  ['/start', 'Kuzatayotganlarim', 'Naruto'],
  ['naruto', 'O‘ng', 'O‘ng', 'Naruto 2'],
  // Last: from here on this viewer reads Russian.
  ['/start', 'Til', 'Русский', 'Меню'],
];

describe('what an action costs', () => {
  test('everything that can be typed, inline mode, and membership updates', async () => {
    const { bot, viewer } = await world();
    for (const text of TYPED) {
      bot.advance(10_000);
      const cost = await bot.costOf(() => viewer.send(text));
      expect([text, cost]).toEqual([text, { reads: 1, writes: 1, calls: 1 }]);
    }
    for (const query of ['', 'naruto', '12'])
      expect(await bot.costOf(() => viewer.inline(query))).toEqual({ reads: 1, writes: 1, calls: 1 });
    const [channel] = bot.telegram.rooms;
    expect(await bot.costOf(async () => channel?.leave(viewer))).toEqual({ reads: 1, writes: 1, calls: 0 });
  });

  test('every button of every screen', async () => {
    const { bot, viewer } = await world();
    for (const [text, ...buttons] of PRESSED) {
      bot.advance(60_000);
      await viewer.send(text);
      let shown: SeenMessage = viewer.lastMessage();
      for (const button of buttons) {
        bot.advance(5_000);
        const before = shown;
        const label = buttonWith(before, button);
        const cost = await bot.costOf(() => viewer.press(before, label));
        expect([text, label, cost.reads, cost.writes]).toEqual([text, label, 1, 1]);
        expect([text, label, cost.calls <= 2]).toEqual([text, label, true]);
        const newest = viewer.lastMessage();
        shown = newest.id > before.id ? newest : viewer.look(before);
      }
    }
    expect(bot.log.filter(({ outcome }) => outcome !== undefined && outcome !== 'handled')).toEqual([]);
  });

  test('the gate that holds somebody up: two calls for two channels, one for the message', async () => {
    const { bot } = await world();
    const viewer = bot.telegram.person();
    expect(await bot.costOf(() => viewer.send('12'))).toEqual({ reads: 1, writes: 1, calls: 3 });
    // Asked a moment ago: not again.
    expect(await bot.costOf(() => viewer.send('12'))).toEqual({ reads: 1, writes: 1, calls: 1 });
    const gate = viewer.lastMessage();
    expect(await bot.costOf(() => viewer.press(gate, '🔄 Tekshirish'))).toEqual({
      reads: 1,
      writes: 1,
      calls: 4,
    });
  });
});
