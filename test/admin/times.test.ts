/** Times as people read them: in the zone of TIMEZONE, and as long ago. */
import { afterEach, describe, expect, test } from 'vitest';
import { sql } from '../../src/db/database.ts';
import { recordFailure, setAside } from '../../src/db/updates.ts';
import { textsFor } from '../../src/locales/index.ts';
import { LOCALE_NAMES, readConfig } from '../../src/settings/config.ts';
import { localTime } from '../../src/text/times.ts';
import { addAnime } from '../support/catalogue.ts';
import { type AdminDesk, startDesk } from './support.ts';

let desk: AdminDesk;
afterEach(() => desk?.close());

describe('ago', () => {
  const SECOND = 1_000;
  const MINUTE = 60 * SECOND;
  const HOUR = 60 * MINUTE;
  test.each([
    [30 * SECOND, '30 soniya oldin', '30 сония олдин', '30 секунд назад', '30 seconds ago'],
    [MINUTE, '1 daqiqa oldin', '1 дақиқа олдин', '1 минуту назад', '1 minute ago'],
    [18 * MINUTE, '18 daqiqa oldin', '18 дақиқа олдин', '18 минут назад', '18 minutes ago'],
    [22.9 * MINUTE, '22 daqiqa oldin', '22 дақиқа олдин', '22 минуты назад', '22 minutes ago'],
    [11 * MINUTE, '11 daqiqa oldin', '11 дақиқа олдин', '11 минут назад', '11 minutes ago'],
    [21 * MINUTE, '21 daqiqa oldin', '21 дақиқа олдин', '21 минуту назад', '21 minutes ago'],
    [HOUR, '1 soat oldin', '1 соат олдин', '1 час назад', '1 hour ago'],
    [47 * HOUR, '47 soat oldin', '47 соат олдин', '47 часов назад', '47 hours ago'],
    [112 * 24 * HOUR, '112 kun oldin', '112 кун олдин', '112 дней назад', '112 days ago'],
    [48 * HOUR, '2 kun oldin', '2 кун олдин', '2 дня назад', '2 days ago'],
    [-5 * HOUR, '0 soniya oldin', '0 сония олдин', '0 секунд назад', '0 seconds ago'],
  ])('%i ms', (milliseconds, ...expected) => {
    expect(LOCALE_NAMES.map((locale) => textsFor(locale).frame.ago(milliseconds))).toEqual(expected);
  });

  test('/test says how old the last backup is in words', async () => {
    desk = await startDesk();
    await desk.admin.send('/backup');
    desk.bot.advance(18 * 60_000);
    await desk.admin.send('/test');
    expect(desk.last().text).toContain('Oxirgi tekshirilgan zaxira nusxa: 18 daqiqa oldin.');
    desk.bot.advance(3 * 86_400_000);
    await desk.admin.send('/test');
    expect(desk.last().text).toContain('eskirgan: 3 kun oldin');
  });
});

describe('the time zone', () => {
  test.each([
    ['Asia/Tashkent', '2026-11-22 20:30:59', '2026-11-23 01:30'],
    ['Asia/Tashkent', '2026-12-31 19:00:00', '2027-01-01 00:00'],
    ['UTC', '2026-11-22 20:30:59', '2026-11-22 20:30'],
    ['Europe/Berlin', '2026-07-01 23:00:00', '2026-07-02 01:00'],
    ['Europe/Berlin', '2026-01-01 23:00:00', '2026-01-02 00:00'],
    ['Asia/Kolkata', '2026-01-01 00:00:00', '2026-01-01 05:30'],
    ['Asia/Tashkent', 'not a time', 'not a time'],
  ])('%s %s', (zone, stored, shown) => {
    expect(localTime(stored, zone)).toBe(shown);
  });

  test('is Tashkent unless TIMEZONE names another', () => {
    expect(readConfig({}, 'node').timeZone).toBe('Asia/Tashkent');
    expect(readConfig({ TIMEZONE: 'Europe/Berlin' }, 'node').timeZone).toBe('Europe/Berlin');
  });

  test.each([
    [undefined, '2026-11-23 01:30'],
    ['America/New_York', '2026-11-22 15:30'],
  ])('of %s is that of every screen', async (timeZone, shown) => {
    desk = await startDesk({ now: new Date('2026-11-22T20:30:00Z') });
    Object.assign(desk.bot.services, { timeZone });
    const { admin, bot } = desk;
    await addAnime(bot.db, { code: 12, title: 'Naruto' });
    const failure = { updateId: 7, chatId: 100, payload: '{}', error: 'no reason' };
    await bot.db.write([
      recordFailure(failure, false, bot.now()),
      setAside(7, null, bot.now()),
      sql(`INSERT INTO groups (group_id, name) VALUES (-1001, 'Kanal')`),
      sql(
        `INSERT INTO postings (anime_id, requested_by, requested_at) VALUES (1, 100, '2026-11-22 20:30:00')`,
      ),
      sql(`INSERT INTO posts (posting_id, group_id, state) VALUES (1, 1, 'sent')`),
      sql(`INSERT INTO broadcasts (requested_by, audience, state, created_at, started_at)
           VALUES (100, 'users', 'done', '2026-11-22 20:30:00', '2026-11-22 20:30:00')`),
      sql(`UPDATE users SET created_at = '2026-11-22 20:30:00'`),
    ]);
    const said = (): string =>
      [
        desk.last().text,
        ...desk
          .last()
          .keyboard.flat()
          .map(({ text }) => text),
      ].join('\n');
    await admin.send('/backup');
    // The name is an object's in the bucket, for ever the same.
    expect(said()).toContain(`🕓 ${shown}:00 (${timeZone ?? 'Asia/Tashkent'}; nomidagi vaqt UTC)`);
    await admin.send('/backups');
    expect(said()).toContain(`✅ ${shown}`);
    await desk.press(`✅ ${shown}:00 · ${said().split(' · ')[1]?.split('\n')[0]}`);
    expect(said()).toContain(`🕓 ${shown}`);
    expect(said()).toContain('20261122_203000');
    await admin.send('/users 100');
    expect(said()).toContain(`Qo‘shilgan: ${shown}`);
    expect(said()).toContain(`Oxirgi marta: ${shown}`);
    await admin.send('/audit');
    expect(said()).toContain(`${shown} Olim: zaxira nusxa oldi`);
    await admin.send('/broadcast');
    expect(said()).toContain(`✅ ${shown} · `);
    await admin.send('/admin');
    await desk.press(/Javobsiz/);
    expect(said()).toContain(
      `oxirgisi ${shown}: kutilmagan xato; takrorlansa, bot jurnalini (log) ko‘ring: no reason`,
    );
    await admin.send('/edit 12');
    await desk.press('📣 Joylash');
    expect(said()).toContain(`Kanal · ${shown.slice(0, 10)}`);
  });
});
