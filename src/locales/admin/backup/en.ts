import { type Html, html, join } from '../../../text/html.ts';
import { measures } from '../../measures.ts';
import { TABLES } from '../imports/en.ts';
import type { BackupFacts, uz } from './uz.ts';

const { decimal, size } = measures('.', ['B', 'KB', 'MB', 'GB']);

export const en: typeof uz = {
  // Buttons.
  now: () => '💾 Take a backup now',
  links: () => '⬇️ Download',
  check: () => '🔎 Verify',
  sendHere: () => '📨 Send here',
  listed: ({ takenAt, bytes, isVerified, plain, trigger }) =>
    `${isVerified && plain === null ? '✅' : '⚠️'} ${takenAt} · ${size(bytes)}${BEFORE[trigger ?? ''] === undefined ? '' : ` · ${BEFORE[trigger ?? '']}`}`,
  // Screens.
  list: (total) => html`💾 <b>Backups</b>: ${total}\nChoose one to see more.`,
  copy: (state, left, hours) =>
    state === 'whole'
      ? html`\n📦 Second bucket: it has them all.`
      : html`\n${state === 'late' ? '🔴' : '⏳'} Second bucket: lacks ${left}${hours === null ? '' : `, for ${decimal(hours)} hours`}.`,
  reach: ({ since, to, before, pending, minutes }) =>
    html`Restorable to any minute since ${since}${to === null ? '' : html` until ${to}`}${before === null ? '' : html` (before that there is a gap: ${before})`}${to === null ? '' : '; for later ones a full backup has to come first'}${pending === 0 ? '' : `; the last changes (${pending}) are not in the bucket yet${minutes === 0 ? '' : `, for ${minutes} min now`}`}.`,
  reachOff: () =>
    html`Changes are not recorded (<code>CHANGES=off</code>): from now on only the times of backups can be restored.`,
  reachNone: () =>
    html`For now only the times of backups can be restored. Any minute can be, from the next backup on.`,
  empty: () => html`💾 There are no backups yet.`,
  started: () => html`💾 Taking a backup…`,
  reading: (rows, percent) =>
    html`💾 Taking a backup: ${rows} rows read${percent === null ? '' : ` (${percent}%)`}…`,
  proving: (percent) => html`🔎 Verifying the backup${percent === null ? '' : `: ${percent}%`}…`,
  cleaning: () => html`🧹 Tidying up the old backups…`,
  done: (facts) => html`✅ <b>The backup was made and verified</b>\n\n${describe(facts)}`,
  facts: (facts) =>
    html`💾 <b>Backup</b> <code>${facts.name}</code>\n${facts.isVerified ? html`✅ verified${facts.plain === null ? '' : html`\n⚠️ ${facts.plain}`}` : html`⚠️ not verified${facts.problem === null ? '' : html`: ${facts.problem}`}`}\n\n${describe(facts)}`,
  failed: (reason) =>
    html`❌ <b>The backup failed.</b>\nReason: ${reason}\nThis attempt touched no other backup.`,
  duplicate: () => html`ℹ️ A backup was made just now, another one is not needed.`,
  busy: () =>
    html`⏳ Another backup is being made. Yours is waiting: it begins after that one, and its outcome will appear here.`,
  unseen: (reason) =>
    html`⚠️ <b>The bucket of backups cannot be read now.</b>\nReason: ${reason}\nTry again in a while.`,
  gone: () => 'This backup is not in the bucket.',
  linkList: (files, isLocal) =>
    html`⬇️ <b>Download links</b> — they work for 15 minutes; do not pass them on.${isLocal ? '\n⚠️ They open on the bot’s own machine only, since PUBLIC_URL is not set. To get a file here, press “Send here”.' : ''}\n\n${join(
      files.map(({ name, bytes, url }) => html`📄 <b>${name}</b> (${size(bytes)})\n${url}`),
      '\n\n',
    )}`,
  checking: () => html`🔎 Reading the backup from the bucket and verifying it…`,
  sound: (name, isOpened) =>
    html`✅ <code>${name}</code> is sound: every byte was compared${isOpened ? ', and its contents were opened and checked, too.' : '. (It is encrypted and the bot has no key, so its contents were not opened.)'}`,
  unsound: (name, problems) =>
    html`❌ <code>${name}</code> is damaged:\n${join(
      problems.slice(0, 10).map((problem) => html`• ${problem}`),
      '\n',
    )}`,
  tooLarge: () => 'The file is too large for Telegram (over 50 MB). Use “Download”.',
  file: (name) => html`💾 ${name}`,
};

/** What a backup was made for: it is not the newest state once that is done. */
const BEFORE: Readonly<Record<string, string>> = {
  restore: 'before a restore',
  import: 'before an import',
  migration: 'before an update',
  deploy: 'before an update',
};

function describe(facts: BackupFacts): Html {
  const before = BEFORE[facts.trigger ?? ''];
  const files = facts.files.map(({ name, bytes }) => html`📄 ${name} — ${size(bytes)}`);
  const rows = facts.rows.map(({ table, rows: count }) => html`${TABLES[table] ?? table}: ${count}`);
  return html`🕓 ${facts.takenAt} (${facts.zone}; the time in its name is UTC)\n📦 ${size(facts.bytes)}${facts.seconds === null ? '' : ` · ⏱ ${decimal(facts.seconds)} s`}${before === undefined ? '' : `\n↩️ made ${before}`}${facts.isEncrypted ? '\n🔐 encrypted' : ''}${facts.isPinned ? '\n📌 kept for good (never deleted)' : ''}\n${join(files, '\n')}\n\n${join(rows, ' · ')}`;
}
