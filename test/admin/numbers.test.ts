/** Numbers that are true, cost the same whatever the history, and are drawn where that helps. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { barChart, niceTop } from '../../src/charts/bar-chart.ts';
import { shortNumber, textWidth } from '../../src/charts/digits.ts';
import { Canvas } from '../../src/charts/png.ts';
import { sql } from '../../src/db/database.ts';
import { addAnime } from '../support/catalogue.ts';
import { type AdminDesk, startDesk } from './support.ts';

let desk: AdminDesk | undefined;
afterEach(async () => {
  await desk?.close();
  desk = undefined;
});

const DAY_MS = 86_400_000;

describe('statistics', () => {
  test('old fault: views were never stored; every watched part counts, once for each watching', async () => {
    desk = await startDesk({ now: new Date('2026-11-22T10:00:00Z') });
    const { bot, admin } = desk;
    const file = (await admin.send({ video: true })).file?.fileId ?? '';
    await admin.send('/cancel');
    await addAnime(bot.db, { code: 1, title: 'Naruto', parts: [file, file] });
    await addAnime(bot.db, { code: 2, title: 'Bleach', parts: [file] });
    const [ali, vali] = [desk.telegram.person(), desk.telegram.person()];
    await ali.start('insta');
    await ali.start('insta_2');
    await vali.start('1_1');
    await vali.start('1_2');
    bot.advance(DAY_MS);
    await ali.start('1_1');
    await ali.start('2_1');
    await admin.send('/stats');
    const text = desk.last().text;
    expect(text).toContain('Foydalanuvchilar: 3');
    expect(text).toContain('bugun qo‘shildi: 0');
    // The day after is a Monday: Ali was here and the admin is, Vali not yet.
    expect(text).toMatch(/Faol foydalanuvchilar\n {2}• bugun: 2\n {2}• shu hafta: 2\n {2}• shu oy: 3/);
    expect(text).toMatch(/Ko‘rishlar\n {2}• bugun: 2\n {2}• jami: 4/);
    expect(text).toContain('UTC bo‘yicha: yangi kun soat 05:00 da boshlanadi (Asia/Tashkent).');
    await admin.send('/top');
    expect(desk.last().text).toContain('1. Naruto · 1 — 👁 3\n2. Bleach · 2 — 👁 1');
    await desk.press('7 kun');
    bot.advance(7 * DAY_MS);
    await desk.press('30 kun');
    await desk.press('7 kun');
    expect(desk.last().text).toContain('Hali ko‘rishlar yo‘q');
    expect(
      await desk.rows(`SELECT period AS source, value AS count FROM counters WHERE metric = 'source'`),
    ).toEqual([{ source: 'insta', count: '1' }]);
  });

  test('an admin who comes for the first time is counted by the very numbers they ask for', async () => {
    for (const command of ['/admin', '/stats', '/users']) {
      desk = await startDesk();
      Object.assign(desk.bot.services, { ownerIds: [...desk.bot.services.ownerIds, 200] });
      const second = desk.telegram.person({ id: 200, firstName: 'Ikkinchi', languageCode: 'uz' });
      await second.send(command);
      expect(second.lastMessage().text).toMatch(/(?:Foydalanuvchilar|Jami): 2\n/);
      await desk.close();
    }
  });

  test('who used the bot inline before writing that day is active that day', async () => {
    desk = await startDesk({ now: new Date('2026-11-22T10:00:00Z') });
    const ali = desk.telegram.person();
    await ali.start();
    desk.bot.advance(DAY_MS);
    await ali.inline('naruto');
    await ali.send('/help');
    expect(
      await desk.rows(`SELECT value AS count FROM counters WHERE metric = 'day' AND period = '2026-11-23'`),
    ).toEqual([{ count: '1' }]);
  });

  test('the chart is a picture, and turns into another metric in place', async () => {
    desk = await startDesk();
    await desk.admin.send('/analytics');
    const picture = desk.last();
    expect(picture.kind).toBe('photo');
    expect(picture.text).toContain('Ko‘rishlar, oxirgi 30 kun');
    expect(picture.text).toContain('yangi kun soat 05:00 da boshlanadi (Asia/Tashkent).');
    await desk.presses('👤 Yangilar', '90 kun');
    const after = desk.admin.look(picture);
    expect(after.text).toContain('Yangi foydalanuvchilar, oxirgi 90 kun');
    expect(after.text).toContain('Jami: 1');
    // As every other date that the bot shows.
    expect(after.text).toMatch(/Eng ko‘pi: 1 \(\d{4}-\d\d-\d\d\)/);
    expect(after.edits).toBe(2);
  });

  test('numbers from before the counters are taken over by the migration', async () => {
    const { DatabaseSync } = await import('node:sqlite');
    const { mkdtempSync } = await import('node:fs');
    const path = `${mkdtempSync(join(tmpdir(), 'anime-old-'))}/old.db`;
    const old = new DatabaseSync(path);
    old.exec(`CREATE TABLE users (user_id INTEGER PRIMARY KEY, username TEXT, created_at TEXT);
      CREATE TABLE anime (id INTEGER PRIMARY KEY AUTOINCREMENT, code INTEGER UNIQUE NOT NULL, description TEXT);
      CREATE TABLE user_history (id INTEGER PRIMARY KEY AUTOINCREMENT, user_id INTEGER, anime_code INTEGER, part_number INTEGER, viewed_at TEXT);
      INSERT INTO users VALUES (1, 'a', '2026-11-20 10:00:00'), (2, 'b', '2026-11-21T10:00:00.123');
      INSERT INTO anime (code, description) VALUES (12, 'Naruto');
      INSERT INTO user_history (user_id, anime_code, part_number, viewed_at) VALUES
        (1, 12, 1, '2026-11-20 10:00:00'), (1, 12, 2, '2026-11-21 10:00:00'), (2, 12, 1, '2026-11-21 11:00:00'), (2, 12, 1, NULL);`);
    old.close();
    desk = await startDesk({ path, now: new Date('2026-11-22T10:00:00Z') });
    await desk.admin.send('/stats');
    const text = desk.last().text;
    expect(text).toContain('Foydalanuvchilar: 3');
    expect(text).toMatch(/shu hafta: 3/);
    expect(text).toMatch(/jami: 4/);
    expect(await desk.rows('SELECT day AS day, views AS views FROM anime_views ORDER BY day')).toEqual([
      { day: '2026-11-20', views: '1' },
      { day: '2026-11-21', views: '2' },
    ]);
    await desk.bot.db.read([{ ...sql('SELECT 1'), parse: () => undefined }]);
  });
});

describe('the picture', () => {
  test('is a PNG whose every pixel is what was drawn', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 40 }),
        fc.array(
          fc.record({
            x: fc.integer({ min: -5, max: 45 }),
            y: fc.integer({ min: -5, max: 45 }),
            width: fc.integer({ min: 0, max: 20 }),
            height: fc.integer({ min: 0, max: 20 }),
            colour: fc.integer({ min: 0, max: 2 }),
          }),
        ),
        (width, height, rectangles) => {
          const canvas = new Canvas(width, height, 0);
          const model = new Uint8Array(width * height);
          for (const { x, y, width: w, height: h, colour } of rectangles) {
            canvas.fill(x, y, w, h, colour);
            for (let row = 0; row < height; row++)
              for (let column = 0; column < width; column++)
                if (column >= x && column < x + w && row >= y && row < y + h)
                  model[row * width + column] = colour;
          }
          const png = decode(
            canvas.toPng([
              [0, 0, 0],
              [1, 1, 1],
              [2, 2, 2],
            ]),
          );
          expect(png).toEqual({ width, height, pixels: Buffer.from(model) });
        },
      ),
      { numRuns: 50 },
    );
  });

  test('the dash of a date is drawn', () => {
    const [dashed, bare] = ['11-22', '11 22'].map((label) => barChart([{ label, value: 1 }]));
    expect(dashed).not.toEqual(bare);
  });

  test('any numbers fit: the highest bar is below the top, nothing is drawn outside', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(2 ** 31 - 1), { minLength: 1, maxLength: 90 }), (values) => {
        expect(niceTop(Math.max(1, ...values))).toBeGreaterThanOrEqual(Math.max(...values));
        const { width, height } = decode(barChart(values.map((value) => ({ label: '11-22', value }))));
        expect([width, height]).toEqual([1080, 560]);
      }),
      { numRuns: 10 },
    );
  });

  test.each([
    [0, '0'],
    [999, '999'],
    [1_000, '1k'],
    [1_234, '1.2k'],
    [9_960, '10k'],
    [35_400, '35k'],
    [999_499, '999k'],
    [999_500, '1M'],
    [12_345_678, '12M'],
  ])('%i is written %s', (value, text) => {
    expect(shortNumber(value)).toBe(text);
    expect(textWidth(text, 2)).toBe((text.length * 6 - 1) * 2);
  });
});

/** A decoder for what the encoder writes: palette, no filter. */
function decode(png: Uint8Array): { width: number; height: number; pixels: Buffer } {
  const bytes = Buffer.from(png);
  expect(bytes.subarray(0, 8).toString('latin1')).toBe('\x89PNG\r\n\x1a\n');
  const chunks = new Map<string, Buffer>();
  for (let at = 8; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    chunks.set(bytes.toString('latin1', at + 4, at + 8), bytes.subarray(at + 8, at + 8 + length));
    at += length + 12;
  }
  const header = chunks.get('IHDR') ?? Buffer.alloc(13);
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const rows = inflateSync(chunks.get('IDAT') ?? Buffer.alloc(0));
  expect(rows.length).toBe((width + 1) * height);
  const pixels = Array.from({ length: height }, (_, row) =>
    rows.subarray(row * (width + 1) + 1, (row + 1) * (width + 1)),
  );
  return { width, height, pixels: Buffer.concat(pixels) };
}
