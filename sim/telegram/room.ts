import type { ChatMember, User } from 'grammy/types';
import { announce, type MessageRef, type Stage, seenIn, stored } from './actor.ts';
import { ActRefused } from './api-errors.ts';
import { type AdminRights, administrator, changeMember, primaryLink } from './chat-members.ts';
import type { Person } from './person.ts';
import { type ChatState, type Closure, isMember } from './state.ts';
import { type SeenMessage, see } from './view.ts';

/** A group, supergroup or channel. Membership changes tell the bot, where Telegram would. */
export class Room {
  readonly state: ChatState;
  readonly #stage: Stage;
  readonly #owner: User;

  constructor(stage: Stage, state: ChatState, owner: User) {
    this.#stage = stage;
    this.state = state;
    this.#owner = owner;
  }

  get id(): number {
    return this.state.id;
  }

  get title(): string {
    return this.state.title;
  }

  /** The link people join by. */
  get link(): string | undefined {
    return primaryLink(this.state);
  }

  /** What is in the chat now. */
  messages(): SeenMessage[] {
    return seenIn(this.#stage.world, this.state);
  }

  lastMessage(): SeenMessage {
    const last = this.messages().at(-1);
    if (last === undefined) throw new Error(`nothing in ${this.title}`);
    return last;
  }

  /** A post in the name of the channel, or a message of the owner of a group. */
  async post(text: string): Promise<SeenMessage> {
    const { world, receiver } = this.#stage;
    const isChannel = this.state.kind === 'channel';
    const message = world.store({
      chat: this.state,
      content: { kind: 'text', text, entities: [] },
      authorId: this.#owner.id,
      from: isChannel ? undefined : this.#owner,
    });
    announce(this.#stage, message);
    await receiver.deliverPending();
    return see(world, message);
  }

  /** Joins by the link or the public page; where joining needs approval, asks for it instead. */
  async join(person: Person): Promise<'joined' | 'requested'> {
    if (this.state.members.get(person.id)?.status === 'kicked')
      throw new ActRefused('banned', `${person.user.first_name} is banned`);
    if (this.state.joinRequests) {
      this.#request(person);
      await this.#stage.receiver.deliverPending();
      return 'requested';
    }
    await this.#set(person.user, { status: 'member', user: person.user }, person.user);
    return 'joined';
  }

  async leave(person: Person): Promise<void> {
    await this.#set(person.user, { status: 'left', user: person.user }, person.user);
  }

  async kick(person: Person): Promise<void> {
    await this.#set(person.user, { status: 'kicked', user: person.user, until_date: 0 }, this.#owner);
  }

  /** Restricts a person; `isMember: false` is one who left while restricted. */
  async restrict(person: Person, options: { isMember: boolean }): Promise<void> {
    await this.#set(person.user, restricted(person.user, options.isMember), this.#owner);
  }

  async promote(person: Person, rights: AdminRights = {}): Promise<void> {
    await this.#set(person.user, administrator(person.user, this.state, rights), this.#owner);
  }

  /** Adds the bot as a member (groups only). */
  async addBot(by?: Person): Promise<void> {
    if (this.state.kind === 'channel') throw new Error('a bot joins a channel as an administrator only');
    const { botUser } = this.#stage.world;
    await this.#set(botUser, { status: 'member', user: botUser }, by?.user ?? this.#owner);
  }

  /** Makes the bot an administrator, with all usual rights but those set to false. */
  async promoteBot(rights: AdminRights = {}, by?: Person): Promise<void> {
    const { botUser } = this.#stage.world;
    await this.#set(botUser, administrator(botUser, this.state, rights), by?.user ?? this.#owner);
  }

  /** Removes the bot's rights: in a group it stays a member, in a channel it is out. */
  async demoteBot(by?: Person): Promise<void> {
    const { botUser } = this.#stage.world;
    const status = this.state.kind === 'channel' ? 'left' : 'member';
    await this.#set(botUser, { status, user: botUser }, by?.user ?? this.#owner);
  }

  async removeBot(by?: Person): Promise<void> {
    const { botUser } = this.#stage.world;
    await this.#set(botUser, { status: 'kicked', user: botUser, until_date: 0 }, by?.user ?? this.#owner);
  }

  /** Closes the chat to the bot in these ways, and opens it in all others; the bot is not told. */
  close(...closures: readonly Closure[]): void {
    this.state.closures = closures;
  }

  /** Deletes a message as an administrator; the bot is not told. */
  delete(message: MessageRef): void {
    stored(this.#stage.world, message).isDeleted = true;
  }

  /** Turns a basic group into a supergroup; the old id answers with `migrate_to_chat_id`. */
  async upgrade(): Promise<Room> {
    const { world, receiver } = this.#stage;
    if (this.state.kind !== 'group') throw new Error(`${this.title} is no basic group`);
    const id = -1_002_000_000_000 - world.unique();
    const state = world.openChat('supergroup', {
      id,
      title: this.title,
      members: new Map(this.state.members),
    });
    this.state.migratedTo = id;
    const service = world.store({
      chat: this.state,
      content: { kind: 'service', text: '', entities: [], fields: { migrate_to_chat_id: id } },
      authorId: this.#owner.id,
      from: this.#owner,
    });
    announce(this.#stage, service);
    const told = world.store({
      chat: state,
      content: { kind: 'service', text: '', entities: [], fields: { migrate_from_chat_id: this.id } },
      authorId: this.#owner.id,
      from: this.#owner,
    });
    announce(this.#stage, told);
    await receiver.deliverPending();
    return new Room(this.#stage, state, this.#owner);
  }

  #request(person: Person): void {
    const { world } = this.#stage;
    if (isMember(this.state.members.get(person.id)))
      throw new Error(`${person.user.first_name} is a member already`);
    this.state.pendingJoins.add(person.id);
    const chat = world.toChat(this.state);
    const mine = this.state.members.get(world.bot.id);
    // Only an administrator who may invite is told.
    if (mine?.status !== 'administrator' || !mine.can_invite_users) return;
    if (chat.type !== 'supergroup' && chat.type !== 'channel') return;
    world.emit({
      chat_join_request: { chat, from: person.user, user_chat_id: person.id, date: world.now() },
    });
  }

  async #set(user: User, member: ChatMember, by: User): Promise<void> {
    changeMember(this.#stage.world, this.state, user.id, member, by);
    await this.#stage.receiver.deliverPending();
  }
}

function restricted(user: User, is_member: boolean): ChatMember {
  return {
    status: 'restricted',
    user,
    is_member,
    can_send_messages: false,
    can_send_audios: false,
    can_send_documents: false,
    can_send_photos: false,
    can_send_videos: false,
    can_send_video_notes: false,
    can_send_voice_notes: false,
    can_send_polls: false,
    can_send_other_messages: false,
    can_add_web_page_previews: false,
    can_react_to_messages: false,
    can_change_info: false,
    can_edit_tag: false,
    can_invite_users: false,
    can_pin_messages: false,
    can_manage_topics: false,
    until_date: 0,
  };
}
