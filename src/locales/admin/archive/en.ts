import { html, join } from '../../../text/html.ts';
import type { MissingFile, uz } from './uz.ts';

export const en: typeof uz = {
  open: () => '🗄 Archive',
  add: () => '➕ Add an archive channel',
  replace: () => '🔁 Use another channel',
  remove: () => '🗑 Stop archiving',
  yesRemove: () => '🗑 Yes, stop',
  yesPublic: () => '⚠️ Yes, this channel',
  refresh: () => '🔄 Check and refresh',
  missing: (count) => `📋 Files without a copy (${count})`,
  none: () =>
    html`🗄 <b>Archive</b>\n\nThere is no archive channel yet. If Telegram bans the bot, no other bot can send its videos: every bot has files of its own.\n\nThe archive is a private channel that you create. The bot puts a copy of every episode and picture there, and a new bot takes them from there.`,
  ask: () =>
    html`🗄 <b>Archive channel</b>:\n\n1. Create a new <b>private channel</b>.\n2. Make the bot an <b>admin</b> there, with the rights to post and to delete messages.\n3. Forward any post of the channel to this chat, or send one of these: <code>@username</code>, a <code>t.me/username</code> link, the ID.`,
  chosen: (name) => html`✅ Archive channel: “${name}”. Copying begins within a minute.`,
  askPublic: (name) =>
    html`⚠️ “${name}” is a public channel: anybody finds it and sees every episode and poster in it. After a complaint Telegram may close it, and the copies are lost.\n\nAn archive needs a <b>private channel</b>: send that one. Take this one all the same?`,
  askRemove: (name) =>
    html`🗑 Stop archiving to “${name}”? The copies stay in the channel, but new files are not copied.`,
  removed: (name) => html`✅ “${name}” is no archive any more.`,
  screen: (facts) =>
    html`🗄 <b>Archive</b>: “${facts.name}”\n\nFiles copied: <b>${facts.archived}</b> / ${facts.files}${facts.archived >= facts.files ? '\n✅ All is there.' : facts.left === 0 ? '' : html`\n⏳ Left: ${facts.left}${facts.minutes === null ? '' : `, about ${duration(facts.minutes)}`}`}${facts.refused === 0 ? '' : `\n⚠️ Files that Telegram did not give: ${facts.refused}. Upload them again.`}${facts.problem === null ? '' : html`\n\n⚠️ The bot cannot work in the channel: ${facts.problem}\nGive it the rights to post and to delete messages.`}`,
  caption: (title, code, part) =>
    html`<b>${title}</b>\nCode: ${code}\n${part === null ? 'Picture' : `Episode ${part}`}`,
  missingList: (files, page, pages) =>
    html`📋 <b>Files without a copy</b> (${page}/${pages})\n\n${join(
      files.map(
        (file) =>
          html`• ${file.title} (${file.code}): ${file.part === null ? 'picture' : `episode ${file.part}`}${file.byHand ? ' ✏️' : ''}`,
      ),
      '\n',
    )}${files.some(isKnown) ? `\n\nWhoever has this very ${kindOf(files)} should forward it to the bot: it knows the file by itself and puts it in its place. Upload any other copy with /edit.` : ''}${files.every(isKnown) ? '' : '\n\n✏️ The bot does not know the marked files, or Telegram does not give them: upload them again with /edit.'}`,
  nothingMissing: () => html`✅ No file is without a copy.`,
  trouble: (name, reason) =>
    html`⚠️ The bot cannot work in the archive channel “${name}”; new files are not copied.\nReason: ${reason}\nMake the bot an admin of the channel, with the rights to post and to delete messages.`,
  isBack: (name) => html`✅ The bot works in the archive channel “${name}” again.`,
};

function duration(minutes: number): string {
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

const isKnown = (file: MissingFile): boolean => !file.byHand;

/** Of the files that the bot knows. */
function kindOf(files: readonly MissingFile[]): string {
  const known = files.filter(isKnown);
  if (known.every(({ part }) => part === null)) return 'picture';
  return known.every(({ part }) => part !== null) ? 'video' : 'picture or video';
}
