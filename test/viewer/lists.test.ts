/** History, favourites, following, browsing, help, language (docs/spec/bot.md "Viewer" 6, 7). */

import { describe, expect, test } from 'vitest';
import type { SeenMessage } from '../../sim/telegram/start-telegram.ts';
import { sql } from '../../src/db/database.ts';
import { viewerCommands } from '../../src/handlers/commands-menu.ts';
import { textsFor } from '../../src/locales/index.ts';
import { fold } from '../../src/text/uzbek-fold.ts';
import { ADMIN_ID, type TestBot } from '../support/bot.ts';
import { addAnime, buttons, press, start, values } from './support.ts';

const listed = (message: SeenMessage): string[] => buttons(message).filter((text) => text.includes(' · '));

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

describe('history and continue watching', () => {
  test('the last part of each anime, newest first, and one press to the next', async () => {
    const bot = await start();
    await addAnime(bot, { code: 1, title: 'Naruto', parts: [1, 2, 5] });
    await addAnime(bot, { code: 2, title: 'Bleach', parts: 2 });
    const viewer = bot.telegram.person();
    await viewer.send('/history');
    expect(viewer.lastMessage().text).toContain('hozircha bo‘sh');
    for (const payload of ['1_1', '2_2', '1_2']) {
      bot.advance(1_000);
      await viewer.start(payload);
    }
    await viewer.send('/history');
    const list = viewer.lastMessage();
    expect(buttons(list)).toEqual(['Naruto · 2-qism', '▶️ 5-qism', 'Bleach · 2-qism', '🏠 Menyu']);
    const player = await press(viewer, list, '▶️ 5-qism');
    expect(player).toMatchObject({ kind: 'video', text: expect.stringContaining('5-qism') });
    expect(player.id).not.toBe(list.id);
    await viewer.start();
    expect(buttons(viewer.lastMessage())[0]).not.toContain('davom');
    await viewer.start('2_1');
    await viewer.start();
    const next = await press(viewer, viewer.lastMessage(), 'Davom ettirish: Bleach, 2-qism');
    expect(next.text).toContain('Bleach\n🎬 2-qism');
  });

  test('renumbering: the viewer goes on from the same video; a deleted part from its number', async () => {
    const bot = await start();
    await addAnime(bot, { code: 1, parts: 5 });
    const viewer = bot.telegram.person();
    await viewer.start('1_3');
    await bot.db.write([
      sql('DELETE FROM anime_parts WHERE part_number = 1'),
      sql('UPDATE anime_parts SET part_number = part_number - 1 WHERE part_number = 2'),
      sql('UPDATE anime_parts SET part_number = part_number - 1 WHERE part_number = 3'),
      sql('UPDATE anime_parts SET part_number = part_number - 1 WHERE part_number = 4'),
    ]);
    await viewer.send('1');
    expect(buttons(viewer.lastMessage())[0]).toBe('⏯ Davom ettirish: 3-qism');
    await bot.db.write([sql('DELETE FROM anime_parts WHERE part_number = 2')]);
    await viewer.send('1');
    expect(buttons(viewer.lastMessage())[0]).toBe('⏯ Davom ettirish: 5-qism');
  });

  test('pages of a long history hold every anime once', async () => {
    const bot = await start();
    const viewer = bot.telegram.person();
    for (let i = 1; i <= 23; i++) {
      await addAnime(bot, { code: i, parts: [1] });
      bot.advance(60_000);
      await viewer.start(`${i}_1`);
    }
    await viewer.send('/history');
    let page = viewer.lastMessage();
    const seen = [...listed(page)];
    while (buttons(page).includes('O‘ng ➡️')) {
      page = await press(viewer, page, 'O‘ng');
      seen.push(...listed(page));
    }
    expect(seen).toHaveLength(23);
    expect(seen[0]).toContain('Anime 23');
    expect(new Set(seen).size).toBe(23);
  });
});

describe('favourites and following', () => {
  test('a press changes the button in place, twice the same changes nothing, the list shows what is kept', async () => {
    const bot = await start();
    await addAnime(bot, { code: 1, title: 'Naruto', photo: true, parts: 1 });
    await addAnime(bot, { code: 2, title: 'Bleach' });
    const viewer = bot.telegram.person();
    await viewer.send('1');
    const card = viewer.lastMessage();
    expect((await viewer.press(card, '☆ Sevimlilarga'))?.text).toBe('⭐ Sevimlilarga qo‘shildi');
    expect(buttons(viewer.look(card))).toContain('★ Sevimlilarda');
    expect(viewer.look(card).text).toBe(card.text);
    // The old button again (a second finger, an old copy of the card).
    await viewer.press(card, '☆ Sevimlilarga');
    expect(await values(bot, 'SELECT COUNT(*) AS v FROM favourites')).toEqual(['1']);
    await viewer.send('/favourites');
    expect(listed(viewer.lastMessage())).toEqual(['Naruto · 1']);
    expect((await viewer.press(viewer.look(card), '★ Sevimlilarda'))?.text).toBe(
      'Sevimlilardan olib tashlandi',
    );
    await viewer.send('/favourites');
    expect(viewer.lastMessage().text).toContain('hozircha bo‘sh');
    await viewer.press(viewer.look(card), '🔔 Kuzatish');
    await viewer.send('/following');
    expect(listed(viewer.lastMessage())).toEqual(['Naruto · 1']);
  });

  test('on a card of before a change of the alphabet: all of it is told anew', async () => {
    const bot = await start();
    await addAnime(bot, { code: 1, title: 'Naruto', photo: true, parts: 1 });
    const viewer = bot.telegram.person();
    await viewer.send('1');
    const card = viewer.lastMessage();
    await bot.db.write([sql("UPDATE users SET language = 'uz-Cyrl'")]);
    await viewer.press(card, '🔔 Kuzatish');
    expect(viewer.look(card).text).toContain('Қисмлар');
    expect(buttons(viewer.look(card)).join()).not.toMatch(/\p{Script=Latin}/u);
  });

  test('nothing is said to be saved that was not: the database fails, the press is handled again', async () => {
    const bot = await start();
    await addAnime(bot, { code: 1 });
    const viewer = bot.telegram.person();
    await viewer.send('1');
    const card = viewer.lastMessage();
    bot.failNext('write');
    const answer = await viewer.press(card, '☆ Sevimlilarga');
    expect(answer?.text).toBe('⭐ Sevimlilarga qo‘shildi');
    expect(await values(bot, 'SELECT COUNT(*) AS v FROM favourites')).toEqual(['1']);
    expect(bot.telegram.callsOf('answerCallbackQuery')).toHaveLength(1);
    expect(bot.log.map(({ outcome }) => outcome).filter(Boolean)).toEqual(['handled', 'again', 'handled']);
  });

  test('an anime in the trash cannot be kept, but can be let go', async () => {
    const bot = await start();
    await addAnime(bot, { code: 1 });
    const viewer = bot.telegram.person();
    await viewer.send('1');
    const card = viewer.lastMessage();
    await viewer.press(card, '🔔 Kuzatish');
    await bot.db.write([sql("UPDATE anime SET deleted_at = '2026-01-01 00:00:00'")]);
    expect(await viewer.press(card, '☆ Sevimlilarga')).toMatchObject({ isAlert: true });
    await viewer.press(viewer.look(card), '🔕 Kuzatishni to‘xtatish');
    expect(await values(bot, 'SELECT COUNT(*) AS v FROM follows')).toEqual(['0']);
  });
});

describe('browsing', () => {
  async function pages(bot: TestBot, first: SeenMessage, button: string): Promise<string[][]> {
    const viewer = bot.telegram.people.at(-1);
    if (viewer === undefined) throw new Error('nobody is here');
    const seen = [listed(first)];
    let page = first;
    while (buttons(page).some((text) => text.includes(button))) {
      bot.advance(5_000);
      page = await press(viewer, page, button);
      seen.push(listed(page));
    }
    return seen;
  }

  test('newest, most viewed and by name, forwards and back again, whatever was added meanwhile', async () => {
    const bot = await start();
    const letters = 'tkmzgcbyaqwoshxnluerdfpvij';
    for (const [i, letter] of [...letters].entries()) {
      await addAnime(bot, { code: i + 1, title: `${letter.toUpperCase()}nime` });
      await bot.db.write([sql('UPDATE anime SET views = ? WHERE code = ?', (i * 7) % 5, i + 1)]);
    }
    const viewer = bot.telegram.person();
    const inOrder: Record<string, string> = {
      '/new': "SELECT title || ' · ' || code AS v FROM anime ORDER BY id DESC",
      '/popular': "SELECT title || ' · ' || code AS v FROM anime ORDER BY views DESC, id DESC",
    };
    for (const [command, query] of Object.entries(inOrder)) {
      await viewer.send(command);
      const first = viewer.lastMessage();
      const forward = await pages(bot, first, 'O‘ng');
      expect(forward.flat()).toEqual(await values(bot, query));
      const last = viewer.look(first);
      expect((await pages(bot, last, 'Chap')).reverse()).toEqual(forward);
      await addAnime(bot, { code: 100 + viewer.messages().length, title: 'Yangi' });
      await bot.db.write([sql("DELETE FROM anime WHERE title = 'Yangi'")]);
    }
    await viewer.send('/az');
    const letterPage = viewer.lastMessage();
    const fromA = await press(viewer, letterPage, 'A');
    const forward = await pages(bot, fromA, 'O‘ng');
    const byName = (await values(bot, "SELECT title || ' · ' || code AS v FROM anime ORDER BY id")).sort(
      (a, b) => compare(fold(a.replace(/ ·.*/, '')), fold(b.replace(/ ·.*/, ''))),
    );
    expect(forward.flat()).toEqual(byName);
    await viewer.send('/az');
    const fromT = await press(viewer, viewer.lastMessage(), 'T');
    expect(listed(fromT)[0]).toBe('Tnime · 1');
    expect(listed(await press(viewer, fromT, 'Chap')).at(-1)).toBe(byName[byName.indexOf('Tnime · 1') - 1]);
  });

  test('letters without anime are not offered', async () => {
    const bot = await start();
    const viewer = bot.telegram.person();
    const offered = async (): Promise<string[]> => {
      bot.advance(10_000);
      expect(await bot.costOf(() => viewer.send('/az'))).toEqual({ reads: 1, writes: 1, calls: 1 });
      return buttons(viewer.lastMessage());
    };
    expect(await offered()).toEqual(['🏠 Menyu']);
    expect(viewer.lastMessage().text).toContain('Hozircha anime qo‘shilmagan');
    await addAnime(bot, { code: 1, title: '進撃の巨人' });
    expect(await offered()).toEqual(['🔤 Alifbo bo‘yicha', '🏠 Menyu']);
    await addAnime(bot, { code: 2, title: 'Шамол' });
    await addAnime(bot, { code: 3, title: '86' });
    const gone = await addAnime(bot, { code: 4, title: 'Naruto' });
    await addAnime(bot, { code: 5, title: 'Zetman' });
    expect(await offered()).toEqual(['0–9', 'N', 'Sh', 'Z', '🏠 Menyu']);
    await bot.db.write([sql("UPDATE anime SET deleted_at = '2026-01-01 00:00:00' WHERE id = ?", gone)]);
    await addAnime(bot, { code: 6, title: 'Saga' });
    expect(await offered()).toEqual(['0–9', 'S', 'Sh', 'Z', '🏠 Menyu']);
  });

  test('every letter button leads to names that begin so, or to what follows', async () => {
    const bot = await start();
    for (const [i, title] of [
      'Аватар',
      'Чиқиш',
      'Ғалаба',
      'Ҳаёт',
      'Яшил',
      'Қалб',
      'Шамол',
      'Ўлим',
      '86',
      'Wolf',
      'Xayol',
    ].entries())
      await addAnime(bot, { code: i + 1, title });
    const viewer = bot.telegram.person();
    const expected = {
      A: 'Аватар',
      Ch: 'Чиқиш',
      'G G‘': 'Ғалаба',
      'I Y': 'Яшил',
      'K Q': 'Қалб',
      Sh: 'Шамол',
      'O O‘': 'Ўлим',
      '0–9': '86',
      'V W': 'Wolf',
    };
    for (const [label, title] of Object.entries(expected)) {
      bot.advance(10_000);
      await viewer.send('/az');
      const answer = await viewer.press(viewer.lastMessage(), label);
      expect(answer).toBeDefined();
      expect([label, listed(viewer.lastMessage())[0]]).toEqual([label, expect.stringContaining(title)]);
    }
  });

  test('random opens a card, again and again, over gaps and the trash', async () => {
    const bot = await start();
    const viewer = bot.telegram.person();
    await viewer.send('/random');
    expect(viewer.lastMessage().text).toContain('qo‘shilmagan');
    for (let i = 1; i <= 6; i++) await addAnime(bot, { code: i, title: `Anime-${i}` });
    await bot.db.write([
      sql('DELETE FROM anime WHERE code IN (3, 6)'),
      sql("UPDATE anime SET deleted_at = '2026-01-01 00:00:00' WHERE code = 1"),
    ]);
    const seen = new Set<string>();
    await viewer.send('/random');
    for (let i = 0; i < 60; i++) {
      bot.advance(5_000);
      const card = await press(viewer, viewer.lastMessage(), 'Boshqasi');
      seen.add(card.text.split('\n')[0] ?? '');
    }
    expect([...seen].sort()).toEqual(['Anime-2', 'Anime-4', 'Anime-5']);
  });
});

describe('help and language', () => {
  test('/help lists what this person may do, and every command in it works', async () => {
    const bot = await start();
    const viewer = bot.telegram.person();
    const admin = bot.telegram.person({ id: ADMIN_ID });
    await viewer.send('/help');
    await admin.send('/help');
    expect(viewer.lastMessage().text).not.toContain('/admin');
    expect(admin.lastMessage().text).toContain('/admin');
    const commands = viewer.lastMessage().text.match(/^\/[a-z]+/gm) ?? [];
    expect(commands).toEqual(viewerCommands(textsFor('uz')).map(({ command }) => `/${command}`));
    for (const command of commands) {
      bot.advance(5_000);
      await viewer.send(command);
      expect(viewer.lastMessage().text).not.toContain('Tushunmadim');
    }
  });

  test.each([
    ['Русский', 'Здравствуйте', 'ru'],
    ['Ўзбекча', 'Ассалому алайкум', 'uz-Cyrl'],
    ['English', 'Hello', 'en'],
    ['O‘zbekcha', 'Assalomu alaykum', 'uz'],
  ])('%s is chosen once and for all', async (name, greeting, stored) => {
    const bot = await start();
    const viewer = bot.telegram.person({ languageCode: 'kk' });
    await viewer.send('/language');
    const set = await press(viewer, viewer.lastMessage(), name);
    expect(await values(bot, 'SELECT language AS v FROM users')).toEqual([stored]);
    expect((await press(viewer, set, '🏠')).text).toContain(greeting);
    await viewer.start();
    expect(viewer.lastMessage().text).toContain(greeting);
  });

  test('a newcomer is answered in their own language where we speak it, the second time too', async () => {
    const bot = await start();
    for (const [languageCode, greeting] of [
      ['ru', 'Здравствуйте'],
      ['en-GB', 'Hello'],
      ['tr', 'Assalomu alaykum'],
    ] as const) {
      const viewer = bot.telegram.person({ languageCode });
      for (let i = 0; i < 2; i++) {
        await viewer.start();
        expect(viewer.lastMessage().text).toContain(greeting);
      }
    }
  });

  test('whom the old bot knew keeps the bot’s language until they choose', async () => {
    const bot = await start();
    const viewer = bot.telegram.person({ languageCode: 'ru' });
    await bot.db.write([sql('INSERT INTO users (user_id) VALUES (?)', viewer.id)]);
    await viewer.start();
    expect(viewer.lastMessage().text).toContain('Assalomu alaykum');
  });
});
