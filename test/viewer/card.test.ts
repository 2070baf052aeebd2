/** /start, codes and cards (docs/spec/bot.md "Viewer" 1, 3), and the old bot's faults there. */
import { describe, expect, test } from 'vitest';
import { sql } from '../../src/db/database.ts';
import { addAnime, buttons, press, start, values } from './support.ts';

describe('/start', () => {
  test('greets, says what to do next, and records who came and from where', async () => {
    const bot = await start();
    const viewer = bot.telegram.person({
      firstName: '<b>Ali</b> & Co',
      lastName: 'V',
      username: 'ali',
      languageCode: 'uz',
    });
    await viewer.start('reklama_7');
    expect(viewer.lastMessage().text).toContain('Assalomu alaykum, <b>Ali</b> & Co!');
    expect(viewer.lastMessage().text).toMatch(/kodini.*masalan 1$/m);
    const row = `SELECT username || '|' || first_name || '|' || last_name || '|' || source || '|' || created_at AS v FROM users WHERE user_id = ${viewer.id}`;
    expect(await values(bot, row)).toEqual(['ali|<b>Ali</b> & Co|V|reklama_7|2026-11-22 10:00:00']);
    await viewer.start('boshqa');
    expect(await values(bot, 'SELECT source AS v FROM users')).toEqual(['reklama_7']);
  });

  test.each([
    ['12', 'Kod: 12'],
    ['12_5', '5-qism'],
    ['12_99', 'Bu animeda 99-qism yo‘q: hammasi bo‘lib 6 ta qism bor.'],
    ['999', '999 kodli anime topilmadi'],
    ['0', 'Assalomu alaykum'],
    ['1234567', 'Assalomu alaykum'],
    ['12_5_6', 'Assalomu alaykum'],
    ['-12', 'Assalomu alaykum'],
  ])('/start %s', async (payload, expected) => {
    const bot = await start();
    await addAnime(bot, { code: 12, parts: 6 });
    const viewer = bot.telegram.person();
    await viewer.start(payload);
    expect(viewer.lastMessage().text).toContain(expected);
  });

  test('old bot: /start before /admin hijacked the panel; every command is its own, at any time', async () => {
    const bot = await start();
    const viewer = bot.telegram.person();
    await viewer.start();
    await viewer.send('/admin');
    expect(viewer.lastMessage().text).not.toContain('Assalomu alaykum');
    expect(viewer.lastMessage().text).not.toMatch(/admin/i);
  });
});

describe('the card', () => {
  test('old bot: `<`, `&` or a caption over 1024 made a card unsendable; the rest is one press away', async () => {
    const bot = await start();
    const description = Array.from({ length: 400 }, (_, i) => `so‘z${i} <b>&amp; & "q"`).join(' ');
    await addAnime(bot, { code: 7, title: '<i>Fate & Zero</i>', description, photo: true, parts: 1 });
    const viewer = bot.telegram.person();
    await viewer.send('7');
    let shown = viewer.lastMessage();
    expect(shown).toMatchObject({ kind: 'photo', text: expect.stringContaining('<i>Fate & Zero</i>') });
    const read = [shown.text.split('\n\n').at(-1)];
    shown = await press(viewer, shown, 'Davomi');
    for (;;) {
      read.push(shown.text.split('\n\n').at(-1));
      if (!buttons(shown).some((text) => text.includes('O‘ng'))) break;
      shown = await press(viewer, shown, 'O‘ng');
    }
    expect(
      read
        .map((text) => text?.replace(/…$/, ''))
        .join(' ')
        .replaceAll(/\s+/g, ' '),
    ).toBe(description);
    expect(await press(viewer, shown, 'Orqaga')).toMatchObject({ text: expect.stringContaining('Kod: 7') });
  });

  test('an anime of the old bot, with a description only, goes by its first line', async () => {
    const bot = await start();
    await addAnime(bot, { code: 5, title: null, description: '🎬 Nomi: Bleach\nJanr: jangari', parts: 2 });
    const viewer = bot.telegram.person();
    await viewer.send('5');
    expect(viewer.lastMessage().text).toBe('🔢 Kod: 5\n🎞 Qismlar: 2 ta\n\n🎬 Nomi: Bleach\nJanr: jangari');
    expect((await press(viewer, viewer.lastMessage(), 'Animeni ko‘rish')).text).toContain('Bleach');
  });

  test('a description that begins with the title (the wizard takes it from there) does not say it twice', async () => {
    const bot = await start();
    const long = Array.from({ length: 300 }, (_, i) => `so‘z${i}`).join(' ');
    await addAnime(bot, { code: 5, title: 'Bleach', description: '🎬 Nomi: Bleach\n\nJanr: jangari' });
    await addAnime(bot, { code: 6, title: 'Naruto', description: `Naruto\n${long}`, photo: true });
    await addAnime(bot, { code: 7, title: 'Naruto', description: 'Naruto haqida' });
    await addAnime(bot, { code: 8, title: 'Naruto', description: 'Naruto' });
    const viewer = bot.telegram.person();
    const facts = (code: number): string => `🔢 Kod: ${code}\n🎞 Qismlar: 0 ta`;
    for (const [code, text] of [
      [5, `Bleach\n${facts(5)}\n\nJanr: jangari`],
      [7, `Naruto\n${facts(7)}\n\nNaruto haqida`],
      [8, `Naruto\n${facts(8)}`],
    ] as const) {
      await viewer.send(String(code));
      expect(viewer.lastMessage().text).toBe(text);
    }
    await viewer.send('6');
    expect(viewer.lastMessage().text).toMatch(/^Naruto\n.*\n.*\n\nso‘z0 so‘z1 /);
    expect((await press(viewer, viewer.lastMessage(), 'Davomi')).text).toMatch(/^Naruto\n\nso‘z\d+ /);
    const group = bot.telegram.group({ members: [viewer] });
    await viewer.send(`/start@${bot.telegram.botInfo.username} 5`, { in: group });
    expect(group.lastMessage().text).toBe(`Bleach\n${facts(5)}\n\nJanr: jangari`);
  });

  test('genres longer than admins may write (imported rows) do not make a photo card unsendable', async () => {
    const bot = await start();
    await addAnime(bot, { code: 12, title: 'T'.repeat(400), description: 'd '.repeat(900), photo: true });
    await bot.db.write([sql('UPDATE anime SET genres = ?', 'jangari '.repeat(200))]);
    const viewer = bot.telegram.person();
    await viewer.send('12');
    expect(viewer.lastMessage()).toMatchObject({ kind: 'photo', text: expect.stringContaining('Kod: 12') });
  });

  test.each(['١٢', '१२', ' 0012 ', '１２'])('the code %s is 12', async (typed) => {
    const bot = await start();
    await addAnime(bot, { code: 12 });
    const viewer = bot.telegram.person();
    await viewer.send(typed);
    expect(viewer.lastMessage().text).toContain('Kod: 12');
  });

  test.each(['0', '1000000', '12345678901234567890'])('no anime can have the code %s', async (typed) => {
    const bot = await start();
    const viewer = bot.telegram.person();
    await viewer.send(typed);
    expect(viewer.lastMessage().text).toContain('1 dan 999999 gacha');
  });

  test('old bot: 20-digit codes, "²", "--5" and edited messages crashed', async () => {
    const bot = await start();
    await addAnime(bot, { code: 12 });
    const viewer = bot.telegram.person();
    for (const typed of [
      '12345678901234567890',
      '1000000',
      '0',
      '²',
      '--5',
      '-5',
      '1e5',
      'Ⅻ',
      '12.',
      '+12',
    ]) {
      bot.advance(5_000);
      const before = viewer.messages().length;
      const sent = await viewer.send(typed);
      expect([typed, viewer.messages().length]).toEqual([typed, before + 2]);
      await viewer.edit(sent, '12');
      expect(viewer.messages()).toHaveLength(before + 2);
    }
    expect(bot.log.filter(({ outcome }) => outcome === 'poison' || outcome === 'again')).toEqual([]);
  });

  test('an anime in the trash is nowhere to be opened', async () => {
    const bot = await start();
    await addAnime(bot, { code: 12, parts: 3 });
    const viewer = bot.telegram.person();
    await viewer.send('12');
    const card = viewer.lastMessage();
    const parts = await press(viewer, card, 'Animeni ko‘rish');
    await bot.db.write([sql("UPDATE anime SET deleted_at = '2026-01-01 00:00:00'")]);
    expect(await viewer.press(parts, '2')).toMatchObject({
      isAlert: true,
      text: 'Bu anime endi mavjud emas.',
    });
    await viewer.start('12_2');
    expect(viewer.lastMessage().text).toContain('12 kodli anime topilmadi');
  });
});
