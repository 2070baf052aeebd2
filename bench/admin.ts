/**
 * What admins' actions cost: screens in a small and in a large database (the cost must not grow with users or history), a burst of a hundred
 * parts, a broadcast's pace and requests, the chart. Real updates through the real receiver; Telegram is a function that says yes.
 *
 * `npx node bench/admin.ts [--anime 10000] [--parts 100000] [--users 100000] [--history 1000000] [--rounds 50]`
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Api } from 'grammy';
import type { Update } from 'grammy/types';
import { composeFeatures, features } from '../src/bot/bot.ts';
import { type Action, encodeAction } from '../src/bot/callback-data.ts';
import { createReceiver, type Services } from '../src/bot/receive.ts';
import { barChart } from '../src/charts/bar-chart.ts';
import { type Database, sql } from '../src/db/database.ts';
import { watchWrites } from '../src/db/watched-writes.ts';
import { RequestBudget } from '../src/jobs/job.ts';
import { broadcastJob } from '../src/jobs/send-broadcasts.ts';
import { createLog } from '../src/lib/log.ts';
import { build, type Sizes } from './viewer-data.ts';

const { values } = parseArgs({
  options: {
    anime: { type: 'string', default: '10000' },
    parts: { type: 'string', default: '100000' },
    users: { type: 'string', default: '100000' },
    history: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '50' },
  },
});
const rounds = Number(values.rounds);
const large: Sizes = {
  anime: Number(values.anime),
  parts: Number(values.parts),
  users: Number(values.users),
  history: Number(values.history),
};
/** The same catalogue, so that what grows is users and history. */
const small: Sizes = { ...large, users: 1_000, history: 10_000 };
const ADMIN = 100;
const GROWTH = 3;
const NOISE_MS = 0.5;
let updateId = 1_000_000_000;

const directory = mkdtempSync(join(tmpdir(), 'anime-admin-bench-'));
try {
  const worlds = [await open('small', small), await open('large', large)] as const;
  console.log(
    `\nTime inside the database, ms, median of ${rounds} (${small.users} → ${large.users} users)\n`,
  );
  let grows = 0;
  for (const [name, update] of Object.entries(SCREENS())) {
    const [a = 0, b = 0] = [await median(worlds[0], update), await median(worlds[1], update)];
    const isGrowing = b > NOISE_MS && b / Math.max(a, 0.01) > GROWTH;
    if (isGrowing) grows += 1;
    console.log(
      `${isGrowing ? '✗' : '✓'} ${name.padEnd(40)} ${a.toFixed(2).padStart(7)} → ${b.toFixed(2).padStart(7)}`,
    );
  }
  await burst(worlds[1]);
  await broadcast(worlds[1]);
  chart();
  for (const world of worlds) world.db.close();
  process.exitCode = grows === 0 ? 0 : 1;
} finally {
  rmSync(directory, { recursive: true, force: true });
}

interface World {
  readonly db: Database;
  readonly services: Services;
  readonly receive: ReturnType<typeof createReceiver>;
  readonly spent: { ms: number; batches: number; calls: number };
}

async function open(name: string, sizes: Sizes): Promise<World> {
  const db = await build(join(directory, `${name}.db`), sizes);
  await db.write([
    sql('INSERT OR IGNORE INTO users (user_id, first_name) VALUES (?, ?)', ADMIN, 'Admin'),
    sql(`INSERT OR REPLACE INTO counters (metric, period, value) SELECT 'users', 'all', COUNT(*) FROM users`),
    // A year of views of a third of the catalogue.
    sql(`WITH RECURSIVE d(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM d WHERE i < 364)
      INSERT INTO anime_views (day, anime_id, views)
      SELECT date('now', '-' || d.i || ' days'), a.id, 1 + (a.id * d.i) % 50 FROM d, anime AS a WHERE (a.id + d.i) % 3 = 0`),
    sql(`WITH RECURSIVE d(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM d WHERE i < 364)
      INSERT OR REPLACE INTO counters (metric, period, value) SELECT m.metric, date('now', '-' || d.i || ' days'), 1000 + d.i
      FROM d, (SELECT 'views' AS metric UNION ALL SELECT 'new' UNION ALL SELECT 'day') AS m`),
    sql(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40)
      INSERT INTO groups (group_id, name, position) SELECT -1000 - i, 'Kanal ' || i, i FROM n`),
    sql('ANALYZE'),
  ]);
  const spent = { ms: 0, batches: 0, calls: 0 };
  const api = new Api('1:bench');
  api.config.use(async () => {
    spent.calls += 1;
    return { ok: true, result: { message_id: 1_000_000 } } as never;
  });
  const writes = watchWrites(timed(db, spent), () => new Date());
  const services: Services = {
    db: writes.db,
    writes,
    backups: undefined as never,
    api,
    me: { id: 1, is_bot: true, first_name: 'b', username: 'bench_bot' } as Services['me'],
    adminIds: [ADMIN],
    defaultLocale: 'uz',
    now: () => new Date(),
    log: createLog('silent', () => {}),
  };
  return { db, services, spent, receive: createReceiver(services, features, composeFeatures(features)) };
}

function timed(db: Database, spent: World['spent']): Database {
  const measure = async <T>(act: () => Promise<T>): Promise<T> => {
    const started = performance.now();
    try {
      return await act();
    } finally {
      spent.ms += performance.now() - started;
      spent.batches += 1;
    }
  };
  return {
    read: (queries) => measure(() => db.read(queries)),
    write: (statements) => measure(() => db.write(statements)),
    get roundTrips() {
      return db.roundTrips;
    },
    close: () => db.close(),
  };
}

function SCREENS(): Readonly<Record<string, object>> {
  return {
    '/admin': typed('/admin'),
    '/stats': typed('/stats'),
    '/analytics (a picture of 30 days)': typed('/analytics'),
    '/analytics, 90 days': pressed({ kind: 'analytics', metric: 1, days: 90 }),
    '/top of 7 days': pressed({ kind: 'top', days: 7 }),
    '/top of 30 days': typed('/top'),
    '/top ever': pressed({ kind: 'top', days: 0 }),
    '/users': typed('/users'),
    '/users by id': typed('/users 500'),
    '/users by name': typed('/users @u500'),
    '/edit (newest)': typed('/edit'),
    '/edit 12': typed('/edit 12'),
    'its parts': pressed({ kind: 'editParts', id: 12, page: 0 }),
    'where to post it': pressed({ kind: 'post', id: 12 }),
    '/drafts': typed('/drafts'),
    '/groups': typed('/groups'),
    '/audit': typed('/audit'),
    '/trash': typed('/trash'),
    'begin an anime': typed('/add'),
    'its description': typed('Naruto\nHokage bo‘lishni orzu qilgan bola'),
    'move a part among others': pressed({ kind: 'partMoveTo', part: 15, to: 3, swap: 0 }),
  };
}

function typed(text: string): object {
  return { message: { message_id: 1, date: 1, chat: chat(), from: from(), text } };
}

function pressed(action: Action): object {
  const message = { message_id: 1, date: 1, chat: chat(), from: from(), text: 'x' };
  return {
    callback_query: { id: '1', chat_instance: '1', from: from(), data: encodeAction(action), message },
  };
}

function chat(): object {
  return { id: ADMIN, type: 'private', first_name: 'Admin' };
}

function from(): object {
  return { id: ADMIN, is_bot: false, first_name: 'Admin' };
}

async function handle(world: World, update: object): Promise<void> {
  updateId += 1;
  const outcome = await world.receive({ update_id: updateId, ...update } as Update);
  if (outcome !== 'handled') throw new Error(`update was ${outcome}: ${JSON.stringify(update)}`);
}

async function median(world: World, update: object): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < rounds; i++) {
    world.spent.ms = 0;
    await handle(world, update);
    times.push(world.spent.ms);
  }
  return times.sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;
}

async function burst(world: World): Promise<void> {
  await handle(world, typed('/cancel'));
  await handle(world, typed('/add'));
  Object.assign(world.spent, { ms: 0, batches: 0, calls: 0 });
  const started = performance.now();
  await Promise.all(
    Array.from({ length: 100 }, (_, i) => {
      const file = { file_id: `f${i}`, file_unique_id: `u${i}`, duration: 1, width: 1, height: 1 };
      return handle(world, {
        message: { message_id: 100 + i, date: 1, chat: chat(), from: from(), video: file },
      });
    }),
  );
  const ms = performance.now() - started;
  console.log(
    `\nA burst of 100 parts at once: ${ms.toFixed(0)} ms, ${world.spent.batches} batches, ${world.spent.calls} Bot API calls`,
  );
}

async function broadcast(world: World): Promise<void> {
  const { db } = world;
  const at = '2026-01-02 00:00:00';
  await db.write([
    sql(
      `INSERT INTO broadcasts (requested_by, audience, state, created_at, started_at) VALUES (?, 'users', 'running', ?, ?)`,
      ADMIN,
      at,
      at,
    ),
    sql('INSERT INTO broadcast_messages (broadcast_id, message_id) VALUES (last_insert_rowid(), 5)'),
  ]);
  Object.assign(world.spent, { ms: 0, batches: 0, calls: 0 });
  let time = Date.now();
  const begun = time;
  const started = performance.now();
  const requests = new RequestBudget(10_000);
  await broadcastJob.run({
    ...world.services,
    now: () => new Date(time),
    sleep: async (milliseconds) => {
      time += milliseconds;
    },
    deadline: new Date(time + 125_000),
    requests,
    replay: world.receive,
  });
  const ms = performance.now() - started;
  const { batches, calls, ms: inside } = world.spent;
  const seconds = (time - begun) / 1000;
  console.log(
    `Broadcast to ${large.users} users: ${calls} calls in ${seconds.toFixed(0)} s of Telegram's time (${(calls / seconds).toFixed(1)} a second); ` +
      `${((batches + calls) / calls).toFixed(2)} requests and ${(inside / calls).toFixed(2)} ms of database a message, ${(ms / calls).toFixed(2)} ms of everything`,
  );
}

function chart(): void {
  const bars = Array.from({ length: 90 }, (_, i) => ({ label: '22.11', value: (i * 7919) % 5000 }));
  const started = performance.now();
  let bytes = 0;
  for (let i = 0; i < 20; i++) bytes = barChart(bars).byteLength;
  console.log(
    `A chart of 90 days: ${((performance.now() - started) / 20).toFixed(1)} ms, ${bytes} bytes of PNG`,
  );
}
