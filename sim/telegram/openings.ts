/** How bots, people and chats come into a world. */
import type { User, UserFromGetMe } from 'grammy/types';
import type { Stage } from './actor.ts';
import { type AdminRights, administrator } from './chat-members.ts';
import { Person } from './person.ts';
import { Room } from './room.ts';
import type { ChatKind, ChatState, PersonState } from './state.ts';
import type { World } from './world.ts';

export interface PersonOptions {
  id?: number;
  firstName?: string;
  lastName?: string;
  username?: string;
  languageCode?: string;
}

export interface RoomOptions {
  id?: number;
  title?: string;
  username?: string;
  /** A private chat's invite link, as if one had been made. */
  inviteLink?: string;
  members?: Person[];
  /** What the bot is there at first. Default: administrator in channels, member in groups. */
  bot?: 'administrator' | 'member' | 'none';
  /** The bot's rights as an administrator; those left out are held. */
  rights?: AdminRights;
  /** Joining needs an administrator's approval. */
  joinRequests?: boolean;
}

export function describeBot(id: number, username: string): UserFromGetMe {
  return {
    id,
    is_bot: true,
    first_name: 'Anime',
    username,
    can_join_groups: true,
    can_read_all_group_messages: false,
    supports_guest_queries: false,
    supports_inline_queries: true,
    can_connect_to_business: false,
    has_main_web_app: false,
    has_topics_enabled: false,
    allows_users_to_create_topics: false,
    can_manage_bots: false,
    supports_join_request_queries: false,
  };
}

export function newcomer(user: User): PersonState {
  return { user, hasStarted: false, hasBlocked: false, isDeactivated: false };
}

export function openPerson(stage: Stage, given: PersonOptions): Person {
  const { world } = stage;
  const id = given.id ?? 500_000_000 + world.unique();
  if (world.people.has(id)) throw new Error(`there is a person ${id} already`);
  const firstName = given.firstName ?? `Person ${world.people.size + 1}`;
  const user: User = world.user(id) ?? {
    id,
    is_bot: false,
    first_name: firstName,
    ...(given.lastName === undefined ? {} : { last_name: given.lastName }),
    ...(given.username === undefined ? {} : { username: given.username }),
    ...(given.languageCode === undefined ? {} : { language_code: given.languageCode }),
  };
  const state = newcomer(user);
  world.people.set(id, state);
  return new Person(stage, state, privateChat(world, user));
}

export function privateChat(world: World, { id, first_name, username }: User): ChatState {
  const known = world.chats.get(id);
  if (known !== undefined) return known;
  const chat = world.openChat('private', { id, title: first_name, username });
  chat.members.set(world.bot.id, { status: 'member', user: world.botUser });
  return chat;
}

export function ownerOf({ members, title }: ChatState): User {
  const owner = [...members.values()].find(({ status }) => status === 'creator');
  if (owner === undefined) throw new Error(`${title} has no owner`);
  return owner.user;
}

export function openRoom(stage: Stage, kind: ChatKind, given: RoomOptions): Room {
  const { world } = stage;
  const number = world.unique();
  const id = given.id ?? (kind === 'group' ? -4_000_000_000 - number : -1_001_000_000_000 - number);
  const owner: User = { id: 400_000_000 + number, is_bot: false, first_name: 'Owner' };
  const state = world.openChat(kind, {
    id,
    title: given.title ?? `${kind} ${number}`,
    username: given.username,
    inviteLink: given.inviteLink,
    joinRequests: given.joinRequests ?? false,
  });
  state.members.set(owner.id, { status: 'creator', user: owner, is_anonymous: false });
  for (const { user } of given.members ?? []) state.members.set(user.id, { status: 'member', user });
  const bot = given.bot ?? (kind === 'channel' ? 'administrator' : 'member');
  if (bot === 'administrator')
    state.members.set(world.bot.id, administrator(world.botUser, state, given.rights));
  else if (bot === 'member') state.members.set(world.bot.id, { status: 'member', user: world.botUser });
  return new Room(stage, state, owner);
}
