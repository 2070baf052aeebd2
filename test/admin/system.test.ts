/** /export, /test, /backup, /backups. */
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { NO_MEMORY } from '../../src/backup/copy/memory.ts';
import { readLegacyDocument } from '../../src/backup/document/legacy.ts';
import { inEnglish } from '../../src/backup/document/reasons.ts';
import { createBackupLedger } from '../../src/backup/run/backup-runs.ts';
import { openEmbeddedSnapshotSource } from '../../src/backup/snapshot/embedded.ts';
import { createDirectoryStore } from '../../src/backup/store/directory.ts';
import { StoreError } from '../../src/backup/store/types.ts';
import { keepCopyNote } from '../../src/db/bucket-notes.ts';
import { sql } from '../../src/db/database.ts';
import { newestRun } from '../../src/db/runs.ts';
import { exportCatalogue } from '../../src/handlers/admin/export.ts';
import { composeEngine } from '../../src/hosts/compose.ts';
import { backupRequestsJob } from '../../src/jobs/backup-requests.ts';
import { readConfig } from '../../src/settings/config.ts';
import { askBackup } from '../support/ask-backup.ts';
import { addAnime } from '../support/catalogue.ts';
import { type AdminDesk, startDesk } from './support.ts';

let desk: AdminDesk;
afterEach(() => desk?.close());

const SHOWN = ['code', 'anime_code', 'title', 'description', 'part_number', 'file_id', 'kind', 'group_id'];

describe('/export', () => {
  test('is a JSON file that the importer reads: every anime, part and file_id', async () => {
    desk = await startDesk();
    await addAnime(desk.bot.db, {
      code: 12,
      title: 'O‘lim "daftari"',
      description: 'a\nb 😀',
      parts: ['f1', 'f2'],
    });
    await addAnime(desk.bot.db, { code: 13, title: 'Bleach', kind: 'document', parts: ['f3'] });
    await addAnime(desk.bot.db, { code: 14, title: 'Savatda' });
    await desk.bot.db.write([
      sql(`UPDATE anime SET deleted_at = '2026-11-01 00:00:00' WHERE code = 14`),
      sql(`INSERT INTO groups (group_id, name) VALUES (-1001, 'Kanal')`),
      sql('INSERT INTO anime_groups (anime_code, group_id) VALUES (12, 1)'),
    ]);
    await desk.admin.send('/export');
    const { document } = desk.last();
    expect(document?.name).toBe('anime_export_20261122_100000.json');
    const found: unknown[] = [];
    const bytes = Buffer.from(document?.bytes ?? []);
    expect(JSON.parse(bytes.toString())).toMatchObject({
      format: 'anime-bot-export',
      format_version: 1,
      exported_at: '2026-11-22 10:00:00',
    });
    for await (const event of readLegacyDocument(new Response(bytes).body ?? new ReadableStream())) {
      if (event.kind === 'refusal') throw new Error(`${event.place}: ${inEnglish(event)}`);
      found.push([event.kind, ...SHOWN.flatMap((name) => event.fields[name] ?? [])]);
    }
    expect(found).toEqual([
      ['anime', 12n, 'O‘lim "daftari"', 'a\nb 😀'],
      ['part', 12n, 1n, 'f1', 'video'],
      ['part', 12n, 2n, 'f2', 'video'],
      ['anime', 13n, 'Bleach'],
      ['part', 13n, 1n, 'f3', 'document'],
      ['group', -1001n],
      ['anime_group', 12n, 1n],
    ]);
  });

  test('many anime come in pages, all of them; a large file is packed', async () => {
    desk = await startDesk();
    const { db } = desk.bot;
    await db.write([
      sql(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 650)
           INSERT INTO anime (code, title, description) SELECT i, 'A' || i, hex(zeroblob(9000)) FROM n`),
    ]);
    const { json, anime } = await exportCatalogue(db, desk.bot.now());
    expect(anime).toBe(650);
    expect(JSON.parse(Buffer.from(json).toString()).anime).toHaveLength(650);
    await desk.admin.send('/export');
    const { document } = desk.last();
    expect(document?.name).toMatch(/\.json\.gz$/);
    expect(gunzipSync(document?.bytes ?? Buffer.alloc(0)).equals(Buffer.from(json))).toBe(true);
  });
});

test('/test and /backups: where backups are encrypted, which of them stay in the first bucket', async () => {
  desk = await startDesk();
  await desk.admin.send('/backup');
  const [run] = await desk.bot.db.read([newestRun()]);
  const memory = { ...NO_MEMORY, at: desk.bot.now().toISOString(), run };
  await desk.bot.db.write([keepCopyNote(JSON.stringify(memory))]);
  const { backups } = desk.bot.services;
  const copy = { description: 'copy', catchUp: () => Promise.reject(new Error('no tick')) };
  for (const isSealed of [false, true]) {
    Object.assign(desk.bot.services, { backups: { ...backups, copy, isSealed } });
    for (const [command, word] of [
      ['/test', 'u yerda ham bor.'],
      ['/backups', 'hammasi joyida.'],
    ] as const) {
      await desk.admin.send(command);
      const stay = isSealed ? ' Faqat shifrlanmaganlari birinchisida qoladi: ular kalitsiz ochiladi.' : '\n';
      expect(`${desk.last().text}\n`).toContain(word + stay);
    }
  }
  // What is no whole backup in the first bucket: both say that it stays, and what ends that.
  const problem = '20281231_101010 is not whole in directory b and was not copied: manifest is of another';
  await desk.bot.db.write([keepCopyNote(JSON.stringify({ ...memory, problem }))]);
  for (const command of ['/test', '/backups']) {
    await desk.admin.send(command);
    expect(desk.last().text).toContain('butun bo‘lmagan nusxa bor; kerak bo‘lmasa');
    expect(desk.last().text).not.toContain('0 ta nusxa');
  }
});

describe('/test', () => {
  test('everything is tried, and what is wrong is said with what to do', async () => {
    desk = await startDesk();
    await desk.admin.send('/test');
    expect(desk.last().text).toContain('2 ta muammo bor');
    expect(desk.last().text).toContain('Hali tekshirilgan zaxira nusxa yo‘q. /backup bosing');
    expect(desk.last().text).toContain('jadval (cron) yoqilganini');
    await desk.admin.send('/backup');
    await desk.bot.db.write([
      sql(
        `INSERT INTO job_leases (name, holder, expires_at) VALUES ('maintenance', 'x', '2026-11-22 10:40:00')`,
      ),
    ]);
    await desk.admin.send('/test');
    expect(desk.last().text).toContain('hammasi joyida');
    desk.bot.advance(30 * 3_600_000);
    await desk.press('🔄 Qayta tekshirish');
    expect(desk.last().text).toContain('eskirgan: 30 soat');
  });

  test('a webhook that misses kinds of updates, or fails, is found', async () => {
    desk = await startDesk();
    const { api } = desk.bot.services;
    await api.setWebhook('https://bot.example.com/webhook', { allowed_updates: ['message'] });
    await desk.admin.send('/test');
    expect(desk.last().text).toContain('chat_member');
    await api.setWebhook('https://bot.example.com/webhook', {
      allowed_updates: [
        'message',
        'callback_query',
        'inline_query',
        'chosen_inline_result',
        'my_chat_member',
        'chat_member',
        'chat_join_request',
      ],
    });
    await desk.press('🔄 Qayta tekshirish');
    expect(desk.last().text).toContain('Webhook ishlayapti');
  });

  test('in the first minutes of a host nobody is told that its schedule is dead; afterwards it is', async () => {
    desk = await startDesk();
    const firstTickBy = new Date(desk.bot.now().getTime() + 120_000);
    Object.assign(desk.bot.services, { firstTickBy });
    await desk.admin.send('/test');
    expect(desk.last().text).toContain('✅ Bot hozirgina ishga tushdi');
    desk.bot.advance(121_000);
    await desk.press('🔄 Qayta tekshirish');
    expect(desk.last().text).toContain('❌ Jadval bo‘yicha ishlar bajarilmayapti');
  });

  test('a table of the bot’s own that is gone is named', async () => {
    desk = await startDesk();
    await desk.bot.db.write([sql('DROP TABLE user_history')]);
    await desk.admin.send('/test');
    expect(desk.last().text).toContain('Baza to‘liq emas: bazada bu jadval yo‘q: user_history');
    expect(desk.last().text).not.toContain('✅ Baza');
  });

  test('a newest backup from before an import is told as that', async () => {
    desk = await startDesk();
    const scheduledAt = desk.bot.now();
    await desk.bot.services.backups.run({ trigger: 'start', scheduledAt });
    await desk.admin.send('/test');
    expect(desk.last().text).not.toContain('import');
    desk.bot.advance(1_000);
    await desk.bot.services.backups.run({ trigger: 'import', scheduledAt: desk.bot.now() });
    await desk.press('🔄 Qayta tekshirish');
    expect(desk.last().text).toContain('U import oldidan olingan');
  });

  test('a check that fails is a finding, not a failure', async () => {
    desk = await startDesk();
    desk.telegram.script({
      method: 'getWebhookInfo',
      times: 3,
      fault: { kind: 'error', status: 500, description: 'Internal' },
    });
    await desk.admin.send('/test');
    expect(desk.last().text).toContain('Webhookni tekshirib bo‘lmadi');
    expect(desk.last().text).toContain('✅ Baza');
  });
});

describe('backups', () => {
  test('/backup makes one, shows its figures, and it can be checked, linked and sent', async () => {
    desk = await startDesk();
    await addAnime(desk.bot.db, { code: 12, title: 'Naruto', parts: ['f1', 'f2'] });
    await desk.admin.send('/backup');
    const done = desk.last();
    expect(done.text).toContain('tayyor va tekshirildi');
    expect(done.text).toMatch(/Animelar: 1 · Qismlar: 2/);
    expect(done.text).toMatch(/anime_bot_\d{8}_\d{6}\.db\.gz/);
    await desk.press('🔎 Tekshirish');
    expect(desk.last().text).toContain('tekshirildi: har bir bayt solishtirildi');
    await desk.press('⬇️ Yuklab olish');
    expect(desk.last().text.match(/http:\/\/127\.0\.0\.1\/backups\/anime_(bot|backup)_\S+/g)).toHaveLength(2);
    // On a phone they are dead.
    expect(desk.last().text).toContain('⚠️ Ular faqat bot ishlayotgan kompyuterda ochiladi');
    await desk.press('📨 Shu yerga yuborish');
    const files = desk.admin.messages().slice(-2);
    expect(files.map(({ document }) => document?.name)).toEqual([
      expect.stringMatching(/^anime_bot_.*\.db\.gz$/),
      expect.stringMatching(/^anime_backup_.*\.json\.gz$/),
    ]);
    expect(
      gunzipSync(files[0]?.document?.bytes ?? Buffer.alloc(0))
        .subarray(0, 15)
        .toString(),
    ).toBe('SQLite format 3');
    await desk.admin.send('/backups');
    await desk.press(/KB$/);
    expect(desk.last().text).toContain('✅ tekshirilgan');
    // The zone stands beside the time, because the name above it is in another.
    expect(desk.last().text).toContain('🕓 2026-11-22 15:00:00 (Asia/Tashkent; nomidagi vaqt UTC)');
  });

  test('one that saved what a restore replaced is told from others, in the list and on its card', async () => {
    desk = await startDesk();
    const { backups } = desk.bot.services;
    await backups.run({ trigger: 'command', scheduledAt: desk.bot.now() });
    desk.bot.advance(60_000);
    await backups.run({ trigger: 'restore', scheduledAt: desk.bot.now() });
    await desk.admin.send('/backups');
    const [newest, older] = desk
      .last()
      .keyboard.flat()
      .map(({ text }) => text);
    expect(newest).toMatch(/^✅ .* · tiklashdan oldin$/);
    expect(older).toMatch(/KB$/);
    await desk.press(/tiklashdan oldin$/);
    expect(desk.last().text).toContain('\n↩️ tiklashdan oldin olingan\n');
  });

  test('a bucket that does not answer is said on the screen, and no update waits because of it', async () => {
    desk = await startDesk();
    const { services } = desk.bot;
    const list = services.backups.list;
    const why = 's3 bucket b gives no answer within 20 s: it is stuck or cannot be reached';
    services.backups.list = () => Promise.reject(new StoreError(why, { retryable: true }));
    await desk.admin.send('/backups');
    expect(desk.last().text).toContain('hozir ko‘rib bo‘lmadi');
    expect(desk.last().text).toContain('server');
    services.backups.list = list;
    await desk.press(/^🔄/);
    expect(desk.last().text).toContain('Hali birorta');
  });

  test('a plain backup that counts for nothing is not marked as good, and says why', async () => {
    desk = await startDesk();
    const { services, path, db } = desk.bot;
    await services.backups.run({ trigger: 'command', scheduledAt: desk.bot.now() });
    await desk.admin.send('/backups');
    await desk.press(/^✅ /);
    expect(desk.last().text).not.toContain('⚠️');
    const { backup } = readConfig({ BACKUP_PASSPHRASE: 'words that nobody guesses' }, 'node');
    const sealed = composeEngine(backup, {
      source: openEmbeddedSnapshotSource({ path }),
      store: createDirectoryStore(join(dirname(path), 'bucket')),
      ledger: createBackupLedger(db),
      holder: 'test',
      links: {
        baseUrl: 'http://127.0.0.1',
        key: new Uint8Array(32),
        prefix: backup.prefix,
        now: desk.bot.now,
      },
      alert: async () => {},
    });
    Object.assign(services, { backups: sealed });
    await desk.admin.send('/backups');
    await desk.press(/^⚠️ /);
    expect(desk.last().text).toContain('✅ tekshirilgan\n⚠️ shifrlanmagan, shuning uchun hisobga olinmaydi');
  });

  test('/test says what the bucket refuses in the words for buckets', async () => {
    desk = await startDesk();
    const why = 'directory b is not the directory that the bot knows as BACKUP_DIR: it is not there';
    Object.assign(desk.bot.services.backups, {
      probe: () => Promise.reject(new StoreError(why, { retryable: false })),
    });
    await desk.admin.send('/test');
    expect(desk.last().text).toContain('papka bot bilgan joy emas');
    expect(desk.last().text).not.toContain('tanimaydi');
  });

  test('the same /backup delivered twice makes one; a press a moment later, another', async () => {
    desk = await startDesk();
    await desk.admin.send('/backup');
    await desk.telegram.redeliver();
    expect((await desk.bot.services.backups.list()).total).toBe(1);
    desk.bot.advance(2_000);
    await desk.admin.send('/backup');
    expect((await desk.bot.services.backups.list()).total).toBe(2);
  });

  test('one whose process died is finished by the tick, in the message the admin waits at', async () => {
    desk = await startDesk();
    const { bot, admin } = desk;
    const waiting = await bot.services.api.sendMessage(admin.id, '…');
    const asked = { requestedBy: admin.id, chatId: admin.id, messageId: waiting.message_id };
    await askBackup(bot.db, { ...asked, requestedAt: bot.now() });
    bot.advance(60_000);
    await backupRequestsJob.run(bot.jobContext());
    expect(admin.look({ chatId: admin.id, id: waiting.message_id }).text).toContain('tayyor va tekshirildi');
    const calls = desk.telegram.calls.length;
    await backupRequestsJob.run(bot.jobContext());
    expect(desk.telegram.calls.length).toBe(calls);
  });

  test('a failed one says why, and no more than what it did to the others', async () => {
    desk = await startDesk();
    Object.assign(desk.bot.services.backups, {
      runRequest: async () => ({
        kind: 'failed',
        name: undefined,
        reason: 'bucket is full',
        cause: undefined,
        left: [],
      }),
    });
    await desk.admin.send('/backup');
    expect(desk.last().text).toContain('bucket is full');
    expect(desk.last().text).toContain('Bu urinish boshqa nusxalarga tegmadi');
  });
});

describe('files that are not for the bot', () => {
  test.each(['anime.csv', 'anime.csv.gz', 'baza.zip', 'ANIME.XLSX'])(
    '%s: it says what to send',
    async (name) => {
      desk = await startDesk();
      await desk.admin.send({ document: { name, bytes: Buffer.from('code,title\n1,Naruto\n') } });
      expect(desk.last().text).toContain('.json va .db fayllarni');
      expect(desk.last().text).toContain('npm run backup -- import');
      const viewer = desk.telegram.person();
      await viewer.send({ document: { name, bytes: Buffer.from('x') } });
      expect(viewer.lastMessage().text).not.toContain('npm run');
    },
  );
});
