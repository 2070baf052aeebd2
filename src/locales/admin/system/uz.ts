/** Texts of the panel and of everything about the bot itself. */
import { type Html, html } from '../../../html.ts';

export const uz = {
  // Buttons.
  panel: () => '🏠 Boshqaruv paneli',
  addAnime: () => '➕ Anime qo‘shish',
  catalogue: () => '✏️ Tahrirlash',
  drafts: (count: number) => `🗂 Qoralamalar${count === 0 ? '' : ` (${count})`}`,
  trash: () => '🗑 Savat',
  groups: () => '📣 Guruh va kanallar',
  channels: () => '🔒 Majburiy obuna',
  broadcast: () => '📨 Xabar tarqatish',
  stats: () => '📊 Statistika',
  people: () => '👥 Foydalanuvchilar',
  admins: () => '🛡 Adminlar',
  audit: () => '📜 Amallar tarixi',
  export: () => '📤 Eksport',
  selfTest: () => '🩺 Tekshiruv',
  backups: () => '💾 Zaxira nusxalar',
  back: () => '🔙 Orqaga',
  left: () => '⬅️ Chap',
  right: () => 'O‘ng ➡️',
  yes: () => '✅ Ha',
  no: () => '↩️ Yo‘q',
  stop: () => '✖️ Bekor qilish',
  // Screens.
  panelText: (anime: number, users: number): Html =>
    html`🏠 <b>Boshqaruv paneli</b>\n\n🎬 Animelar: <b>${anime}</b>\n👥 Foydalanuvchilar: <b>${users}</b>\n\nAnimeni tahrirlash uchun: <code>/edit 12</code>\nBarcha buyruqlar: /commands`,
  commands: (): Html =>
    html`<b>Admin buyruqlari</b>\n\n/admin — boshqaruv paneli\n/add — anime qo‘shish\n/edit — animeni tahrirlash (masalan, <code>/edit 12</code>)\n/drafts — qoralamalar\n/cancel — boshlangan ishdan chiqish (hech narsa yo‘qolmaydi)\n/groups — guruh va kanallar\n/channels — majburiy obuna kanallari\n/broadcast — xabar tarqatish\n/stats — statistika\n/analytics — grafiklar\n/top — eng ko‘p ko‘rilganlar\n/users — foydalanuvchilar\n/admins — adminlar\n/audit — amallar tarixi\n/trash — savat\n/export — katalogni fayl qilib olish\n/backup — hozir zaxira nusxa olish\n/backups — zaxira nusxalar\n/test — botni tekshirish`,
};
