import type { ChatMember, ChatMemberAdministrator, ChatMemberUpdated, User } from 'grammy/types';
import { type ChatState, isAdmin } from './state.ts';
import type { World } from './world.ts';

/** Rights an administrator may be given; those left out are held. */
export type AdminRights = {
  [right in
    | 'can_post_messages'
    | 'can_edit_messages'
    | 'can_delete_messages'
    | 'can_invite_users'
    | 'can_pin_messages'
    | 'can_promote_members'
    | 'can_restrict_members']?: boolean;
};

/** An administrator of a chat, by default with every right of its kind but promoting others. */
export function administrator(
  user: User,
  chat: ChatState,
  rights: AdminRights = {},
): ChatMemberAdministrator {
  const isChannel = chat.kind === 'channel';
  return {
    status: 'administrator',
    user,
    can_be_edited: false,
    is_anonymous: false,
    can_manage_chat: true,
    can_delete_messages: true,
    can_manage_video_chats: true,
    can_restrict_members: true,
    can_promote_members: false,
    can_change_info: true,
    can_invite_users: true,
    can_post_stories: true,
    can_edit_stories: true,
    can_delete_stories: true,
    can_send_welcome_messages: true,
    ...(isChannel ? { can_post_messages: true, can_edit_messages: true } : { can_pin_messages: true }),
    ...rights,
  };
}

/** Tells every bot, as `my_chat_member` or (where it is an administrator) `chat_member`. */
export function changeMember(
  world: World,
  chat: ChatState,
  userId: number,
  member: ChatMember,
  by: User,
): void {
  const before: ChatMember = chat.members.get(userId) ?? { status: 'left', user: member.user };
  chat.members.set(userId, member);
  for (const hearer of world.hearers(chat)) tellMember(hearer, chat, before, member, by);
}

function tellMember(world: World, chat: ChatState, before: ChatMember, member: ChatMember, by: User): void {
  const update: ChatMemberUpdated = {
    chat: world.toChat(chat),
    from: by,
    date: world.now(),
    old_chat_member: before,
    new_chat_member: member,
  };
  if (member.user.id === world.bot.id) world.emit({ my_chat_member: update });
  else if (isAdmin(chat.members.get(world.bot.id))) world.emit({ chat_member: update });
}

/** The link people join by: the public one, or the primary invite link if one was made. */
export function primaryLink(chat: ChatState): string | undefined {
  return chat.inviteLink ?? (chat.username === undefined ? undefined : `https://t.me/${chat.username}`);
}
