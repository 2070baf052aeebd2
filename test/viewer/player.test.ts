/** Parts and the one-message player (docs/spec/bot.md "Viewer" 5, 9); the old bot's faults. */
import { describe, expect, test } from 'vitest';
import { sql } from '../../src/db/database.ts';
import { ownerNoticesJob } from '../../src/jobs/send-owner-notices.ts';
import { ADMIN_ID } from '../support/bot.ts';
import { addAnime, buttons, buttonWith, fileId, press, run, start, values } from './support.ts';

describe('parts and the player', () => {
  test('ten to a page, five to a row, a counter that may be pressed (old bot: pressing it raised)', async () => {
    const bot = await start();
    await addAnime(bot, { code: 12, title: 'Naruto', parts: 23 });
    const viewer = bot.telegram.person();
    await viewer.send('12');
    const card = viewer.lastMessage();
    let list = await press(viewer, card, 'Animeni ko‘rish');
    expect(list.id).toBe(card.id);
    expect(list.keyboard.map((row) => row.map(({ text }) => text))).toEqual([
      ['1', '2', '3', '4', '5'],
      ['6', '7', '8', '9', '10'],
      ['1 / 3', 'O‘ng ➡️'],
      ['🔙 Orqaga'],
    ]);
    expect(await viewer.press(list, '1 / 3')).toEqual({ text: undefined, isAlert: false, url: undefined });
    list = await press(viewer, list, 'O‘ng');
    list = await press(viewer, list, 'O‘ng');
    expect(list.keyboard.map((row) => row.map(({ text }) => text))).toEqual([
      ['21', '22', '23'],
      ['⬅️ Chap', '3 / 3'],
      ['🔙 Orqaga'],
    ]);
    expect((await press(viewer, list, 'Orqaga')).text).toContain('Kod: 12');
  });

  test.each([
    ['text card, video', false, 'video'],
    ['photo card, video (old bot: a photo card could never open its parts)', true, 'video'],
    ['text card, document', false, 'document'],
    ['photo card, document', true, 'document'],
    ['photo card, animation', true, 'animation'],
  ] as const)('one message from card to the last part and back: %s', async (_, photo, kind) => {
    const bot = await start();
    await addAnime(bot, { code: 12, title: 'Naruto', photo, kind, parts: [1, 2, 4] });
    const viewer = bot.telegram.person();
    await viewer.send('12');
    const card = viewer.lastMessage();
    const seen = [card];
    for (const button of [
      'Animeni ko‘rish',
      '1',
      '2-qism',
      '4-qism',
      '2-qism',
      'Qismlar',
      'Orqaga',
      'Davom ettirish',
    ])
      seen.push(await press(viewer, seen.at(-1) ?? card, button));
    expect(seen.map(({ id }) => id)).toEqual(seen.map(() => card.id));
    expect(seen.slice(2, 6).map(({ kind }) => kind)).toEqual([kind, kind, kind, kind]);
    expect(seen[2]?.text).toBe('Naruto\n🎬 1-qism\n🔢 Kod: 12');
    expect(buttons(seen[3] ?? card)).toEqual(['⬅️ 1-qism', '4-qism ➡️', '📋 Qismlar']);
    expect(buttons(seen[4] ?? card)).toEqual(['⬅️ 2-qism', '📋 Qismlar', '🔔 Kuzatish']);
    expect(seen.at(-1)?.text).toContain('4-qism');
    expect(bot.log.filter(({ outcome }) => outcome !== undefined && outcome !== 'handled')).toEqual([]);
  });

  test.each([
    '12 5',
    '12-5',
    '12 – 5',
    '12/5',
    '12_5',
    '12:5',
    '12 qism 5',
    '12 5-qism',
    '12 - 5 qism',
    '12 қисм 5',
    '12 часть 5',
    '12 PART 5',
    '１２ ５',
  ])('a code and a part in one text open that part: %s', async (text) => {
    const bot = await start();
    await addAnime(bot, { code: 12, title: 'Naruto', parts: 7 });
    const viewer = bot.telegram.person();
    await viewer.send(text);
    expect(viewer.lastMessage().text).toContain('🎬 5-qism');
    expect(await values(bot, 'SELECT part_number AS v FROM user_history')).toEqual(['5']);
  });

  test.each([
    ['12 9', '9-qism yo‘q'],
    ['13 1', '13 kodli anime topilmadi'],
    ['12 naruto 5', 'Kod: 12'],
    ['0 5', 'topilmadi'],
    ['12 0', 'topilmadi'],
    ['1234567 5', 'topilmadi'],
    ['12 5 5', 'topilmadi'],
    ['2.5', 'topilmadi'],
  ])('a part that is not there, and what only looks like one: %s', async (text, said) => {
    const bot = await start();
    await addAnime(bot, { code: 12, title: 'Naruto', parts: 7 });
    const viewer = bot.telegram.person();
    await viewer.send(text);
    expect(viewer.lastMessage().text).toContain(said);
  });

  test('in place of a part that is not there its list is offered; an anime without parts has its card', async () => {
    const bot = await start();
    await addAnime(bot, { code: 12, title: 'Naruto', parts: 7 });
    await addAnime(bot, { code: 13, title: 'Bleach', parts: 0 });
    const viewer = bot.telegram.person();
    await viewer.send('12 99');
    expect(viewer.lastMessage().text).toBe('Naruto\nBu animeda 99-qism yo‘q: hammasi bo‘lib 7 ta qism bor.');
    const list = await press(viewer, viewer.lastMessage(), 'Animeni ko‘rish');
    expect(buttons(list).slice(0, 7)).toEqual(['1', '2', '3', '4', '5', '6', '7']);
    await viewer.send('13 1');
    expect(viewer.lastMessage().text).toContain('Kod: 13');
    await viewer.send('/help');
    expect(viewer.lastMessage().text).toContain('masalan 1 7');
  });

  test('a long description of a text card is shown as far as a caption holds when the message became the player', async () => {
    const bot = await start();
    await addAnime(bot, { code: 12, title: 'Naruto', description: 'so‘z '.repeat(600), parts: 1 });
    const viewer = bot.telegram.person();
    await viewer.send('12');
    let shown = await press(viewer, viewer.lastMessage(), 'Animeni ko‘rish');
    for (const button of ['1', 'Qismlar', 'Orqaga', 'Davomi', 'O‘ng', 'Orqaga'])
      shown = await press(viewer, shown, button);
    expect(shown.kind).toBe('video');
    expect(shown.text.length).toBeGreaterThan(900);
  });

  test('the list opens on the page of the part that played, and marks it', async () => {
    const bot = await start();
    await addAnime(bot, { code: 12, parts: 30 });
    const viewer = bot.telegram.person();
    await viewer.start('12_25');
    const list = await press(viewer, viewer.lastMessage(), 'Qismlar');
    expect(buttons(list)).toContain('👁 25');
    expect(buttons(list)).toContain('3 / 3');
  });

  test('views and usernames are recorded (old bot: never): history, progress, the anime’s counter', async () => {
    const bot = await start();
    await addAnime(bot, { code: 12, parts: 3 });
    const viewer = bot.telegram.person();
    await viewer.start('12_1');
    await press(viewer, viewer.lastMessage(), '2-qism');
    expect(
      await values(
        bot,
        "SELECT user_id || ' ' || anime_code || ' ' || part_number || ' ' || viewed_at AS v FROM user_history",
      ),
    ).toEqual([`${viewer.id} 12 1 2026-11-22 10:00:00`, `${viewer.id} 12 2 2026-11-22 10:00:00`]);
    expect(await values(bot, "SELECT part_number || ' ' || part_id AS v FROM watch_progress")).toEqual([
      '2 2',
    ]);
    expect(await values(bot, 'SELECT views AS v FROM anime')).toEqual(['2']);
  });

  test('old bot: an old card sent another anime’s episode; buttons name the anime, whoever has its code now', async () => {
    const bot = await start();
    await addAnime(bot, { code: 12, title: 'Eski', parts: 2 });
    const viewer = bot.telegram.person();
    await viewer.send('12');
    const card = viewer.lastMessage();
    await bot.db.write([sql('UPDATE anime SET code = 99 WHERE code = 12')]);
    await addAnime(bot, { code: 12, title: 'Yangi', parts: 2 });
    const list = await press(viewer, card, 'Animeni ko‘rish');
    expect((await press(viewer, list, '1')).text).toBe('Eski\n🎬 1-qism\n🔢 Kod: 99');
  });

  test('a part that is gone is said to be gone; the page nearest to a page that is gone opens', async () => {
    const bot = await start();
    await addAnime(bot, { code: 12, parts: 21 });
    const viewer = bot.telegram.person();
    await viewer.send('12');
    let list = await press(viewer, viewer.lastMessage(), 'Animeni ko‘rish');
    list = await press(viewer, list, 'O‘ng');
    await bot.db.write([sql('DELETE FROM anime_parts WHERE part_number > 15')]);
    expect(await viewer.press(list, '16')).toMatchObject({
      isAlert: true,
      text: expect.stringContaining('16-qism endi mavjud emas'),
    });
    const last = await press(viewer, list, 'O‘ng');
    expect(buttons(last)).toEqual(['11', '12', '13', '14', '15', '⬅️ Chap', '2 / 2', '🔙 Orqaga']);
  });

  test('old bot: restart killed every button; every button works after one, and a month later', async () => {
    const bot = await start();
    await addAnime(bot, { code: 12, photo: true, parts: 12 });
    const viewer = bot.telegram.person();
    await viewer.send('12');
    const card = viewer.lastMessage();
    const { startTestBot } = await import('../support/bot.ts');
    const again = await startTestBot({
      path: bot.path,
      telegram: bot.telegram,
      now: new Date('2026-12-25T10:00:00Z'),
    });
    const list = await press(viewer, card, 'Animeni ko‘rish');
    expect((await press(viewer, list, '7')).text).toContain('7-qism');
    await again.close();
  });

  test('a message that is gone or too old to edit is answered with a new one', async () => {
    const bot = await start();
    await addAnime(bot, { code: 12, parts: 2 });
    const viewer = bot.telegram.person();
    await viewer.send('12');
    const card = viewer.lastMessage();
    bot.telegram.script({
      method: 'editMessageText',
      fault: { kind: 'error', status: 400, description: "Bad Request: message can't be edited" },
    });
    const list = await press(viewer, card, 'Animeni ko‘rish');
    expect(list.id).not.toBe(card.id);
    expect(buttons(list)).toContain('2');
  });

  test('the view is not recorded when the video did not come, and the update is tried again', async () => {
    const bot = await start();
    await addAnime(bot, { code: 12, parts: 2 });
    const viewer = bot.telegram.person();
    bot.telegram.script({
      method: 'sendVideo',
      fault: { kind: 'error', status: 500, description: 'Internal Server Error' },
    });
    await viewer.start('12_1');
    expect(viewer.lastMessage().kind).toBe('video');
    expect(await values(bot, 'SELECT COUNT(*) AS v FROM user_history')).toEqual(['1']);
    expect(bot.log.map(({ outcome }) => outcome).filter(Boolean)).toEqual(['again', 'handled']);
  });
});

describe('files Telegram will not send', () => {
  test('after a change of the token: a polite answer to every viewer, one alert to the admins, no poison', async () => {
    const bot = await start();
    const admin = bot.telegram.person({ id: ADMIN_ID });
    await admin.start();
    await addAnime(bot, { code: 12, title: 'Naruto', photo: true, parts: 3 });
    await bot.db.write([
      sql('UPDATE anime_parts SET file_id = ?', bot.telegram.foreignFileId('video')),
      sql('UPDATE anime SET photo_id = ?', bot.telegram.foreignFileId('photo')),
    ]);
    for (const viewer of [bot.telegram.person(), bot.telegram.person()]) {
      await viewer.send('12');
      const card = viewer.lastMessage();
      expect(card).toMatchObject({ kind: 'text', text: expect.stringContaining('Naruto') });
      const list = await press(viewer, card, 'Animeni ko‘rish');
      const trouble = await press(viewer, list, '2');
      expect(trouble.text).toContain('Naruto, 2-qism: videoni hozircha ochib bo‘lmadi');
      expect(buttons(trouble)).toContain('3-qism ➡️');
    }
    expect(await values(bot, 'SELECT COUNT(*) AS v FROM user_history')).toEqual(['0']);
    await run(bot, ownerNoticesJob);
    await run(bot, ownerNoticesJob);
    expect(admin.messages().filter(({ text }) => text.includes('qabul qilmadi'))).toHaveLength(1);
    expect(bot.log.filter(({ outcome }) => outcome !== undefined && outcome !== 'handled')).toEqual([]);
  });

  test('a document taken for a video (the old bot kept no kinds) is sent as what it is, and so from then on', async () => {
    const bot = await start();
    await addAnime(bot, { code: 12, parts: 2 });
    const document = await fileId(bot, 'document');
    await bot.db.write([sql("UPDATE anime_parts SET file_id = ?, kind = 'video'", document)]);
    const viewer = bot.telegram.person();
    await viewer.start('12_1');
    expect(viewer.lastMessage().kind).toBe('document');
    expect(await values(bot, 'SELECT kind AS v FROM anime_parts ORDER BY part_number')).toEqual([
      'document',
      'video',
    ]);
    const next = await press(viewer, viewer.lastMessage(), buttonWith(viewer.lastMessage(), '2-qism'));
    expect(next).toMatchObject({ kind: 'document', text: expect.stringContaining('2-qism') });
    expect(await bot.costOf(() => viewer.start('12_1'))).toEqual({ reads: 1, writes: 1, calls: 1 });
  });
});
