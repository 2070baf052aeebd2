/** Adding chats to post to or to demand: by id, name, link, forwarded post, or the bot joining. */
import { Composer } from 'grammy';
import type { BotContext, Viewer } from '../../bot/context.ts';
import { type AdminContext, feature } from '../../bot/feature.ts';
import { Keyboard } from '../../bot/keyboard.ts';
import { messageOptions, type Screen } from '../../bot/show.ts';
import type { Stage } from '../../bot/step.ts';
import { answered } from '../../db/admin-questions.ts';
import { auditIfChanged } from '../../db/audit-log.ts';
import { hasChanged } from '../../db/database.ts';
import { addGroup, groupByChat } from '../../db/groups.ts';
import { addChannel, channelOfChat } from '../../db/mandatory-channels.ts';
import { describeError } from '../../lib/log.ts';
import type { Texts } from '../../locales/index.ts';
import type { Html } from '../../text/html.ts';
import { chatNamedBy, type FoundChat, lookUpChat, type Purpose } from './chat-lookup.ts';
import { asking, putQuestion } from './edit-screens.ts';

/** In the order of the button's `as`; never reorder. */
const PURPOSES: readonly Purpose[] = ['group', 'channel'];

export const chatsFeature = feature('admins')
  .on('groupAdd', (ctx) => putQuestion(ctx, 'group', ctx.t.admin.chats.askGroup()))
  .on('channelAdd', (ctx) => putQuestion(ctx, 'channel', ctx.t.admin.chats.askChannel()))
  .answer(['group', 'channel'], (ctx, message, [{ question }]) => add(ctx, chatNamedBy(message), question))
  .on('chatFound', async (ctx, { chat, as }) => {
    await ctx.answerPress();
    return add(ctx, chat, PURPOSES[as] ?? 'group');
  });

const composer = new Composer<BotContext>();

/** An admin added the bot to a chat: asked in private what for. */
composer.on('my_chat_member', async (ctx, next) => {
  if (ctx.viewer?.role === undefined || ctx.chat.type === 'private') return next();
  ctx.turn.handler = 'admin my_chat_member';
  const { chat, new_chat_member: me, old_chat_member: before } = ctx.myChatMember;
  const name = chat.type === 'private' ? '' : chat.title;
  const isIn = me.status === 'administrator' || (me.status === 'member' && chat.type !== 'channel');
  const wasIn = before.status === 'administrator' || (before.status === 'member' && chat.type !== 'channel');
  const { chats } = ctx.t.admin;
  if (isIn && (!wasIn || me.status !== before.status))
    await tell(ctx, ctx.viewer, { text: chats.botAdded(name), keyboard: foundButtons(chat.id, ctx.t) });
  return undefined;
});

export const botAdded: Stage = ({ kind }) =>
  kind === 'other' ? { reads: [], act: () => composer } : undefined;

async function add(
  ctx: AdminContext,
  wanted: number | string | undefined,
  purpose: Purpose,
): Promise<Screen> {
  const { chats } = ctx.t.admin;
  if (wanted === undefined) return asking(chats.notNamed(), ctx.t);
  const found = await lookUpChat(ctx.services, wanted, purpose);
  if (!found.ok) return asking(chats.refused[found.why](found.name), ctx.t);
  const text = await (purpose === 'group' ? storeGroup : storeChannel)(ctx, found.chat);
  return { text, keyboard: afterAdding(purpose, ctx.t) };
}

async function storeGroup(ctx: AdminContext, chat: FoundChat): Promise<Html> {
  const [, added, , group] = await ctx.turn.commit(
    answered(ctx.viewer.id),
    addGroup(chat, ctx.now),
    auditIfChanged(ctx.viewer.id, 'group-added', `${chat.name} (${chat.chatId})`, ctx.now),
    groupByChat(chat.chatId),
  );
  const name = group?.name ?? chat.name;
  const { chats } = ctx.t.admin;
  return hasChanged(added) ? chats.groupAdded(name) : chats.groupThere(name);
}

async function storeChannel(ctx: AdminContext, chat: FoundChat): Promise<Html> {
  const kind = chat.username === null ? 'private' : 'public';
  const [, added, , channel] = await ctx.turn.commit(
    answered(ctx.viewer.id),
    addChannel({ ...chat, link: chat.link ?? '', kind }, ctx.now),
    auditIfChanged(ctx.viewer.id, 'channel-added', `${chat.name} (${chat.chatId})`, ctx.now),
    channelOfChat(chat),
  );
  const name = channel?.name ?? chat.name;
  const { chats } = ctx.t.admin;
  return hasChanged(added) ? chats.channelAdded(name) : chats.channelThere(name);
}

function afterAdding(purpose: Purpose, t: Texts): Keyboard {
  const { chats, system, draft } = t.admin;
  const keyboard = new Keyboard();
  if (purpose === 'group')
    keyboard.last(chats.addGroup(), { kind: 'groupAdd' }).button(system.groups(), { kind: 'groups' });
  else
    keyboard.last(chats.addChannel(), { kind: 'channelAdd' }).button(system.channels(), { kind: 'channels' });
  return keyboard.row().button(draft.drafts(), { kind: 'drafts' }).button(system.panel(), { kind: 'panel' });
}

function foundButtons(chat: number, t: Texts): Keyboard {
  return new Keyboard()
    .last(t.admin.chats.toPosting(), { kind: 'chatFound', chat, as: 0 })
    .button(t.admin.chats.toGate(), { kind: 'chatFound', chat, as: 1 });
}

/** An admin who never opened a private chat with the bot is told nowhere. */
async function tell(ctx: BotContext, admin: Viewer, screen: Screen): Promise<void> {
  try {
    await ctx.api.sendMessage(admin.id, screen.text.markup, messageOptions(screen));
  } catch (error) {
    ctx.services.log.warn('admin not told', { admin: admin.id, error: describeError(error) });
  }
}
