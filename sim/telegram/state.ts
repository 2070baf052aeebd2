import type {
  ChatMember,
  ForceReply,
  InlineKeyboardMarkup,
  MessageOrigin,
  ReplyKeyboardMarkup,
  ReplyKeyboardRemove,
  User,
} from 'grammy/types';
import type { StoredFile } from './files.ts';
import type { FormattedText } from './parse-html.ts';

/** What a message holds. `text` of a media message is its caption. */
export type Content =
  | ({ kind: 'text' } & FormattedText)
  | ({
      kind: 'photo' | 'video' | 'document' | 'animation';
      file: StoredFile;
      groupId?: string | undefined;
    } & FormattedText)
  | { kind: 'service'; text: string; entities: []; fields: Record<string, unknown> };

export interface StoredMessage {
  readonly id: number;
  readonly chat: ChatState;
  /** Absent in channels, where the channel itself speaks. */
  readonly from: User | undefined;
  /** Who wrote it, in channels too. */
  readonly authorId: number;
  /** Unix seconds. */
  readonly date: number;
  content: Content;
  markup: InlineKeyboardMarkup | undefined;
  replyMarkup: ReplyMarkup | undefined;
  readonly replyTo: number | undefined;
  readonly origin: MessageOrigin | undefined;
  readonly viaBot: boolean;
  readonly isProtected: boolean;
  readonly isSilent: boolean;
  editDate: number | undefined;
  edits: number;
  isDeleted: boolean;
  /** Set on messages sent through inline mode. */
  readonly inlineId: string | undefined;
}

export type ReplyMarkup = InlineKeyboardMarkup | ReplyKeyboardMarkup | ReplyKeyboardRemove | ForceReply;

export type ChatKind = 'private' | 'group' | 'supergroup' | 'channel';

/**
 * What a chat's owner may close to a bot that is no administrator: `members` hides who is in a
 * supergroup, `topic` is a forum's General topic, `writing` a group where only administrators
 * write, `photos` and the like, `deleted` a basic group that is gone.
 */
export type Closure = 'members' | 'topic' | 'writing' | 'photos' | 'deleted';

export interface ChatState {
  readonly id: number;
  kind: ChatKind;
  title: string;
  username: string | undefined;
  /** The primary invite link, where a test gave one. */
  inviteLink: string | undefined;
  inviteLinks: Map<string, { name?: string | undefined; joinRequest: boolean }>;
  /** Joining by link needs an administrator's approval. */
  joinRequests: boolean;
  pendingJoins: Set<number>;
  members: Map<number, ChatMember>;
  messages: StoredMessage[];
  closures: readonly Closure[];
  /** Of a group turned into a supergroup: the new chat's id. */
  migratedTo: number | undefined;
}

export interface PersonState {
  readonly user: User;
  /** Has opened the private chat with the bot. */
  hasStarted: boolean;
  hasBlocked: boolean;
  isDeactivated: boolean;
}

/** A status that lets a member see the chat. */
export function isMember(member: ChatMember | undefined): boolean {
  if (member === undefined) return false;
  if (member.status === 'restricted') return member.is_member;
  return member.status !== 'left' && member.status !== 'kicked';
}

export function isAdmin(member: ChatMember | undefined): boolean {
  return member?.status === 'administrator' || member?.status === 'creator';
}
