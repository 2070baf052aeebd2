import type { ChatMember } from 'grammy/types';
import { requireInvite, requireMembership, requireRead, resolveChat } from '../access.ts';
import { badRequest } from '../api-errors.ts';
import { primaryLink } from '../chat-members.ts';
import { defined } from '../message.ts';
import { type ChatState, isAdmin } from '../state.ts';
import type { World } from '../world.ts';
import type { Method } from './method.ts';

export const chatMethods: Record<string, Method> = {
  getChat: ({ world, args }) => {
    const chat = resolveChat(world, args.text('chat_id'));
    requireRead(world, chat);
    return fullInfo(world, chat);
  },
  getChatMember: ({ world, args }) => {
    const chat = resolveChat(world, args.text('chat_id'));
    const userId = args.int('user_id');
    if (userId <= 0) throw badRequest('invalid user_id specified');
    if (userId === world.bot.id) requireRead(world, chat);
    else requireMembers(world, chat, userId);
    return memberOf(world, chat, userId);
  },
  getChatAdministrators: ({ world, args }) => {
    const chat = resolveChat(world, args.text('chat_id'));
    if (chat.kind === 'private') throw badRequest('there are no administrators in the private chat');
    requireMembers(world, chat);
    return [...chat.members.values()].filter((member) => isAdmin(member) && !member.user.is_bot);
  },
  createChatInviteLink: ({ world, args }) => {
    const chat = resolveChat(world, args.text('chat_id'));
    requireInvite(world, chat);
    const joinRequest = args.bool('creates_join_request');
    const limit = args.int('member_limit');
    if (joinRequest && limit > 0)
      throw badRequest("member limit can't be specified for links requiring administrator approval");
    if (args.text('name').length > 32) throw badRequest('INVITE_LINK_NAME_INVALID');
    const link = `https://t.me/+invite${world.unique()}`;
    const name = args.text('name') === '' ? undefined : args.text('name');
    chat.inviteLinks.set(link, { name, joinRequest });
    return defined({
      invite_link: link,
      name,
      creator: world.botUser,
      creates_join_request: joinRequest,
      is_primary: false,
      is_revoked: false,
      member_limit: limit > 0 ? limit : undefined,
    });
  },
};

/** Looking at members: everywhere from inside only, in channels for administrators only. */
function requireMembers(world: World, chat: ChatState, userId?: number): void {
  if (chat.kind === 'private') return;
  requireRead(world, chat);
  if (chat.kind === 'channel' && !isAdmin(chat.members.get(world.bot.id))) {
    throw badRequest('member list is inaccessible');
  }
  requireMembership(world, chat);
  if (chat.closures.includes('members') && !isAdmin(chat.members.get(world.bot.id)))
    throw badRequest(userId === undefined ? 'CHAT_ADMIN_REQUIRED' : 'PARTICIPANT_ID_INVALID');
}

function memberOf(world: World, chat: ChatState, userId: number): ChatMember {
  const user = world.user(userId);
  if (chat.kind === 'private') {
    const isParty = user !== undefined && (userId === chat.id || userId === world.bot.id);
    if (!isParty) throw badRequest('member not found');
    return { status: 'member', user };
  }
  if (user === undefined) throw badRequest('PARTICIPANT_ID_INVALID');
  return chat.members.get(userId) ?? { status: 'left', user };
}

function fullInfo(world: World, chat: ChatState): Record<string, unknown> {
  const mine = chat.members.get(world.bot.id);
  return defined({
    ...world.toChat(chat),
    accent_color_id: 0,
    max_reaction_count: 11,
    accepted_gift_types: {},
    active_usernames: chat.username === undefined ? undefined : [chat.username],
    // Only an administrator who may invite sees the link.
    invite_link: isAdmin(mine) ? primaryLink(chat) : undefined,
    join_by_request: chat.joinRequests ? true : undefined,
    permissions:
      chat.kind === 'supergroup' || chat.kind === 'group' ? { can_send_messages: true } : undefined,
  });
}
