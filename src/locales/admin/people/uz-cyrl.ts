import type { Audited } from '../../../db/audit-log.ts';
import { html } from '../../../text/html.ts';
import { auditLines } from './audit.ts';
import type { uz } from './uz.ts';

export const uzCyrl: typeof uz = {
  // Users.
  users: (users, blocked, banned) =>
    html`👥 <b>Фойдаланувчилар</b>\n\nЖами: <b>${users}</b>\nБотни блоклаган: ${blocked}\nАдминлар блоклаган: ${banned}\n\nБирини топиш учун: <code>/users 123456789</code> ёки <code>/users @nomi</code>`,
  find: () => '🔎 Фойдаланувчини топиш',
  askPerson: () =>
    html`🔎 Фойдаланувчининг ID рақамини ёки номини (<code>@nomi</code>) юборинг. Унинг бирор хабарини узатсангиз ҳам бўлади.`,
  person: (person) =>
    html`👤 <b>${person.name === '' ? '—' : person.name}</b>${person.username === null ? '' : ` @${person.username}`}\n\n🆔 <code>${person.id}</code>\n📅 Қўшилган: ${person.createdAt ?? '—'}\n🕓 Охирги марта: ${person.lastSeen ?? '—'}\n🧭 Қаердан келган: ${person.source ?? '—'}\n👁 Кўришлар: ${person.views}${person.isAdmin ? '\n🛡 Админ' : ''}${person.blockedAt === null ? '' : '\n🚫 Ботни блоклаган'}${person.bannedAt === null ? '' : '\n⛔️ Админлар блоклаган'}`,
  notFound: () => html`Бундай фойдаланувчи топилмади. У ботга ҳали ёзмаган бўлиши мумкин.`,
  ban: () => '⛔️ Блоклаш',
  unban: () => '✅ Блокдан чиқариш',
  isAdmin: () => 'Админни блоклаб бўлмайди.',
  // Admins.
  admins: () =>
    html`🛡 <b>Админлар</b>\n\nАсосий админлар созламаларда (ADMIN_IDS) ёзилган. Қуйидагилар бот орқали қўшилган; олиб ташлаш учун танланг.`,
  noAdmins: () =>
    html`🛡 <b>Админлар</b>\n\nАсосий админлар созламаларда (ADMIN_IDS) ёзилган. Бошқа админ йўқ.`,
  addAdmin: () => '➕ Админ қўшиш',
  askAdmin: () =>
    html`🛡 Янги админнинг ID рақамини ёки номини (<code>@nomi</code>) юборинг (хабарини узатсангиз ҳам бўлади). У аввал ботга /start босган бўлиши керак.`,
  askAddAdmin: (person, isByName) =>
    html`🛡 <b>${person.name === '' ? '—' : person.name}</b>${person.username === null ? '' : ` @${person.username}`}\n🆔 <code>${person.id}</code>\n\nУ админ қилинсинми?${isByName ? `\n\n⚠️ Фойдаланувчи бот билган @nomi бўйича топилди. Бу ном бошқа одамга ўтган бўлиши мумкин: ID рақамини ўзидан сўраб солиштиринг.` : ''}`,
  yesAdd: () => '✅ Ҳа, админ бўлсин',
  adminAdded: (name) => html`✅ ${name} энди админ. Унга /admin буйруғини айтинг.`,
  adminThere: (name) => html`ℹ️ ${name} аллақачон админ.`,
  askRemoveAdmin: (name) => html`🛡 ${name} админликдан олинсинми?`,
  yesRemove: () => '🗑 Ҳа, олинсин',
  adminRemoved: (name) => html`✅ ${name} энди админ эмас.`,
  // Audit log.
  audit: (entries) =>
    html`📜 <b>Амаллар тарихи</b>\n\n${entries.length === 0 ? 'Ҳозирча бўш.' : auditLines(entries, WORDS)}`,
};

const ACTIONS: Record<Audited, string> = {
  'anime-added': 'аниме қўшди',
  'anime-edited': 'анимени таҳрирлади',
  'anime-deleted': 'анимени саватга ташлади',
  'anime-restored': 'анимени тиклади',
  'anime-purged': 'анимени бутунлай ўчирди',
  'code-changed': 'кодни ўзгартирди',
  'parts-added': 'қисм қўшди',
  'part-replaced': 'қисм видеосини алмаштирди',
  'part-moved': 'қисм рақамини ўзгартирди',
  'part-deleted': 'қисмни ўчирди',
  'group-added': 'гуруҳ қўшди',
  'group-edited': 'гуруҳ номини ўзгартирди',
  'group-deleted': 'гуруҳни ўчирди',
  'channel-added': 'мажбурий обуна каналини қўшди',
  'channel-edited': 'мажбурий обуна канали номини ўзгартирди',
  'channel-deleted': 'мажбурий обуна каналини ўчирди',
  posted: 'анимени жойлади',
  'broadcast-started': 'хабар тарқатишни бошлади',
  'broadcast-paused': 'хабар тарқатишни тўхтатиб турди',
  'broadcast-resumed': 'хабар тарқатишни давом эттирди',
  'broadcast-cancelled': 'хабар тарқатишни бекор қилди',
  'user-banned': 'фойдаланувчини блоклади',
  'user-unbanned': 'фойдаланувчини блокдан чиқарди',
  'admin-added': 'админ қўшди',
  'admin-removed': 'админни олиб ташлади',
  exported: 'каталогни экспорт қилди',
  imported: 'файлни импорт қилди',
  'backup-started': 'захира нусха олди',
  'moment-sent': 'базанинг олдинги ҳолатини олди',
  'archive-set': 'архив каналини танлади',
  'archive-removed': 'архивдан воз кечди',
  'file-linked': 'нусхаси йўқ файлни топди',
  'posts-moved': 'постларни янги ботга ўтказди',
};

const FIELDS = {
  title: 'номи',
  description: 'тавсиф',
  photo: 'расм',
  genres: 'жанр',
  year: 'йил',
  aliases: 'бошқа номлари',
};

const WORDS = { bot: 'бот', actions: ACTIONS, fields: FIELDS, anime: (count: string) => `${count} та аниме` };
