import type { BotCommand, InlineKeyboardButton, User } from 'grammy/types';
import { announce, announceEdit, type MessageRef, type Place, type Stage, seenIn, stored } from './actor.ts';
import { ActRefused } from './api-errors.ts';
import { START_PAYLOAD } from './api-limits.ts';
import { changeMember } from './chat-members.ts';
import { InlineUse } from './inline-use.ts';
import { forwardedMarkup, originOf } from './methods/copy-methods.ts';
import { commandsFor } from './methods/profile-methods.ts';
import type { CallbackAnswer } from './methods/query-methods.ts';
import { contentOf, type Media, type Outgoing } from './outgoing.ts';
import { type ChatState, isAdmin, isMember, type PersonState, type StoredMessage } from './state.ts';
import { type SeenMessage, see } from './view.ts';

/** Where something goes; by default the private chat with the bot. */
export interface Where {
  in?: Place;
  replyTo?: MessageRef;
}

/**
 * A person with Telegram. Every action tells the bot by an update, and resolves when the bot has
 * handled what was pending (unless updates are held back).
 */
export class Person extends InlineUse {
  readonly user: User;
  readonly #state: PersonState;
  readonly #private: ChatState;

  constructor(stage: Stage, state: PersonState, chat: ChatState) {
    super(stage, state.user);
    this.#state = state;
    this.#private = chat;
    this.user = state.user;
  }

  get id(): number {
    return this.user.id;
  }

  /** Telegram tells bots by `language_code`; apps take it from their own setting. */
  setLanguage(code: string): void {
    this.user.language_code = code;
  }

  /** What the apps show: a writing line, or none. */
  mayWrite({ state }: Place): boolean {
    const member = state.members.get(this.id);
    return state.kind === 'channel' ? isAdmin(member) : isMember(member);
  }

  /** Adds the bot, gives it rights, removes it: an administrator who may add administrators. */
  mayManage({ state }: Place): boolean {
    const member = state.members.get(this.id);
    return member?.status === 'creator' || (member?.status === 'administrator' && member.can_promote_members);
  }

  isIn({ state }: Place): boolean {
    return isMember(state.members.get(this.id));
  }

  get isBlocking(): boolean {
    return this.#state.hasBlocked;
  }

  /** Presses Start, with a deep link's payload if one is given; lifts a block first. */
  async start(payload?: string): Promise<SeenMessage> {
    if (payload !== undefined && !START_PAYLOAD.test(payload)) {
      throw new Error(`start payload ${JSON.stringify(payload)}: 1 to 64 of A-Z a-z 0-9 _ - are allowed`);
    }
    if (this.#state.hasBlocked) this.#setBlocked(false);
    return await this.send(payload === undefined ? '/start' : `/start ${payload}`);
  }

  /** Opens `https://t.me/<bot>?start=…` (or `tg://resolve?…`) as a tap on the link does. */
  async openLink(link: string): Promise<SeenMessage> {
    const { domain, payload } = parseLink(link);
    if (domain.toLowerCase() !== this.stage.world.bot.username.toLowerCase())
      throw new Error(`no bot behind ${link}`);
    return await this.start(payload);
  }

  async send(outgoing: Outgoing, where: Where = {}): Promise<SeenMessage> {
    const message = this.#post(outgoing, where);
    await this.stage.receiver.deliverPending();
    return see(this.stage.world, message);
  }

  /** Two to ten media as one album: one update each, with the same media_group_id. */
  async sendAlbum(media: readonly Media[], where: Where = {}): Promise<SeenMessage[]> {
    if (media.length < 2 || media.length > 10)
      throw new Error(`an album of ${media.length}: 2 to 10 are allowed`);
    const groupId = String(13_500_000_000_000_000n + BigInt(this.stage.world.unique()));
    const messages = media.map((one) => this.#post(one, where, groupId));
    await this.stage.receiver.deliverPending();
    return messages.map((message) => see(this.stage.world, message));
  }

  async forward(message: MessageRef, where: Where = {}): Promise<SeenMessage> {
    const { world, receiver } = this.stage;
    const source = stored(world, message);
    if (source.isProtected)
      throw new ActRefused('protected', `message ${source.id} is protected from forwarding`);
    const chat = this.#enter(where);
    const content = 'groupId' in source.content ? { ...source.content, groupId: undefined } : source.content;
    const copy = world.store({
      ...this.#author(chat),
      chat,
      content,
      origin: originOf(world, source),
      markup: forwardedMarkup(source),
    });
    announce(this.stage, copy);
    await receiver.deliverPending();
    return see(world, copy);
  }

  /** Edits one of this person's messages: text, or the caption of media. */
  async edit(message: MessageRef, text: string): Promise<SeenMessage> {
    const { world, receiver } = this.stage;
    const target = stored(world, message);
    if (target.authorId !== this.id)
      throw new Error(`message ${target.id} is not by ${this.user.first_name}`);
    const { content } = target;
    if (content.kind === 'service') throw new Error(`message ${target.id} cannot be edited`);
    const formatted = contentOf(world, text);
    target.content =
      content.kind === 'text'
        ? formatted
        : { ...content, text: formatted.text, entities: formatted.entities };
    target.edits += 1;
    target.editDate = world.now();
    announceEdit(this.stage, target);
    await receiver.deliverPending();
    return see(world, target);
  }

  /** Deletes a message for both sides; the bot is not told. */
  delete(message: MessageRef): void {
    stored(this.stage.world, message).isDeleted = true;
  }

  /**
   * Presses a callback button, named by its text or its data, and gives the bot's answer: undefined
   * when there was none. It also presses a snapshot's button that has since gone, as happens when
   * an edit crosses a finger.
   */
  async press(message: MessageRef, button: string): Promise<CallbackAnswer | undefined> {
    const { receiver } = this.stage;
    const target = stored(this.stage.world, message);
    const world = this.stage.world.botBehind(target.authorId) ?? this.stage.world;
    const data = dataOf(target, message, button);
    const id = String(4_400_000_000_000_000n + BigInt(world.unique()));
    const query = { userId: this.id, at: world.clock().getTime(), answer: undefined, isAnswered: false };
    world.callbacks.set(id, query);
    world.emit({
      callback_query: {
        id,
        from: this.user,
        chat_instance: String(BigInt(target.chat.id) * 7_919n),
        data,
        ...(target.inlineId === undefined
          ? { message: structuredClone(world.toMessage(target)) }
          : { inline_message_id: target.inlineId }),
      },
    });
    await receiver.deliverPending();
    return world.callbacks.get(id)?.answer as CallbackAnswer | undefined;
  }

  /** What this person sees in a chat now, oldest first; deleted messages are gone. */
  messages(room?: Place): SeenMessage[] {
    return seenIn(this.stage.world, room?.state ?? this.#private);
  }

  /** The newest message of the bot, or the one `back` before it. Throws when there is none. */
  lastMessage(room?: Place, back = 0): SeenMessage {
    const found = this.messages(room)
      .filter(({ isFromBot }) => isFromBot)
      .at(-1 - back);
    if (found === undefined) throw new Error(`${this.user.first_name} sees no message of the bot`);
    return found;
  }

  /** A message as it is now: edited, or with `isDeleted`. */
  look({ chatId, id }: MessageRef): SeenMessage {
    const found = this.stage.world.chats.get(chatId)?.messages.find((message) => message.id === id);
    if (found === undefined) throw new Error(`message ${id} never was in chat ${chatId}`);
    return see(this.stage.world, found);
  }

  /** The reply keyboard below the private chat, as rows of texts. */
  replyKeyboard(): string[][] {
    const last = this.#private.messages.findLast(
      ({ replyMarkup }) => replyMarkup && ('keyboard' in replyMarkup || 'remove_keyboard' in replyMarkup),
    );
    if (!last?.replyMarkup || !('keyboard' in last.replyMarkup)) return [];
    return last.replyMarkup.keyboard.map((row) =>
      row.map((key) => (typeof key === 'string' ? key : key.text)),
    );
  }

  /** The menu of commands in the private chat. */
  commands(): BotCommand[] {
    return commandsFor(this.stage.world, this.id, this.user.language_code);
  }

  /** The bot's description in an empty chat. */
  about(): string {
    const { profile } = this.stage.world;
    const said = profile.get(`description ${this.user.language_code ?? ''}`) ?? profile.get('description ');
    return typeof said === 'string' ? said : '';
  }

  async block(): Promise<void> {
    this.#setBlocked(true);
    await this.stage.receiver.deliverPending();
  }

  async unblock(): Promise<void> {
    this.#setBlocked(false);
    await this.stage.receiver.deliverPending();
  }

  /** Deletes the account: the bot gets `user is deactivated` from now on. */
  deactivate(): void {
    this.#state.isDeactivated = true;
  }

  #setBlocked(isBlocked: boolean): void {
    this.#state.hasBlocked = isBlocked;
    const { world } = this.stage;
    const bot = world.botUser;
    const member = isBlocked
      ? { status: 'kicked' as const, user: bot, until_date: 0 }
      : { status: 'member' as const, user: bot };
    changeMember(world, this.#private, bot.id, member, this.user);
  }

  #post(outgoing: Outgoing, where: Where, groupId?: string): StoredMessage {
    const { world } = this.stage;
    const chat = this.#enter(where);
    const content = contentOf(world, outgoing);
    const message = world.store({
      ...this.#author(chat),
      chat,
      content: groupId !== undefined && 'file' in content ? { ...content, groupId } : content,
      replyTo: where.replyTo?.id,
    });
    announce(this.stage, message);
    return message;
  }

  #author(chat: ChatState): { authorId: number; from: User | undefined } {
    return { authorId: this.id, from: chat.kind === 'channel' ? undefined : this.user };
  }

  /** The chat this person writes to, if allowed. */
  #enter(where: Where): ChatState {
    if (where.in === undefined) {
      if (this.#state.hasBlocked)
        throw new ActRefused('blocked', `${this.user.first_name} has blocked the bot`);
      this.#state.hasStarted = true;
      return this.#private;
    }
    const chat = where.in.state;
    if (!this.mayWrite(where.in))
      throw new ActRefused('no-writing', `${this.user.first_name} may not write to ${chat.title}`);
    return chat;
  }
}

function parseLink(link: string): { domain: string; payload: string | undefined } {
  const url = new URL(link.includes('://') ? link : `https://${link}`);
  const domain = url.protocol === 'tg:' ? (url.searchParams.get('domain') ?? '') : url.pathname.slice(1);
  return { domain, payload: url.searchParams.get('start') ?? undefined };
}

function dataOf(target: StoredMessage, ref: MessageRef, wanted: string): string {
  const now: { text: string; data?: string }[] = (target.markup?.inline_keyboard.flat() ?? []).map(
    (button: InlineKeyboardButton) => ({
      text: button.text,
      ...('callback_data' in button ? { data: button.callback_data } : {}),
    }),
  );
  const seen = 'keyboard' in ref ? ref.keyboard.flat() : [];
  const all = [...now, ...seen];
  const found = all.find(({ data }) => data === wanted) ?? all.find(({ text }) => text === wanted);
  if (found?.data !== undefined) return found.data;
  const what = found === undefined ? 'no button' : 'no callback behind the button';
  throw new ActRefused(
    'gone',
    `${what} ${JSON.stringify(wanted)} among ${JSON.stringify(all.map(({ text }) => text))}`,
  );
}
