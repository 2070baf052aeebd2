/** Texts of importing a file that an admin sent. */
import type { ImportReport } from '../../../backup/import/import.ts';
import { html } from '../../../text/html.ts';
import { describeReport, isAllThere, type ReasonTexts, reasonIn } from './report.ts';

export const uz = {
  yes: () => '✅ Import qilish',
  working: () => '⏳ Zaxira nusxa olinib, import qilinmoqda…',
  stop: () => '⛔️ To‘xtatish',
  notRunning: () =>
    html`Hozir import ketmayapti: u tugagan yoki to‘xtab qolgan. Faylni qaytadan yuboring, nima o‘zgarishi ko‘rinadi.`,
  looking: () => html`🔎 Fayl o‘qilmoqda…`,
  dropped: () => html`↩️ Import qilinmadi. Hech narsa o‘zgarmadi.`,
  fileGone: () => 'Fayl topilmadi. Uni qaytadan yuboring.',
  wrongKind: () =>
    html`❌ Bot bu yerda <code>.json</code> va <code>.db</code> fayllarni oladi. <code>.csv</code> faylni kompyuterda import qiling: <code>npm run backup -- import fayl --dry-run</code>\nArxivni (<code>.zip</code>) avval oching.`,
  tooLarge: () =>
    html`❌ Fayl 20 MB dan katta, bot uni ololmaydi. Kompyuterda bajaring: <code>npm run backup -- import fayl</code>`,
  unfit: (kind: 'encrypted' | 'database' | 'foreign') => UNFIT[kind],
  broken: (reason: string) =>
    html`❌ Fayl buzilgan: <code>${reason}</code>\nHech narsa o‘zgarmadi. Boshqa nusxalar: /backups`,
  busy: () =>
    html`⏳ Bazaga hozir boshqa fayl import qilinmoqda. U tugagach, faylni qaytadan yuboring. Bu fayldan hech narsa o‘zgarmadi.`,
  noBackup: (reason: string) =>
    html`❌ Avval zaxira nusxa olib bo‘lmadi: <code>${reason}</code>\nShuning uchun import qilinmadi, hech narsa o‘zgarmadi.`,
  plan: (report: ImportReport) =>
    html`📥 <b>Import: nima o‘zgaradi</b>\n\n${describeReport(report, WORDS)}\n\nDavom etilsinmi? Avval zaxira nusxa olinadi, bazadagi hech narsa o‘chirilmaydi.`,
  nothingNew: (report: ImportReport) =>
    html`${isAllThere(report) ? '📥 Bu fayldagi hamma narsa bazada bor. Hech narsa o‘zgarmaydi.' : '📥 Bu fayl bazada hech narsani o‘zgartirmaydi.'}\n\n${describeReport(report, WORDS)}`,
  done: (report: ImportReport, backup: string) =>
    html`✅ <b>Import qilindi.</b>\n\n${describeReport(report, WORDS)}\n\nAvvalgi holat zaxirasi: <code>${backup}</code>`,
};

const UNFIT = {
  encrypted: html`❌ Fayl shifrlangan, botda uning kaliti yo‘q. Kompyuterda bajaring: <code>npm run backup -- import fayl</code>`,
  database: html`❌ Bu server .db fayllarni o‘qiy olmaydi. JSON nusxasini yuboring yoki kompyuterda bajaring: <code>npm run backup -- import fayl</code>`,
  foreign: html`❌ Bu botning fayli emas. Boshqa botniki bo‘lsa, kompyuterda bajaring, nima o‘zgarishi ko‘rinadi: <code>npm run backup -- import fayl --dry-run</code>`,
};

export const TABLES: Readonly<Record<string, string>> = {
  users: 'Foydalanuvchilar',
  anime: 'Animelar',
  anime_parts: 'Qismlar',
  groups: 'Guruh va kanallar',
  mandatory_channels: 'Majburiy obuna kanallari',
  anime_groups: 'Guruhdagi animelar',
  user_history: 'Ko‘rish tarixi',
  favourites: 'Sevimlilar',
  follows: 'Kuzatayotganlar',
  watch_progress: 'To‘xtagan joylar',
  anime_views: 'Ko‘rishlar',
  counters: 'Statistika',
  audit_log: 'Amallar tarixi',
  admins: 'Adminlar',
};

const REASONS: ReasonTexts = {
  missing: 'yo‘q',
  'not-an-object': 'obyekt emas',
  'not-a-list': 'ro‘yxat emas',
  'is-a-list': 'qiymat o‘rnida ro‘yxat',
  'is-an-object': 'qiymat o‘rnida obyekt',
  'not-an-integer': 'butun son emas',
  'is-no-integer': '{} — butun son emas',
  'not-exact': '{} — aniq butun son emas',
  'too-large': '{} — juda katta son',
  'not-a-number': 'son emas',
  'not-a-text': 'matn emas',
  'too-long': '{} belgidan uzun',
  'lone-surrogate': 'matnda buzuq belgi',
  'not-a-time': 'sana emas',
  'is-no-time': '{} — sana emas',
  'no-kind': '{} — notanish tur',
  'no-file-id': '{} — Telegram fayli raqami emas',
  'no-chat-link': '{} — Telegram guruhi yoki kanali havolasi emas',
  'of-an-admin': 'bu odam botning admini: fayl uni bloklay olmaydi',
  nul: 'ichida NUL belgisi bor',
  'nul-removed': 'NUL belgisi olib tashlandi',
  'not-utf8': 'UTF-8 bo‘lmagan baytlar bor',
  'not-utf8-replaced': 'UTF-8 bo‘lmagan baytlar � bilan almashtirildi',
  'no-user-id': '{} — foydalanuvchi raqami emas (manfiysi guruhniki)',
  'code-range': '{} — kod emas: kod 1 dan 999999 gacha bo‘ladi',
  'part-range': '{} — qism raqami bo‘la olmaydi',
  'anime-not-in-file': '{} animesi faylda yo‘q',
  'no-anime': '{} kodli anime yo‘q',
  'group-not-in-file': '{} guruhi faylda yo‘q',
  twice: 'faylda ikki marta bor, birinchisi: {}',
};

const WORDS = {
  tables: TABLES,
  added: 'tasi yangi',
  changed: 'tasi o‘zgaradi',
  same: 'tasi bir xil',
  kept: 'tasi bazadagidek qoladi',
  refused: 'tasi olinmadi',
  notTaken: 'Olinmadi',
  mended: 'Tuzatib olindi',
  leftAside: 'Import qilinmadi',
  reason: reasonIn(REASONS),
};
