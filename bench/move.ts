/**
 * A catalogue of 10,000 parts moves to another bot on the strict stand-in, in simulated time: every
 * part is archived, served by a copy from the first minute, and linked, with Telegram's limits on
 * and a process that dies every hundredth call.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTelegram } from '../sim/telegram/start-telegram.ts';
import type { Telegram } from '../sim/telegram/telegram.ts';
import { createApi } from '../src/bot/telegram.ts';
import { meetBot } from '../src/db/bot-identity.ts';
import { all, type Database, sql } from '../src/db/database.ts';
import { openEmbeddedDatabase } from '../src/db/file/embedded-database.ts';
import { migrate } from '../src/db/migrate.ts';
import { partOf } from '../src/db/parts.ts';
import { archiveJob } from '../src/jobs/archive-files.ts';
import { type JobContext, RequestBudget } from '../src/jobs/job.ts';
import { relinkJob } from '../src/jobs/relink-files.ts';
import { record } from './measures.ts';

/** `node bench/move.ts 400` */
const PARTS = Number(process.argv[2] ?? 10_000);
const PER_ANIME = 100;
const DIES_AFTER = 100;
let time = Date.UTC(2026, 10, 28);
const now = (): Date => new Date(time);
const directory = mkdtempSync(join(tmpdir(), 'bench-move-'));

class Died extends Error {}

/** A minute of the job; the process dies at every hundredth call of all. */
let calls = 0;
let deaths = 0;
async function minute(db: Database, telegram: Telegram, job: typeof archiveJob): Promise<void> {
  const began = time;
  const dying = async <T>(act: () => Promise<T>): Promise<T> => {
    calls += 1;
    const result = await act();
    if (calls % DIES_AFTER === 0) throw new Died();
    return result;
  };
  const api = createApi({ token: telegram.token, apiRoot: telegram.apiRoot, fetch: telegram.fetch as never });
  api.config.use((next, method, payload, signal) => dying(() => next(method, payload, signal)));
  const context = {
    api,
    now,
    me: telegram.botInfo,
    db: { ...db, read: (q: never) => dying(() => db.read(q)), write: (s: never) => dying(() => db.write(s)) },
    sleep: async (ms: number) => {
      time += ms;
    },
    ownerIds: [],
    defaultLocale: 'uz',
    log: { debug() {}, info() {}, warn() {}, error() {} },
    deadline: new Date(time + 120_000),
    requests: new RequestBudget(10_000),
  } as unknown as JobContext;
  await job.run(context).catch((error: unknown) => {
    if (!(error instanceof Died)) throw error;
    deaths += 1;
  });
  time = Math.max(time, began + 60_000);
}

async function count(db: Database, query: string): Promise<number> {
  const [[n = 0]] = await db.read([all(sql(query), (row) => row.int('n'))]);
  return n;
}

const old = await startTelegram({ clock: now, limits: true });
const db = await openEmbeddedDatabase(join(directory, 'bot.db'));
try {
  await migrate(db, { now, backup: async () => {} });
  await meetBot(db, old.botInfo, now());
  const channel = old.channel({ title: 'Arxiv' });
  const uploader = old.person();
  const files = await old.hold(async () => {
    const sent = [];
    for (let i = 0; i < PARTS; i += 1) sent.push((await uploader.send({ video: true })).file);
    return sent;
  });
  old.takeUpdates();
  await db.write([
    sql(
      `INSERT INTO archive_channel (id, chat_id, name, added_by, added_at) VALUES (1, ?, 'Arxiv', 1, '2026-11-28')`,
      channel.id,
    ),
    ...Array.from({ length: Math.ceil(PARTS / PER_ANIME) }, (_, i) =>
      sql('INSERT INTO anime (code, title, views) VALUES (?, ?, ?)', i + 1, `Anime ${i + 1}`, i),
    ),
    ...files.map((file, i) =>
      sql(
        'INSERT INTO anime_parts (anime_code, part_number, file_id) VALUES (?, ?, ?)',
        1 + Math.floor(i / PER_ANIME),
        1 + (i % PER_ANIME),
        file?.fileId ?? '',
      ),
    ),
  ]);
  report('archiving', await until(old, archiveJob, 'SELECT COUNT(*) AS n FROM archive', PARTS), old);

  old.ban();
  const next = await startTelegram({ beside: old, token: '7000000002:AANext', limits: true });
  await meetBot(db, next.botInfo, now());
  await next.room(channel.id).promoteBot();
  let served = 0;
  for (let i = 0; i < PARTS; i += 1) {
    const [part] = await db.read([partOf({ code: 1 + Math.floor(i / PER_ANIME) }, 1 + (i % PER_ANIME))]);
    if (part?.at.isAway === true && part.at.copy !== null) served += 1;
  }
  record({
    what: 'move, served from the first minute',
    of: `${PARTS} parts`,
    value: served / PARTS,
    unit: 'ratio',
    goal: 1,
    isMoreBetter: true,
  });
  console.log(`served from the first minute: ${served} of ${PARTS}`);
  if (served !== PARTS) process.exitCode = 1;
  calls = 0;
  report(
    'linking',
    await until(
      next,
      relinkJob,
      `SELECT ${PARTS} - COUNT(*) AS n FROM foreign_files WHERE views >= 0`,
      PARTS,
    ),
    next,
  );
  let linked = 0;
  const api = createApi({ token: next.token, apiRoot: next.apiRoot, fetch: next.fetch as never });
  const [ids] = await db.read([all(sql('SELECT file_id AS f FROM anime_parts'), (row) => row.text('f'))]);
  for (const id of ids) if ((await api.getFile(id)).file_id === id) linked += 1;
  console.log(`linked: ${linked} of ${PARTS}`);
  if (linked !== PARTS) process.exitCode = 1;
  await next.close();
} finally {
  db.close();
  await old.close();
  rmSync(directory, { recursive: true, force: true });
}

async function until(
  telegram: Telegram,
  job: typeof archiveJob,
  query: string,
  wanted: number,
): Promise<number> {
  let minutes = 0;
  for (; (await count(db, query)) < wanted; minutes += 1) await minute(db, telegram, job);
  return minutes;
}

function report(what: string, minutes: number, telegram: Telegram): void {
  const refused = telegram.calls.filter(({ status }) => status === 429).length;
  console.log(
    `${what} ${PARTS}: ${minutes} min of Telegram's time (${(minutes / 60).toFixed(1)} h), ${deaths} deaths so far, ${refused} calls over the limits`,
  );
  if (refused > 0) process.exitCode = 1;
}
