/** Texts of importing a file that an admin sent. */
import type { ImportReport } from '../../../backup/import.ts';
import { html } from '../../../html.ts';
import { describeReport, isAllThere } from './report.ts';

export const uz = {
  yes: () => '✅ Import qilish',
  working: () => '⏳ Zaxira nusxa olinib, import qilinmoqda…',
  dropped: () => html`↩️ Import qilinmadi. Hech narsa o‘zgarmadi.`,
  fileGone: () => 'Fayl topilmadi. Uni qaytadan yuboring.',
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
  foreign: html`❌ Bu botning zaxira nusxasi emas: ichida JSON ham, SQLite bazasi ham yo‘q.`,
};

const TABLES: Readonly<Record<string, string>> = {
  users: 'Foydalanuvchilar',
  anime: 'Animelar',
  anime_parts: 'Qismlar',
  groups: 'Guruhlar',
  mandatory_channels: 'Majburiy kanallar',
  anime_groups: 'Guruhdagi animelar',
  user_history: 'Ko‘rish tarixi',
  favourites: 'Sevimlilar',
  follows: 'Obunalar',
  watch_progress: 'Davom ettirish',
  anime_views: 'Ko‘rishlar',
  counters: 'Statistika',
  audit_log: 'Amallar tarixi',
};

const WORDS = {
  tables: TABLES,
  added: 'yangi',
  changed: 'o‘zgaradi',
  same: 'bir xil',
  kept: 'bazadagisi qoladi',
  refused: 'olinmadi',
  notTaken: 'Olinmaganlari',
  mended: 'O‘zgartirib olinganlari',
  leftAside: 'Chetda qoldi',
};
