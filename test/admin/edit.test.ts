/** Editing what is published, and the trash. */
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { encodeAction } from '../../src/bot/callback-data.ts';
import { deletePart, movePart, swapParts } from '../../src/db/catalogue-parts.ts';
import { type Database, type Statement, sql } from '../../src/db/database.ts';
import { trashJob } from '../../src/jobs/empty-trash.ts';
import { indexSearchJob } from '../../src/jobs/index-search.ts';
import { startTestBot } from '../support/bot.ts';
import { addAnime } from '../support/catalogue.ts';
import { type AdminDesk, startDesk } from './support.ts';

let desk: AdminDesk;
afterEach(() => desk?.close());

const PARTS = 'SELECT p.part_number AS number, p.file_id AS file FROM anime_parts p ORDER BY p.part_number';
const HISTORY = 'SELECT h.anime_code AS code, h.part_number AS number FROM user_history h ORDER BY h.id';

async function deskWithAnime(): Promise<AdminDesk> {
  const made = await startDesk();
  await addAnime(made.bot.db, {
    code: 12,
    title: 'Naruto',
    description: 'bola',
    parts: ['a', 'b', 'c', 'd'],
  });
  return made;
}

/** Viewer 100 saw each of these parts once. */
async function watched(db: Database, ...numbers: readonly number[]): Promise<void> {
  await db.write(
    numbers.map((number) =>
      sql('INSERT INTO user_history (user_id, anime_code, part_number) VALUES (100, 12, ?)', number),
    ),
  );
}

const partMenu = (at: AdminDesk, number: number): Promise<void> =>
  at.admin.send('/edit 12').then(() => at.presses(/🎞 Qismlar/, String(number)));

describe('which anime', () => {
  const buttonsOf = (at: AdminDesk): string[] =>
    at
      .last()
      .keyboard.flat()
      .map(({ text }) => text);

  async function deskWithNames(): Promise<AdminDesk> {
    const made = await deskWithAnime();
    for (const [code, title] of [
      [20, 'Naruto Shippuden'],
      [30, 'Bleach'],
      [40, '86'],
    ] as const)
      await addAnime(made.bot.db, { code, title });
    await indexSearchJob.run(made.bot.jobContext());
    return made;
  }

  test('a name does wherever a code is asked for: the only one is opened, several are offered', async () => {
    desk = await deskWithNames();
    await desk.admin.send('/edit блич');
    expect(desk.last().text).toContain('✏️ Bleach');
    await desk.admin.send('/edit naruto');
    expect(buttonsOf(desk)).toEqual(expect.arrayContaining(['12 · Naruto', '20 · Naruto Shippuden']));
    await desk.press('20 · Naruto Shippuden');
    expect(desk.last().text).toContain('Kod: 20');
    await desk.admin.send('/edit zzzz');
    expect(desk.last().text).toContain('«zzzz» bo‘yicha hech narsa topilmadi');
    // The viewers' answer would offer what is not there: nothing to choose stands below.
    expect(desk.last().text).not.toContain('tanlang');
    await desk.admin.send('/edit 21');
    expect(desk.last().text).toContain('21 kodli anime topilmadi. Yaqin kodlar quyida.');
    expect(buttonsOf(desk)).toEqual(expect.arrayContaining(['12 · Naruto', '20 · Naruto Shippuden']));
    await desk.admin.send('/edit 86');
    expect(desk.last().text).toContain('86 kodli anime topilmadi');
    await desk.press('40 · 86');
    expect(desk.last().text).toContain('Kod: 40');
    for (const [typed, shown] of [
      ['naruto', '🔎 2 ta anime topildi'],
      ['bleach', '✏️ Bleach'],
      ['20', 'Naruto Shippuden'],
      ['١٢', 'Kod: 12'],
      ['86', '86 kodli anime topilmadi'],
    ] as const) {
      await desk.admin.send('/edit');
      await desk.press('🔢 Kod bo‘yicha ochish');
      await desk.admin.send(typed);
      expect([typed, desk.last().text]).toEqual([typed, expect.stringContaining(shown)]);
      expect(await desk.rows('SELECT id AS id FROM drafts')).toEqual([]);
    }
  });

  test('an old code offers the anime under its new one', async () => {
    desk = await deskWithNames();
    const recode = async (from: string, to: string): Promise<void> => {
      await desk.admin.send(`/edit ${from}`);
      await desk.press('🔢 Kod');
      await desk.admin.send(to);
      expect(desk.last().text).toContain(`${from} → ${to}`);
    };
    await recode('12', '99');
    await recode('99', '98');
    for (const old of ['12', '99', '12']) {
      await desk.admin.send(`/edit ${old}`);
      expect(desk.last().text).toContain(`${old} kodi o‘zgartirilgan: bu anime endi 98 kodida`);
      await desk.press('98 · Naruto');
      expect(desk.last().text).toContain('Kod: 98');
      await recode('98', '97');
      await recode('97', '98');
    }
    // Another anime has the code by now, and later leaves it too: the last one who had it is meant.
    await recode('30', '12');
    await desk.admin.send('/edit 12');
    expect(desk.last().text).toContain('✏️ Bleach');
    await recode('12', '31');
    await desk.admin.send('/edit');
    await desk.press('🔢 Kod bo‘yicha ochish');
    await desk.admin.send('12');
    await desk.press('31 · Bleach');
    expect(desk.last().text).toContain('Kod: 31');
    await desk.bot.db.write([sql("UPDATE anime SET deleted_at = '2026-01-01 00:00:00' WHERE code = 31")]);
    await desk.admin.send('/edit 12');
    expect(desk.last().text).toContain('12 kodli anime topilmadi');
  });
});

describe('fields', () => {
  test.each([
    ['✏️ Nomi', 'Naruto Shippuden', 'title', 'Naruto Shippuden'],
    ['📝 Tavsif', 'Yangi\ntavsif', 'description', 'Yangi\ntavsif'],
    ['🏷 Janr', 'sarguzasht,  drama', 'genres', 'sarguzasht, drama'],
    ['📅 Yil', '2007', 'year', '2007'],
    ['🔎 Boshqa nomlari', 'Наруто\nNaruto 2', 'aliases', 'Наруто\nNaruto 2'],
  ])('%s: only that changes, and search finds it at once', async (button, text, column, stored) => {
    desk = await deskWithAnime();
    const before = await desk.rows(`SELECT title AS title, description AS description, genres AS genres,
      year AS year, aliases AS aliases, code AS code FROM anime`);
    await desk.admin.send('/edit 12');
    await desk.press(button);
    await desk.admin.send(text);
    expect(desk.last().text).toContain('✅ Saqlandi');
    const after = await desk.rows(`SELECT title AS title, description AS description, genres AS genres,
      year AS year, aliases AS aliases, code AS code FROM anime`);
    expect(after).toEqual([{ ...before[0], [column]: stored }]);
    expect(await desk.rows('SELECT anime_id AS id FROM anime_stale')).toEqual([]);
  });

  test('a wrong answer is asked again, and changes nothing', async () => {
    desk = await deskWithAnime();
    await desk.admin.send('/edit 12');
    await desk.press('📅 Yil');
    await desk.admin.send('kecha');
    expect(desk.last().text).toContain('to‘rt xonali');
    await desk.admin.send({ video: true });
    expect(desk.last().text).toContain('to‘rt xonali');
    await desk.admin.send('-');
    expect(desk.last().text).toContain('✅ Saqlandi');
  });

  test('the picture is changed, and taken off', async () => {
    desk = await deskWithAnime();
    await desk.admin.send('/edit 12');
    await desk.press('🖼 Rasm');
    await desk.admin.send('matn');
    expect(desk.last().text).toContain('rasm yuboring');
    await desk.admin.send({ photo: true });
    expect(await desk.rows('SELECT photo_unique_id IS NULL AS bare FROM anime')).toEqual([{ bare: '0' }]);
    await desk.presses('🖼 Rasm', '🚫 Rasmni olib tashlash');
    expect(await desk.rows('SELECT photo_id AS photo FROM anime')).toEqual([{ photo: null }]);
  });

  test('a code is changed with its history; a taken one is refused by name; old cards open the same anime', async () => {
    desk = await deskWithAnime();
    const viewer = desk.telegram.person();
    await viewer.send('12');
    const card = viewer.lastMessage();
    await addAnime(desk.bot.db, { code: 13, title: 'Bleach' });
    await watched(desk.bot.db, 1, 2);
    await desk.admin.send('/edit 12');
    await desk.press('🔢 Kod');
    await desk.admin.send('13');
    expect(desk.last().text).toContain('13-kod band: «Bleach»');
    await desk.admin.send('77');
    expect(desk.last().text).toContain('12 → 77');
    expect(await desk.rows(HISTORY)).toEqual([
      { code: '77', number: '1' },
      { code: '77', number: '2' },
    ]);
    expect(await desk.rows('SELECT DISTINCT anime_code AS code FROM anime_parts')).toEqual([{ code: '77' }]);
    await viewer.press(card, '▶️ Animeni ko‘rish');
    expect(viewer.lastMessage().text).toContain('Naruto');
    await viewer.send('77');
    expect(viewer.lastMessage().text).toContain('Naruto');
  });
});

describe('parts', () => {
  test('old fault: adding a part at a numbering gap did nothing; the next number is the highest + 1', async () => {
    desk = await deskWithAnime();
    await desk.bot.db.write([sql('DELETE FROM anime_parts WHERE part_number = 2')]);
    await desk.admin.send('/edit 12');
    await desk.press('➕ Qism qo‘shish');
    await desk.admin.send({ video: true });
    await desk.admin.send({ video: true });
    await desk.later();
    expect(desk.last().text).toContain('5–6-qismlar');
    await desk.press('✅ Saqlash (2)');
    expect(desk.last().text).toContain('5–6-qismlar qo‘shildi');
    expect((await desk.rows(PARTS)).map((part) => part['number'])).toEqual(['1', '3', '4', '5', '6']);
  });

  test('the first number can be chosen: into a gap; a taken number is refused and the videos wait', async () => {
    desk = await deskWithAnime();
    await desk.bot.db.write([sql('DELETE FROM anime_parts WHERE part_number = 2')]);
    await desk.admin.send('/edit 12');
    await desk.press('➕ Qism qo‘shish');
    await desk.admin.send({ video: true });
    await desk.later();
    await desk.press('🔢 Raqamini o‘zgartirish');
    await desk.admin.send('3');
    expect(desk.last().text).toContain('3-qism allaqachon bor');
    expect(
      desk
        .last()
        .keyboard.flat()
        .map(({ text }) => text),
    ).not.toContain('✅ Saqlash (1)');
    await desk.admin.send('2');
    await desk.press('✅ Saqlash (1)');
    expect((await desk.rows(PARTS)).map((part) => part['number'])).toEqual(['1', '2', '3', '4']);
  });

  test('a part number is refused at once when a later part would meet one that is there', async () => {
    desk = await deskWithAnime();
    await desk.admin.send('/edit 12');
    await desk.press('➕ Qism qo‘shish');
    for (let i = 0; i < 3; i++) await desk.admin.send({ video: true });
    await desk.later();
    await desk.bot.db.write([sql('UPDATE anime_parts SET part_number = 12 WHERE part_number = 4')]);
    await desk.press('🔢 Raqamini o‘zgartirish');
    await desk.admin.send('10');
    expect(desk.last().text).toContain('12-qism allaqachon bor');
    await desk.admin.send('9');
    // Taken in the meantime: named as well, and nothing is lost.
    await desk.bot.db.write([sql('UPDATE anime_parts SET part_number = 11 WHERE part_number = 12')]);
    await desk.press('✅ Saqlash (3)');
    expect(desk.last().text).toContain('11-qism allaqachon bor');
    await desk.admin.send('20');
    await desk.press('✅ Saqlash (3)');
    expect((await desk.rows(PARTS)).map((part) => part['number'])).toEqual([
      '1',
      '2',
      '3',
      '11',
      '20',
      '21',
      '22',
    ]);
  });

  test('followers are told of new parts, once', async () => {
    desk = await deskWithAnime();
    await desk.bot.db.write([
      sql('INSERT INTO follows (anime_id, user_id, since) SELECT id, 100, created_at FROM anime'),
    ]);
    await desk.admin.send('/edit 12');
    await desk.press('➕ Qism qo‘shish');
    await desk.admin.send({ video: true });
    await desk.admin.send({ video: true });
    await desk.later();
    await desk.press('✅ Saqlash (2)');
    expect(
      await desk.rows('SELECT first_part AS first, last_part AS last, parts AS parts FROM part_news'),
    ).toEqual([{ first: '5', last: '6', parts: '2' }]);
  });

  test('the video of a part is replaced; a picture is no video', async () => {
    desk = await deskWithAnime();
    await partMenu(desk, 2);
    await desk.press('🔁 Videoni almashtirish');
    await desk.admin.send({ photo: true });
    expect(desk.last().text).toContain('video yoki mkv fayl yuboring');
    const { file } = await desk.admin.send({ document: { name: 'b.mkv' } });
    expect(desk.last().text).toContain('2-qismning videosi almashtirildi');
    expect(
      await desk.rows('SELECT file_id AS file, kind AS kind FROM anime_parts WHERE part_number = 2'),
    ).toEqual([{ file: file?.fileId, kind: 'document' }]);
  });

  test('parts swap, move and keep their views', async () => {
    desk = await deskWithAnime();
    await watched(desk.bot.db, 1, 2, 3, 4);
    await partMenu(desk, 1);
    await desk.press('↕️ Boshqa raqamga o‘tkazish');
    await desk.admin.send('3');
    await desk.press('⤵️ 1 shu yerga, oradagilar surilsin');
    expect((await desk.rows(PARTS)).map((part) => part['file'])).toEqual(['b', 'c', 'a', 'd']);
    expect((await desk.rows(HISTORY)).map((view) => view['number'])).toEqual(['3', '1', '2', '4']);
    await partMenu(desk, 4);
    await desk.press('↕️ Boshqa raqamga o‘tkazish');
    await desk.admin.send('1');
    const asked = desk.last();
    await desk.press('🔀 4 va 1 almashsin');
    // A second finger on the same button.
    await desk.admin.press(asked, '🔀 4 va 1 almashsin');
    expect((await desk.rows(PARTS)).map((part) => part['file'])).toEqual(['d', 'c', 'a', 'b']);
  });

  test.each([
    ['keyingilari surilsin', ['1', '2', '3'], ['1', null, '2', '3']],
    ['raqamlar qolsin', ['1', '3', '4'], ['1', null, '3', '4']],
  ])('old fault: deleting a part broke; here "%s", and history follows', async (button, numbers, views) => {
    desk = await deskWithAnime();
    await watched(desk.bot.db, 1, 2, 3, 4);
    await partMenu(desk, 2);
    await desk.press('🗑 Qismni o‘chirish');
    const asked = desk.last();
    expect(asked.text).toContain('o‘chirilsinmi');
    await desk.press(new RegExp(button));
    await desk.admin.press(
      asked,
      asked.keyboard.flat().find(({ text }) => text.includes(button))?.text ?? '',
    );
    expect((await desk.rows(PARTS)).map((part) => part['number'])).toEqual(numbers);
    expect((await desk.rows(PARTS)).map((part) => part['file'])).toEqual(['a', 'c', 'd']);
    expect((await desk.rows(HISTORY)).map((view) => view['number'])).toEqual(views);
  });

  test('two admins press delete at once: one part goes, one line is written', async () => {
    desk = await deskWithAnime();
    const second = desk.telegram.person({ firstName: 'Zafar' });
    await second.start();
    await desk.bot.db.write([
      sql(`INSERT INTO admins (user_id, added_at) VALUES (?, '2026-01-01 00:00:00')`, second.id),
    ]);
    await partMenu(desk, 2);
    await desk.press('🗑 Qismni o‘chirish');
    const asked = desk.last();
    await desk.telegram.hold(async () => {
      await desk.admin.press(asked, '🗑 O‘chirilsin, keyingilari surilsin');
      await second.press(asked, '🗑 O‘chirilsin, keyingilari surilsin');
    });
    await desk.telegram.deliver({ parallel: true });
    expect((await desk.rows(PARTS)).map((part) => part['file'])).toEqual(['a', 'c', 'd']);
    expect(await desk.rows(`SELECT id AS id FROM audit_log WHERE action = 'part-deleted'`)).toHaveLength(1);
  });

  test('any sequence of moves, swaps and deletions agrees with a list, parts and history alike', async () => {
    const bot = await startTestBot();
    const { db } = bot;
    const step = fc.record({
      kind: fc.constantFrom('move', 'swap', 'delete', 'shift'),
      which: fc.nat(20),
      to: fc.integer({ min: 1, max: 12 }),
    });
    let code = 100;
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 8 }),
        fc.array(step, { maxLength: 6 }),
        async (start, steps) => {
          code += 1;
          const ids = await seed(db, code, start);
          let model = new Map(start.map((number, i) => [ids[i] ?? 0, number]));
          for (const { kind, which, to } of steps) {
            const id = [...model.keys()][which % Math.max(1, model.size)];
            if (id === undefined) break;
            await db.write(statementsOf(kind, await animeOf(db, code), id, to));
            model = modelAfter(model, kind, id, to);
          }
          const [parts, views] = await db.read([
            numbersOf(`SELECT id, part_number FROM anime_parts WHERE anime_code = ${code}`),
            numbersOf(
              `SELECT -user_id AS id, part_number FROM user_history WHERE anime_code = ${code} AND part_number IS NOT NULL`,
            ),
          ]);
          expect(new Map(parts)).toEqual(model);
          expect(new Map(views)).toEqual(model);
        },
      ),
      { numRuns: 60, seed: 7 },
    );
    await bot.close();
  });
});

describe('the trash', () => {
  test('deleting asks, hides at once, can be undone for 30 days, then the tick purges', async () => {
    desk = await deskWithAnime();
    const { admin, bot } = desk;
    await watched(bot.db, 1);
    const viewer = desk.telegram.person();
    await admin.send('/edit 12');
    await desk.press('🗑 O‘chirish');
    expect(desk.last().text).toContain('o‘chirilsinmi');
    expect(await desk.rows('SELECT deleted_at AS at FROM anime')).toEqual([{ at: null }]);
    await desk.press('🗑 Ha, o‘chirilsin');
    await viewer.send('12');
    expect(viewer.lastMessage().text).not.toContain('Naruto');
    await admin.send('/trash');
    expect(desk.last().keyboard[0]?.[0]?.text).toBe('♻️ 12 Naruto · 30 kun');
    bot.advance(29 * 86_400_000);
    await trashJob.run(bot.jobContext());
    await admin.send('/trash');
    await desk.press('♻️ 12 Naruto · 1 kun');
    await viewer.send('12');
    expect(viewer.lastMessage().text).toContain('Naruto');
    await admin.send('/edit 12');
    await desk.presses('🗑 O‘chirish', '🗑 Ha, o‘chirilsin');
    bot.advance(30 * 86_400_000 + 1_000);
    await trashJob.run(bot.jobContext());
    expect(await desk.rows('SELECT id AS id FROM anime')).toEqual([]);
    expect(await desk.rows('SELECT id AS id FROM anime_parts')).toEqual([]);
    // The code may be another anime's from now on: the views recorded under it must not become that
    // one's.
    expect(await desk.rows(HISTORY)).toEqual([{ code: null, number: null }]);
    expect(
      await desk.rows(`SELECT action AS action FROM audit_log WHERE action = 'anime-purged'`),
    ).toHaveLength(1);
  });

  test('can delete now: asked first, the code is free, its views are nobody else’s', async () => {
    desk = await deskWithAnime();
    await watched(desk.bot.db, 1, 2);
    await desk.admin.send('/edit 12');
    await desk.presses('🗑 O‘chirish', '🗑 Ha, o‘chirilsin');
    await desk.admin.send('/trash');
    await desk.press('🗑 O‘chirish');
    expect(desk.last().text).toContain('Naruto (kod 12, 4 ta qism) butunlay o‘chirilsinmi');
    await desk.press('↩️ Yo‘q');
    expect(desk.last().keyboard[0]?.[0]?.text).toBe('♻️ 12 Naruto · 30 kun');
    await desk.press('🗑 O‘chirish');
    const asked = desk.last();
    await desk.press('🗑 Ha, butunlay o‘chirilsin');
    expect(desk.last().text).toContain('Naruto butunlay o‘chirildi');
    expect(desk.last().text).toContain('Savat bo‘sh');
    expect(await desk.rows('SELECT id AS id FROM anime')).toEqual([]);
    expect(await desk.rows('SELECT id AS id FROM anime_parts')).toEqual([]);
    expect(await desk.rows(HISTORY)).toEqual([
      { code: null, number: null },
      { code: null, number: null },
    ]);
    expect(
      await desk.rows(`SELECT user_id AS who, subject AS what FROM audit_log WHERE action = 'anime-purged'`),
    ).toEqual([{ who: '100', what: '12 Naruto' }]);
    const press = encodeAction({ kind: 'purgeNow', id: 1 });
    expect(asked.keyboard.flat().map(({ data }) => data)).toContain(press);
  });

  test('deleting now takes nothing that is not in the trash', async () => {
    desk = await deskWithAnime();
    await desk.admin.send('/edit 12');
    await desk.presses('🗑 O‘chirish', '🗑 Ha, o‘chirilsin');
    await desk.admin.send('/trash');
    const trash = desk.last();
    await desk.admin.press(trash, '🗑 O‘chirish');
    const asked = desk.admin.look(trash);
    await desk.admin.send('/edit 12');
    await desk.press('♻️ Tiklash');
    expect((await desk.admin.press(asked, '🗑 Ha, butunlay o‘chirilsin'))?.text).toContain('savatda yo‘q');
    expect(await desk.rows('SELECT title AS title FROM anime')).toEqual([{ title: 'Naruto' }]);
  });

  test('an anime with more views than a press may wait for is left to the tick', async () => {
    desk = await deskWithAnime();
    await desk.bot.db.write([
      sql(
        `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40001)
         INSERT INTO user_history (user_id, anime_code, part_number) SELECT 100, 12, 1 FROM n`,
      ),
    ]);
    await desk.admin.send('/edit 12');
    await desk.presses('🗑 O‘chirish', '🗑 Ha, o‘chirilsin');
    await desk.admin.send('/trash');
    await desk.presses('🗑 O‘chirish', '🗑 Ha, butunlay o‘chirilsin');
    expect(desk.last().text).toContain('bir soat ichida');
    await trashJob.run(desk.bot.jobContext());
    expect(await desk.rows('SELECT id AS id FROM anime')).toEqual([]);
    expect(await desk.rows('SELECT id AS id FROM user_history WHERE anime_code IS NOT NULL')).toEqual([]);
  });

  test('old buttons of a purged anime open nothing else', async () => {
    desk = await deskWithAnime();
    await desk.admin.send('/edit 12');
    const menu = desk.last();
    await desk.presses('🗑 O‘chirish', '🗑 Ha, o‘chirilsin');
    desk.bot.advance(31 * 86_400_000);
    await trashJob.run(desk.bot.jobContext());
    await addAnime(desk.bot.db, { code: 12, title: 'Bleach' });
    expect((await desk.admin.press(menu, '✏️ Nomi'))?.text).toContain('topilmadi');
  });
});

async function seed(db: Database, code: number, numbers: readonly number[]): Promise<number[]> {
  const results = await db.write([
    sql('INSERT INTO anime (code) VALUES (?)', code),
    ...numbers.map((number) =>
      sql(
        'INSERT INTO anime_parts (anime_code, part_number, file_id) VALUES (?, ?, ?) RETURNING id',
        code,
        number,
        String(number),
      ),
    ),
  ]);
  const ids = results.slice(1).map((result) => result.rows[0]?.int('id') ?? 0);
  // A viewer for each part, named by its row: the view must follow it.
  await db.write(
    ids.flatMap((id, i) => [
      sql('INSERT INTO users (user_id) VALUES (?)', -id),
      sql(
        'INSERT INTO user_history (user_id, anime_code, part_number) VALUES (?, ?, ?)',
        -id,
        code,
        numbers[i] ?? 0,
      ),
    ]),
  );
  return ids;
}

async function animeOf(db: Database, code: number): Promise<number> {
  const [found] = await db.write([sql('SELECT id FROM anime WHERE code = ?', code)]);
  return found?.rows[0]?.int('id') ?? 0;
}

function statementsOf(kind: string, anime: number, id: number, to: number): readonly Statement[] {
  if (kind === 'move') return movePart(id, to);
  if (kind === 'swap') return swapParts(id, to);
  return deletePart(anime, id, kind === 'shift');
}

function modelAfter(
  model: ReadonlyMap<number, number>,
  kind: string,
  id: number,
  to: number,
): Map<number, number> {
  const from = model.get(id) ?? 0;
  const entries = [...model].filter(([other]) => other !== id || kind === 'move' || kind === 'swap');
  return new Map(
    entries.map(([other, number]): [number, number] => {
      if (other === id) return [other, to];
      if (kind === 'swap') return [other, number === to ? from : number];
      if (kind === 'move' && to > from && number > from && number <= to) return [other, number - 1];
      if (kind === 'move' && to < from && number >= to && number < from) return [other, number + 1];
      if (kind === 'shift' && number > from) return [other, number - 1];
      return [other, number];
    }),
  );
}

function numbersOf(text: string) {
  return {
    sql: text,
    args: [],
    parse: (rows: readonly { int(column: string): number }[]): [number, number][] =>
      rows.map((row) => [row.int('id'), row.int('part_number')]),
  };
}
