import { html } from '../../text/html.ts';
import { timeSince } from '../../text/times.ts';
import type { uz } from './uz.ts';

const SHRUNK = { users: 'Viewers', anime: 'Anime', anime_parts: 'Episodes' };

export const en: typeof uz = {
  ago: (milliseconds) => {
    const { count, unit } = timeSince(milliseconds);
    return `${count} ${unit}${count === 1 ? '' : 's'} ago`;
  },
  staleButton: () => 'This button is out of date. Send an anime code or press /start.',
  notUnderstood: () =>
    html`I did not understand. Send an anime code (for example <code>1</code>) or press /help.`,
  unknownCommand: () => html`There is no such command. Admin commands: /commands`,
  answerLost: () => 'Telegram was in trouble, so our answer did not reach you. Your request was accepted.',
  updatesWait: (count) =>
    html`⏳ Telegram did not answer, so messages wait for a reply: <b>${count}</b>. They are kept; the bot answers them by itself when Telegram is back.`,
  updatesFailed: (count, error) =>
    html`⚠️ Messages that could not be answered: <b>${count}</b>.\nReason: ${error}\nThey are not lost: /admin → “Unanswered”.`,
  deaf: (reason) =>
    html`🔇 <b>The bot gets no messages</b>, or got none.\nReason: ${reason}\nMake sure that no other program uses BOT_TOKEN and that PUBLIC_URL is right. On a Worker: <code>npm run deploy</code>.`,
  backupFailed: (reason) =>
    html`🔴 <b>No backup was made.</b>\nReason: ${reason}\nThis attempt touched no other backup. Check with /test, try again with /backup.`,
  backupDamaged: (reason) =>
    html`🔴 <b>The database is damaged.</b>\nReason: ${reason}\nThis backup is kept, but it is not verified; the good ones before it are not deleted. What to do is in docs/operations.md.`,
  backupAsks: (removing, of) =>
    html`⚠️ <b>Old backups were not deleted</b>: more than half of them would have been deleted (${removing} of ${of}).\nIf you agree, run <code>npm run backup -- prune</code> on the server.`,
  backupProblem: (reason) =>
    html`⚠️ <b>The backup was made and verified</b>, but something after it failed: ${reason}`,
  backupShrunk: ({ name, than, table, before, after }) =>
    html`⚠️ <b>The new backup holds far less than the one before it.</b>\n${SHRUNK[table]}: ${after} in <code>${name}</code>, ${before} in <code>${than}</code> before it.\nIf nobody deleted that on purpose, stop the bot and bring it back: <code>npm run backup -- restore ${than} --replace</code>`,
  copyFailing: (left, reason) =>
    html`⚠️ <b>Backups cannot be copied to the second bucket</b> (waiting: ${left}).\nReason: ${reason}\nThose in the first bucket are as they were. The bot tries again by itself.`,
  copyLate: (left, reason) =>
    html`🔴 <b>The second bucket has been behind for more than a day</b> (backups that it lacks: ${left}).\nReason: ${reason}\nCheck its settings: docs/operations.md.`,
  copyWhole: () => html`✅ The second bucket has every backup again.`,
  plainStay: () => html` Only those that are not encrypted stay in the first one: they open without a key.`,
  storedAltered: (names, count) =>
    html`🚨 <b>A file in the bucket was altered.</b> It is not what the bot stored there (files: ${count}):\n<code>${names.join('\n')}</code>\nIt was not copied to the second bucket. Somebody may have the key of the first bucket: change the key, then make a new backup: /backup`,
  storedMended: (names, count) =>
    html`🩹 <b>A stored file was damaged or gone</b>, and was put back from the other bucket, which has it whole (files: ${count}):\n<code>${names.join('\n')}</code>\nNothing is lost. See whether the disk or the bucket can be trusted.`,
  storedRotten: (names, count) =>
    html`🔴 <b>A stored file is damaged</b>, and no bucket has it whole (files: ${count}):\n<code>${names.join('\n')}</code>\nThe database itself is whole. Make a new backup: /backup`,
  drillFailed: (name, reason) =>
    html`🔴 <b>A test restore of the backup failed:</b> <code>${name}</code>\nReason: ${reason}\nMake a new backup now: /backup, then run <code>npm run backup -- drill</code> on the server.`,
  drillSealed: (name, reason) =>
    html`🔑 <b>The test restore could not open the backup:</b> <code>${name}</code>\nNo key or passphrase fits; nothing says that the backup itself is damaged.\n<code>${reason}</code>`,
  nothingSaved: (reason) =>
    html`🔴 <b>The database takes no writes.</b>\nReason: ${reason}\nNothing is saved; messages wait in Telegram for up to 24 hours.`,
  savedAgain: () => html`✅ The database takes writes again.`,
  changesWait: (minutes, count) =>
    html`⚠️ <b>For ${minutes} minutes no changes have reached the bucket</b> (${count} wait).\nNothing is lost: they stay in the database and go later. To see why: /test`,
  changesCaughtUp: () => html`✅ Changes reach the bucket again.`,
  changesForked: (until, command) =>
    html`⚠️ <b>The bucket has changes of this database that the database itself has not</b> (up to ${until}): an older file or journal was put back, or another bot works with a copy of it.\nThe bot goes on with what it has, and those changes stay in the bucket. If you need them, stop the bot and run: <code>${command}</code> (what is there now is saved first). Stop the other bot if you do not need it.`,
  changesLost: () =>
    html`⚠️ <b>The record of some changes is lost</b>: somebody deleted it from the database or from the bucket.\nThe database itself is whole. The bot makes a new full backup as soon as it can (or: <code>npm run backup -- full</code>); some minutes before it cannot be brought back.`,
  databaseEmpty: (name) =>
    html`🔴 <b>The database is empty</b>, and the bucket has a backup of this bot: <code>${name}</code>.\nThe bot does not work and writes nothing. Check <code>DATABASE_URL</code>, or bring the database back: <code>npm run backup -- restore --at 0m</code>`,
  databaseLost: (path, rescued) =>
    html`🔴 <b>The database file or its journal is gone or was replaced:</b> <code>${path}</code>\nThe bot writes nothing.${rescued === undefined ? '' : html` The rescued copy: <code>${rescued}</code>.`}\nIf its disk is gone, first put the disk back and restart the bot. Otherwise stop the bot and see docs/operations.md.`,
};
