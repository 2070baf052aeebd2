import type { AddressInfo } from 'node:net';
import type { UserFromGetMe } from 'grammy/types';
import type { Stage } from './actor.ts';
import { Api, type ApiCall } from './api.ts';
import { createApiServer } from './api-server.ts';
import { Args } from './args.ts';
import { type FaultRule, Faults, type Script } from './call-faults.ts';
import { createControl } from './control.ts';
import type { FileKind, StoredFile } from './files.ts';
import { Flood } from './flood.ts';
import { type ApiFetch, createApiFetch } from './in-process-api.ts';
import {
  describeBot,
  newcomer,
  openPerson,
  openRoom,
  ownerOf,
  type PersonOptions,
  privateChat,
  type RoomOptions,
} from './openings.ts';
import { Person } from './person.ts';
import { type DeliverOptions, type DeliveryReport, Receiver, type UpdateHandler } from './receiver.ts';
import { Room } from './room.ts';
import { loadWorld, type WorldKeeper } from './saved-world.ts';
import type { ChatKind } from './state.ts';
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
  /**
   * Another bot at the same Telegram: the same people, supergroups, channels and files, with file
   * ids, private chats, limits and an address of its own.
   */
  beside?: Telegram;
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
  /** With the id of somebody whom another bot knows: the same person, here. */
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
  /** Bans the bot, as Telegram does: every call is unauthorized from now on, no update comes. */
  ban(): void;
  /** A new token of the same bot, as BotFather gives it; the old one opens nothing any more. */
  renewToken(): string;
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

/** What a bot at the same Telegram needs of another one. */
const stages = new WeakMap<Telegram, Stage>();

/** Starts the stand-in on a port of 127.0.0.1. */
export async function startTelegram(options: TelegramOptions = {}): Promise<Telegram> {
  const beside = options.beside && stages.get(options.beside);
  const clock = options.clock ?? beside?.world.clock ?? (() => new Date());
  let token = options.token ?? '7000000001:AAStandInTokenForTestsAndDemosOnly1';
  const botInfo = describeBot(Number(token.split(':')[0]), options.botUsername ?? 'anime_standin_bot');
  const world = new World({ clock, bot: botInfo, beside: beside?.world });
  const { keeper } = options;
  if (keeper?.saved !== undefined) loadWorld(world, keeper.saved, keeper.bytes);
  const faults = new Faults();
  const receiver: Receiver = new Receiver({
    updates: world.updates,
    clock,
    sleep: options.sleep,
    fetch: options.fetch,
    beside: beside?.receiver,
    onReply: async (method, params) => {
      await api.call(method, replyArgs(params), new AbortController().signal);
    },
  });
  const api = new Api({ world, receiver, faults, flood: options.limits ? new Flood(clock) : undefined });
  const isToken = (given: string): boolean => given === token && !world.isBanned;
  const server = createApiServer({
    isToken,
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
  for (const { user } of beside?.world.people.values() ?? []) world.people.set(user.id, newcomer(user));
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
    get token() {
      return token;
    },
    botInfo,
    calls: api.calls,
    delivered: receiver.delivered,
    people,
    rooms,
    person: (given = {}) => {
      const known = people.find(({ id }) => id === given.id);
      if (known !== undefined && beside !== undefined) return known;
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
    fetch: createApiFetch({ isToken, api }),
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
    ban: () => {
      world.isBanned = true;
      world.updates.clear();
    },
    renewToken: () => {
      token = `${botInfo.id}:AAStandInTokenRenewed${world.unique()}`;
      return token;
    },
    room: (id) => {
      const found = rooms.find((one) => one.id === id);
      if (found !== undefined) return found;
      // Another bot's test made it.
      const state = world.chats.get(id);
      if (state === undefined || state.kind === 'private')
        throw new Error(`there is no group or channel ${id}`);
      const made = new Room(stage, state, ownerOf(state));
      rooms.push(made);
      return made;
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
  stages.set(telegram, stage);
  return telegram;
}

function replyArgs(params: unknown): Args {
  const entries = Object.entries(typeof params === 'object' && params !== null ? params : {});
  const values = entries.map(([name, value]): [string, string] => [
    name,
    typeof value === 'string' ? value : JSON.stringify(value),
  ]);
  return new Args(new Map(values), new Map());
}
