import { type Html, html, join } from '../../../text/html.ts';
import { TABLES } from '../imports/en.ts';
import type { MomentChange, uz } from './uz.ts';

export const en: typeof uz = {
  // Buttons.
  open: () => '🕰 See an earlier state',
  tenMinutes: () => '10 minutes ago',
  oneHour: () => '1 hour ago',
  yesterday: () => 'Yesterday at this time',
  other: () => '🕰 Another time',
  near: (time) => `🕰 As of ${time}`,
  sendHere: () => '📨 Send here',
  stop: () => '⛔️ Stop',
  // Screens.
  ask: (zone) =>
    html`🕰 <b>Which moment do you need the database of?</b>\n\nPress a button or write a time: <code>14:31</code> or <code>2026-11-27 14:31</code> (${zone}).\n\nYou will see what has changed since then, and can have the file of the database as it was. The database itself is not touched.`,
  noTime: () => html`❗️ This time cannot be understood.`,
  ahead: () => html`❗️ This time is still to come.`,
  elsewhere: (isSealed) =>
    html`🕰 This can only be done on a computer: ${isSealed ? 'the bot has no key to the backups' : 'this server has no disk for files'}.\n\nTo get the file of 15 minutes ago:\n<code>npm run backup -- download --at 15m</code>\nTo see what has changed, write <code>diff</code> in place of <code>download</code>. A time will do as well: <code>"2026-11-27 14:31"</code>`,
  busy: () => '⏳ Another request of this kind is under way. Try again when it has ended.',
  finding: () => html`🔎 Looking for the right backup…`,
  fetching: (percent) =>
    html`⬇️ Reading the backup and the changes after it${percent === null ? '' : `: ${percent}%`}…`,
  comparing: () => html`⚖️ Comparing it with the database of now…`,
  packing: () => html`📦 Preparing the file…`,
  stopped: () => html`↩️ Stopped. The database itself was not touched.`,
  notRunning: () => html`This request has ended or was cut off. Begin again: /backups`,
  found: (time, zone, changes, notes, command) =>
    html`🕰 <b>As of ${time}</b> (${zone})\n\n${changes.length === 0 ? 'Nothing in the database has changed since then.' : html`Since then, in the database:\n${join(changes.map(line), '\n')}\n\nGoing back would undo these changes.`}${join(
      notes.map((note) => html`\n⚠️ <code>${note}</code>`),
      '',
    )}\n\nThe database itself was not touched. To bring it back to this state, stop the bot first, then run on a computer:\n<code>${command}</code>`,
  early: (earliest) =>
    earliest === null
      ? html`❌ There are no backups yet. To take one: /backup`
      : html`❌ <b>There is no backup from before this time.</b>\nThe earliest time: ${earliest}`,
  gap: (time, reason, last) =>
    html`❌ <b>The state of ${time} cannot be brought back:</b> ${reason}.${last === null ? '' : html`\nThe nearest time before it: ${last}`}`,
  failed: (reason, command) =>
    html`❌ <b>This could not be done.</b>\nReason: ${reason}\nThe database itself was not touched. On a computer:\n<code>${command}</code>`,
  tooLarge: (command) =>
    html`❌ The file is too large for Telegram (over 50 MB). On a computer:\n<code>${command}</code>`,
  file: (time) => html`🕰 The database as of ${time}`,
  sent: (time) => html`✅ The database as of ${time} was sent.`,
};

function line({ table, added, removed, changed }: MomentChange): Html {
  const counts = [
    ...(added === 0 ? [] : [`${added} added`]),
    ...(removed === 0 ? [] : [`${removed} removed`]),
    ...(changed === 0 ? [] : [`${changed} changed`]),
  ];
  return html`• ${table === undefined ? 'Other records' : (TABLES[table] ?? table)}: ${counts.join(', ')}`;
}
