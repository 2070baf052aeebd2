/** /backups, back in time: what has changed since a moment, and the file of then. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { livingOfHost } from '../../src/backup/changes/living.ts';
import { ship } from '../../src/backup/changes/ship.ts';
import type { Encryption, OpeningKeys } from '../../src/backup/envelope/types.ts';
import { createMoments, type Moments } from '../../src/backup/restore/moments.ts';
import { openEmbeddedSnapshotSource } from '../../src/backup/snapshot/embedded.ts';
import { createDirectoryStore } from '../../src/backup/store/directory.ts';
import { sql } from '../../src/db/database.ts';
import { adminWorkJob } from '../../src/jobs/continue-admin-work.ts';
import { LOCALE_NAMES } from '../../src/settings/config.ts';
import { toTheSecond } from '../../src/text/moment.ts';
import { addAnime } from '../support/catalogue.ts';
import { beginLog, shippingOf } from '../support/shipping.ts';
import { type AdminDesk, startDesk } from './support.ts';

const ZONE = 'Asia/Tashkent';
let desk: AdminDesk;
/** What there was when the only change file was stored, by the database's clock. */
let stored: Date;

const bucketOf = (path: string) => ({
  store: createDirectoryStore(join(dirname(path), 'bucket')),
  prefix: '',
  clock: { now: () => desk.bot.now() },
});

function momentsOf(sealed: { encryption?: Encryption; keys?: OpeningKeys } = {}) {
  const { path, db } = desk.bot;
  const source = openEmbeddedSnapshotSource({ path });
  return createMoments({
    bucket: bucketOf(path),
    source,
    living: () => livingOfHost(db, source),
    keys: sealed.keys,
    encryption: sealed.encryption,
    gzipLevel: 1,
  });
}

async function shipped(): Promise<string> {
  const { db, path } = desk.bot;
  const source = openEmbeddedSnapshotSource({ path });
  const outcome = await ship(shippingOf({ db, source, store: bucketOf(path).store }, { prefix: '' }));
  if (outcome.kind !== 'shipped') throw new Error(outcome.kind);
  return join(dirname(path), 'bucket', outcome.file);
}

// Other tests have scratch directories, too: what is left is looked for in a place of our own.
const scratch = mkdtempSync(join(tmpdir(), 'moments-'));
vi.stubEnv('TMPDIR', scratch);
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(scratch, { recursive: true, force: true });
});

beforeEach(async () => {
  desk = await startDesk({ now: new Date(Date.now() - 60_000) });
  stored = desk.bot.now();
  desk.bot.advance(60_000);
  Object.assign(desk.bot.services, { moments: momentsOf() });
});
afterEach(() => desk.close());

/** A backup; a change that is stored; and three more, stored after {@link stored}. */
async function live(): Promise<void> {
  const { bot } = desk;
  await beginLog(bot.db, openEmbeddedSnapshotSource({ path: bot.path }));
  await addAnime(bot.db, { code: 1, title: 'Naruto', parts: ['f1', 'f2'] });
  await bot.services.backups.run({ trigger: 'command', scheduledAt: bot.now() });
  await bot.db.write([sql("UPDATE anime SET title = 'Bleach'")]);
  await shipped();
  stored = new Date();
  await addAnime(bot.db, { code: 2, title: 'Later', parts: ['f3'] });
  await bot.db.write([
    sql("DELETE FROM anime_parts WHERE file_id = 'f2'"),
    sql("UPDATE anime SET title = 'Now' WHERE code = 1"),
  ]);
  await shipped();
  // The host's clock goes as the database's does.
  bot.advance(Date.now() - bot.now().getTime() + 60_000);
}

async function askFor(text: string): Promise<void> {
  await desk.admin.send('/backups');
  await desk.press('🕰 Oldingi holatni ko‘rish');
  await desk.admin.send(text);
}
const NONE = { added: 0, removed: 0, changed: 0, same: 7, note: undefined };
/** What has changed, without the work: for what is not about it. */
const quick: Moments = {
  compare: async () => ({
    kind: 'reached',
    time: stored,
    notes: [],
    tables: [
      { ...NONE, table: 'job_leases', changed: 2 },
      { ...NONE, table: 'counters', added: 3 },
      { ...NONE, table: 'users' },
      { ...NONE, table: 'anime', added: 1, changed: 1 },
      { ...NONE, table: 'handled_updates', changed: 3, removed: 1 },
    ],
  }),
  pack: async () => ({
    kind: 'reached',
    time: stored,
    notes: [],
    fileName: 'x.db.gz',
    body: new Uint8Array(9),
  }),
};
const give = (moments: Moments) => Object.assign(desk.bot.services, { moments });
const typed = () => askFor(stored.toISOString());
const work = () => desk.rows('SELECT kind AS kind FROM admin_work');
const leftovers = () => readdirSync(scratch).filter((name) => name.startsWith('anime-backup-'));

describe('what has changed since a moment', () => {
  test('is told by tables, with the file and the command; nothing is changed and nothing left', async () => {
    await live();
    await desk.admin.send('/backups');
    await desk.press('🕰 Oldingi holatni ko‘rish');
    expect(desk.last().text).toContain('2026-11-27 14:31');
    expect(desk.last().text).toContain('(Asia/Tashkent)');
    await desk.admin.send(stored.toISOString());
    const { text, keyboard } = desk.last();
    expect(text).toMatch(
      /^🕰 \d{4}-\d\d-\d\d \d\d:\d\d:\d\d holati \(Asia\/Tashkent\)\n\nO‘sha paytdan beri bazada:/,
    );
    expect(text).toContain('• Animelar: 1 ta qo‘shilgan, 1 ta o‘zgargan\n');
    expect(text).toContain('• Qismlar: 1 ta qo‘shilgan, 1 ta o‘chirilgan\n');
    expect(text).toContain('avval botni to‘xtating');
    expect(text).toMatch(/npm run backup -- restore --at \d{4}-\S+[+]05:00 --replace$/);
    expect(keyboard.flat().map((button) => button.text)).toEqual([
      '📨 Shu yerga yuborish',
      '🕰 Boshqa vaqt',
      '💾 Zaxira nusxalar',
    ]);
    expect(await work()).toEqual([]);
    expect(await desk.rows('SELECT title AS title FROM anime WHERE code = 1')).toEqual([{ title: 'Now' }]);
    // The question is closed: what is written next is not taken for a time.
    await desk.admin.send('14:31');
    expect(desk.last().text).not.toMatch(/holati|Vaqtni tushunib/);

    await desk.press('📨 Shu yerga yuborish');
    const sent = desk.admin.messages().find(({ document }) => document !== undefined)?.document;
    expect(sent?.name).toMatch(/^anime_bot_at_\d{8}_\d{6}\.db\.gz$/);
    const file = join(dirname(desk.bot.path), 'sent.db');
    writeFileSync(file, gunzipSync(sent?.bytes ?? Buffer.alloc(0)));
    const db = new DatabaseSync(file);
    expect(db.prepare('SELECT code, title FROM anime').all()).toEqual([{ code: 1, title: 'Bleach' }]);
    expect(db.prepare('SELECT file_id FROM anime_parts ORDER BY 1').all()).toEqual([
      { file_id: 'f1' },
      { file_id: 'f2' },
    ]);
    db.close();
    expect(desk.admin.messages().map((message) => message.text)).toContainEqual(
      expect.stringMatching(/^✅ Bazaning .* holati yuborildi\.$/),
    );
    expect(await desk.rows("SELECT subject AS subject FROM audit_log WHERE action = 'moment-sent'")).toEqual([
      { subject: sent?.name },
    ]);
    expect(leftovers()).toEqual([]);
  });

  test('a button answers the question, too, in its own message', async () => {
    await live();
    desk.bot.advance(10 * 60_000);
    await desk.admin.send('/backups');
    await desk.press('🕰 Oldingi holatni ko‘rish');
    const { id } = desk.last();
    await desk.press('10 daqiqa oldin');
    expect(desk.admin.look({ chatId: desk.admin.id, id }).text).toContain('holati (Asia/Tashkent)');
    // Ten minutes ago is after the last change that is stored.
    expect(desk.last().text).not.toContain('Animelar');
  });

  test('local times are the owner’s; what is none, or is to come, is asked for again', async () => {
    give(quick);
    await askFor('qachondir');
    expect(desk.last().text).toMatch(/^❗️ Vaqtni tushunib bo‘lmadi\.\n\n🕰/);
    await desk.admin.send('31.02.2026 10:00');
    expect(desk.last().text).toMatch(/^❗️ Vaqtni tushunib/);
    const ahead = new Date(desk.bot.now().getTime() + 86_400_000);
    await desk.admin.send(toTheSecond(ahead, ZONE).slice(0, 16));
    expect(desk.last().text).toMatch(/^❗️ Bu vaqt hali kelmagan\.\n\n🕰/);
    await desk.admin.send(toTheSecond(stored, ZONE));
    // What people know first, and the rest as one.
    expect(desk.last().text).toContain(
      ':\n• Animelar: 1 ta qo‘shilgan, 1 ta o‘zgargan\n• Statistika: 3 ta qo‘shilgan\n• Boshqa yozuvlar: 1 ta o‘chirilgan, 5 ta o‘zgargan\n\n',
    );
  });

  test('in every language', async () => {
    give(quick);
    for (const locale of LOCALE_NAMES) {
      await desk.bot.db.write([sql('UPDATE users SET language = ?', locale)]);
      await desk.admin.send('/backups');
      await desk.press(/^🕰/);
      await desk.admin.send(stored.toISOString());
      expect(desk.last().text).toMatch(/^🕰.*Asia\/Tashkent/);
      expect(desk.last().text).toMatch(/• .+: .*1/);
    }
  });
});

describe('what cannot be brought back', () => {
  test('a time before the first backup: the earliest one is offered', async () => {
    await live();
    await askFor('2020-01-01 10:00');
    expect(desk.last().text).toMatch(/^❌ O‘sha paytdan oldin olingan zaxira nusxa yo‘q\.\nEng erta vaqt: /);
    expect(desk.last().text).toContain('yoki vaqtni yozing');
    // It goes on waiting for a time, as after one that is still to come.
    await desk.admin.send('2020-01-02 10:00');
    expect(desk.last().text).toContain('Eng erta vaqt: ');
    give(quick);
    await desk.press(/^🕰 .* holati$/);
    expect(desk.last().text).toContain('• Animelar: 1 ta qo‘shilgan, 1 ta o‘zgargan');
  });

  test('no backup at all', async () => {
    await askFor('15m');
    expect(desk.last().text).toMatch(/^❌ Hali birorta ham zaxira nusxa yo‘q/);
  });

  test('a gap: why, and the nearest moment before it, which works', async () => {
    await live();
    const [, last = ''] = changeFiles();
    await desk.bot.db.write([sql("UPDATE anime SET title = 'x'")]);
    await shipped();
    rmSync(last);
    await askFor('now');
    expect(desk.last().text).toMatch(
      /^❌ \d.* holatini qaytarib bo‘lmaydi: o‘zgarishlar fayllaridan biri yo‘qolgan\.\nUndan oldingi eng yaqin vaqt: /,
    );
    await desk.press(/^🕰 .* holati$/);
    expect(desk.last().text).toContain('O‘sha paytdan beri bazada:');
  });

  test('a damaged change file', async () => {
    await live();
    const [, last = ''] = changeFiles();
    const bytes = readFileSync(last);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 4;
    writeFileSync(last, bytes);
    await askFor('now');
    expect(desk.last().text).toMatch(/bo‘lmaydi: o‘zgarishlar fayli buzilgan yoki almashtirilgan\.\n/);
  });

  test('an error of the bucket is told in words, and the work is over', async () => {
    Object.assign(desk.bot.services, {
      moments: {
        compare: () => Promise.reject(new Error('connect ECONNREFUSED')),
        pack: () => Promise.reject(new Error('x')),
      },
    });
    await typed();
    expect(desk.last().text).toMatch(/^❌ Bajarib bo‘lmadi\.\nSababi: ombor yoki baza serveri javob bermadi/);
    expect(desk.last().text).toMatch(/npm run backup -- download --at \S+[+]05:00$/);
    expect(await work()).toEqual([]);
  });

  const changeFiles = (): string[] => {
    const place = join(dirname(desk.bot.path), 'bucket', 'changes');
    return readdirSync(place, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .toSorted();
  };
});

describe('where the bot cannot do it', () => {
  test('one sentence and the commands: no disk, or no key', async () => {
    Object.assign(desk.bot.services, { moments: undefined });
    await desk.admin.send('/backups');
    await desk.press('🕰 Oldingi holatni ko‘rish');
    expect(desk.last().text).toContain('zaxira nusxalarning kaliti botda yo‘q');
    Object.assign(desk.bot.services, { background: undefined });
    await desk.admin.send('/backups');
    await desk.press('🕰 Oldingi holatni ko‘rish');
    expect(desk.last().text).toContain('bu serverda diskka fayl yozib bo‘lmaydi');
    expect(desk.last().text).toContain('npm run backup -- download --at 15m');
    expect(desk.last().text?.match(/15m/g)).toHaveLength(1);
    expect(await work()).toEqual([]);
  });

  test('a file over the limit of Telegram', async () => {
    await live();
    const { pack } = momentsOf();
    give({ ...quick, pack: (at, options) => pack(at, { ...options, most: 5_000 }) });
    await typed();
    await desk.press('📨 Shu yerga yuborish');
    expect(desk.last().text).toMatch(/^❌ Fayl Telegram uchun juda katta.*\n.*download --at \S+[+]05:00$/);
  });

  test('a file of an encrypted bucket is encrypted', async () => {
    await live();
    const passphrase = 'a passphrase of tests';
    const keys = { identities: [], passphrases: [passphrase] };
    const { pack } = momentsOf({ encryption: { kind: 'passphrase', passphrase }, keys });
    give({ ...quick, pack });
    await typed();
    await desk.press('📨 Shu yerga yuborish');
    const sent = desk.admin.messages().find(({ document }) => document !== undefined)?.document;
    expect(sent?.name).toMatch(/\.db\.gz\.age$/);
    expect(Buffer.from(sent?.bytes ?? []).toString('latin1')).toMatch(/^age-encryption\.org\/v1\n/);
  });
});

describe('under way', () => {
  let held: ((signal: AbortSignal) => Promise<void>)[];
  const run = (signal = new AbortController().signal) => held.splice(0).map((one) => one(signal));
  beforeEach(() => {
    held = [];
    Object.assign(desk.bot.services, {
      background: (doing: (signal: AbortSignal) => Promise<void>) => held.push(doing),
    });
  });

  test('one at a time, whoever asks; then the next', async () => {
    give(quick);
    await typed();
    expect(desk.last().text).toContain('qidirilmoqda');
    await typed();
    expect(desk.last().text).toMatch(/^⏳ Hozir shunday so‘rovlardan biri/);
    expect(held).toHaveLength(1);
    await Promise.all(run());
    await typed();
    expect(held).toHaveLength(1);
  });

  test('called off before it began, and in the middle; nothing is left', async () => {
    await live();
    await typed();
    await desk.press('⛔️ To‘xtatish');
    expect(desk.last().text).toBe('↩️ To‘xtatildi. Bazaning o‘ziga tegilmadi.');
    await Promise.all(run());
    expect(await work()).toEqual([]);

    let reached = (): void => {};
    const isComparing = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const moments = momentsOf();
    const compare: typeof moments.compare = (at, { signal, onProgress }) =>
      moments.compare(at, {
        signal,
        onProgress: (progress) => {
          onProgress(progress);
          if (progress.phase === 'comparing') reached();
        },
      });
    Object.assign(desk.bot.services, { moments: { ...moments, compare } });
    await typed();
    const running = Promise.all(run());
    await Promise.race([isComparing, running]);
    expect(leftovers()).toHaveLength(1);
    await desk.press('⛔️ To‘xtatish');
    await running;
    expect(desk.last().text).toBe('↩️ To‘xtatildi. Bazaning o‘ziga tegilmadi.');
    expect(leftovers()).toEqual([]);
    expect(await work()).toEqual([]);
    await desk.press('🕰 Boshqa vaqt');
  });

  test('a host that stops leaves it to the next one, which tells it in the same message', async () => {
    give({
      ...quick,
      async compare(at, options) {
        options.signal.throwIfAborted();
        return quick.compare(at, options);
      },
    });
    await typed();
    const { id } = desk.last();
    const stopping = new AbortController();
    stopping.abort(new Error('the host was stopped'));
    await Promise.all(run(stopping.signal));
    expect(desk.admin.look({ chatId: desk.admin.id, id }).text).toContain('qidirilmoqda');
    desk.bot.advance(180_000);
    await adminWorkJob.run({ ...desk.bot.jobContext(), background: undefined });
    expect(desk.admin.look({ chatId: desk.admin.id, id }).text).toContain('• Animelar: 1 ta qo‘shilgan');
  });

  test('its progress is shown by edits, at most one in three seconds', async () => {
    give({
      ...quick,
      async compare(at, options) {
        for (let bytes = 0; bytes < 10; bytes += 1) {
          desk.bot.advance(1_000);
          options.onProgress({ phase: 'fetching', bytes, total: 10 });
          await setImmediate();
        }
        return quick.compare(at, options);
      },
    });
    await typed();
    const calls = desk.telegram.callsOf('editMessageText').length;
    await Promise.all(run());
    const edits = desk.telegram.callsOf('editMessageText').slice(calls);
    expect(JSON.stringify(edits)).toContain('o‘qilmoqda: 20%');
    expect(edits.length).toBeGreaterThan(1);
    expect(edits.length).toBeLessThanOrEqual(4);
    expect(desk.last().text).toContain('• Animelar');
  });
});

describe('an admin who was removed', () => {
  const OTHER = 555;
  beforeEach(async () => {
    await desk.bot.db.write([
      sql("INSERT INTO admins (user_id, added_at) VALUES (?, '2026-01-01 00:00:00')", OTHER),
    ]);
  });

  test('while it went on gets nothing: neither what has changed, nor the file', async () => {
    const other = desk.telegram.person({ id: OTHER, firstName: 'Vali' });
    await other.start();
    const held: ((signal: AbortSignal) => Promise<void>)[] = [];
    Object.assign(desk.bot.services, {
      background: (doing: (signal: AbortSignal) => Promise<void>) => held.push(doing),
    });
    const remove = () => desk.bot.db.write([sql('DELETE FROM admins WHERE user_id = ?', OTHER)]);
    const moments = quick;
    const during = <T extends 'compare' | 'pack'>(what: T): (typeof moments)[T] =>
      (async (at: Date, options: never) => {
        const found = await moments[what](at, options);
        await remove();
        return found;
      }) as (typeof moments)[T];
    Object.assign(desk.bot.services, { moments: { compare: during('compare'), pack: during('pack') } });
    await other.send('/backups');
    await other.press(other.lastMessage(), '🕰 Oldingi holatni ko‘rish');
    await other.send(stored.toISOString());
    await held.shift()?.(new AbortController().signal);
    expect(other.lastMessage().text).toContain('qidirilmoqda');
    expect(await work()).toEqual([]);

    // Asked for while they were one, begun when they were none.
    await desk.bot.db.write([
      sql("INSERT INTO admins (user_id, added_at) VALUES (?, '2026-01-01 00:00:00')", OTHER),
    ]);
    for (const isBefore of [true, false]) {
      await desk.bot.db.write([
        sql("INSERT OR IGNORE INTO admins (user_id, added_at) VALUES (?, '2026-01-01 00:00:00')", OTHER),
        sql(
          `INSERT INTO admin_work (kind, requested_by, chat_id, detail, requested_at) VALUES ('moment', ?1, ?1, ?2, ?3)`,
          OTHER,
          JSON.stringify({ name: '', at: stored.getTime(), isSend: true }),
          desk.bot.now().toISOString().slice(0, 19).replace('T', ' '),
        ),
      ]);
      if (isBefore) await remove();
      await adminWorkJob.run({ ...desk.bot.jobContext(), background: undefined });
      expect(await work()).toEqual([]);
    }
    expect(desk.telegram.callsOf('sendDocument')).toEqual([]);
  });
});
