import { html } from '../../../text/html.ts';
import type { uz } from './uz.ts';

export const en: typeof uz = {
  // Buttons.
  addGroup: () => '➕ Add a group or channel',
  addChannel: () => '➕ Add a mandatory channel',
  up: () => '⬆️ Up',
  check: () => '🔄 Check and refresh',
  rename: () => '✏️ Name',
  delete: () => '🗑 Delete',
  yesDelete: () => '🗑 Yes, delete it',
  byRequest: () => '🙋 Join by request',
  toPosting: () => '📣 For posting',
  toGate: () => '🔒 For the mandatory subscription',
  // Groups.
  groups: () => html`📣 <b>Groups and channels</b>\nAnime are posted to these. Choose one to change.`,
  noGroups: () => html`📣 No group or channel has been added yet.\nAdd one, and post anime with one tap.`,
  group: (facts) =>
    html`${facts.isChannel ? '📢' : '👥'} <b>${facts.name}</b>\n\n🆔 <code>${facts.chatId}</code>\n🔗 ${facts.link ?? '—'}\n🎬 Anime to be posted there: ${facts.anime}${facts.problem === null ? '' : html`\n\n⚠️ The last post there failed: ${facts.problem}`}`,
  askGroup: () =>
    html`➕ A <b>group or channel</b> to post anime to:\n\n1. Add the bot there (in a channel, as an administrator).\n2. Forward any post of the channel here, or send <code>@username</code>, a link <code>t.me/username</code>, or the ID.\n\nWhen you add the bot, it offers this by itself.`,
  askChannel: () =>
    html`🔒 A channel or group for the <b>mandatory subscription</b>:\n\n1. Make the bot an <b>administrator</b> there (otherwise it cannot see who has joined).\n2. Forward any post of the channel here, or send <code>@username</code>, a link <code>t.me/username</code>, or the ID.`,
  notNamed: () =>
    html`No group or channel could be found from this message. Forward a post of the channel, or send <code>@username</code>, a link, or an ID.`,
  refused: {
    'not-found': (name) =>
      html`❌ Telegram found no chat “${name}”. Check the name; if the channel is private, add the bot first and forward a post of it.`,
    'not-a-chat': (name) => html`❌ “${name}” is a user. Send a group or channel.`,
    'not-there': (name) => html`❌ The bot is not in “${name}”. Add it there first, then send it again.`,
    'cannot-post': (name) =>
      html`❌ The bot cannot write to “${name}”. In a channel, make it an administrator who may post (in a group, let it write), then send it again.`,
    'not-admin': (name) =>
      html`❌ The bot is not an administrator of “${name}”, so it cannot see who has joined. Make it one, then send it again.`,
    'no-link': (name) =>
      html`❌ “${name}” is private and the bot could not create an invite link. Give the bot the right to invite, then send it again.`,
    'not-a-channel': (name) => html`❌ “${name}” is a group. The archive needs a channel.`,
    'cannot-archive': (name) =>
      html`❌ The bot cannot keep an archive in “${name}”. Make it an admin there with the rights to post and to delete messages, then send it again.`,
    'private-link': (_name) =>
      html`❌ The bot cannot see a channel through a private invite link. Add the bot to the channel and forward a post of it.`,
  },
  groupAdded: (name) => html`✅ “${name}” was added to the list.`,
  groupThere: (name) => html`ℹ️ “${name}” is on the list already.`,
  updated: () => html`✅ Refreshed: all is well.`,
  askName: (name) => html`✏️ Which name should “${name}” have on buttons and in lists? Send it.`,
  wantsName: () => html`A name has 1 to 60 characters.`,
  renamed: (name) => html`✅ It is called “${name}” now.`,
  askDeleteGroup: (name) => html`🗑 Remove “${name}” from the list? What was posted there stays.`,
  deleted: (name) => html`✅ “${name}” was removed from the list.`,
  gone: () => 'This group or channel is not on the list.',
  // Mandatory channels.
  channels: () =>
    html`🔒 <b>Mandatory subscription</b>\nViewers use the bot once they have joined these. Choose one to change.`,
  noChannels: () =>
    html`🔒 The mandatory subscription is off: there is no channel, everybody may use the bot.`,
  channel: (facts) =>
    html`🔒 <b>${facts.name}</b>\n\n🆔 <code>${facts.chat}</code>\n🔗 ${facts.link ?? '—'}\n🚪 ${facts.kind === 'public' ? 'public' : facts.kind === 'request' ? 'private, by request (asking is enough)' : 'private, by link'}${facts.problem === null ? '' : html`\n\n⚠️ The bot cannot check who has joined: ${facts.problem}\nUntil that is fixed, this channel stops nobody.`}`,
  channelAdded: (name) => html`✅ “${name}” is mandatory now: viewers are asked to join it.`,
  channelThere: (name) => html`ℹ️ “${name}” is mandatory already.`,
  askDeleteChannel: (name) =>
    html`🗑 Remove “${name}” from the mandatory subscription? Viewers will no longer be asked to join it.`,
  // The bot was added somewhere.
  botAdded: (name) => html`👋 The bot was added to “${name}”. What should the bot do there?`,
  trouble: (name, reason) =>
    html`⚠️ The bot cannot work in “${name}”.\nReason: ${reason}\nCheck its rights, then press “Check and refresh” in /groups.`,
};
