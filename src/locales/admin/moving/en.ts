import { html } from '../../../text/html.ts';
import type { uz } from './uz.ts';

export const en: typeof uz = {
  announce: () => '📣 Announcement',
  repost: (count) => `🔁 Post again (${count})`,
  repostNow: () => '🔁 Yes, post again',
  state: (from, facts) =>
    html`🚚 <b>Moving</b>: the database was @${from}’s.\nFiles that are the new bot’s: <b>${facts.linked}</b>${facts.left === 0 ? '' : `\n⏳ Left: ${facts.left}${facts.minutes === null ? '' : `, about ${duration(facts.minutes)}`}`}${facts.missing === 0 ? '' : `\n⚠️ Without a copy: ${facts.missing}`}\nFiles with a copy in the archive open already.`,
  progress: (facts) =>
    html`🚚 <b>Moving to the new bot</b>\n\nFiles moved: <b>${facts.linked}</b> / ${facts.linked + facts.left}${facts.left === 0 ? '\n✅ Done.' : facts.closed !== null ? html`\n⏸ The bot cannot work in the archive channel: ${facts.closed}. Make it an admin of the channel, with the rights to post and to delete messages.` : `\n⏳ About ${duration(facts.minutes ?? 0)} left.`}${facts.missing === 0 ? '' : `\n⚠️ Files without a copy: ${facts.missing}. The list: /archive`}`,
  linked: (title, code, part) =>
    html`✅ This was “${title}” (${code}), ${part === null ? 'its picture' : `episode ${part}`}. It is in its place.`,
  announceHint: () =>
    html`A new bot cannot write to the old viewers first: Telegram lets it write only to those who opened it themselves. Post this text to your channels:`,
  announcement: (username, link) =>
    html`📢 Our bot has moved: @${username}\n\nYour history, favourites and the anime you follow are all there. Open the link and press Start: ${link}`,
  askRepost: (count, from) =>
    html`🔁 Posts that lead to @${from}: <b>${count}</b>.\n\nIn channels the bot replaces the link, with the right to edit messages. In a group nobody edits another bot’s message: the card is posted again there. Go on?`,
  reposting: (moves) =>
    html`🔁 <b>Posting again</b>\n\n✏️ Link replaced: ${moves.edited}\n📣 Posted again: ${moves.posted}\n❌ Failed: ${moves.failed}${moves.left === 0 ? '\n\n✅ Done.' : `\n⏳ Left: ${moves.left}`}`,
  nothingToRepost: () => html`✅ No post leads to the old bot.`,
  notice: (from, to) =>
    html`🚚 <b>The bot has changed</b>: the database was @${from}’s, and the token is @${to}’s. Catalogue, users and history are there.\n\n1. Make @${to} an admin of the archive channel (to post and to delete messages). From then on videos open at once.\n2. Add it to the groups, channels and mandatory channels, too.\n3. Open /archive: it says what is left, and has the announcement and posting again.`,
  done: (linked, missing) =>
    html`✅ <b>The move is done</b>: ${linked} files are the new bot’s.${missing === 0 ? '' : `\n⚠️ Files without a copy in the archive: ${missing}. The list: /archive`}`,
};

function duration(minutes: number): string {
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
