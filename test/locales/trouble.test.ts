/**
 * What the machine says in English reaches nobody in English: refusals, fields of the log, tables,
 * numbers.
 */

import { describe, expect, test } from 'vitest';
import { UNSEALED } from '../../src/backup/catalog/entry.ts';
import { NotOpened } from '../../src/backup/catalog/not-opened.ts';
import { REASONS, UNRECORDED } from '../../src/backup/changes/spans.ts';
import type { ImportReport } from '../../src/backup/import/import.ts';
import { backupAlertText } from '../../src/bot/alerts.ts';
import { adminTexts } from '../../src/locales/admin/index.ts';
import { textsFor } from '../../src/locales/index.ts';
import { en } from '../../src/locales/trouble/en.ts';
import { ru } from '../../src/locales/trouble/ru.ts';
import { uz } from '../../src/locales/trouble/uz.ts';
import { uzCyrl } from '../../src/locales/trouble/uz-cyrl.ts';
import { LOCALE_NAMES } from '../../src/settings/config.ts';

const TROUBLES = { uz, 'uz-Cyrl': uzCyrl, ru, en };

/** As the Bot API, getWebhookInfo, the network and the bot itself say it -> the Uzbek of it. */
const USUAL: readonly (readonly [string, string])[] = [
  ['Bad Request: chat not found', 'Telegram bu chatni topmadi'],
  ['Forbidden: the group chat was deleted', 'guruh o‘chirilgan'],
  ['Forbidden: bot was kicked from the supergroup chat', 'bot u yerda yo‘q'],
  ['Forbidden: bot is not a member of the channel chat', 'bot u yerda yo‘q'],
  ['Bad Request: member list is inaccessible', 'bot obunachilarni ko‘ra olmaydi, uni admin qiling'],
  ['Bad Request: not enough rights to send photos to the chat', 'botning huquqi yetmaydi'],
  ['Bad Request: need administrator rights in the channel chat', 'botning huquqi yetmaydi'],
  ['no right to post messages', 'botning huquqi yetmaydi'],
  ['Forbidden: bot was blocked by the user', 'foydalanuvchi botni bloklagan'],
  ['Forbidden: user is deactivated', 'foydalanuvchi botni bloklagan'],
  ['Bad Request: user not found', 'Telegram bu foydalanuvchini topmadi'],
  ['Too Many Requests: retry after 5', 'Telegram biroz kutishni so‘radi'],
  ['Telegram asks to wait 30 s', 'Telegram biroz kutishni so‘radi'],
  ['Bad Request: wrong file identifier/HTTP URL specified', 'fayl boshqa botniki yoki o‘chirilgan'],
  ["Bad Request: can't use file of type Document as Video", 'faylning turi boshqa'],
  ['Bad Request: group chat was upgraded to a supergroup chat', 'guruhning ID raqami o‘zgargan'],
  ['Bad Request: message to copy not found', 'xabar o‘chirilgan yoki nusxa olish taqiqlangan'],
  [
    "Bad Request: Message has protected content and can't be forwarded",
    'kanalda kontentni saqlash va uzatish taqiqlangan, kanal sozlamalarida ruxsat bering',
  ],
  ["Bad Request: message can't be copied", 'xabar o‘chirilgan yoki nusxa olish taqiqlangan'],
  ['Bad Request: TOPIC_CLOSED', 'guruhdagi mavzu yopilgan'],
  ['anime is in the trash', 'anime savatda'],
  ['Unauthorized', 'bot tokeni noto‘g‘ri'],
  ['409 Conflict: getUpdates', 'bot tokenidan boshqa dastur ham foydalanyapti'],
  ['Wrong response from the webhook: 500 Internal Server Error', 'server xato javob berdi'],
  ['Connection refused', 'Telegram serverga ulana olmadi'],
  ["Network request for 'sendMessage' failed!", 'Telegram javob bermadi'],
  ['Bad Gateway', 'Telegram javob bermadi'],
];

test('why no moment can be brought back is said in the language, each reason that the engine has', () => {
  const reasons = [
    ...Object.values(REASONS),
    UNRECORDED,
    UNSEALED,
    new NotOpened('changes/0123456789abcdef0123456789abcdef/1.ndjson.gz.age').message,
  ];
  for (const locale of LOCALE_NAMES)
    for (const reason of reasons)
      expect(textsFor(locale).momentTrouble(reason).markup, `${locale}: ${reason}`).not.toContain('<code>');
  expect(textsFor('uz').momentTrouble(REASONS.fork).markup).toContain('boshqa nusxasi');
  expect(textsFor('uz').momentTrouble(new NotOpened('changes/x').message).markup).toContain('kalit');
});

test('files of a backup that are gone from the bucket are told as that', () => {
  const said = 'anime_bot_20261128_185147.db.gz is gone from the bucket';
  expect(textsFor('uz').backupTrouble(said).markup).toContain('omborda uning fayllari yo‘q');
});

describe('refusals', () => {
  test.each(USUAL)('%s', (said, uzbek) => {
    expect(textsFor('uz').trouble(said).markup).toBe(uzbek);
    for (const locale of LOCALE_NAMES) expect(textsFor(locale).trouble(said).markup).not.toContain('<code>');
  });

  test('of what nobody knows that is said, and the words stand behind it, escaped, as code', () => {
    expect(textsFor('uz').trouble('a <new> refusal').markup).toBe(
      'kutilmagan xato; takrorlansa, bot jurnalini (log) ko‘ring: <code>a &lt;new&gt; refusal</code>',
    );
  });

  test.each([
    [
      'LibsqlBatchError: SQLITE_ERROR: SQLITE_ERROR: no such table: anime_parts',
      'bazada bu jadval yo‘q: <code>anime_parts</code>',
    ],
    ['SQLITE_BUSY: database is locked', 'baza band: uni boshqa dastur ushlab turibdi'],
    ['LibsqlError: SQLITE_CORRUPT: disk image', /^ma’lumotlar bazasi buzilgan/],
    [
      'LibsqlError: SQLITE_CONSTRAINT: SQLITE_CONSTRAINT: UNIQUE failed',
      'baza so‘rovni bajarmadi: <code>SQLITE_CONSTRAINT: UNIQUE failed</code>',
    ],
    [
      'table anime is missing; table users lacks columns a, b; table anime_parts is missing',
      'bazada bu jadval yo‘q: <code>anime, anime_parts</code>; jadvalda bu ustun yo‘q: <code>users · a, b</code>',
    ],
    [
      'table users is missing (odam has its columns)',
      'jadvalning nomi o‘zgartirilgan: <code>users · odam</code>',
    ],
    ['table users lacks its key (user_id)', 'jadvalning kaliti yo‘qolgan: <code>users · (user_id)</code>'],
    ['trigger a_b is missing', 'bazada bu trigger yo‘q: <code>a_b</code>'],
  ])('of the database: %s', (said, uzbek) => {
    expect(textsFor('uz').trouble(said).markup).toMatch(uzbek);
    for (const locale of LOCALE_NAMES) expect(textsFor(locale).trouble(said).markup).not.toContain('Libsql');
  });
});

describe('reasons of the backup engine', () => {
  test('of the second copy admins are told in their language alone, and the cause is the right one', () => {
    const raw = "/mnt/disk/nusxa: EROFS: read-only file system, open '/mnt/disk/nusxa/.a.db.gz.1.partial'";
    expect(textsFor('uz').copyTrouble(raw).markup).toBe(
      'disk faqat o‘qish uchun ulangan yoki buzilgan: yozish uchun qayta ulang yoki almashtiring',
    );
    for (const locale of LOCALE_NAMES)
      expect(textsFor(locale).copyTrouble(raw).markup).not.toContain('EROFS');
    expect(textsFor('uz').copyTrouble("EACCES: permission denied, open '/x'").markup).toBe(
      'serverda fayl yoki papkaga yozish huquqi yo‘q',
    );
    expect(textsFor('uz').copyTrouble('a <new> reason').markup).toBe('<code>a &lt;new&gt; reason</code>');
  });

  test.each([
    ['SQLITE_CORRUPT: database disk image is malformed', 'ma’lumotlar bazasi buzilgan'],
    [
      'no copy of the database bot.db: the database is damaged (docs/operations.md)',
      'ma’lumotlar bazasi buzilgan',
    ],
    [
      'could not confirm the lease: database unavailable: data/a.db is not the file that was opened',
      'ma’lumotlar bazasi fayli yo‘qolgan',
    ],
    [
      'directory /a is not the directory that the bot knows as COPY_DIR: its mark, a.txt, is not there',
      'papka bot bilgan joy emas',
    ],
    ['what nobody knows', 'kutilmagan xato; takrorlansa, bot jurnalini'],
    ['ENOSPC: no space left on device: make room in directory b', 'diskda yoki omborda joy qolmagan'],
    [
      'no copy of the database bot.db: it is made beside it, so the directory must be writable',
      'serverda fayl yoki papkaga',
    ],
    ["EACCES: permission denied, open 'b/x'", 'serverda fayl yoki papkaga'],
    ['S3 refused: AccessDenied: check S3_ACCESS_KEY_ID', 'ombor kalitni qabul qilmadi'],
    ['S3 refused: NoSuchBucket: check S3_BUCKET, or create the bucket', 'bunday ombor topilmadi'],
    ['the run took longer than 840 s and was given up', 'juda uzoq davom etgani'],
    [
      'the run 20260101_020000 (schedule), begun 2026-01-01 02:00:00 UTC, never ended: its process died',
      'avvalgi urinish',
    ],
    ['a.db.gz.age: contents not opened: none of the keys opens the file', 'kalit yoki parol mos emas'],
    ['read-back failed: bytes 0 to 99 differ from what was written', 'omborda saqlangani'],
    ['fetch failed: connect ECONNREFUSED 127.0.0.1:9', 'ombor yoki baza serveri javob bermadi'],
  ])('%s', (said, uzbek) => {
    const { markup } = textsFor('uz').backupTrouble(said);
    expect(markup).toMatch(new RegExp(`^${uzbek}`));
    // The engine's own words are a detail.
    for (const locale of LOCALE_NAMES)
      expect(textsFor(locale).backupTrouble(said).markup).toMatch(/^[^<]+\n<code>[^<]+<\/code>$/);
  });

  test.each([
    ["this is not the bot's database (it has no tables), so nothing was backed up", 'not-ours'],
    ['LibsqlError: STREAM_EXPIRED: the stream is over', 'cut-off'],
    ['database server x closed the read transaction', 'cut-off'],
    ['a cursor answer that is cut off', 'half-answer'],
    ['database server x does not say that it committed', 'half-answer'],
    ['s3 bucket b: the listing is incomplete: 7 of 9', 'half-answer'],
    ['manifest objects.database: parts do not add up to its bytes', 'no-manifest'],
    ['s3 bucket b: x was answered with success, but the object is not there as sent', 'unlike'],
    ['x does not read back as it was stored', 'unlike'],
    ['x is no whole SQLite database: integrity_check says row 3', 'bad-file'],
    ['another run is under way (node host); try again when it is done', 'other-run'],
    ['the lease (fence 7) was taken over by another run: this one stalled too long', 'other-run'],
    ['x could not be checked on this machine', 'machine'],
    ['its process was ended from outside (SIGKILL): is memory short?', 'machine'],
    ['the host was stopped', 'stopped'],
    ['the database holds its texts as UTF-16: convert it', 'odd-data'],
    ['one row is too large for an answer of the server', 'odd-data'],
    ['database did not answer', 'unreachable'],
    ['s3 bucket b: uploading x failed: no connection to https://x (other side closed)', 'unreachable'],
    ['s3 bucket b: uploading x failed: no answer within 15 s', 'unreachable'],
    ['s3 bucket b: uploading x failed: 429 TooManyRequests', 'unreachable'],
    ['s3 bucket b: uploading x failed: 400 RequestTimeout', 'unreachable'],
    ['s3 bucket b: uploading x failed: 400 ExpiredToken', 'store-key'],
    ['directory b: reading x failed: EIO: i/o error, read', 'read-only'],
    ['database unavailable: SQLITE_IOERR: disk I/O error', 'read-only'],
    ["directory b: opening x failed: ENOENT: no such file or directory, open 'x'", 'other-place'],
    ['the database file a.db was replaced while it was open', 'db-lost'],
    ['the contents differ', 'unlike'],
    ['download found it damaged, 2026-01-01: x', 'unlike'],
    ['s3 bucket b holds something else as x, which is left as it is', 'unlike'],
    ['x is damaged in b and could not be replaced (y): remove it there', 'unlike'],
    ['s3 bucket b: the listing was answered with success, but it is no listing', 'half-answer'],
    ['the snapshot was not read to its end', 'half-answer'],
    ['the process of integrity ended with SIGKILL', 'machine'],
    ['Too many subrequests by single Worker invocation', 'machine'],
  ] as const)('a sentence of the bot’s own has words of its own: %s', (said, code) => {
    for (const [locale, texts] of Object.entries(TROUBLES))
      expect(
        textsFor(locale as 'uz')
          .backupTrouble(said)
          .markup.split('\n')[0],
      ).toBe(texts[code]);
  });

  test('what a failed update met is told so, too', () => {
    const { trouble } = textsFor('uz');
    expect(trouble('DatabaseUnavailable: database unavailable: STREAM_EXPIRED').markup).toMatch(
      /^baza serveri vaqt tugagani/,
    );
    expect(trouble('TypeError: x is undefined').markup).toMatch(/^kutilmagan xato; .* ko‘ring: <code>/);
  });

  test('a lost table is told with its name and not in English, in every alert', () => {
    const damage = 'the database was damaged when it was read: table anime_parts is missing';
    const message = `backup 20261128_075800 was made, but ${damage}`;
    const said = backupAlertText('uz', { kind: 'damaged', message }).markup;
    expect(said).toContain('Sababi: bazada bu jadval yo‘q: <code>anime_parts</code>\n');
    expect(said).not.toMatch(/table|damaged|operations/);
    expect(textsFor('uz').backupTrouble(`${damage}; row 3 of x is odd`).markup).toContain('row 3');
    const ask = { kind: 'ask', message: 'backup n is good, but …', asks: { removing: 5, of: 9 } } as const;
    expect(backupAlertText('uz', ask).markup).toContain('(9 tadan 5 tasi)');
  });

  test('an alert says it in the language, whatever else it holds', () => {
    const alert = { kind: 'failed', message: 'backup failed: SQLITE_FULL\nand more' } as const;
    expect(backupAlertText('uz', alert).markup).toContain('Sababi: diskda yoki omborda joy qolmagan');
    expect(backupAlertText('uz', { kind: 'failed', message: 'what <nobody> knows' }).markup).toContain(
      '<code>what &lt;nobody&gt; knows</code>',
    );
  });
});

describe('the audit log', () => {
  const entry = { at: '2024-01-02 03:04:05', name: 'Ali', action: 'anime-edited' } as const;
  const line = (change: object): string | undefined =>
    adminTexts.uz.people
      .audit([{ ...entry, subject: '12 Re: Zero: x, title, photo', ...change }])
      .markup.split('\n')
      .at(-1);

  test('names the fields of an anime, and what is no field stays', () => {
    expect(line({})).toBe(
      '<code>2024-01-02 03:04</code> Ali: animeni tahrirladi — 12 Re: Zero: x, nomi, rasm',
    );
    expect(line({ subject: 'title' })).toContain('— title');
  });

  test('numbers a broadcast, names the bot, and ends without a dash where there is no subject', () => {
    expect(line({ action: 'broadcast-started', subject: '3' })).toContain('— № 3');
    expect(line({ action: 'anime-purged', name: '0', subject: '12' })).toContain('bot: animeni butunlay');
    expect(line({ action: 'backup-started', subject: '' })).toMatch(/oldi$/);
    expect(line({ action: 'exported', subject: '3' })).toMatch(/eksport qildi — 3 ta anime$/);
  });
});

test('a backup: its tables by name, its sizes and seconds as each language writes them', () => {
  const facts = {
    name: 'n',
    takenAt: 't',
    zone: 'Asia/Tashkent',
    bytes: 33_400,
    files: [{ name: 'f', bytes: 999 }],
    rows: [{ table: 'anime_parts', rows: 2 }],
    seconds: 0.7,
    trigger: null,
    isVerified: true,
    problem: null,
    plain: null,
    isEncrypted: false,
    isPinned: false,
  };
  const shown = (locale: (typeof LOCALE_NAMES)[number], bytes = facts.bytes): string =>
    adminTexts[locale].backup.facts({ ...facts, bytes }).markup;
  expect(shown('uz')).toContain('📦 33,4 KB · ⏱ 0,7 soniya\n📄 f — 999 B\n\nQismlar: 2');
  expect(shown('uz-Cyrl')).toContain('📦 33,4 КБ · ⏱ 0,7 сония\n📄 f — 999 Б\n\nҚисмлар: 2');
  expect(shown('ru')).toContain('📦 33,4 КБ · ⏱ 0,7 с\n📄 f — 999 Б\n\nСерии: 2');
  expect(shown('en')).toContain('📦 33.4 KB · ⏱ 0.7 s\n📄 f — 999 B\n\nEpisodes: 2');
  expect(shown('uz', 2_500_000)).toContain('2,5 MB');
  expect(shown('uz', 3_000_000_000)).toContain('3,0 GB');
});

test('what an import left aside is named by its table in the language', () => {
  const report: ImportReport = {
    tables: [],
    refusals: [],
    leftAside: [
      { table: 'groups.group_name', rows: 1, reason: 'not a column of this bot' },
      { table: 'others', rows: 2, reason: 'not a table of this bot' },
    ],
    values: { leftOut: 0, mended: 0 },
  };
  expect(adminTexts.uz.imports.done(report, 'n').markup).toContain(
    'Import qilinmadi: <code>Guruh va kanallar: group_name (1), others (2)</code>',
  );
});
