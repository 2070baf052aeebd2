import type { AddressInfo } from 'node:net';
import type { User, UserFromGetMe } from 'grammy/types';
import { Api, type ApiCall } from './api.ts';
import { createApiServer } from './api-server.ts';
import { Args } from './args.ts';
import { type FaultRule, Faults, type Script } from './call-faults.ts';
import { type AdminRights, administrator } from './chat-members.ts';
import { createControl } from './control.ts';
import type { FileKind, StoredFile } from './files.ts';
import { Flood } from './flood.ts';
import { type ApiFetch, createApiFetch } from './in-process-api.ts';
import { Person } from './person.ts';
import { type DeliverOptions, type DeliveryReport, Receiver, type UpdateHandler } from './receiver.ts';
import { Room } from './room.ts';
import { loadWorld, type WorldKeeper } from './saved-world.ts';
import type { ChatKind, ChatState, PersonState } from './state.ts';
import { World } from './world.ts';

export { Person } from './person.ts';
export { Room } from './room.ts';
export type { SeenMessage } from './view.ts';

export interface TelegramOptions {
  /** Default 0: any free port of 127.0.0.1. */
  port?: number;
  token?: string;
  clock?: () => Date;
  botUsername?: string;
  /** Enforces Telegram's flood limits on the given clock. Default off. */
  limits?: boolean;
  /** Keeps people, chats, files and updates over restarts. */
  keeper?: WorldKeeper;
  /** Waits between redeliveries; absent: retries come at once. */
  sleep?: (ms: number) => Promise<void>;
  /** Carries updates to the webhook; absent: over the network. */
  fetch?: typeof fetch;
}

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

/**
 * A strict stand-in for Telegram: the Bot API server and the people and chats behind it. See
 * README.md.
 */
export interface Telegram {
  /** For grammY's `client.apiRoot`. */
  readonly apiRoot: string;
  readonly token: string;
  readonly botInfo: UserFromGetMe;
  /** Calls of the bot, oldest first, without getUpdates. */
  readonly calls: ApiCall[];
  /** Updates the bot has confirmed, oldest first. */
  readonly delivered: Receiver['delivered'];
  readonly people: Person[];
  readonly rooms: Room[];
  person(options?: PersonOptions): Person;
  /** A supergroup; `basic: true` makes a basic group. */
  group(options?: RoomOptions & { basic?: boolean }): Room;
  channel(options?: RoomOptions): Room;
  /** Calls of one method, to be counted. */
  callsOf(method: string): ApiCall[];
  /** Empties the call log. */
  forgetCalls(): void;
  /** Makes calls fail as told; the first rule that matches a call decides. */
  script(rule: FaultRule): Script;
  /** Hands updates to a function instead of a webhook; a throw is a failed delivery. */
  connect(handler: UpdateHandler | undefined): void;
  /**
   * Resolves when the bot has begun to poll with getUpdates; from then on people's actions wait for
   * it.
   */
  polling(): Promise<void>;
  /** Answers the bot's calls without the network. */
  readonly fetch: ApiFetch;
  /**
   * From now on delivers by itself, with Telegram's pauses; people's actions no longer wait for the
   * bot.
   */
  serve(): void;
  /** Delivers what is pending; people's actions do it by themselves. */
  deliver(options?: DeliverOptions): Promise<DeliveryReport>;
  /** Keeps updates back while `act` runs; deliver them afterwards, for example in parallel. */
  hold<T>(act: () => Promise<T>): Promise<T>;
  /** Sends the last confirmed updates again and gives the statuses. */
  redeliver(count?: number): Promise<number[]>;
  /** Takes the pending updates out, for a test that hands them to the bot itself. */
  takeUpdates(): Receiver['delivered'];
  /** A file id as another bot knows it, useless for this one. */
  foreignFileId(kind: FileKind): string;
  /** From now on Telegram refuses to send the file; a bot reads `words` behind "Bad Request: ". */
  spoilFile(fileId: string, words: string): void;
  /** A group or channel by id; throws when there is none. */
  room(id: number): Room;
  file(uniqueId: string): StoredFile | undefined;
  /** Updates not confirmed yet. */
  readonly pending: number;
  /** Where updates go; undefined without a webhook. */
  readonly webhookUrl: string | undefined;
  /**
   * Answers everything outside the Bot API and `/control/` on the same port, such as the playground
   * page.
   */
  mount(handler: (request: Request) => Promise<Response>): void;
  close(): Promise<void>;
}

/** Starts the stand-in on a port of 127.0.0.1. */
export async function startTelegram(options: TelegramOptions = {}): Promise<Telegram> {
  const clock = options.clock ?? (() => new Date());
  const token = options.token ?? '7000000001:AAStandInTokenForTestsAndDemosOnly1';
  const botInfo = describeBot(Number(token.split(':')[0]), options.botUsername ?? 'anime_standin_bot');
  const world = new World({ clock, bot: botInfo });
  const { keeper } = options;
  if (keeper?.saved !== undefined) loadWorld(world, keeper.saved, keeper.bytes);
  const faults = new Faults();
  const receiver: Receiver = new Receiver({
    updates: world.updates,
    clock,
    sleep: options.sleep,
    fetch: options.fetch,
    onReply: async (method, params) => {
      await api.call(method, replyArgs(params), new AbortController().signal);
    },
  });
  const api = new Api({ world, receiver, faults, flood: options.limits ? new Flood(clock) : undefined });
  const server = createApiServer({
    token,
    api,
    world,
    settled: async () => keeper?.keep(world),
    other: async (request) =>
      new URL(request.url).pathname.startsWith('/control/')
        ? await control.fetch(request)
        : await mounted?.(request),
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', () => resolve());
  });
  const { port } = server.address() as AddressInfo;
  let mounted: ((request: Request) => Promise<Response>) | undefined;
  const stage = { world, receiver };
  const people = [...world.people.values()].map(
    (state) => new Person(stage, state, privateChat(world, state.user)),
  );
  const rooms = [...world.chats.values()].flatMap((state) =>
    state.kind === 'private' ? [] : [new Room(stage, state, ownerOf(state))],
  );
  const room = (kind: ChatKind, given: RoomOptions): Room => {
    const made = openRoom(stage, kind, given);
    rooms.push(made);
    return made;
  };
  const telegram: Telegram = {
    apiRoot: `http://127.0.0.1:${port}`,
    token,
    botInfo,
    calls: api.calls,
    delivered: receiver.delivered,
    people,
    rooms,
    person: (given = {}) => {
      const made = openPerson(stage, given);
      people.push(made);
      return made;
    },
    group: ({ basic = false, ...given } = {}) => room(basic ? 'group' : 'supergroup', given),
    channel: (given = {}) => room('channel', given),
    callsOf: (method) => api.calls.filter((call) => call.method.toLowerCase() === method.toLowerCase()),
    forgetCalls: () => {
      api.calls.length = 0;
    },
    script: (rule) => faults.add(rule),
    connect: (handler) => receiver.connect(handler),
    polling: () => receiver.polling(),
    fetch: createApiFetch({ token, api }),
    serve: () => receiver.serve(),
    deliver: (given) => receiver.deliver(given),
    hold: (act) => receiver.hold(act),
    redeliver: (count) => receiver.redeliver(count),
    takeUpdates: () => {
      const taken = world.updates.pending().map(({ update }) => update);
      world.updates.clear();
      receiver.delivered.push(...taken);
      return taken;
    },
    foreignFileId: (kind) => world.files.idOf(world.files.add({ kind }), botInfo.id + 1),
    spoilFile: (fileId, words) => world.files.spoil(world.files.byId(fileId), words),
    room: (id) => {
      const found = rooms.find((one) => one.id === id);
      if (found === undefined) throw new Error(`there is no group or channel ${id}`);
      return found;
    },
    file: (uniqueId) => world.files.byUniqueId(uniqueId),
    get pending() {
      return world.updates.pending().length;
    },
    get webhookUrl() {
      return receiver.webhook?.url;
    },
    mount: (handler) => {
      mounted = handler;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await keeper?.keep(world);
    },
  };
  const control = createControl(telegram);
  return telegram;
}

function describeBot(id: number, username: string): UserFromGetMe {
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

function openPerson(stage: { world: World; receiver: Receiver }, given: PersonOptions): Person {
  const { world } = stage;
  const id = given.id ?? 500_000_000 + world.unique();
  if (world.people.has(id)) throw new Error(`there is a person ${id} already`);
  const firstName = given.firstName ?? `Person ${world.people.size + 1}`;
  const user: User = {
    id,
    is_bot: false,
    first_name: firstName,
    ...(given.lastName === undefined ? {} : { last_name: given.lastName }),
    ...(given.username === undefined ? {} : { username: given.username }),
    ...(given.languageCode === undefined ? {} : { language_code: given.languageCode }),
  };
  const state: PersonState = { user, hasStarted: false, hasBlocked: false, isDeactivated: false };
  world.people.set(id, state);
  return new Person(stage, state, privateChat(world, user));
}

function privateChat(world: World, { id, first_name, username }: User): ChatState {
  const known = world.chats.get(id);
  if (known !== undefined) return known;
  const chat = world.openChat('private', { id, title: first_name, username });
  chat.members.set(world.bot.id, { status: 'member', user: world.botUser });
  return chat;
}

function ownerOf({ members, title }: ChatState): User {
  const owner = [...members.values()].find(({ status }) => status === 'creator');
  if (owner === undefined) throw new Error(`${title} has no owner`);
  return owner.user;
}

function openRoom(stage: { world: World; receiver: Receiver }, kind: ChatKind, given: RoomOptions): Room {
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

function replyArgs(params: unknown): Args {
  const entries = Object.entries(typeof params === 'object' && params !== null ? params : {});
  const values = entries.map(([name, value]): [string, string] => [
    name,
    typeof value === 'string' ? value : JSON.stringify(value),
  ]);
  return new Args(new Map(values), new Map());
}
