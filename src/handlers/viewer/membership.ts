/** What Telegram tells of members: keeps the gate's answers true, shows who blocked the bot. */
import { Composer } from 'grammy';
import type { ChatMember } from 'grammy/types';
import { standingTrouble } from '../../bot/chat-health.ts';
import type { BotContext } from '../../bot/context.ts';
import { moveTold } from '../../bot/moved-chats.ts';
import type { Stage } from '../../bot/step.ts';
import { chatJudged, chatMoved, chatUses } from '../../db/chat-uses.ts';
import { type Membership, membershipChanged } from '../../db/gate-channels.ts';
import { markBlocked, markUnblocked } from '../../db/users.ts';
import { believedUntil } from './gate-answers.ts';

const composer = new Composer<BotContext>();

composer.on('chat_member', async (ctx) => {
  ctx.turn.handler = 'membership';
  const { chat, new_chat_member: member } = ctx.chatMember;
  ctx.turn.stage(...noted(chat, member.user.id, membershipOf(member), ctx.now));
});

composer.on('chat_join_request', async (ctx) => {
  ctx.turn.handler = 'membership';
  ctx.turn.stage(...noted(ctx.chatJoinRequest.chat, ctx.chatJoinRequest.from.id, 'asked', ctx.now));
});

composer.on('my_chat_member', async (ctx, next) => {
  ctx.turn.handler = 'membership';
  const { chat, from, new_chat_member: me } = ctx.myChatMember;
  if (chat.type === 'private') {
    ctx.turn.stage(me.status === 'kicked' ? markBlocked(from.id, ctx.now) : markUnblocked(from.id));
    return;
  }
  const [uses] = await ctx.services.db.read([chatUses(2, chat)]);
  for (const use of uses) ctx.turn.stage(...chatJudged(use, standingTrouble(use.kind, me), ctx.now));
  await next();
});

composer.on(['message:migrate_to_chat_id', 'message:migrate_from_chat_id'], async (ctx) => {
  ctx.turn.handler = 'membership';
  const move = moveTold(ctx.message);
  if (move !== undefined) ctx.turn.stage(...chatMoved(move.from, move.to));
});

export const membership: Stage = ({ kind }) =>
  kind === 'other' ? { reads: [], act: () => composer } : undefined;

/** Creator, administrator, member, restricted with is_member: docs/spec/bot.md "Viewer" 2. */
export function membershipOf(member: ChatMember): Membership {
  if (member.status === 'restricted') return member.is_member ? 'in' : 'out';
  return member.status === 'left' || member.status === 'kicked' ? 'out' : 'in';
}

function noted(
  chat: { readonly id: number; readonly username?: string | undefined },
  userId: number,
  state: Membership,
  now: Date,
): [ReturnType<typeof membershipChanged>] {
  return [
    membershipChanged({ id: chat.id, username: chat.username }, userId, state, believedUntil(state, now)),
  ];
}
