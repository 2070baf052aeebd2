import type { AddressInfo } from 'node:net';
import type { Stage } from './actor.ts';
import { Api } from './api.ts';
import { createApiServer } from './api-server.ts';
import { Faults } from './call-faults.ts';
import { createControl } from './control.ts';
import { Flood } from './flood.ts';
import { createApiFetch } from './in-process-api.ts';
import { describeBot, newcomer, openPerson, openRoom, ownerOf, privateChat } from './openings.ts';
import { Person } from './person.ts';
import { Receiver } from './receiver.ts';
import { Room } from './room.ts';
import { loadWorld } from './saved-world.ts';
import type { Telegram, TelegramOptions } from './telegram.ts';
import { World } from './world.ts';

export { Person } from './person.ts';
export { Room } from './room.ts';
export type { SeenMessage } from './view.ts';

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
  const receiver = new Receiver({
    updates: world.updates,
    clock,
    sleep: options.sleep,
    fetch: options.fetch,
    beside: beside?.receiver,
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
  const telegram: Telegram = {
    apiRoot: `http://127.0.0.1:${port}`,
    get token() {
      return token;
    },
    botInfo,
    calls: api.calls,
    delivered: receiver.delivered,
    ...inhabitants(stage, beside?.world),
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

type Inhabitants = Pick<Telegram, 'people' | 'rooms' | 'person' | 'group' | 'channel' | 'room'>;

/** People and rooms: those that the world has, and those that a test opens. */
function inhabitants(stage: Stage, beside: World | undefined): Inhabitants {
  const { world } = stage;
  for (const { user } of beside?.people.values() ?? []) world.people.set(user.id, newcomer(user));
  const people = [...world.people.values()].map(
    (state) => new Person(stage, state, privateChat(world, state.user)),
  );
  const rooms = [...world.chats.values()].flatMap((state) =>
    state.kind === 'private' ? [] : [new Room(stage, state, ownerOf(state))],
  );
  const kept = <T>(all: T[], made: T): T => {
    all.push(made);
    return made;
  };
  return {
    people,
    rooms,
    person: (given = {}) => {
      const known = people.find(({ id }) => id === given.id);
      if (known !== undefined && beside !== undefined) return known;
      return kept(people, openPerson(stage, given));
    },
    group: ({ basic = false, ...given } = {}) =>
      kept(rooms, openRoom(stage, basic ? 'group' : 'supergroup', given)),
    channel: (given = {}) => kept(rooms, openRoom(stage, 'channel', given)),
    room: (id) => {
      const found = rooms.find((one) => one.id === id);
      if (found !== undefined) return found;
      // Another bot's test made it.
      const state = world.chats.get(id);
      if (state === undefined || state.kind === 'private')
        throw new Error(`there is no group or channel ${id}`);
      return kept(rooms, new Room(stage, state, ownerOf(state)));
    },
  };
}
