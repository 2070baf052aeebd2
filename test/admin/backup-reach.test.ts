/** The line of /backup and /backups that says how far back, and how finely, one can go. */
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { ship } from '../../src/backup/changes/ship.ts';
import { beginTimelineSql } from '../../src/backup/changes/timeline.ts';
import { openEmbeddedSnapshotSource } from '../../src/backup/snapshot/embedded.ts';
import { createDirectoryStore } from '../../src/backup/store/directory.ts';
import { sql } from '../../src/db/database.ts';
import { backupRequestsJob } from '../../src/jobs/backup-requests.ts';
import { LOCALE_NAMES, readConfig } from '../../src/settings/config.ts';
import { askBackup } from '../support/ask-backup.ts';
import { beginLog, shippingOf } from '../support/shipping.ts';
import { type AdminDesk, startDesk } from './support.ts';

let desk: AdminDesk;
afterEach(() => desk.close());

async function start(
  { recordsChanges }: { recordsChanges?: boolean | undefined } = { recordsChanges: true },
): Promise<void> {
  desk = await startDesk();
  Object.assign(desk.bot.services, { recordsChanges });
  if (recordsChanges === true)
    await beginLog(desk.bot.db, openEmbeddedSnapshotSource({ path: desk.bot.path }));
}
const backUp = async () => {
  const { services, now } = desk.bot;
  const outcome = await services.backups.run({ trigger: 'command', scheduledAt: now() });
  expect(outcome.kind).toBe('done');
};
/** All that the log holds is in the bucket. */
async function shipped(): Promise<void> {
  const { db, path, now } = desk.bot;
  const store = createDirectoryStore(join(dirname(path), 'bucket'));
  const source = openEmbeddedSnapshotSource({ path });
  const { prefix } = readConfig({}, 'node').backup;
  const outcome = await ship(shippingOf({ db, source, store }, { now, prefix }));
  expect(['shipped', 'idle']).toContain(outcome.kind);
}
async function line(): Promise<string | undefined> {
  await desk.admin.send('/backups');
  return desk
    .last()
    .text.split('\n')
    .find((text) => text.startsWith('🕰'));
}

describe('/test', () => {
  const check = async (): Promise<string> => {
    await desk.admin.send('/test');
    return desk.last().text;
  };

  test('asks what /backups asks: where the next minute cannot be brought back it says that line', async () => {
    await start();
    expect(await check()).toContain('Hozircha faqat zaxira nusxa olingan paytlarga qaytarish mumkin');
    await backUp();
    await shipped();
    expect(await check()).toContain('istalgan daqiqaga qaytarish mumkin.');
    // Another database made the newest backup, as where an empty one ran for some minutes.
    await desk.bot.db.write([sql(beginTimelineSql('restore'))]);
    await desk.bot.db.write([sql('UPDATE change_state SET needs_base = NULL, waiting_since = NULL')]);
    const said = (await line())?.replace('🕰 ', '') ?? '';
    expect(said).toContain('keyingisi uchun avval to‘liq zaxira nusxa olinishi kerak');
    const found = await check();
    expect(found).toContain(said.split(';')[0]);
    expect(found).not.toContain('O‘zgarishlar omborga yuborilyapti');
    desk.bot.advance(3_600_000);
    await backUp();
    await shipped();
    expect(await check()).toContain('O‘zgarishlar omborga yuborilyapti: istalgan daqiqaga qaytarish mumkin.');
  });
});

describe('/backups', () => {
  test('says it in one line, of what is stored; nothing before there is a backup', async () => {
    await start();
    expect(await line()).toBeUndefined();
    await backUp();
    // The press before is on record, too.
    await shipped();
    expect(await line()).toBe('🕰 2026-11-22 15:00 dan beri istalgan daqiqaga qaytarish mumkin.');
    await shipped();
    await desk.bot.db.write([sql("INSERT INTO change_log (tbl, key) VALUES ('users', 1), ('users', 2)")]);
    expect(await line()).toBe(
      '🕰 2026-11-22 15:00 dan beri istalgan daqiqaga qaytarish mumkin; oxirgi 2 ta o‘zgarish hali omborga yuborilmagan.',
    );
    await desk.bot.db.write([
      sql("UPDATE change_state SET waiting_since = strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-21 minutes')"),
    ]);
    expect(await line()).toMatch(/hali omborga yuborilmagan \(21 daqiqadan beri\)\.$/);
  });

  test('what follows a restore needs a full backup first, and that is said, too', async () => {
    await start();
    await backUp();
    await desk.bot.db.write([sql(beginTimelineSql('restore'))]);
    expect(await line()).toBe(
      '🕰 2026-11-22 15:00 dan 2026-11-22 15:00 gacha istalgan daqiqaga qaytarish mumkin; keyingisi uchun avval to‘liq zaxira nusxa olinishi kerak.',
    );
    desk.bot.advance(3_600_000);
    await backUp();
    await desk.bot.db.write([sql('UPDATE change_state SET needs_base = NULL')]);
    await shipped();
    expect(await line()).toContain(
      '2026-11-22 16:00 dan beri istalgan daqiqaga qaytarish mumkin (undan oldin uzilish bor: baza zaxira nusxadan tiklangan)',
    );
  });

  test.each([
    [false, /CHANGES=off/],
    [undefined, undefined],
  ])('with CHANGES off (%s) nothing of the kind is promised', async (recordsChanges, said) => {
    await start({ recordsChanges });
    await backUp();
    const found = await line();
    if (said === undefined) expect(found).toBeUndefined();
    else expect(found).toMatch(said);
    expect(found ?? '').not.toContain('beri');
  });

  test('a log that no backup knows of yet', async () => {
    await start();
    await desk.bot.db.write([sql('DELETE FROM change_state')]);
    await backUp();
    expect(await line()).toMatch(/^🕰 Hozircha faqat zaxira nusxa olingan paytlarga/);
  });

  test('in every language; only on the first page; with no further trip to the database', async () => {
    await start({});
    for (let i = 0; i < 7; i += 1) {
      await backUp();
      desk.bot.advance(60_000);
    }
    const without = await desk.bot.costOf(() => desk.admin.send('/backups'));
    Object.assign(desk.bot.services, { recordsChanges: true });
    await beginLog(desk.bot.db, openEmbeddedSnapshotSource({ path: desk.bot.path }));
    await backUp();
    expect(await desk.bot.costOf(() => desk.admin.send('/backups'))).toEqual(without);
    const said = new Set<string>();
    for (const locale of LOCALE_NAMES) {
      await desk.bot.db.write([sql('UPDATE users SET language = ?', locale)]);
      said.add((await line()) ?? '');
    }
    expect([...said].filter((text) => text.includes('2026-11-22 15:07'))).toHaveLength(LOCALE_NAMES.length);
    await desk.press(/➡️/);
    expect(desk.last().text).not.toContain('🕰');
  });
});

test('/test says when changes do not go to the bucket, since when, and what has to come first', async () => {
  await start();
  await backUp();
  const said = async (): Promise<string> => {
    await desk.admin.send('/test');
    return (
      desk
        .last()
        .text.split('\n')
        .find((text) => text.includes('O‘zgarishlar')) ?? ''
    );
  };
  await shipped();
  expect(await said()).toMatch(/^✅ O‘zgarishlar omborga yuborilyapti/);
  const waits = (minutes: number) =>
    desk.bot.db.write([
      sql("INSERT INTO change_log (tbl, key) VALUES ('users', 1)"),
      sql(
        "UPDATE change_state SET waiting_since = strftime('%Y-%m-%dT%H:%M:%fZ', 'now', ?)",
        `-${minutes} minutes`,
      ),
    ]);
  await waits(1);
  expect(await said()).toMatch(/^✅/);
  // A bucket that takes nothing now takes no change either, however young that is.
  const bucket = join(dirname(desk.bot.path), 'bucket');
  renameSync(bucket, `${bucket}.away`);
  writeFileSync(bucket, '');
  expect(await said()).toMatch(/^⚠️ O‘zgarishlar \S+ \S+ dan beri omborga yuborilmayapti \(\d+ ta kutyapti/);
  rmSync(bucket);
  renameSync(`${bucket}.away`, bucket);
  expect(await said()).toMatch(/^✅/);
  await waits(5);
  expect(await said()).toMatch(
    /^⚠️ O‘zgarishlar \d{4}-\d\d-\d\d \d\d:\d\d dan beri omborga yuborilmayapti .*server jurnalida/,
  );
  await desk.bot.db.write([sql("UPDATE change_state SET needs_base = 'restore'")]);
  await waits(16);
  expect(await said()).toMatch(
    /^❌ O‘zgarishlar \S+ \S+ dan beri .*Avval to‘liq zaxira nusxa olinishi kerak \(baza zaxira nusxadan tiklangan\): \/backup bosing\.$/,
  );
  Object.assign(desk.bot.services, { recordsChanges: false });
  expect(await said()).toBe('');
});

test('/backup ends with it, in its own run and when a tick finishes it', async () => {
  await start();
  await desk.admin.send('/backup');
  expect(desk.last().text).toContain('tayyor va tekshirildi');
  expect(desk.last().text).toContain('🕰 2026-11-22 15:00 dan beri istalgan daqiqaga');
  const { bot, admin } = desk;
  const { message_id: messageId } = await bot.services.api.sendMessage(admin.id, '…');
  const asked = { requestedBy: admin.id, chatId: admin.id, messageId };
  const ask = () => askBackup(bot.db, { ...asked, requestedAt: bot.now() });
  const told = () => admin.look({ chatId: admin.id, id: messageId }).text;
  bot.advance(60_000);
  await ask();
  await backupRequestsJob.run(bot.jobContext());
  expect(told()).toContain('🕰 2026-11-22 15:00 dan beri');
  // A small tick has no requests left for it.
  bot.advance(60_000);
  await ask();
  await backupRequestsJob.run(bot.jobContext({ requests: 40 }));
  expect(told()).toContain('tayyor va tekshirildi');
  expect(told()).not.toContain('🕰');
});
