/** The add-anime wizard as an admin meets it; the old bot's faults (docs/spec/bot.md) are named. */
import { afterEach, describe, expect, test } from 'vitest';
import { createReceiver } from '../../src/bot/receive.ts';
import { ask } from '../../src/db/admin-questions.ts';
import { type Database, type Statement, sql } from '../../src/db/database.ts';
import { stages } from '../../src/handlers/index.ts';
import { draftStatusJob } from '../../src/jobs/refresh-draft-status.ts';
import { addAnime } from '../support/catalogue.ts';
import { type AdminDesk, addByWizard, startDesk } from './support.ts';

let desk: AdminDesk;
afterEach(() => desk.close());

const STORED = `SELECT p.part_number AS number, p.file_id AS file, p.kind AS kind
  FROM anime_parts p ORDER BY p.anime_code, p.part_number`;
const numbersTo = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i + 1));

describe('adding an anime', () => {
  test('old fault: an anime with two or more parts was lost while the bot said it was added', async () => {
    desk = await startDesk();
    const { admin } = desk;
    await admin.send('/admin');
    await desk.press('➕ Anime qo‘shish');
    expect(desk.last().text).toContain('Anime tavsifini yuboring');
    await admin.send({ photo: true, caption: 'Naruto\nHokage bo‘lishni orzu qilgan bola' });
    expect(desk.last().text).toContain('Tavsif saqlandi: Naruto');
    for (let i = 1; i <= 12; i++) await admin.send({ video: { name: `naruto ${i}.mp4` } });
    await desk.later();
    expect(desk.last().text).toContain('12 ta qism qabul qilindi');
    await desk.press('✅ Tugatish (12)');
    await desk.press('✅ 1 — bo‘sh kod');
    await desk.press('▶️ Davom etish');
    const preview = desk.last();
    expect(preview.kind).toBe('photo');
    expect(preview.text).toContain('Hokage');
    await desk.press('✅ Tayyor, qo‘shilsin');
    expect(desk.last().text).toBe('✅ Naruto qo‘shildi.\n🔢 Kod: 1\n🎞 Qismlar: 12 ta');
    const parts = await desk.rows(STORED);
    expect(parts.map((part) => part['number'])).toEqual(numbersTo(12));
    expect(new Set(parts.map((part) => part['file'])).size).toBe(12);
    expect(
      await desk.rows('SELECT title AS title, description AS description, code AS code FROM anime'),
    ).toEqual([{ title: 'Naruto', description: 'Naruto\nHokage bo‘lishni orzu qilgan bola', code: '1' }]);
    expect(await desk.rows('SELECT id AS id FROM drafts')).toEqual([]);
    const viewer = desk.telegram.person();
    await viewer.send('1');
    expect(viewer.lastMessage().text).toContain('Naruto');
    await viewer.send('hokage');
    expect(viewer.lastMessage().text).toContain('Naruto');
  });

  test('digits are a text where a text is asked for', async () => {
    desk = await startDesk();
    await desk.admin.send('/add');
    await desk.admin.send('86');
    expect(desk.last().text).toContain('Tavsif saqlandi: 86');
    await desk.press('⏭ Qismsiz davom etish');
    await desk.admin.send('7');
    await desk.presses('▶️ Davom etish', '✏️ Nomi');
    await desk.admin.send('0009');
    expect(await desk.rows('SELECT title AS title, description AS text, code AS code FROM drafts')).toEqual([
      { title: '0009', text: '86', code: '7' },
    ]);
  });

  test('the preview loses its buttons once its anime is published', async () => {
    desk = await startDesk();
    await desk.admin.send('/add');
    await desk.admin.send({ photo: true, caption: 'Naruto' });
    await desk.presses('⏭ Qismsiz davom etish', /bo‘sh kod/, '▶️ Davom etish');
    const preview = desk.last();
    expect(preview.kind).toBe('photo');
    expect(preview.keyboard).not.toEqual([]);
    desk.telegram.script({
      method: 'editMessageReplyMarkup',
      fault: { kind: 'error', status: 400, description: "Bad Request: message can't be edited" },
    });
    await desk.press('✅ Tayyor, qo‘shilsin');
    expect(desk.last().text).toContain('Naruto qo‘shildi');
    expect(desk.bot.log.filter(({ level }) => level === 'error')).toEqual([]);
    await desk.admin.send('/add');
    await desk.admin.send({ photo: true, caption: 'Bleach' });
    await desk.presses('⏭ Qismsiz davom etish', /bo‘sh kod/, '▶️ Davom etish');
    const second = desk.last();
    await desk.press('✅ Tayyor, qo‘shilsin');
    expect(desk.admin.look(second).keyboard).toEqual([]);
    expect(desk.admin.look(second).text).toContain('Bleach');
  });

  test('no drafts button without drafts', async () => {
    desk = await startDesk();
    const shown = (): string[] =>
      desk
        .last()
        .keyboard.flat()
        .map(({ text }) => text);
    await desk.admin.send('/admin');
    expect(shown().filter((text) => text.startsWith('🗂'))).toEqual([]);
    await desk.admin.send('/add');
    await desk.admin.send('/cancel');
    await desk.admin.send('/add');
    await desk.admin.send('/admin');
    expect(shown()).toContain('🗂 Qoralamalar (2)');
    await desk.press('🗂 Qoralamalar (2)');
    await desk.press(/⏸ Nomsiz/);
    await desk.presses('⏸ Keyinroq', '🗑 Qoralamani o‘chirish', '🗑 Ha, o‘chirilsin');
    expect(shown()).toContain('🗂 Qoralamalar');
    await desk.press('🗂 Qoralamalar');
    await desk.press(/Nomsiz/);
    await desk.presses('⏸ Keyinroq', '🗑 Qoralamani o‘chirish', '🗑 Ha, o‘chirilsin');
    expect(shown()).toEqual(['🏠 Boshqaruv paneli']);
  });

  test('old fault: a description with a photo was ignored; its picture is on the card', async () => {
    desk = await startDesk();
    await desk.admin.send('/add');
    await desk.admin.send({ photo: true });
    expect(desk.last().text).toContain('Rasm saqlandi');
    await desk.admin.send('Bleach\nSamuraylar');
    expect(await desk.rows('SELECT title AS title, photo_id IS NOT NULL AS photo FROM drafts')).toEqual([
      { title: 'Bleach', photo: '1' },
    ]);
  });

  test('old fault: after adding a part the next text overwrote the description', async () => {
    desk = await startDesk();
    await desk.admin.send('/add');
    await desk.admin.send('Naruto');
    await desk.admin.send({ video: true });
    await desk.admin.send('yana bir gap');
    expect(desk.last().text).toContain('hech narsa o‘zgarmadi');
    expect(await desk.rows('SELECT description AS description FROM drafts')).toEqual([
      { description: 'Naruto' },
    ]);
  });

  test('old fault: pending code plus photo raised; here the photo changes nothing', async () => {
    desk = await startDesk();
    await desk.admin.send('/add');
    await desk.admin.send('Naruto');
    await desk.press('⏭ Qismsiz davom etish');
    await desk.admin.send({ photo: true, caption: '15' });
    expect(desk.last().text).toContain('kodini');
    await desk.admin.send('²');
    expect(desk.last().text).toContain('1 dan 999999 gacha');
    await desk.admin.send('15');
    expect(await desk.rows('SELECT code AS code, step AS step FROM drafts')).toEqual([
      { code: '15', step: 'groups' },
    ]);
  });

  test('a taken code is refused by name, in the trash too', async () => {
    desk = await startDesk();
    await addAnime(desk.bot.db, { code: 12, title: 'One Piece' });
    await addAnime(desk.bot.db, { code: 13, title: 'Bleach' });
    await desk.admin.send('/edit 13');
    await desk.presses('🗑 O‘chirish', '🗑 Ha, o‘chirilsin');
    await desk.admin.send('/add');
    await desk.admin.send('Naruto');
    await desk.press('⏭ Qismsiz davom etish');
    await desk.admin.send('12');
    expect(desk.last().text).toContain('12-kod band: «One Piece»');
    await desk.admin.send('13');
    expect(desk.last().text).toContain('13-kod band: «Bleach» (savatda');
    expect(desk.last().keyboard[0]?.[0]?.text).toBe('✅ 14 — bo‘sh kod');
    await desk.admin.send('99');
    expect(desk.last().text).toContain('4️⃣');
  });

  test('a code taken after it was chosen is refused at the end, nothing is half-written, and the draft goes on', async () => {
    desk = await startDesk();
    await desk.admin.send('/add');
    await desk.admin.send('Naruto');
    await desk.admin.send({ video: true });
    await desk.later();
    await desk.press(/Tugatish/);
    await desk.admin.send('7');
    await desk.press('▶️ Davom etish');
    await addAnime(desk.bot.db, { code: 7, title: 'Bleach' });
    await desk.press('✅ Tayyor, qo‘shilsin');
    expect(desk.last().text).toContain('7-kod band: «Bleach»');
    expect(await desk.rows(STORED)).toEqual([]);
    await desk.admin.send('8');
    await desk.press('✅ Tayyor, qo‘shilsin');
    expect(desk.last().text).toContain('Kod: 8');
  });

  test('mkv films and animations are parts of their own kind; pictures and archives are none', async () => {
    desk = await startDesk();
    await desk.admin.send('/add');
    await desk.admin.send('Naruto');
    await desk.admin.send({ document: { name: 'Naruto 01.MKV' } });
    await desk.admin.send({ animation: true });
    await desk.admin.send({ video: true });
    for (const file of [{ document: { name: 'rar.zip' } }, { photo: true }] as const) {
      await desk.admin.send(file);
      expect(desk.last().text).toContain('Qism uchun video yoki mkv fayl kerak');
    }
    expect(await desk.rows('SELECT kind AS kind FROM draft_parts ORDER BY message_id')).toEqual([
      { kind: 'document' },
      { kind: 'animation' },
      { kind: 'video' },
    ]);
  });

  test.each(['12345678901234567890', '²', '--5', '0', '1000000', 'Ⅻ', '12a'])(
    'old fault: %s as a code crashed; here it is asked again',
    async (text) => {
      desk = await startDesk();
      await desk.admin.send('/add');
      await desk.admin.send('Naruto');
      await desk.press('⏭ Qismsiz davom etish');
      const wrong = await desk.admin.send(text);
      expect(desk.last().text).toContain('1 dan 999999 gacha');
      // An edited message is no answer, and no crash either.
      await desk.admin.edit(wrong, '77');
      expect(await desk.rows('SELECT code AS code, step AS step FROM drafts')).toEqual([
        { code: null, step: 'code' },
      ]);
    },
  );

  test('digits of any script are a code', async () => {
    desk = await startDesk();
    await desk.admin.send('/add');
    await desk.admin.send('Naruto');
    await desk.press('⏭ Qismsiz davom etish');
    await desk.admin.send('١٢');
    expect(await desk.rows('SELECT code AS code FROM drafts')).toEqual([{ code: '12' }]);
  });

  test.each([true, false])(
    'old fault: <, & or a caption over 1024 made a card unsendable (with a photo: %s)',
    async (hasPhoto) => {
      desk = await startDesk();
      const room = desk.telegram.channel({ title: 'A <b> & "c"', username: 'kanal_bir' });
      await desk.admin.send('/groups');
      await desk.press('➕ Guruh yoki kanal qo‘shish');
      await desk.admin.send('@kanal_bir');
      await desk.admin.send('/add');
      const long = `Naruto <b>2</b> & "Sasuke"\n${'<&> so‘z '.repeat(440)}`.slice(0, 4096);
      if (hasPhoto) await desk.admin.send({ photo: true });
      await desk.admin.send(long);
      await desk.presses('⏭ Qismsiz davom etish', /bo‘sh kod/, /A <b>/, '▶️ Davom etish');
      expect(desk.last().text).toContain('Naruto <b>2</b> & "Sasuke"');
      await desk.press('✅ Tayyor, qo‘shilsin');
      expect(desk.last().text).toContain('✅ A <b> & "c"');
      expect(room.lastMessage().text).toContain('Naruto <b>2</b> & "Sasuke"');
      expect(await desk.rows('SELECT length(description) AS characters FROM anime')).toEqual([
        { characters: String(long.trim().length) },
      ]);
    },
  );

  test('a published anime can be changed in the preview before it is published', async () => {
    desk = await startDesk();
    await desk.admin.send('/add');
    await desk.admin.send('naruto');
    await desk.presses('⏭ Qismsiz davom etish', '✅ 1 — bo‘sh kod', '▶️ Davom etish', '✏️ Nomi');
    await desk.admin.send('Naruto Shippuden');
    expect(desk.last().text).toContain('Naruto Shippuden');
    await desk.press('📝 Tavsif');
    await desk.admin.send('Yangi tavsif');
    await desk.press('🖼 Rasm');
    await desk.admin.send({ photo: true });
    expect(desk.last().kind).toBe('photo');
    await desk.press('🔢 Kod: 1');
    await desk.admin.send('5');
    await desk.press('✅ Tayyor, qo‘shilsin');
    expect(
      await desk.rows(
        'SELECT code AS code, title AS title, description AS text, photo_id IS NULL AS bare FROM anime',
      ),
    ).toEqual([{ code: '5', title: 'Naruto Shippuden', text: 'Yangi tavsif', bare: '0' }]);
  });
});

describe('parts in a burst', () => {
  test('a hundred parts at once, out of order, ten delivered twice: each once, in message order, few messages', async () => {
    desk = await startDesk();
    const { admin, telegram } = desk;
    await admin.send('/add');
    await admin.send('Naruto');
    const before = admin.messages().filter((message) => message.isFromBot).length;
    const sent: string[] = [];
    await telegram.hold(async () => {
      for (let i = 1; i <= 100; i++) {
        const message = await admin.send({ video: { name: `${i}.mp4` } });
        sent.push(message.file?.fileId ?? '');
      }
    });
    await telegram.deliver({ parallel: true, shuffle: 11, duplicate: 10 });
    await desk.later();
    const said = admin.messages().filter((message) => message.isFromBot);
    expect(said.length - before).toBe(1);
    expect(desk.last().text).toContain('100 ta qism qabul qilindi');
    expect(telegram.callsOf('sendMessage').length).toBeLessThan(8);
    await desk.press('✅ Tugatish (100)');
    await desk.presses(/bo‘sh kod/, '▶️ Davom etish', '✅ Tayyor, qo‘shilsin');
    const parts = await desk.rows(STORED);
    expect(parts.map((part) => part['file'])).toEqual(sent);
    expect(parts.map((part) => part['number'])).toEqual(numbersTo(100));
  });

  test('an album is kept whole; the same video sent again is stored once and said', async () => {
    desk = await startDesk();
    const { admin } = desk;
    await admin.send('/add');
    await admin.send('Naruto');
    const [first] = await admin.sendAlbum([{ video: true }, { video: true }, { video: true }]);
    if (first === undefined) throw new Error('no album');
    await admin.forward(first);
    await desk.later();
    expect(desk.last().text).toContain('3 ta qism');
    expect(desk.last().text).toContain('1 ta takroriy');
  });

  test('an album is answered once, when all of it is there: never with the number of its first video', async () => {
    desk = await startDesk();
    const { admin, telegram } = desk;
    await admin.send('/add');
    await admin.send('Naruto');
    telegram.forgetCalls();
    await admin.sendAlbum([{ video: true }, { video: true }, { video: true }]);
    await desk.later();
    const said = telegram.callsOf('sendMessage').concat(telegram.callsOf('editMessageText'));
    expect(said).toHaveLength(1);
    expect(desk.last().text).toContain('3 ta qism');
    expect(
      desk
        .last()
        .keyboard.flat()
        .map(({ text }) => text),
    ).toContain('✅ Tugatish (3)');
  });

  test('whoever goes on before the number is true leaves no message with a wrong one', async () => {
    desk = await startDesk();
    const { admin } = desk;
    await admin.send('/add');
    await admin.send('Naruto');
    const asked = desk.last();
    for (let i = 0; i < 3; i++) await admin.send({ video: true });
    expect(desk.last().text).toContain('1 ta qism');
    await admin.press(asked, '⏭ Qismsiz davom etish');
    await desk.later();
    const texts = admin.messages().flatMap(({ text, isFromBot }) => (isFromBot ? [text] : []));
    expect(texts.filter((text) => text.includes('1 ta qism'))).toEqual([]);
    // The next step is there, and its message is not the one that was taken away.
    expect(
      desk
        .last()
        .keyboard.flat()
        .some(({ text }) => text.includes('bo‘sh kod')),
    ).toBe(true);
  });

  test('the message that became the next step stays when another video comes', async () => {
    desk = await startDesk();
    const { admin } = desk;
    await admin.send('/add');
    await admin.send('Naruto');
    await admin.send({ video: true });
    await desk.press('✅ Tugatish (1)');
    const step = desk.last();
    await admin.send({ video: true });
    await desk.later();
    expect(admin.messages().map(({ id }) => id)).toContain(step.id);
    await desk.presses(/bo‘sh kod/, '▶️ Davom etish');
    expect(
      desk
        .last()
        .keyboard.flat()
        .map(({ text }) => text),
    ).toContain('🎞 Qismlar: 2');
    // Back at the parts, that message is the status again: a later one takes its place.
    await desk.press('🎞 Qismlar: 2');
    await desk.later();
    await admin.send({ video: true });
    await desk.later();
    const statuses = admin.messages().filter(({ text }) => text.includes('ta qism'));
    expect(statuses.map(({ text }) => /(\d+) ta qism/.exec(text)?.[1])).toEqual(['3']);
  });

  test('videos that arrive before the description, or with no draft at all, are not lost', async () => {
    desk = await startDesk();
    const { admin, telegram } = desk;
    await telegram.hold(async () => {
      await admin.send({ photo: true, caption: 'Naruto' });
      for (let i = 0; i < 5; i++) await admin.send({ video: true });
    });
    await telegram.deliver({ parallel: true, shuffle: 3 });
    await desk.later();
    expect(await desk.rows('SELECT COUNT(*) AS count FROM draft_parts')).toEqual([{ count: '5' }]);
    expect(await desk.rows('SELECT COUNT(*) AS count FROM drafts')).toEqual([{ count: '1' }]);
  });

  test('a question opened while a video is on its way does not lose it: the draft that waits has it', async () => {
    desk = await startDesk();
    const { admin, bot } = desk;
    const opening = async (): Promise<unknown> => {
      await bot.telegram.hold(() => admin.send({ video: true }));
      // Between this update's read and its write the admin presses another button.
      let isOpened = false;
      const db: Database = {
        ...bot.db,
        read: async (queries) => {
          const answers = await bot.db.read(queries);
          if (!isOpened) await bot.db.write([...closing(), ...ask(admin.id, 'person', {}, bot.now())]);
          isOpened = true;
          return answers;
        },
      };
      const receive = createReceiver({ ...bot.services, db }, stages);
      return Promise.all(bot.telegram.takeUpdates().map((update) => receive(update)));
    };
    let closing = (): readonly Statement[] => [];
    await admin.send('/add');
    await admin.send('Naruto');
    await opening();
    await admin.send('/cancel');
    expect(await desk.rows('SELECT COUNT(*) AS parts FROM draft_parts')).toEqual([{ parts: '1' }]);
    // Without a draft to wait for it, the admin is told.
    closing = () => [sql('DELETE FROM drafts')];
    await opening();
    expect(await desk.rows('SELECT COUNT(*) AS parts FROM draft_parts')).toEqual([{ parts: '0' }]);
    expect(desk.last()).toMatchObject({ isFromBot: true, text: expect.stringContaining('Tushunmadim') });
  });

  test('without anybody to come back later, the tick makes the number true', async () => {
    desk = await startDesk();
    const { admin, bot } = desk;
    await admin.send('/add');
    await admin.send('Naruto');
    for (let i = 0; i < 4; i++) await admin.send({ video: true });
    expect(desk.last().text).toContain('1 ta qism');
    bot.advance(60_000);
    await draftStatusJob.run(bot.jobContext());
    expect(desk.last().text).toContain('4 ta qism');
    const calls = desk.telegram.calls.length;
    await draftStatusJob.run(bot.jobContext());
    expect(desk.telegram.calls.length).toBe(calls);
  });

  test('the status message exists once: an old one is taken away', async () => {
    desk = await startDesk();
    const { admin } = desk;
    await admin.send('/add');
    await admin.send('Naruto');
    for (let round = 0; round < 3; round++) {
      await admin.send({ video: true });
      await desk.later();
    }
    const statuses = admin.messages().filter(({ text }) => text.includes('ta qism qabul qilindi'));
    expect(statuses.map(({ text }) => text.split('\n')[1])).toEqual(['3 ta qism qabul qilindi.']);
  });

  test('the last part can be taken out again', async () => {
    desk = await startDesk();
    await desk.admin.send('/add');
    await desk.admin.send('Naruto');
    for (let i = 0; i < 3; i++) await desk.admin.send({ video: true });
    await desk.later();
    await desk.press('↩️ Oxirgisini olib tashlash');
    expect(desk.last().text).toContain('2 ta qism');
  });

  test('old fault: a failed write was swallowed and reported as success; here it is tried again, and nothing is said before', async () => {
    desk = await startDesk();
    const { admin, bot } = desk;
    await admin.send('/add');
    const before = admin.messages().length;
    bot.failNext('write');
    await admin.send('Naruto');
    const after = admin.messages().slice(before);
    expect(after.filter((message) => message.isFromBot)).toHaveLength(1);
    expect(await desk.rows('SELECT description AS description FROM drafts')).toEqual([
      { description: 'Naruto' },
    ]);
  });

  test('an answer lost after the write: the redelivered update changes nothing twice', async () => {
    desk = await startDesk();
    const { admin, bot } = desk;
    await addByWizard(desk, { description: 'Bleach', parts: 1 });
    await admin.send('/add');
    await admin.send('Naruto');
    await admin.send({ video: true });
    await desk.later();
    await desk.press(/Tugatish/);
    await desk.presses(/bo‘sh kod/, '▶️ Davom etish');
    bot.failNext('write', 'after');
    await desk.press('✅ Tayyor, qo‘shilsin');
    expect(await desk.rows('SELECT code AS code FROM anime ORDER BY code')).toEqual([
      { code: '1' },
      { code: '2' },
    ]);
  });
});
