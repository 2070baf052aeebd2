import { type Html, html, join } from '../../../html.ts';
import type { BackupFacts, uz } from './uz.ts';

export const en: typeof uz = {
  // Buttons.
  now: () => '💾 Take a backup now',
  links: () => '⬇️ Download',
  check: () => '🔎 Verify',
  sendHere: () => '📨 Send here',
  listed: (takenAt, size, isVerified) => `${isVerified ? '✅' : '⚠️'} ${takenAt} · ${size}`,
  // Screens.
  list: (total) => html`💾 <b>Backups</b>: ${total}\nChoose one to see more.`,
  empty: () => html`💾 There are no backups yet.`,
  started: () => html`💾 Taking a backup…`,
  reading: (rows, percent) =>
    html`💾 Taking a backup: ${rows} rows read${percent === null ? '' : ` (${percent}%)`}…`,
  proving: (percent) => html`🔎 Verifying the backup${percent === null ? '' : `: ${percent}%`}…`,
  cleaning: () => html`🧹 Tidying up among the old backups…`,
  done: (facts) => html`✅ <b>The backup is made and verified</b>\n\n${describe(facts)}`,
  facts: (facts) =>
    html`💾 <b>Backup</b> <code>${facts.name}</code>\n${facts.isVerified ? '✅ verified' : html`⚠️ not sound: ${facts.problem ?? '?'}`}\n\n${describe(facts)}`,
  failed: (reason) =>
    html`❌ <b>The backup failed.</b>\nReason: <code>${reason}</code>\nThis attempt touched no other backup.`,
  duplicate: () => html`ℹ️ A backup was made just now, another one is not needed.`,
  busy: () =>
    html`⏳ Another backup is being made. Yours is waiting: it begins after that one, and the outcome is told here.`,
  gone: () => 'This backup is not in the bucket.',
  linkList: (files) =>
    html`⬇️ <b>Download links</b> — they work for 15 minutes; do not pass them on.\n\n${join(
      files.map(({ name, size, url }) => html`📄 <b>${name}</b> (${size})\n${url}`),
      '\n\n',
    )}`,
  checking: () => html`🔎 Reading the backup from the bucket and verifying it…`,
  sound: (name, isOpened) =>
    html`✅ <code>${name}</code> is sound: every byte was read and is right.${isOpened ? ' Its contents were opened, too.' : ' (It is encrypted and the bot has no key, so its contents were not opened.)'}`,
  unsound: (name, problems) =>
    html`❌ <code>${name}</code> is damaged:\n${join(
      problems.slice(0, 10).map((problem) => html`• ${problem}`),
      '\n',
    )}`,
  tooLarge: () => 'The file is too large for Telegram (over 50 MB). Use “Download”.',
  file: (name) => html`💾 ${name}`,
};

function describe(facts: BackupFacts): Html {
  const files = facts.files.map(({ name, size }) => html`📄 ${name} — ${size}`);
  const rows = facts.rows.map(({ table, rows: count }) => html`${table}: ${count}`);
  return html`🕓 ${facts.takenAt}\n📦 ${facts.size}${facts.seconds === null ? '' : `, in ${facts.seconds} s`}${facts.isEncrypted ? '\n🔐 encrypted' : ''}${facts.isPinned ? '\n📌 pinned' : ''}\n${join(files, '\n')}\n\n${join(rows, ' · ')}`;
}
