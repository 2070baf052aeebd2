import type { Chat, Message, Update, User, UserFromGetMe } from 'grammy/types';
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
  /** The bot's profile: command lists by scope and language, descriptions. */
  readonly profile = new Map<string, unknown>();
  /** The same Telegram as each bot in it sees it, this one first. */
  readonly peers: Set<World>;
  /** The bot was banned or deleted: its token opens nothing, and nobody tells it anything. */
  isBanned = false;
  readonly #shared: { counter: number };
  /** Private chats and basic groups share one sequence of message ids, as in an account. */
  #accountMessages = 0;

  constructor(options: { clock: () => Date; bot: UserFromGetMe; beside?: World | undefined }) {
    const { clock, bot, beside } = options;
    this.clock = clock;
    this.bot = bot;
    this.files = new FileStore(bot.id, beside?.files);
    this.updates = new UpdateQueue(clock);
    this.peers = beside?.peers ?? new Set();
    this.#shared = beside ? beside.#shared : { counter: 0 };
    if ([...this.peers].some((peer) => peer.bot.id === bot.id)) throw new Error(`there is a bot ${bot.id}`);
    this.peers.add(this);
    for (const chat of beside?.chats.values() ?? []) if (isShared(chat)) this.chats.set(chat.id, chat);
  }

  /** Unix seconds. */
  now(): number {
    return Math.floor(this.clock().getTime() / 1000);
  }

  /** The last numbers given out. */
  get counters(): { unique: number; accountMessages: number } {
    return { unique: this.#shared.counter, accountMessages: this.#accountMessages };
  }

  set counters({ unique, accountMessages }: World['counters']) {
    this.#shared.counter = unique;
    this.#accountMessages = accountMessages;
  }

  /** A number nobody has had: query ids, media groups, invite links. */
  unique(): number {
    this.#shared.counter += 1;
    return this.#shared.counter;
  }

  /** The bot as it appears in messages. */
  get botUser(): User {
    const { id, is_bot, first_name, username } = this.bot;
    return { id, is_bot, first_name, username };
  }

  user(id: number): User | undefined {
    for (const { bot, botUser, people } of this.peers) {
      const found = id === bot.id ? botUser : people.get(id)?.user;
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** The bot that wrote a message, as a world. */
  botBehind(authorId: number): World | undefined {
    return [...this.peers].find(({ bot }) => bot.id === authorId);
  }

  /** Every bot that may hear of what happens in a chat. */
  hearers(chat: ChatState): readonly World[] {
    return isShared(chat) ? [...this.peers] : [this];
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
    for (const world of this.hearers(chat)) world.chats.set(chat.id, chat);
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
    const atPlace = chat.messages[id - 1];
    const found = atPlace?.id === id ? atPlace : chat.messages.find((message) => message.id === id);
    return found?.isDeleted === true ? undefined : found;
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

  emit(update: Omit<Update, 'update_id'>): void {
    if (!this.isBanned) this.updates.push(update);
  }
}

/** Private chats and basic groups are each bot's own: every account numbers their messages. */
function isShared({ kind }: ChatState): boolean {
  return kind === 'supergroup' || kind === 'channel';
}
