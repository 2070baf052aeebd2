import type { Audited } from '../../../db/audit-log.ts';
import { html } from '../../../text/html.ts';
import { auditLines } from './audit.ts';
import type { uz } from './uz.ts';

export const en: typeof uz = {
  // Users.
  users: (users, blocked, banned) =>
    html`👥 <b>Users</b>\n\nTotal: <b>${users}</b>\nBlocked the bot: ${blocked}\nBlocked by admins: ${banned}\n\nTo find one: <code>/users 123456789</code> or <code>/users @username</code>`,
  find: () => '🔎 Find a user',
  askPerson: () =>
    html`🔎 Send the user’s ID or <code>@username</code>. Forwarding one of their messages works, too.`,
  person: (person) =>
    html`👤 <b>${person.name === '' ? '—' : person.name}</b>${person.username === null ? '' : ` @${person.username}`}\n\n🆔 <code>${person.id}</code>\n📅 Here since: ${person.createdAt ?? '—'}\n🕓 Last seen: ${person.lastSeen ?? '—'}\n🧭 Came from: ${person.source ?? '—'}\n👁 Views: ${person.views}${person.isAdmin ? '\n🛡 Admin' : ''}${person.blockedAt === null ? '' : '\n🚫 Has blocked the bot'}${person.bannedAt === null ? '' : '\n⛔️ Blocked by admins'}`,
  notFound: () => html`There is no such user. Perhaps they have not written to the bot yet.`,
  ban: () => '⛔️ Block',
  unban: () => '✅ Unblock',
  isAdmin: () => 'An admin cannot be blocked.',
  // Admins.
  admins: () =>
    html`🛡 <b>Admins</b>\n\nThe main admins are in the settings (ADMIN_IDS). These were added through the bot; choose one to remove.`,
  noAdmins: () =>
    html`🛡 <b>Admins</b>\n\nThe main admins are in the settings (ADMIN_IDS). There are no other admins.`,
  addAdmin: () => '➕ Add an admin',
  askAdmin: () =>
    html`🛡 Send the new admin’s ID or <code>@username</code> (or forward one of their messages). They must have pressed /start in the bot before.`,
  askAddAdmin: (person, isByName) =>
    html`🛡 <b>${person.name === '' ? '—' : person.name}</b>${person.username === null ? '' : ` @${person.username}`}\n🆔 <code>${person.id}</code>\n\nMake this person an admin?${isByName ? `\n\n⚠️ The user was found by the @username the bot knows. It may belong to somebody else by now: ask for the ID and compare.` : ''}`,
  yesAdd: () => '✅ Yes, make admin',
  adminAdded: (name) => html`✅ ${name} is an admin now. Tell them the command /admin.`,
  adminThere: (name) => html`ℹ️ ${name} is an admin already.`,
  askRemoveAdmin: (name) => html`🛡 Remove ${name} from the admins?`,
  yesRemove: () => '🗑 Yes, remove',
  adminRemoved: (name) => html`✅ ${name} is no longer an admin.`,
  // Audit log.
  audit: (entries) =>
    html`📜 <b>Audit log</b>\n\n${entries.length === 0 ? 'Nothing yet.' : auditLines(entries, WORDS)}`,
};

const ACTIONS: Record<Audited, string> = {
  'anime-added': 'added an anime',
  'anime-edited': 'edited an anime',
  'anime-deleted': 'moved an anime to the trash',
  'anime-restored': 'restored an anime',
  'anime-purged': 'deleted an anime for good',
  'code-changed': 'changed a code',
  'parts-added': 'added episodes',
  'part-replaced': 'replaced an episode’s video',
  'part-moved': 'changed an episode’s number',
  'part-deleted': 'deleted an episode',
  'group-added': 'added a group',
  'group-edited': 'renamed a group',
  'group-deleted': 'deleted a group',
  'channel-added': 'added a mandatory channel',
  'channel-edited': 'renamed a mandatory channel',
  'channel-deleted': 'deleted a mandatory channel',
  posted: 'posted an anime',
  'broadcast-started': 'began a broadcast',
  'broadcast-paused': 'paused a broadcast',
  'broadcast-resumed': 'resumed a broadcast',
  'broadcast-cancelled': 'cancelled a broadcast',
  'user-banned': 'blocked a user',
  'user-unbanned': 'unblocked a user',
  'admin-added': 'added an admin',
  'admin-removed': 'removed an admin',
  exported: 'exported the catalogue',
  imported: 'imported a file',
  'backup-started': 'took a backup',
  'moment-sent': 'got the database of an earlier moment',
  'archive-set': 'chose the archive channel',
  'archive-removed': 'stopped archiving',
  'file-linked': 'brought a file without a copy',
  'posts-moved': 'led the posts to the new bot',
};

const FIELDS = {
  title: 'title',
  description: 'description',
  photo: 'picture',
  genres: 'genre',
  year: 'year',
  aliases: 'other titles',
};

const WORDS = {
  bot: 'the bot',
  actions: ACTIONS,
  fields: FIELDS,
  anime: (count: string) => `${count} anime`,
};
