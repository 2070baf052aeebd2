import { html, join } from '../../../text/html.ts';
import { STATE_ICON, type uz } from './uz.ts';

export const en: typeof uz = {
  post: () => '📣 Post',
  postNow: (chats) => `📤 Post now (${chats})`,
  askPost: (title) =>
    html`📣 <b>${title}</b>\n\nWhere do you want to post it? Tick the chats and press “Post now”.`,
  choice: (name, isChosen, postedOn) =>
    `${isChosen ? '✅' : '▫️'} ${name}${postedOn === null ? '' : ` · ${postedOn}`}`,
  nothingChosen: () => 'Tick at least one group or channel first.',
  noChats: () => html`📣 No group or channel has been added yet.`,
  report: (results) => {
    const lines = results.map((result) =>
      result.state === 'sent'
        ? html`✅ ${result.name}`
        : result.state === 'failed'
          ? html`❌ ${result.name}: ${result.error ?? ''}`
          : html`⏳ ${result.name}${result.error === null ? '' : html`: ${result.error}`}`,
    );
    return html`📣 <b>Posting results</b>\n\n${join(lines, '\n')}`;
  },
  // Broadcasts.
  newBroadcast: () => '➕ New broadcast',
  toUsers: () => '👥 To all users',
  toGroups: () => '📣 To all groups and channels',
  toOneGroup: () => '📍 To one group or channel',
  send: (count) => `✅ Send (${count})`,
  pause: () => '⏸ Pause',
  goOn: () => '▶️ Continue',
  cancel: () => '✖️ Cancel',
  refresh: () => '🔄 Refresh',
  broadcasts: (hasEarlier) =>
    html`📨 <b>Broadcast</b>\nOne message to everybody: press “➕ New broadcast” first.${hasEarlier ? ' Earlier ones are below.' : ''}`,
  listed: (date, sent, total, state) => `${STATE_ICON[state]} ${date} · ${sent} / ${total}`,
  askBroadcast: () =>
    html`📨 <b>Send the message</b> to be broadcast: text, picture, video, album, anything. It goes out as it is, with its formatting and buttons.`,
  askAudience: () =>
    html`✅ The message is here. Who should receive it? It has not been sent to anybody yet.`,
  askGroup: () => html`📍 Which one?`,
  confirm: (audience, count, groupName) =>
    html`☝️ This is what it looks like.\n\nThis message will be sent to ${audience === 'users' ? html`<b>${count}</b> users` : audience === 'groups' ? html`<b>${count}</b> groups and channels` : html`<b>${groupName ?? ''}</b>`}. Start?`,
  nobody: () => 'Nobody would receive this message now.',
  noCopy: () => 'This message cannot be copied: it was deleted, or copying is forbidden. Send another one.',
  progress: (progress) =>
    html`📨 <b>${STATE_NAME[progress.state]}</b>\n\n👥 ${progress.audience === 'group' ? (progress.groupName ?? '') : `Total: ${progress.total}`}\n✅ Sent: <b>${progress.sent}</b>\n🚫 Blocked the bot: ${progress.blocked}\n❌ Failed: ${progress.failed}${progress.problem === null ? '' : html`\n\n⚠️ ${progress.problem}`}`,
  starting: () => html`It begins within a minute. This message keeps itself up to date.`,
  finished: (progress) =>
    html`${progress.state === 'done' ? '✅ The broadcast is complete.' : '❌ The broadcast has stopped.'}\n\n✅ Sent: <b>${progress.sent}</b>\n🚫 Blocked the bot: ${progress.blocked}\n❌ Failed: ${progress.failed}${progress.problem === null ? '' : html`\n\n⚠️ ${progress.problem}`}`,
  gone: () => 'There is no such broadcast.',
  tooLate: () => 'That can no longer be done: the broadcast has changed.',
  watchHere: () => '▶️ Watch',
};

const STATE_NAME = {
  draft: 'In preparation',
  running: 'Sending…',
  paused: 'Paused',
  cancelled: 'Cancelled',
  failed: 'Stopped',
  done: 'Complete',
} as const;
