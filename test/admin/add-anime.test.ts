/** The add-anime wizard, as an admin meets it. */
import { afterEach, describe, expect, test } from 'vitest';
import { type AdminDesk, startDesk } from './support.ts';

let desk: AdminDesk;
afterEach(() => desk.close());

const video = (i: number) => ({ video: { name: `naruto ${i}.mp4` } });

describe('adding an anime', () => {
  test('description, twelve parts, code, preview, done: twelve parts are stored (the old bot lost them)', async () => {
    desk = await startDesk();
    const { admin } = desk;
    await admin.send('/admin');
    await desk.press('➕ Anime qo‘shish');
    expect(desk.last().text).toContain('tavsifini yuboring');
    await admin.send({ photo: true, caption: 'Naruto\nHokage bo‘lishni orzu qilgan bola' });
    expect(desk.last().text).toContain('Tavsif saqlandi: Naruto');
    for (let i = 1; i <= 12; i++) await admin.send(video(i));
    desk.bot.advance(5_000);
    await desk.press(/^✅ Tugatish/);
    expect(desk.last().text).toContain('kodini yuboring');
    await desk.press('✅ 1 — bo‘sh kod');
    await desk.press('▶️ Davom etish');
    expect(desk.last().kind).toBe('photo');
    await desk.press('✅ Tayyor, qo‘shilsin');
    expect(desk.last().text).toContain('Naruto qo‘shildi');
    expect(desk.last().text).toContain('12 ta');
    const parts = await desk.rows(
      'SELECT part_number AS number, file_id AS file, kind AS kind FROM anime_parts ORDER BY part_number',
    );
    expect(parts.map((part) => part['number'])).toEqual([...Array(12).keys()].map((i) => String(i + 1)));
    expect(new Set(parts.map((part) => part['file'])).size).toBe(12);
    expect(await desk.rows('SELECT title AS title, description AS description, code AS code FROM anime')).toEqual([
      { title: 'Naruto', description: 'Naruto\nHokage bo‘lishni orzu qilgan bola', code: '1' },
    ]);
    expect(await desk.rows('SELECT id AS id FROM drafts')).toEqual([]);
    for (const m of admin.messages()) console.log(m.isFromBot ? 'BOT' : '   ', m.id, m.kind, m.text.replaceAll('\n', ' | '), JSON.stringify(m.keyboard.flat().map(b => b.text)));
  });
});
