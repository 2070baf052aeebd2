/** Any text searches by name (docs/spec/bot.md "Viewer" 4); unknown codes offer others (3). */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SeenMessage } from '../../sim/telegram/start-telegram.ts';
import { sql } from '../../src/db/database.ts';
import { searchAnime } from '../../src/db/search.ts';
import { foldQuery, searchTerms } from '../../src/db/search-query.ts';
import { indexSearchJob } from '../../src/jobs/index-search.ts';
import { ownerNoticesJob } from '../../src/jobs/send-owner-notices.ts';
import type { TestBot } from '../support/bot.ts';
import { addAnime, buttons, press, run, start, values } from './support.ts';

const TITLES = [
  'Naruto',
  'Naruto: Shippuden',
  'Boruto: Naruto Next Generations',
  'O‘lim daftari',
  'Tokyo Ghoul',
  'One Piece',
  'Hunter × Hunter',
  'Kimetsu no Yaiba',
  'Ван-Панч Мен',
  '86',
  '進撃の巨人',
];

async function withCatalogue(): Promise<TestBot> {
  const bot = await start();
  for (const [i, title] of TITLES.entries()) await addAnime(bot, { code: i + 1, title });
  await addAnime(bot, {
    code: 50,
    title: 'Shingeki no Kyojin',
    aliases: 'Titanlar hujumi\nAttack on Titan\nАтака титанов',
    description: 'Devorlar ortidagi insoniyat haqida',
  });
  return bot;
}

/** What was found: the lines of a list, or the only one, whose card is open. */
const names = (message: SeenMessage): string[] =>
  message.text.includes('Kod: ')
    ? message.text.split('\n').slice(0, 1)
    : buttons(message)
        .filter((text) => text.includes(' · '))
        .map((text) => text.replace(/ · \d+$/, ''));

describe('search by name', () => {
  test('finds what is meant, whatever the script, the apostrophe or the typo', async () => {
    const bot = await withCatalogue();
    const viewer = bot.telegram.person();
    const first = async (text: string): Promise<string | undefined> => {
      bot.advance(5_000);
      await viewer.send(text);
      return names(viewer.lastMessage())[0];
    };
    const meant: Record<string, string> = {
      'naruto shippuden': 'Naruto: Shippuden',
      наруто: 'Naruto',
      НАРУТО: 'Naruto',
      'наруто шипуден': 'Naruto: Shippuden',
      "o'lim daftari": 'O‘lim daftari',
      oʻlim: 'O‘lim daftari',
      'o`lim': 'O‘lim daftari',
      olim: 'O‘lim daftari',
      ўлим: 'O‘lim daftari',
      shingeki: 'Shingeki no Kyojin',
      shingekki: 'Shingeki no Kyojin',
      shengeki: 'Shingeki no Kyojin',
      'shingeki no kiyojin': 'Shingeki no Kyojin',
      'attack on titan': 'Shingeki no Kyojin',
      'атака титан': 'Shingeki no Kyojin',
      hujum: 'Shingeki no Kyojin',
      'devorlar ortidagi': 'Shingeki no Kyojin',
      naurto: 'Naruto',
      natuto: 'Naruto',
      'tokio gul': 'Tokyo Ghoul',
      'токио гуль': 'Tokyo Ghoul',
      onepiece: 'One Piece',
      'one pice': 'One Piece',
      hantr: 'Hunter × Hunter',
      kimets: 'Kimetsu no Yaiba',
      vanpanchmen: 'Ван-Панч Мен',
      'naruto uzumaki': 'Naruto',
      進撃の: '進撃の巨人',
      '<b>naruto</b> & "*" (OR)': 'Naruto',
    };
    for (const [typed, title] of Object.entries(meant))
      expect([typed, await first(typed)]).toEqual([typed, title]);
  });

  test('who typed it right gets no guesses', async () => {
    const bot = await withCatalogue();
    const viewer = bot.telegram.person();
    await addAnime(bot, { code: 60, title: 'Baruto va do‘stlari' });
    await viewer.send('boruto');
    expect(names(viewer.lastMessage())).toEqual(['Boruto: Naruto Next Generations']);
    await viewer.send('naruto');
    expect(names(viewer.lastMessage())).toEqual([
      'Naruto',
      'Naruto: Shippuden',
      'Boruto: Naruto Next Generations',
    ]);
  });

  test('nothing found: says so with what was typed, escaped, and offers a way on', async () => {
    const bot = await withCatalogue();
    const viewer = bot.telegram.person();
    await viewer.send('qzqzqz <script>&');
    expect(viewer.lastMessage().text).toContain('«qzqzqz <script>&»');
    expect(buttons(viewer.lastMessage())).toEqual(['🔥 Ko‘p ko‘rilganlar', '🔤 Alifbo bo‘yicha', '🏠 Menyu']);
  });

  test('one hit opens the card, a typo in it or not; a page of an old list stays a list', async () => {
    const bot = await withCatalogue();
    const viewer = bot.telegram.person();
    await viewer.send('12');
    await addAnime(bot, { code: 70, title: 'Slam Dunk', parts: 3, description: 'uzun '.repeat(2000) });
    for (const typed of ['slam dunk', 'slm dunk', 'слем данк', 'slam d']) {
      bot.advance(5_000);
      const cost = await bot.costOf(() => viewer.send(typed));
      expect([typed, cost]).toEqual([typed, { reads: 1, writes: 1, calls: 1 }]);
      expect(viewer.lastMessage().text).toContain('Kod: 70');
      expect(buttons(viewer.lastMessage())).toContain('▶️ Animeni ko‘rish');
    }
    const opened = await press(viewer, viewer.lastMessage(), 'Sevimlilarga');
    expect(buttons(opened)).toContain('★ Sevimlilarda');
    await viewer.send('slam dunk');
    expect(buttons(viewer.lastMessage())).toContain('★ Sevimlilarda');
    const more = await press(viewer, viewer.lastMessage(), 'Davomi');
    expect(buttons(more)).toContain('2 / 3');
    // The list that was there when only one of it is left: its pages are pages still.
    for (let i = 0; i < 11; i++) await addAnime(bot, { code: 200 + i, title: `Gintama ${i}` });
    bot.advance(5_000);
    await viewer.send('gintama');
    const list = viewer.lastMessage();
    await bot.db.write([sql("UPDATE anime SET deleted_at = '2026-01-01 00:00:00' WHERE code > 200")]);
    const page = await press(viewer, list, 'O‘ng');
    expect(page.id).toBe(list.id);
    expect(buttons(page)).toContain('Gintama 0 · 200');
    // What is in the trash is no second hit.
    bot.advance(5_000);
    await viewer.send('gintama');
    expect(viewer.lastMessage().text).toContain('Kod: 200');
  });

  test('nonsense finds nothing', async () => {
    const bot = await withCatalogue();
    const viewer = bot.telegram.person();
    const titles = ['Zetman', 'Dragon Ball Z', 'Boku no Hero', 'X', 'Bleach', 'Hellsing', 'Ashita no Joe'];
    for (const [i, title] of titles.entries())
      await addAnime(bot, { code: 100 + i, title, description: 'b va x haqida, x b z' });
    for (const typed of [
      'zzzz',
      'ZZZ',
      '<b>x</b>',
      'b h b',
      'ыыыы',
      'xxxxxx',
      'asdfgh',
      'hjkl',
      'qq ww ee',
    ]) {
      bot.advance(5_000);
      await viewer.send(typed);
      expect([typed, names(viewer.lastMessage())]).toEqual([typed, []]);
      expect(viewer.lastMessage().text).toContain(`«${typed}» bo‘yicha hech narsa topilmadi`);
    }
    // A letter alone is a name begun.
    await viewer.send('z');
    expect(names(viewer.lastMessage())).toEqual(expect.arrayContaining(['Zetman', 'Dragon Ball Z']));
    await viewer.send('dragon ball z');
    expect(names(viewer.lastMessage())).toEqual(['Dragon Ball Z']);
  });

  test('text without a letter is no search', async () => {
    const bot = await withCatalogue();
    const viewer = bot.telegram.person();
    await viewer.send('🔥🔥🔥');
    expect(viewer.lastMessage().text).toContain('Tushunmadim');
  });

  test('results are paged, the query rides in the buttons, and a press opens the card beside the list', async () => {
    const bot = await start();
    for (let i = 1; i <= 25; i++)
      await addAnime(bot, { code: i, title: `Gintama ${String(i).padStart(2, '0')}` });
    const viewer = bot.telegram.person();
    await viewer.send('Гинтама');
    const list = viewer.lastMessage();
    expect(names(list)).toHaveLength(10);
    expect(buttons(list)).toContain('1 / 3');
    const second = await press(viewer, list, 'O‘ng');
    expect(second.id).toBe(list.id);
    const third = await press(viewer, second, 'O‘ng');
    const seen = [...names(list), ...names(second), ...names(third)];
    expect(new Set(seen).size).toBe(25);
    expect(buttons(third)).toContain('3 / 3');
    expect(buttons(third)).not.toContain('O‘ng ➡️');
    const card = await press(viewer, third, names(third)[0] ?? '');
    expect(card.id).not.toBe(list.id);
    expect(card.text).toContain(names(third)[0]);
    expect(names(viewer.look(list))).toEqual(names(third));
  });

  test('any text at all is answered, and never costs more than one read and one write', async () => {
    const bot = await withCatalogue();
    const text = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 200 }), fc.string({ maxLength: 80 }));
    await fc.assert(
      fc.asyncProperty(text, async (typed) => {
        fc.pre(typed.trim() !== '' && !typed.trim().startsWith('/'));
        const viewer = bot.telegram.person();
        const cost = await bot.costOf(() => viewer.send(typed));
        expect(cost).toEqual({ reads: 1, writes: 1, calls: 1 });
      }),
      { numRuns: 60 },
    );
    expect(bot.log.filter(({ outcome }) => outcome !== 'handled' && outcome !== undefined)).toEqual([]);
  });

  test('anime in the trash are not found, and are again when they come back', async () => {
    const bot = await withCatalogue();
    const viewer = bot.telegram.person();
    await bot.db.write([sql("UPDATE anime SET deleted_at = '2026-01-01 00:00:00' WHERE code = 6")]);
    await viewer.send('one piece');
    expect(names(viewer.lastMessage())).toEqual([]);
    await bot.db.write([sql('UPDATE anime SET deleted_at = NULL WHERE code = 6')]);
    await viewer.send('one piece');
    expect(names(viewer.lastMessage())).toEqual(['One Piece']);
  });
});

describe('the index follows the catalogue', () => {
  test('rows written without it (migration, import, another tool) are indexed by the tick, in batches', async () => {
    const bot = await start();
    const viewer = bot.telegram.person();
    await bot.db.write([
      sql(
        `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 230)
         INSERT INTO anime (code, description) SELECT i, '🎬 Nomi: Bleach ' || i || char(10) || 'uzun hikoya' FROM n`,
      ),
    ]);
    await viewer.send('bleach 17');
    expect(names(viewer.lastMessage())).toEqual([]);
    await run(bot, indexSearchJob);
    expect(await values(bot, 'SELECT COUNT(*) AS v FROM anime_stale')).toEqual(['0']);
    await viewer.send('блич 177');
    expect(viewer.lastMessage().text).toContain('Nomi: Bleach 177');
  });

  test('a rename is found under the new name only', async () => {
    const bot = await start();
    const viewer = bot.telegram.person();
    const id = await addAnime(bot, { code: 1, title: 'Eskinom' });
    await bot.db.write([sql('UPDATE anime SET title = ? WHERE id = ?', 'Yanginom', id)]);
    await run(bot, indexSearchJob);
    await viewer.send('eskinom');
    expect(names(viewer.lastMessage())).toEqual([]);
    await viewer.send('янгином');
    expect(names(viewer.lastMessage())).toEqual(['Yanginom']);
    await bot.db.write([sql('DELETE FROM anime WHERE id = ?', id)]);
    await viewer.send('янгином');
    expect(names(viewer.lastMessage())).toEqual([]);
    expect(await values(bot, 'SELECT COUNT(*) AS v FROM anime_search')).toEqual(['0']);
  });

  test('FTS5 finds both indexes sound after writes of every kind', async () => {
    const bot = await withCatalogue();
    await bot.db.write([
      sql("UPDATE anime SET title = 'Boshqa' WHERE code = 3"),
      sql('DELETE FROM anime WHERE code = 4'),
    ]);
    await run(bot, indexSearchJob);
    await bot.db.write([
      sql("INSERT INTO anime_words (anime_words, rank) VALUES ('integrity-check', 1)"),
      sql("INSERT INTO anime_grams (anime_grams, rank) VALUES ('integrity-check', 1)"),
    ]);
  });

  test('the job stops when its requests are used up, and says nothing to anybody', async () => {
    const bot = await start();
    await addAnime(bot, { code: 1, unindexed: true });
    await run(bot, indexSearchJob, { requests: 1 });
    expect(await values(bot, 'SELECT COUNT(*) AS v FROM anime_stale')).toEqual(['1']);
    await run(bot, ownerNoticesJob);
    expect(bot.telegram.calls).toEqual([]);
  });
});

describe('codes nobody has', () => {
  test('the nearest codes and names with that number are offered', async () => {
    const bot = await start();
    for (const code of [3, 10, 11, 20, 30]) await addAnime(bot, { code });
    await addAnime(bot, { code: 500, title: '15-maktab' });
    const viewer = bot.telegram.person();
    await viewer.send('15');
    expect(viewer.lastMessage().text).toContain('15 kodli anime topilmadi');
    expect(names(viewer.lastMessage())).toEqual([
      'Anime 10',
      'Anime 11',
      'Anime 20',
      'Anime 30',
      '15-maktab',
    ]);
    const card = await press(viewer, viewer.lastMessage(), 'Anime 11');
    expect(card.text).toContain('Kod: 11');
  });

  test('an empty catalogue has nothing to offer and says so', async () => {
    const bot = await start();
    const viewer = bot.telegram.person();
    await viewer.start('77');
    expect(viewer.lastMessage().text).toContain('77 kodli anime topilmadi');
    expect(buttons(viewer.lastMessage())).toEqual(['🏠 Menyu']);
  });
});

test('match expressions made of any text are accepted by FTS5', async () => {
  const bot = await withCatalogue();
  // A letter to JavaScript, a separator to FTS5's older Unicode: found by this property.
  await bot.db.read([searchAnime(searchTerms(foldQuery('ؠᦰΈ')))]);
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' })),
      async (text) => {
        await bot.db.read([searchAnime(searchTerms(foldQuery(text)))]);
      },
    ),
    { numRuns: 1000 },
  );
});
