/** Adding chats: by id, name, link, forwarded post, or by adding the bot. For posting and for the mandatory subscription alike. */
import { Composer, InlineKeyboard } from 'grammy';
import { encodeAction } from '../../bot/callback-data.ts';
import type { BotContext, Viewer } from '../../bot/context.ts';
import type { Feature } from '../../bot/feature.ts';
import { show } from '../../bot/show.ts';
import { answered, ask } from '../../db/asks.ts';
import { auditIfChanged } from '../../db/audit-log.ts';
import { hasChanged } from '../../db/database.ts';
import { addGroup, groupByChat } from '../../db/groups.ts';
import { addChannel, channelOfChat } from '../../db/mandatory-channels.ts';
import { describeError } from '../../lib/log.ts';
import type { Texts } from '../../locales/index.ts';
import type { Html } from '../../text/html.ts';
import { chatNamedBy, type FoundChat, lookUpChat, type Purpose } from './chat-lookup.ts';
import { stopButton } from './edit-screens.ts';
import { AdminRoutes, askedQuestion } from './routes.ts';

/** In the order of the button's `as`; never reorder. */
const PURPOSES: readonly Purpose[] = ['group', 'channel'];

const routes = new AdminRoutes()
  .press('groupAdd', (ctx, admin) => askFor(ctx, admin, 'group'))
  .press('channelAdd', (ctx, admin) => askFor(ctx, admin, 'channel'))
  .answer('group', (ctx, admin, { message }) => add(ctx, admin, chatNamedBy(message), 'group'))
  .answer('channel', (ctx, admin, { message }) => add(ctx, admin, chatNamedBy(message), 'channel'))
  .press('chatFound', async (ctx, admin, { chat, as }) => {
    await ctx.answerPress();
    await add(ctx, admin, chat, PURPOSES[as] ?? 'group');
  });

const composer = new Composer<BotContext>(routes.composer);

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
    await tell(ctx, ctx.viewer, chats.botAdded(name), foundButtons(chat.id, ctx.t));
  return undefined;
});

export const chatsFeature: Feature = { name: 'admin chats', composer, prefetches: [askedQuestion] };

async function askFor(ctx: BotContext, admin: Viewer, purpose: Purpose): Promise<void> {
  await ctx.turn.commit(...ask(admin.id, purpose, {}, ctx.now));
  const text = purpose === 'group' ? ctx.t.admin.chats.askGroup() : ctx.t.admin.chats.askChannel();
  await Promise.all([ctx.answerPress(), show(ctx, { text, keyboard: stopButton(ctx.t) })]);
}

async function add(
  ctx: BotContext,
  admin: Viewer,
  wanted: number | string | undefined,
  purpose: Purpose,
): Promise<void> {
  const { chats } = ctx.t.admin;
  if (wanted === undefined) return show(ctx, { text: chats.notNamed(), keyboard: stopButton(ctx.t) });
  const found = await lookUpChat(ctx.services, wanted, purpose);
  if (!found.ok)
    return show(ctx, { text: chats.refused[found.why](found.name), keyboard: stopButton(ctx.t) });
  const text = await (purpose === 'group' ? storeGroup : storeChannel)(ctx, admin, found.chat);
  await show(ctx, { text, keyboard: afterAdding(purpose, ctx.t) });
}

async function storeGroup(ctx: BotContext, admin: Viewer, chat: FoundChat): Promise<Html> {
  const question = groupByChat(chat.chatId);
  const results = await ctx.turn.commit(
    ...answered(admin.id),
    addGroup(chat, ctx.now),
    auditIfChanged(admin.id, 'group-added', `${chat.name} (${chat.chatId})`, ctx.now),
    question,
  );
  const name = question.parse(results.at(-1)?.rows ?? [])?.name ?? chat.name;
  const { chats } = ctx.t.admin;
  return hasChanged(results.at(-3)) ? chats.groupAdded(name) : chats.groupThere(name);
}

async function storeChannel(ctx: BotContext, admin: Viewer, chat: FoundChat): Promise<Html> {
  const question = channelOfChat(chat);
  const kind = chat.username === null ? 'private' : 'public';
  const results = await ctx.turn.commit(
    ...answered(admin.id),
    addChannel({ ...chat, link: chat.link ?? '', kind }, ctx.now),
    auditIfChanged(admin.id, 'channel-added', `${chat.name} (${chat.chatId})`, ctx.now),
    question,
  );
  const name = question.parse(results.at(-1)?.rows ?? [])?.name ?? chat.name;
  const { chats } = ctx.t.admin;
  return hasChanged(results.at(-3)) ? chats.channelAdded(name) : chats.channelThere(name);
}

function afterAdding(purpose: Purpose, t: Texts): InlineKeyboard {
  const { chats, system, draft } = t.admin;
  const keyboard = new InlineKeyboard();
  if (purpose === 'group')
    keyboard
      .text(chats.addGroup(), encodeAction({ kind: 'groupAdd' }))
      .row()
      .text(system.groups(), encodeAction({ kind: 'groups' }));
  else
    keyboard
      .text(chats.addChannel(), encodeAction({ kind: 'channelAdd' }))
      .row()
      .text(system.channels(), encodeAction({ kind: 'channels' }));
  return keyboard
    .row()
    .text(draft.drafts(), encodeAction({ kind: 'drafts' }))
    .text(system.panel(), encodeAction({ kind: 'panel' }));
}

function foundButtons(chat: number, t: Texts): InlineKeyboard {
  return new InlineKeyboard()
    .text(t.admin.chats.toPosting(), encodeAction({ kind: 'chatFound', chat, as: 0 }))
    .row()
    .text(t.admin.chats.toGate(), encodeAction({ kind: 'chatFound', chat, as: 1 }));
}

/** He may never have opened his private chat with the bot; then there is nothing to tell him in. */
async function tell(ctx: BotContext, admin: Viewer, text: Html, keyboard?: InlineKeyboard): Promise<void> {
  try {
    await ctx.api.sendMessage(admin.id, text.markup, {
      parse_mode: 'HTML',
      ...(keyboard === undefined ? {} : { reply_markup: keyboard }),
    });
  } catch (error) {
    ctx.services.log.warn('admin not told', { admin: admin.id, error: describeError(error) });
  }
}
