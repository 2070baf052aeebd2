/** Texts of importing a file that an admin sent. */
import { inEnglish } from '../../../backup/document/reasons.ts';
import type { ImportReport } from '../../../backup/import/import.ts';
import { html } from '../../../text/html.ts';
import { describeReport, isAllThere } from './report.ts';
import type { uz } from './uz.ts';

export const en: typeof uz = {
  yes: () => '✅ Import',
  working: () => '⏳ Backing up, then importing…',
  stop: () => '⛔️ Stop',
  notRunning: () =>
    html`No import is running: it has ended or was cut off. Send the file again to see what would change.`,
  looking: () => html`🔎 The file is being read…`,
  dropped: () => html`↩️ Not imported. Nothing was changed.`,
  fileGone: () => 'The file is gone. Send it again.',
  wrongKind: () =>
    html`❌ Here the bot takes <code>.json</code> and <code>.db</code> files. Import a <code>.csv</code> file on a computer: <code>npm run backup -- import file --dry-run</code>\nUnpack an archive (<code>.zip</code>) first.`,
  tooLarge: () =>
    html`❌ The file is over 20 MB, the bot cannot fetch it. On a computer: <code>npm run backup -- import file</code>`,
  unfit: (kind: 'encrypted' | 'database' | 'foreign') => UNFIT[kind],
  broken: (reason: string) =>
    html`❌ The file is damaged: <code>${reason}</code>\nNothing was changed. Other backups: /backups`,
  busy: () =>
    html`⏳ Another file is being imported. Send this one again when that is done. Nothing was changed from this file.`,
  noBackup: (reason: string) =>
    html`❌ No backup could be made first: <code>${reason}</code>\nSo nothing was imported and nothing was changed.`,
  plan: (report: ImportReport) =>
    html`📥 <b>Import: what would change</b>\n\n${describeReport(report, WORDS)}\n\nContinue? A backup is made first; nothing in the database is deleted.`,
  nothingNew: (report: ImportReport) =>
    html`${isAllThere(report) ? '📥 Everything in this file is in the database already. Nothing would change.' : '📥 This file would change nothing in the database.'}\n\n${describeReport(report, WORDS)}`,
  done: (report: ImportReport, backup: string) =>
    html`✅ <b>Imported.</b>\n\n${describeReport(report, WORDS)}\n\nBackup of what was there before: <code>${backup}</code>`,
};

const UNFIT = {
  encrypted: html`❌ The file is encrypted and the bot has no key for it. On a computer: <code>npm run backup -- import file</code>`,
  database: html`❌ This server cannot read .db files. Send the JSON backup, or on a computer: <code>npm run backup -- import file</code>`,
  foreign: html`❌ This file is not from this bot. If it is another bot’s, see on a computer what would change: <code>npm run backup -- import file --dry-run</code>`,
};

export const TABLES: Readonly<Record<string, string>> = {
  users: 'Users',
  anime: 'Anime',
  anime_parts: 'Episodes',
  groups: 'Groups and channels',
  mandatory_channels: 'Mandatory channels',
  anime_groups: 'Anime in groups',
  user_history: 'Watch history',
  favourites: 'Favourites',
  follows: 'Following',
  watch_progress: 'Continue watching',
  anime_views: 'Views',
  counters: 'Statistics',
  audit_log: 'Audit log',
  admins: 'Admins',
};

const WORDS = {
  tables: TABLES,
  added: 'new',
  changed: 'changed',
  same: 'the same',
  kept: 'kept as in the database',
  refused: 'not taken',
  notTaken: 'Not taken',
  mended: 'Fixed during the import',
  leftAside: 'Not imported',
  reason: inEnglish,
};
