import type { Chat, ChatMember, Message, Update, User, UserFromGetMe } from 'grammy/types';
import { FileStore } from './files.ts';
import { toChat, toMessage } from './message.ts';
import type { ChatKind, ChatState, PersonState, StoredMessage } from './state.ts';
import { UpdateQueue } from './update-queue.ts';

/** A message to be stored; what is left out is empty. */
export type NewMessage = Pick<StoredMessage, 'chat' | 'content' | 'authorId'> & Partial<StoredMessage>;

/** A callback or inline query waiting for its answer. */
export interface Query {
  readonly userId: number;
  /** Unix milliseconds. */
  readonly at: number;
  answer: unknown;
  isAnswered: boolean;
}

/** Everything the stand-in knows: people, chats, files, updates. Methods and people act on it. */
export class World {
  readonly clock: () => Date;
  readonly bot: UserFromGetMe;
  readonly files: FileStore;
  readonly updates: UpdateQueue;
  readonly people = new Map<number, PersonState>();
  readonly chats = new Map<number, ChatState>();
  readonly callbacks = new Map<string, Query>();
  readonly inlineQueries = new Map<string, Query>();
  /** The bot's profile: command lists by scope and language, descriptions, menu buttons. */
  readonly profile = new Map<string, unknown>();
  #counter = 0;
  /**
   * Private chats and basic groups share one sequence of message ids, as they do for a real
   * account.
   */
  #accountMessages = 0;

  constructor(options: { clock: () => Date; bot: UserFromGetMe }) {
    this.clock = options.clock;
    this.bot = options.bot;
    this.files = new FileStore(options.bot.id);
    this.updates = new UpdateQueue(options.clock);
  }

  /** Unix seconds. */
  now(): number {
    return Math.floor(this.clock().getTime() / 1000);
  }

  /** The last numbers given out. */
  get counters(): { unique: number; accountMessages: number } {
    return { unique: this.#counter, accountMessages: this.#accountMessages };
  }

  set counters({ unique, accountMessages }: World['counters']) {
    this.#counter = unique;
    this.#accountMessages = accountMessages;
  }

  /** A number nobody has had: query ids, media groups, invite links. */
  unique(): number {
    this.#counter += 1;
    return this.#counter;
  }

  /** The bot as it appears in messages. */
  get botUser(): User {
    const { id, is_bot, first_name, username } = this.bot;
    return { id, is_bot, first_name, username };
  }

  user(id: number): User | undefined {
    return id === this.bot.id ? this.botUser : this.people.get(id)?.user;
  }

  openChat(kind: ChatKind, about: Partial<ChatState> & { id: number; title: string }): ChatState {
    const chat: ChatState = {
      kind,
      username: undefined,
      inviteLink: undefined,
      inviteLinks: new Map(),
      joinRequests: false,
      pendingJoins: new Set(),
      members: new Map(),
      messages: [],
      migratedTo: undefined,
      closures: [],
      ...about,
    };
    this.chats.set(chat.id, chat);
    return chat;
  }

  chatByUsername(username: string): ChatState | undefined {
    const wanted = username.toLowerCase();
    return [...this.chats.values()].find(
      (chat) => chat.username?.toLowerCase() === wanted && chat.kind !== 'private',
    );
  }

  store({ chat, content, authorId, ...given }: NewMessage): StoredMessage {
    const stored: StoredMessage = {
      id: this.#nextMessageId(chat),
      chat,
      content,
      authorId,
      from: undefined,
      date: this.now(),
      markup: undefined,
      replyMarkup: undefined,
      replyTo: undefined,
      origin: undefined,
      viaBot: false,
      isProtected: false,
      isSilent: false,
      editDate: undefined,
      edits: 0,
      isDeleted: false,
      isPinned: false,
      reactions: [],
      inlineId: undefined,
      ...given,
    };
    chat.messages.push(stored);
    return stored;
  }

  #nextMessageId(chat: ChatState): number {
    if (chat.kind === 'supergroup' || chat.kind === 'channel') return chat.messages.length + 1;
    this.#accountMessages += 1;
    return this.#accountMessages;
  }

  /** A message that is there now, by id. */
  message(chat: ChatState, id: number): StoredMessage | undefined {
    return chat.messages.find((message) => message.id === id && !message.isDeleted);
  }

  inlineMessage(inlineId: string): StoredMessage | undefined {
    for (const chat of this.chats.values()) {
      const found = chat.messages.find((message) => message.inlineId === inlineId && !message.isDeleted);
      if (found) return found;
    }
    return undefined;
  }

  toMessage(stored: StoredMessage): Message {
    return toMessage(stored, this, this.botUser);
  }

  toChat(chat: ChatState): Chat {
    return toChat(chat, this.people);
  }

  member(chat: ChatState, userId: number): ChatMember | undefined {
    return chat.members.get(userId);
  }

  emit(update: Omit<Update, 'update_id'>): void {
    this.updates.push(update);
  }
}
