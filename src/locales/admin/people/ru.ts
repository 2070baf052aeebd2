import type { Audited } from '../../../db/audit-log.ts';
import { html, join } from '../../../html.ts';
import type { uz } from './uz.ts';

export const ru: typeof uz = {
  // Users.
  users: (users, blocked, banned) =>
    html`👥 <b>Пользователи</b>\n\nВсего: <b>${users}</b>\nЗаблокировали бота: ${blocked}\nЗаблокированы админами: ${banned}\n\nНайти одного: <code>/users 123456789</code> или <code>/users @nomi</code>`,
  find: () => '🔎 Найти пользователя',
  askPerson: () =>
    html`🔎 Отправьте ID пользователя или <code>@nomi</code>. Можно и переслать любое его сообщение.`,
  person: (person) =>
    html`👤 <b>${person.name === '' ? '—' : person.name}</b>${person.username === null ? '' : ` @${person.username}`}\n\n🆔 <code>${person.id}</code>\n📅 С нами с: ${person.createdAt ?? '—'}\n🕓 Последний раз: ${person.lastSeen ?? '—'}\n🧭 Откуда: ${person.source ?? '—'}\n👁 Просмотров: ${person.views}${person.isAdmin ? '\n🛡 Админ' : ''}${person.blockedAt === null ? '' : '\n🚫 Заблокировал бота'}${person.bannedAt === null ? '' : '\n⛔️ Заблокирован админами'}`,
  notFound: () => html`Такого пользователя нет. Возможно, он ещё не писал боту.`,
  ban: () => '⛔️ Заблокировать',
  unban: () => '✅ Разблокировать',
  isAdmin: () => 'Админа заблокировать нельзя.',
  // Admins.
  admins: () =>
    html`🛡 <b>Админы</b>\n\nВладельцы записаны в настройках бота (ADMIN_IDS). Этих добавили вы; выберите, кого снять.`,
  noAdmins: () =>
    html`🛡 <b>Админы</b>\n\nВладельцы записаны в настройках бота (ADMIN_IDS). Других админов нет.`,
  addAdmin: () => '➕ Добавить админа',
  askAdmin: () =>
    html`🛡 Отправьте ID нового админа или <code>@nomi</code> (можно переслать его сообщение). Сначала он должен нажать в боте /start.`,
  askAddAdmin: (person, isByName) =>
    html`🛡 <b>${person.name === '' ? '—' : person.name}</b>${person.username === null ? '' : ` @${person.username}`}\n🆔 <code>${person.id}</code>\n\nСделать админом?${isByName ? `\n\n⚠️ По @username найден тот, кто писал боту с этим именем. Имя могло перейти к другому: спросите ID и сравните.` : ''}`,
  yesAdd: () => '✅ Да, сделать админом',
  adminAdded: (name) => html`✅ ${name} теперь админ. Скажите ему команду /admin.`,
  adminThere: (name) => html`ℹ️ ${name} уже админ.`,
  askRemoveAdmin: (name) => html`🛡 Снять ${name} с админов?`,
  yesRemove: () => '🗑 Да, снять',
  adminRemoved: (name) => html`✅ ${name} больше не админ.`,
  // Audit log.
  audit: (entries) =>
    html`📜 <b>Журнал действий</b>\n\n${
      entries.length === 0
        ? 'Пока пусто.'
        : join(
            entries.map(
              (entry) =>
                html`<code>${entry.at.slice(5, 16)}</code> ${entry.name}: ${entry.action === undefined ? '?' : ACTIONS[entry.action]} — ${entry.subject}`,
            ),
            '\n',
          )
    }`,
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
  'channel-added': 'обязательный канал добавлен',
  'channel-edited': 'обязательный канал переименован',
  'channel-deleted': 'обязательный канал удалён',
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
};
