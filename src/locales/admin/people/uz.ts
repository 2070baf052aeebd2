/** Texts about users, admins and what admins did. */
import type { Audited } from '../../../db/audit-log.ts';
import { type Html, html } from '../../../text/html.ts';
import { auditLines, type Entry } from './audit.ts';

interface Person {
  readonly id: number;
  readonly name: string;
  readonly username: string | null;
  readonly createdAt: string | null;
  readonly lastSeen: string | null;
  readonly source: string | null;
  readonly views: number;
  readonly blockedAt: string | null;
  readonly bannedAt: string | null;
  readonly isAdmin: boolean;
}

export const uz = {
  // Users.
  users: (users: number, blocked: number, banned: number): Html =>
    html`👥 <b>Foydalanuvchilar</b>\n\nJami: <b>${users}</b>\nBotni bloklagan: ${blocked}\nAdminlar bloklagan: ${banned}\n\nBirini topish uchun: <code>/users 123456789</code> yoki <code>/users @nomi</code>`,
  find: () => '🔎 Foydalanuvchini topish',
  askPerson: (): Html =>
    html`🔎 Foydalanuvchining ID raqamini yoki nomini (<code>@nomi</code>) yuboring. Uning biror xabarini uzatsangiz ham bo‘ladi.`,
  person: (person: Person): Html =>
    html`👤 <b>${person.name === '' ? '—' : person.name}</b>${person.username === null ? '' : ` @${person.username}`}\n\n🆔 <code>${person.id}</code>\n📅 Qo‘shilgan: ${person.createdAt ?? '—'}\n🕓 Oxirgi marta: ${person.lastSeen ?? '—'}\n🧭 Qayerdan kelgan: ${person.source ?? '—'}\n👁 Ko‘rishlar: ${person.views}${person.isAdmin ? '\n🛡 Admin' : ''}${person.blockedAt === null ? '' : '\n🚫 Botni bloklagan'}${person.bannedAt === null ? '' : '\n⛔️ Adminlar bloklagan'}`,
  notFound: (): Html => html`Bunday foydalanuvchi topilmadi. U botga hali yozmagan bo‘lishi mumkin.`,
  ban: () => '⛔️ Bloklash',
  unban: () => '✅ Blokdan chiqarish',
  isAdmin: () => 'Adminni bloklab bo‘lmaydi.',
  // Admins.
  admins: (): Html =>
    html`🛡 <b>Adminlar</b>\n\nAsosiy adminlar sozlamalarda (ADMIN_IDS) yozilgan. Quyidagilar bot orqali qo‘shilgan; olib tashlash uchun tanlang.`,
  noAdmins: (): Html =>
    html`🛡 <b>Adminlar</b>\n\nAsosiy adminlar sozlamalarda (ADMIN_IDS) yozilgan. Boshqa admin yo‘q.`,
  addAdmin: () => '➕ Admin qo‘shish',
  askAdmin: (): Html =>
    html`🛡 Yangi adminning ID raqamini yoki nomini (<code>@nomi</code>) yuboring (xabarini uzatsangiz ham bo‘ladi). U avval botga /start bosgan bo‘lishi kerak.`,
  askAddAdmin: (person: Pick<Person, 'id' | 'name' | 'username'>, isByName: boolean): Html =>
    html`🛡 <b>${person.name === '' ? '—' : person.name}</b>${person.username === null ? '' : ` @${person.username}`}\n🆔 <code>${person.id}</code>\n\nU admin qilinsinmi?${isByName ? `\n\n⚠️ Foydalanuvchi bot bilgan @nomi bo‘yicha topildi. Bu nom boshqa odamga o‘tgan bo‘lishi mumkin: ID raqamini o‘zidan so‘rab solishtiring.` : ''}`,
  yesAdd: () => '✅ Ha, admin bo‘lsin',
  adminAdded: (name: string): Html => html`✅ ${name} endi admin. Unga /admin buyrug‘ini ayting.`,
  adminThere: (name: string): Html => html`ℹ️ ${name} allaqachon admin.`,
  askRemoveAdmin: (name: string): Html => html`🛡 ${name} adminlikdan olinsinmi?`,
  yesRemove: () => '🗑 Ha, olinsin',
  adminRemoved: (name: string): Html => html`✅ ${name} endi admin emas.`,
  // Audit log.
  audit: (entries: readonly Entry[]): Html =>
    html`📜 <b>Amallar tarixi</b>\n\n${entries.length === 0 ? 'Hozircha bo‘sh.' : auditLines(entries, WORDS)}`,
};

const ACTIONS: Record<Audited, string> = {
  'anime-added': 'anime qo‘shdi',
  'anime-edited': 'animeni tahrirladi',
  'anime-deleted': 'animeni savatga tashladi',
  'anime-restored': 'animeni tikladi',
  'anime-purged': 'animeni butunlay o‘chirdi',
  'code-changed': 'kodni o‘zgartirdi',
  'parts-added': 'qism qo‘shdi',
  'part-replaced': 'qism videosini almashtirdi',
  'part-moved': 'qism raqamini o‘zgartirdi',
  'part-deleted': 'qismni o‘chirdi',
  'group-added': 'guruh qo‘shdi',
  'group-edited': 'guruh nomini o‘zgartirdi',
  'group-deleted': 'guruhni o‘chirdi',
  'channel-added': 'majburiy obuna kanalini qo‘shdi',
  'channel-edited': 'majburiy obuna kanali nomini o‘zgartirdi',
  'channel-deleted': 'majburiy obuna kanalini o‘chirdi',
  posted: 'animeni joyladi',
  'broadcast-started': 'xabar tarqatishni boshladi',
  'broadcast-paused': 'xabar tarqatishni to‘xtatib turdi',
  'broadcast-resumed': 'xabar tarqatishni davom ettirdi',
  'broadcast-cancelled': 'xabar tarqatishni bekor qildi',
  'user-banned': 'foydalanuvchini blokladi',
  'user-unbanned': 'foydalanuvchini blokdan chiqardi',
  'admin-added': 'admin qo‘shdi',
  'admin-removed': 'adminni olib tashladi',
  exported: 'katalogni eksport qildi',
  imported: 'faylni import qildi',
  'backup-started': 'zaxira nusxa oldi',
  'moment-sent': 'bazaning oldingi holatini oldi',
  'archive-set': 'arxiv kanalini tanladi',
  'archive-removed': 'arxivdan voz kechdi',
  'file-linked': 'nusxasi yo‘q faylni topdi',
  'posts-moved': 'postlarni yangi botga o‘tkazdi',
};

const FIELDS = {
  title: 'nomi',
  description: 'tavsif',
  photo: 'rasm',
  genres: 'janr',
  year: 'yil',
  aliases: 'boshqa nomlari',
};

const WORDS = { bot: 'bot', actions: ACTIONS, fields: FIELDS, anime: (count: string) => `${count} ta anime` };
