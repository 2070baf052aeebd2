import type { Audited } from '../../../db/audit-log.ts';
import { html } from '../../../text/html.ts';
import { auditLines } from './audit.ts';
import type { uz } from './uz.ts';

export const ru: typeof uz = {
  // Users.
  users: (users, blocked, banned) =>
    html`👥 <b>Пользователи</b>\n\nВсего: <b>${users}</b>\nЗаблокировали бота: ${blocked}\nЗаблокированы админами: ${banned}\n\nНайти одного: <code>/users 123456789</code> или <code>/users @username</code>`,
  find: () => '🔎 Найти пользователя',
  askPerson: () =>
    html`🔎 Отправьте ID пользователя или <code>@username</code>. Можно и переслать любое его сообщение.`,
  person: (person) =>
    html`👤 <b>${person.name === '' ? '—' : person.name}</b>${person.username === null ? '' : ` @${person.username}`}\n\n🆔 <code>${person.id}</code>\n📅 С нами с: ${person.createdAt ?? '—'}\n🕓 Последний раз: ${person.lastSeen ?? '—'}\n🧭 Откуда пришёл: ${person.source ?? '—'}\n👁 Просмотров: ${person.views}${person.isAdmin ? '\n🛡 Админ' : ''}${person.blockedAt === null ? '' : '\n🚫 Заблокировал бота'}${person.bannedAt === null ? '' : '\n⛔️ Заблокирован админами'}`,
  notFound: () => html`Такого пользователя нет. Возможно, он ещё не писал боту.`,
  ban: () => '⛔️ Заблокировать',
  unban: () => '✅ Разблокировать',
  isAdmin: () => 'Админа заблокировать нельзя.',
  // Admins.
  admins: () =>
    html`🛡 <b>Админы</b>\n\nГлавные админы записаны в настройках (ADMIN_IDS). Этих добавили через бота; выберите, кого снять.`,
  noAdmins: () =>
    html`🛡 <b>Админы</b>\n\nГлавные админы записаны в настройках (ADMIN_IDS). Других админов нет.`,
  addAdmin: () => '➕ Добавить админа',
  askAdmin: () =>
    html`🛡 Отправьте ID нового админа или <code>@username</code> (можно переслать его сообщение). Сначала он должен нажать в боте /start.`,
  askAddAdmin: (person, isByName) =>
    html`🛡 <b>${person.name === '' ? '—' : person.name}</b>${person.username === null ? '' : ` @${person.username}`}\n🆔 <code>${person.id}</code>\n\nСделать админом?${isByName ? `\n\n⚠️ Пользователь найден по @username, который знает бот. Это имя могло перейти к другому: спросите ID и сравните.` : ''}`,
  yesAdd: () => '✅ Да, сделать админом',
  adminAdded: (name) => html`✅ ${name} теперь админ. Скажите ему команду /admin.`,
  adminThere: (name) => html`ℹ️ ${name} уже админ.`,
  askRemoveAdmin: (name) => html`🛡 Снять ${name} с админов?`,
  yesRemove: () => '🗑 Да, снять',
  adminRemoved: (name) => html`✅ ${name} больше не админ.`,
  // Audit log.
  audit: (entries) =>
    html`📜 <b>Журнал действий</b>\n\n${entries.length === 0 ? 'Пока пусто.' : auditLines(entries, WORDS)}`,
};

const ACTIONS: Record<Audited, string> = {
  'anime-added': 'аниме добавлено',
  'anime-edited': 'аниме отредактировано',
  'anime-deleted': 'аниме в корзине',
  'anime-restored': 'аниме восстановлено',
  'anime-purged': 'удалено из корзины насовсем',
  'code-changed': 'код изменён',
  'parts-added': 'серии добавлены',
  'part-replaced': 'видео серии заменено',
  'part-moved': 'номер серии изменён',
  'part-deleted': 'серия удалена',
  'group-added': 'группа добавлена',
  'group-edited': 'группа переименована',
  'group-deleted': 'группа удалена',
  'channel-added': 'канал обязательной подписки добавлен',
  'channel-edited': 'канал обязательной подписки переименован',
  'channel-deleted': 'канал обязательной подписки удалён',
  posted: 'аниме опубликовано',
  'broadcast-started': 'рассылка начата',
  'broadcast-paused': 'рассылка приостановлена',
  'broadcast-resumed': 'рассылка продолжена',
  'broadcast-cancelled': 'рассылка отменена',
  'user-banned': 'пользователь заблокирован',
  'user-unbanned': 'пользователь разблокирован',
  'admin-added': 'админ добавлен',
  'admin-removed': 'админ снят',
  exported: 'каталог выгружен',
  imported: 'файл импортирован',
  'backup-started': 'резервная копия запущена',
  'moment-sent': 'получен файл базы на прошлый момент',
  'archive-set': 'выбран канал архива',
  'archive-removed': 'архив отключён',
  'file-linked': 'найден файл без копии',
  'posts-moved': 'посты переведены на нового бота',
};

const FIELDS = {
  title: 'название',
  description: 'описание',
  photo: 'постер',
  genres: 'жанр',
  year: 'год',
  aliases: 'другие названия',
};

const WORDS = { bot: 'бот', actions: ACTIONS, fields: FIELDS, anime: (count: string) => `аниме: ${count}` };
