/**
 * What a viewer's actions cost inside the database, in a small and in a large one in the same run: the cost must not grow with users,
 * history or catalogue. Real updates through the real receiver; Telegram is a function that says yes.
 *
 * `npx node bench/viewer.ts [--anime 10000] [--parts 100000] [--users 100000] [--history 1000000] [--rounds 200]`
 * The full size: `--users 1000000 --history 10000000` (some minutes, 2 GB of disk).
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Api } from 'grammy';
import type { Update } from 'grammy/types';
import { composeFeatures, features } from '../src/bot/bot.ts';
import { type Action, encodeAction } from '../src/bot/callback-data.ts';
import { createReceiver, type Receive, type Services } from '../src/bot/receive.ts';
import type { Database } from '../src/db/database.ts';
import { watchWrites } from '../src/db/watched-writes.ts';
import { createLog } from '../src/lib/log.ts';
import { build, random, type Sizes } from './viewer-data.ts';

const { values } = parseArgs({
  options: {
    anime: { type: 'string', default: '10000' },
    parts: { type: 'string', default: '100000' },
    users: { type: 'string', default: '100000' },
    history: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '200' },
  },
});
const large: Sizes = {
  anime: Number(values.anime),
  parts: Number(values.parts),
  users: Number(values.users),
  history: Number(values.history),
};
const small: Sizes = {
  anime: Math.max(100, large.anime / 20),
  parts: Math.max(1000, large.parts / 20),
  users: Math.max(1000, large.users / 100),
  history: Math.max(10_000, large.history / 100),
};
const rounds = Number(values.rounds);
/** A ratio above this is growth; below half a millisecond the clock and the caches decide. */
const GROWTH = 3;
const NOISE_MS = 0.5;
/** Goal for a search among 10,000 titles. */
const SEARCH_GOAL_MS = 50;

interface Measured {
  readonly read: number[];
  readonly write: number[];
}

interface World {
  readonly receive: Receive;
  readonly sizes: Sizes;
  readonly times: Measured;
  close(): void;
}

const typed =
  (text: (pick: (below: number) => number, sizes: Sizes) => string): Ask =>
  (pick, sizes, user) => ({
    message: { message_id: 1, date: 1, chat: chat(user), from: person(user), text: text(pick, sizes) },
  });
const pressed =
  (action: (pick: (below: number) => number, sizes: Sizes) => Action): Ask =>
  (pick, sizes, user) => ({
    callback_query: {
      id: '1',
      chat_instance: '1',
      from: person(user),
      data: encodeAction(action(pick, sizes)),
      message: { message_id: 1, date: 1, chat: chat(user), from: person(user), text: 'x' },
    },
  });

type Ask = (pick: (below: number) => number, sizes: Sizes, user: number) => object;
const chat = (id: number) => ({ id, type: 'private', first_name: 'Ism' });
const person = (id: number) => ({ id, is_bot: false, first_name: 'Ism' });
const anime = (pick: (below: number) => number, sizes: Sizes): number => 1 + pick(sizes.anime);
const part = (pick: (below: number) => number): number => 1 + pick(9);

const ACTIONS: Readonly<Record<string, Ask>> = {
  '/start (menu, continue watching)': typed(() => '/start'),
  'deep link to a part': typed((pick, sizes) => `/start ${anime(pick, sizes)}_${part(pick)}`),
  'code → card': typed((pick, sizes) => String(anime(pick, sizes))),
  'unknown code': typed((pick) => String(500_000 + pick(400_000))),
  'list of parts': pressed((pick, sizes) => ({ kind: 'parts', anime: anime(pick, sizes), page: 0 })),
  'next part (view recorded)': pressed((pick, sizes) => ({
    kind: 'play',
    anime: anime(pick, sizes),
    part: part(pick),
  })),
  '/history': typed(() => '/history'),
  favourites: typed(() => '/favourites'),
  'add a favourite': pressed((pick, sizes) => ({ kind: 'favourite', anime: anime(pick, sizes), on: 1 })),
  'follow what everybody follows': pressed((pick) => ({ kind: 'follow', anime: 1, on: pick(2) })),
  'browse: newest': typed(() => '/new'),
  'browse: most viewed, deep inside': pressed((pick, sizes) => ({
    kind: 'browse',
    order: 1,
    anchor: anime(pick, sizes),
    direction: 0,
  })),
  'browse: by name, deep inside, backwards': pressed((pick, sizes) => ({
    kind: 'browse',
    order: 2,
    anchor: anime(pick, sizes),
    direction: 1,
  })),
  random: typed(() => '/random'),
  'inline, empty': (_pick, _sizes, user) => ({
    inline_query: { id: '1', from: person(user), query: '', offset: '' },
  }),
};

const SEARCHES: Readonly<Record<string, string>> = {
  'a name': 'naruto shippuden',
  Cyrillic: 'наруто',
  'Uzbek apostrophe': 'o‘lim daftari',
  'one letter': 'k',
  'two letters': 'ka',
  'a typo': 'shengeki',
  'letters swapped': 'naurto',
  'words in a description': 'kato mina',
  'a long query': 'shingeki no kyojin attack on titan final season part two',
  'nothing like it': 'qzvwx plmtr',
};

const unused = async (): Promise<never> => {
  throw new Error('viewers make no backups');
};
const NO_BACKUPS: Services['backups'] = {
  run: unused,
  heldAlready: unused,
  request: unused,
  runRequest: unused,
  finishRequested: unused,
  list: unused,
  find: unused,
  verify: unused,
  links: unused,
  files: unused,
  health: unused,
  probe: unused,
  history: unused,
};
let updateId = 1_000_000_000;
const directory = mkdtempSync(join(tmpdir(), 'anime-viewer-bench-'));
try {
  const worlds = [await open('small', small), await open('large', large)] as const;
  console.log(`\nTime inside the database, ms, median of ${rounds} (small → large, ratio)\n`);
  let grows = 0;
  for (const [name, ask] of Object.entries(ACTIONS)) grows += await compare(name, ask, worlds);
  console.log(`\nSearch among ${large.anime} titles, ms inside the database (median, worst of ${rounds})\n`);
  let slow = 0;
  for (const [name, text] of Object.entries(SEARCHES)) slow += await search(name, text, worlds);
  console.log(
    grows + slow === 0
      ? '\nno action grew, every search kept its goal'
      : `\n${grows} grew, ${slow} searches over ${SEARCH_GOAL_MS} ms`,
  );
  for (const world of worlds) world.close();
  process.exitCode = grows + slow === 0 ? 0 : 1;
} finally {
  rmSync(directory, { recursive: true, force: true });
}

async function open(name: string, sizes: Sizes): Promise<World> {
  const path = join(directory, `${name}.db`);
  const started = performance.now();
  const db = await build(path, sizes);
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  const megabytes = (statSync(path).size / 1024 / 1024).toFixed(0);
  const { anime, parts, users, history } = sizes;
  console.log(
    `${name}: ${anime} anime, ${parts} parts, ${users} users, ${history} views; ${megabytes} MB, made in ${seconds} s`,
  );
  const times: Measured = { read: [], write: [] };
  const api = new Api('1:bench');
  api.config.use(async () => ({ ok: true, result: true }) as never);
  const writes = watchWrites(timed(db, times), () => new Date());
  const services: Services = {
    db: writes.db,
    writes,
    backups: NO_BACKUPS,
    api,
    me: { id: 1, is_bot: true, first_name: 'b', username: 'bench_bot' } as Services['me'],
    adminIds: [],
    defaultLocale: 'uz',
    now: () => new Date(),
    log: createLog('silent', () => {}),
  };
  const receive = createReceiver(services, features, composeFeatures(features));
  return { receive, sizes, times, close: () => db.close() };
}

/** Times every batch; the embedded client works synchronously inside the call, so wall time is the database's. */
function timed(db: Database, times: Measured): Database {
  return {
    async read(queries) {
      const started = performance.now();
      const answers = await db.read(queries);
      times.read.push(performance.now() - started);
      return answers;
    },
    async write(statements) {
      const started = performance.now();
      const results = await db.write(statements);
      times.write.push(performance.now() - started);
      return results;
    },
    get roundTrips() {
      return db.roundTrips;
    },
    close: () => db.close(),
  };
}

async function measure(ask: Ask, world: World): Promise<{ read: number[]; write: number[] }> {
  const pick = random(42);
  world.times.read.length = 0;
  world.times.write.length = 0;
  for (let i = 0; i < rounds + 20; i++) {
    const user = 1 + pick(world.sizes.users);
    updateId += 1;
    const update = { update_id: updateId, ...ask(pick, world.sizes, user) } as Update;
    const outcome = await world.receive(update);
    if (outcome !== 'handled') throw new Error(`update ended as ${outcome}: ${JSON.stringify(update)}`);
  }
  // The first ones warm statements and caches.
  return { read: world.times.read.slice(20), write: world.times.write.slice(20) };
}

async function compare(name: string, ask: Ask, worlds: readonly [World, World]): Promise<number> {
  const [before, after] = [await measure(ask, worlds[0]), await measure(ask, worlds[1])];
  const ratio = (kind: 'read' | 'write'): number => median(after[kind]) / median(before[kind]);
  const grew = (['read', 'write'] as const).some(
    (kind) => ratio(kind) > GROWTH && median(after[kind]) - median(before[kind]) > NOISE_MS,
  );
  const column = (kind: 'read' | 'write'): string =>
    `${kind} ${median(before[kind]).toFixed(2)} → ${median(after[kind]).toFixed(2)} (×${ratio(kind).toFixed(1)})`;
  console.log(`  ${name.padEnd(42)} ${column('read').padEnd(28)} ${column('write')}${grew ? '  GROWS' : ''}`);
  return grew ? 1 : 0;
}

async function search(name: string, text: string, worlds: readonly [World, World]): Promise<number> {
  const ask = typed(() => text);
  const before = median((await measure(ask, worlds[0])).read);
  const { read } = await measure(ask, worlds[1]);
  const worst = Math.max(...read);
  const isSlow = median(read) > SEARCH_GOAL_MS;
  console.log(
    `  ${name.padEnd(26)} ${before.toFixed(1)} → ${median(read).toFixed(1)}, worst ${worst.toFixed(1)}${isSlow ? '  OVER THE GOAL' : ''}`,
  );
  return isSlow ? 1 : 0;
}

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN;
}
