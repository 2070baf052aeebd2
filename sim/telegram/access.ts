import type { ChatMember } from 'grammy/types';
import { ApiError, badRequest, forbidden } from './api-errors.ts';
import { type ChatState, type Content, isAdmin, isMember } from './state.ts';
import type { World } from './world.ts';

/** The chat a parameter names by id or @username, as far as the bot can know it. */
export function resolveChat(world: World, value: string, parameter = 'chat_id'): ChatState {
  if (value === '') throw badRequest(`${parameter} is empty`);
  const chat = value.startsWith('@') ? world.chatByUsername(value.slice(1)) : world.chats.get(Number(value));
  if (chat === undefined || !isKnown(world, chat)) throw badRequest('chat not found');
  return chat;
}

/** A private chat or a chat without a username that the bot never met does not exist for it. */
function isKnown(world: World, chat: ChatState): boolean {
  if (chat.kind !== 'private') return chat.username !== undefined || chat.members.has(world.bot.id);
  return world.people.get(chat.id)?.hasStarted === true || hasMet(world, chat.id);
}

/** Whether the bot has seen this person: in a common chat, or through a request to join one. */
function hasMet(world: World, userId: number): boolean {
  const shared = [...world.chats.values()].filter((chat) => isMember(chat.members.get(world.bot.id)));
  return shared.some((chat) => chat.members.has(userId) || chat.pendingJoins.has(userId));
}

/** Refuses unless the bot may look into the chat. Public chats may be looked up from outside. */
export function requireRead(world: World, chat: ChatState): void {
  if (chat.kind === 'private' || chat.migratedTo !== undefined) return;
  const mine = chat.members.get(world.bot.id);
  if (mine?.status === 'kicked') throw forbidden(`bot was kicked from the ${chat.kind} chat`);
  if (chat.username === undefined) requireMembership(world, chat);
}

/** Refuses unless the bot is in the chat. */
export function requireMembership(world: World, chat: ChatState): void {
  if (chat.kind === 'private') return;
  if (chat.migratedTo !== undefined) {
    throw new ApiError(400, 'Bad Request: group chat was upgraded to a supergroup chat', {
      migrate_to_chat_id: chat.migratedTo,
    });
  }
  if (chat.closures.includes('deleted')) throw forbidden('the group chat was deleted');
  const mine = chat.members.get(world.bot.id);
  if (mine?.status === 'kicked') throw forbidden(`bot was kicked from the ${chat.kind} chat`);
  if (!isMember(mine)) throw forbidden(`bot is not a member of the ${chat.kind} chat`);
}

/** Refuses unless the bot may change messages of the chat (Client.cpp, `check_chat_access`). */
export function requireEdit(world: World, chat: ChatState): void {
  if (chat.kind === 'private' && world.people.get(chat.id)?.isDeactivated === true)
    throw forbidden('user is deactivated');
  requireMembership(world, chat);
}

/** Refuses unless the bot may write to the chat at all. */
export function requireWrite(world: World, chat: ChatState): void {
  if (chat.kind === 'private') requirePrivate(world, chat.id);
  requireMembership(world, chat);
  const mine = chat.members.get(world.bot.id);
  if (chat.kind === 'channel' && !right(mine, 'can_post_messages')) {
    throw badRequest('need administrator rights in the channel chat');
  }
  if (isAdmin(mine)) return;
  // The server's own words. telegram-bot-api makes 400 of a server's 403 whose words are one
  // constant (`fail_query_with_error` in telegram-bot-api/Client.cpp, 01a3679c).
  if (chat.closures.includes('topic')) throw badRequest('TOPIC_CLOSED');
  if (chat.closures.includes('writing')) throw badRequest('CHAT_WRITE_FORBIDDEN');
}

function requirePrivate(world: World, userId: number): void {
  const person = world.people.get(userId);
  if (person === undefined) throw badRequest('chat not found');
  if (person.isDeactivated) throw forbidden('user is deactivated');
  if (person.hasBlocked) throw forbidden('bot was blocked by the user');
  if (person.hasStarted) return;
  // The bot may write to who asked to join, until that is processed (ChatJoinRequest).
  const isAsking = [...world.chats.values()].some((chat) => chat.pendingJoins.has(userId));
  if (!isAsking) throw forbidden("bot can't initiate conversation with a user");
}

const RESTRICTIONS = {
  text: ['can_send_messages', 'text messages'],
  photo: ['can_send_photos', 'photos'],
  video: ['can_send_videos', 'videos'],
  document: ['can_send_documents', 'documents'],
  animation: ['can_send_other_messages', 'animations'],
} as const;

/** Refuses content a restricted bot may not send to a group. */
export function requireContentRight(world: World, chat: ChatState, kind: Content['kind']): void {
  const mine = chat.members.get(world.bot.id);
  if (kind === 'photo' && chat.closures.includes('photos') && !isAdmin(mine))
    throw badRequest('CHAT_SEND_PHOTOS_FORBIDDEN');
  if (kind === 'service' || mine?.status !== 'restricted') return;
  const [permission, what] = RESTRICTIONS[kind];
  if (!mine[permission]) throw badRequest(`not enough rights to send ${what} to the chat`);
}

type AdminRight =
  | 'can_post_messages'
  | 'can_edit_messages'
  | 'can_delete_messages'
  | 'can_invite_users'
  | 'can_pin_messages';

/** Whether a member holds an administrator's right; creators hold all. */
export function right(member: ChatMember | undefined, name: AdminRight): boolean {
  if (member?.status === 'creator') return true;
  return member?.status === 'administrator' && member[name] === true;
}

/** Refuses unless the bot is an administrator who may invite. */
export function requireInvite(world: World, chat: ChatState): void {
  requireMembership(world, chat);
  const mine = chat.members.get(world.bot.id);
  if (!isAdmin(mine) || !right(mine, 'can_invite_users')) {
    throw badRequest('not enough rights to manage chat invite link');
  }
}
