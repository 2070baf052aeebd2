/** Texts of importing a file that an admin sent. */
import type { ImportReport } from '../../../backup/import/import.ts';
import { html } from '../../../text/html.ts';
import { describeReport, isAllThere, type ReasonTexts, reasonIn } from './report.ts';
import type { uz } from './uz.ts';

export const uzCyrl: typeof uz = {
  yes: () => '✅ Импорт қилиш',
  working: () => '⏳ Захира нусха олиниб, импорт қилинмоқда…',
  stop: () => '⛔️ Тўхтатиш',
  notRunning: () =>
    html`Ҳозир импорт кетмаяпти: у тугаган ёки тўхтаб қолган. Файлни қайтадан юборинг, нима ўзгариши кўринади.`,
  looking: () => html`🔎 Файл ўқилмоқда…`,
  dropped: () => html`↩️ Импорт қилинмади. Ҳеч нарса ўзгармади.`,
  fileGone: () => 'Файл топилмади. Уни қайтадан юборинг.',
  wrongKind: () =>
    html`❌ Бот бу ерда <code>.json</code> ва <code>.db</code> файлларни олади. <code>.csv</code> файлни компьютерда импорт қилинг: <code>npm run backup -- import fayl --dry-run</code>\nАрхивни (<code>.zip</code>) аввал очинг.`,
  tooLarge: () =>
    html`❌ Файл 20 МБ дан катта, бот уни ололмайди. Компьютерда бажаринг: <code>npm run backup -- import fayl</code>`,
  unfit: (kind: 'encrypted' | 'database' | 'foreign') => UNFIT[kind],
  broken: (reason: string) =>
    html`❌ Файл бузилган: <code>${reason}</code>\nҲеч нарса ўзгармади. Бошқа нусхалар: /backups`,
  busy: () =>
    html`⏳ Базага ҳозир бошқа файл импорт қилинмоқда. У тугагач, файлни қайтадан юборинг. Бу файлдан ҳеч нарса ўзгармади.`,
  noBackup: (reason: string) =>
    html`❌ Аввал захира нусха олиб бўлмади: <code>${reason}</code>\nШунинг учун импорт қилинмади, ҳеч нарса ўзгармади.`,
  plan: (report: ImportReport) =>
    html`📥 <b>Импорт: нима ўзгаради</b>\n\n${describeReport(report, WORDS)}\n\nДавом этилсинми? Аввал захира нусха олинади, базадаги ҳеч нарса ўчирилмайди.`,
  nothingNew: (report: ImportReport) =>
    html`${isAllThere(report) ? '📥 Бу файлдаги ҳамма нарса базада бор. Ҳеч нарса ўзгармайди.' : '📥 Бу файл базада ҳеч нарсани ўзгартирмайди.'}\n\n${describeReport(report, WORDS)}`,
  done: (report: ImportReport, backup: string) =>
    html`✅ <b>Импорт қилинди.</b>\n\n${describeReport(report, WORDS)}\n\nАввалги ҳолат захираси: <code>${backup}</code>`,
};

const UNFIT = {
  encrypted: html`❌ Файл шифрланган, ботда унинг калити йўқ. Компьютерда бажаринг: <code>npm run backup -- import fayl</code>`,
  database: html`❌ Бу сервер .db файлларни ўқий олмайди. JSON нусхасини юборинг ёки компьютерда бажаринг: <code>npm run backup -- import fayl</code>`,
  foreign: html`❌ Бу ботнинг файли эмас. Бошқа ботники бўлса, компьютерда бажаринг, нима ўзгариши кўринади: <code>npm run backup -- import fayl --dry-run</code>`,
};

export const TABLES: Readonly<Record<string, string>> = {
  users: 'Фойдаланувчилар',
  anime: 'Анимелар',
  anime_parts: 'Қисмлар',
  groups: 'Гуруҳ ва каналлар',
  mandatory_channels: 'Мажбурий обуна каналлари',
  anime_groups: 'Гуруҳдаги анимелар',
  user_history: 'Кўриш тарихи',
  favourites: 'Севимлилар',
  follows: 'Кузатаётганлар',
  watch_progress: 'Тўхтаган жойлар',
  anime_views: 'Кўришлар',
  counters: 'Статистика',
  audit_log: 'Амаллар тарихи',
  admins: 'Админлар',
};

const REASONS: ReasonTexts = {
  missing: 'йўқ',
  'not-an-object': 'объект эмас',
  'not-a-list': 'рўйхат эмас',
  'is-a-list': 'қиймат ўрнида рўйхат',
  'is-an-object': 'қиймат ўрнида объект',
  'not-an-integer': 'бутун сон эмас',
  'is-no-integer': '{} — бутун сон эмас',
  'not-exact': '{} — аниқ бутун сон эмас',
  'too-large': '{} — жуда катта сон',
  'not-a-number': 'сон эмас',
  'not-a-text': 'матн эмас',
  'too-long': '{} белгидан узун',
  'lone-surrogate': 'матнда бузуқ белги',
  'not-a-time': 'сана эмас',
  'is-no-time': '{} — сана эмас',
  'no-kind': '{} — нотаниш тур',
  'no-file-id': '{} — Telegram файли рақами эмас',
  'no-chat-link': '{} — Telegram гуруҳи ёки канали ҳаволаси эмас',
  'of-an-admin': 'бу одам ботнинг админи: файл уни блоклай олмайди',
  nul: 'ичида NUL белгиси бор',
  'nul-removed': 'NUL белгиси олиб ташланди',
  'not-utf8': 'UTF-8 бўлмаган байтлар бор',
  'not-utf8-replaced': 'UTF-8 бўлмаган байтлар � билан алмаштирилди',
  'no-user-id': '{} — фойдаланувчи рақами эмас (манфийси гуруҳники)',
  'code-range': '{} — код эмас: код 1 дан 999999 гача бўлади',
  'part-range': '{} — қисм рақами бўла олмайди',
  'anime-not-in-file': '{} анимеси файлда йўқ',
  'no-anime': '{} кодли аниме йўқ',
  'group-not-in-file': '{} гуруҳи файлда йўқ',
  twice: 'файлда икки марта бор, биринчиси: {}',
};

const WORDS = {
  tables: TABLES,
  added: 'таси янги',
  changed: 'таси ўзгаради',
  same: 'таси бир хил',
  kept: 'таси базадагидек қолади',
  refused: 'таси олинмади',
  notTaken: 'Олинмади',
  mended: 'Тузатиб олинди',
  leftAside: 'Импорт қилинмади',
  reason: reasonIn(REASONS),
};
