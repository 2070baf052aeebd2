import { html } from '../../../text/html.ts';
import type { uz } from './uz.ts';

export const en: typeof uz = {
  // Buttons.
  panel: () => '🏠 Control panel',
  workFailed: (command: string) =>
    html`❌ This could not be finished on this server. Run it on a computer: <code>${command}</code>`,
  addAnime: () => '➕ Add an anime',
  catalogue: () => '✏️ Edit',
  drafts: (count) => `🗂 Drafts${count === 0 ? '' : ` (${count})`}`,
  trash: () => '🗑 Trash',
  groups: () => '📣 Groups, channels',
  channels: () => '🔒 Subscription',
  broadcast: () => '📨 Broadcast',
  stats: () => '📊 Statistics',
  people: () => '👥 Users',
  admins: () => '🛡 Admins',
  audit: () => '📜 Audit log',
  export: () => '📤 Export',
  selfTest: () => '🩺 Self-test',
  backups: () => '💾 Backups',
  back: () => '🔙 Back',
  no: () => '↩️ No',
  stop: () => '✖️ Cancel',
  // Screens.
  panelText: (anime, users) =>
    html`🏠 <b>Control panel</b>\n\n🎬 Anime: <b>${anime}</b>\n👥 Users: <b>${users}</b>\n\nTo edit an anime, give its code, for example: <code>/edit 1</code>\nAll commands: /commands`,
  commandsTitle: () => 'Admin commands',
  /** In the order of the list. */
  commandList: () => ({
    admin: 'control panel',
    add: 'add an anime',
    edit: 'edit an anime (for example, /edit 1)',
    drafts: 'drafts',
    cancel: 'leave what you began (nothing is lost)',
    groups: 'groups and channels',
    channels: 'mandatory channels',
    broadcast: 'a message to everybody',
    stats: 'statistics',
    analytics: 'charts',
    top: 'most viewed',
    users: 'users',
    admins: 'admins',
    audit: 'audit log',
    trash: 'trash',
    export: 'the catalogue as a file',
    backup: 'take a backup now',
    backups: 'backups',
    archive: 'the channel with copies of files',
    test: 'test the bot',
  }),
  failures: (count) => `⚠️ Unanswered (${count})`,
  failuresRetry: () => '🔁 Try again',
  failuresDrop: () => '🗑 Remove from the list',
  failuresEmpty: () => html`✅ No unanswered messages.`,
  failuresRetried: () => 'The bot will try again within a minute.',
  failuresText: (lines) =>
    html`⚠️ <b>Unanswered messages</b>\n\n${lines}\n\n⏳ the bot tries these again by itself.`,
  failureLine: (count, waits, error, at) => html`${waits ? '⏳' : '❌'} ${count}, last ${at}: ${error}`,
  // Export.
  exported: (anime) =>
    html`📤 The catalogue: <b>${anime}</b> anime with all their episodes. This file can be imported again.`,
  exportTooLarge: () =>
    html`❌ The catalogue is too large for Telegram (over 50 MB). Export it on a computer: <code>npm run backup -- export</code>`,
  // Self-test.
  again: () => '🔄 Test again',
  finding: (state, text) => html`${state === 'fine' ? '✅' : state === 'poor' ? '⚠️' : '❌'} ${text}`,
  selfTestResult: (lines, troubles) =>
    html`🩺 <b>Self-test</b>: ${troubles === 0 ? 'all is well' : `problems: ${troubles}`}\n\n${lines}`,
  checkFailed: (name, error) => html`Could not test ${CHECK_NAME[name] ?? name}: ${error}`,
  databaseFine: (ms) => html`Database: written and read back (${ms} ms).`,
  databaseLacks: (what) => html`The database is not whole: ${what}. See docs/operations.md.`,
  telegramFine: (username) => html`Telegram answers, the bot is @${username}.`,
  otherBot: (username) =>
    html`Telegram: BOT_TOKEN belongs to another bot (@${username}). Make BOT_INFO and BOT_TOKEN agree.`,
  polling: (pending) => html`Messages are fetched from Telegram by polling, waiting: ${pending}.`,
  webhookFine: (pending) => html`The webhook works, waiting: ${pending}.`,
  webhookMissing: (kinds) =>
    html`The webhook misses some updates: <code>${kinds}</code>. Run <code>npm run deploy</code> again.`,
  webhookError: (error, past) =>
    html`Webhook: an error ${past}: ${error}. If it happens again, look into the server’s log.`,
  webhookSlow: (pending) => html`Webhook: ${pending} messages are waiting, the bot does not keep up.`,
  bucketFine: (count) => html`The bucket opens, backups in it: ${count}.`,
  bucketKeepsDeleted: (count) =>
    html`The bucket opens, backups in it: ${count}. It keeps what is deleted (versions): they take space and cost money. Add a <code>lifecycle</code> rule there that deletes old versions.`,
  backupFine: (past, isBeforeImport) =>
    html`The last verified backup: <b>${past}</b>.${isBeforeImport ? ' It was made before an import: if that was done, it has nothing of what came in. Make a new one: /backup' : ''}`,
  oldBackup: (past) =>
    html`The last verified backup is too old: <b>${past}</b>. Press /backup; if it happens again, check the bucket’s settings.`,
  damagedBackup: (name, reason) =>
    html`The newest backup (<code>${name}</code>) is damaged. What to do is in docs/operations.md.\nReason: ${reason}`,
  unopenedBackup: (name, reason) =>
    html`The newest backup (<code>${name}</code>) does not open with the key or passphrase that is set. Check the key, then press /backup.\nReason: ${reason}`,
  damagedDatabase: (name, reason) =>
    html`The bot’s database is damaged, and the last run made no backup (<code>${name}</code>). What to do is in docs/operations.md.\nReason: ${reason}`,
  changesFine: () => html`Changes go to the bucket: any minute can be brought back.`,
  changesWait: (since, count, why) =>
    html`Changes have not gone to the bucket since ${since} (${count} wait; they are in the database). ${why === null ? 'Check that the bucket answers; the server’s log has the reason.' : html`A full backup has to come first (${why}): press /backup.`}`,
  missed: (until, command, accept) =>
    html`The bucket has changes that the database does not have (up to ${until}). To bring them back, stop the bot and run: <code>${command}</code>\nIf you do not miss them: <code>${accept}</code>`,
  rescued: (command, accept) =>
    html`Beside the database lies a copy that the bot rescued: it may hold what is nowhere else. To use it, stop the bot and run: <code>${command}</code>\nIf you miss nothing: <code>${accept}</code>`,
  copyFine: () => html`Second bucket: every backup is there, too.`,
  copyBehind: (left, reason) =>
    html`Second bucket: ${left} not copied yet.${reason === null ? '' : html`\nReason: ${reason}`}`,
  copyLate: (left, reason) =>
    html`The second bucket has been behind for more than a day (lacks ${left}). Check its settings: docs/operations.md.${reason === null ? '' : html`\nReason: ${reason}`}`,
  noBackup: () => html`There is no verified backup yet. Press /backup.`,
  scheduleFine: () => html`Scheduled work is being done.`,
  scheduleBegins: () => html`The bot has just started: scheduled work begins within a minute or two.`,
  scheduleSilent: () =>
    html`Scheduled work is not being done: broadcasts and backups do not run by themselves. Check that the schedule (cron) is on in Cloudflare, or that the program runs on the server.`,
  chatsFine: () => html`Channels, groups and messages: no problems.`,
  chatTrouble: (names) =>
    html`The bot cannot work here: ${names}. Press “Check and refresh” in /groups or /channels.`,
  unanswered: (count) => html`Messages left unanswered by a fault: ${count} (they are kept in the database).`,
};

const CHECK_NAME: Readonly<Record<string, string>> = {
  database: 'the database',
  telegram: 'Telegram',
  webhook: 'the webhook',
  bucket: 'the bucket',
  backup: 'the last backup',
  changes: 'the way of changes',
  missed: 'what the database misses',
  copy: 'the second bucket',
  schedule: 'the schedule',
  chats: 'channels and groups',
};
