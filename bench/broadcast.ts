/**
 * Broadcasts over a network: messages a second, as a ratio to the 25 that are allowed (Telegram
 * refuses more than about 30). `npx node bench/broadcast.ts [seconds] [delay ms …]`. Both
 * databases: a file (the Node host's) and SQL over HTTP (the Worker's). Every call takes the delay;
 * the Bot API stand-in refuses above its limits.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startSqlServer } from '../sim/sql-over-http/sql-server.ts';
import { startTelegram } from '../sim/telegram/start-telegram.ts';
import { createBackupLedger } from '../src/backup/run/backup-runs.ts';
import { openEmbeddedSnapshotSource } from '../src/backup/snapshot/embedded.ts';
import { createDirectoryStore } from '../src/backup/store/directory.ts';
import { createApi } from '../src/bot/telegram.ts';
import { type Database, sql } from '../src/db/database.ts';
import { openEmbeddedDatabase } from '../src/db/file/embedded-database.ts';
import { migrate } from '../src/db/migrate.ts';
import { openRemoteDatabase } from '../src/db/remote-database.ts';
import { composeEngine } from '../src/hosts/compose.ts';
import { linkKey } from '../src/http/download-links.ts';
import { RequestBudget } from '../src/jobs/job.ts';
import { broadcastJob } from '../src/jobs/send-broadcasts.ts';
import { createLog } from '../src/lib/log.ts';
import { Pace } from '../src/lib/pace.ts';
import { readConfig } from '../src/settings/config.ts';
import { record } from './measures.ts';

const ALLOWED = 25;
const [seconds = 20, ...given] = process.argv.slice(2).map(Number);
const delays = given.length > 0 ? given : [30];
const ADMIN = 1;

for (const delay of delays)
  for (const kind of ['file', 'http'] as const) {
    const directory = mkdtempSync(join(tmpdir(), 'anime-bench-'));
    const server = kind === 'http' ? await startSqlServer({ file: join(directory, 'bot.db') }) : undefined;
    const db =
      server === undefined
        ? await openEmbeddedDatabase(join(directory, 'bot.db'))
        : openRemoteDatabase({ url: server.url, authToken: undefined, fetch: late(delay) });
    try {
      await measure({ db, directory, delay, kind });
    } finally {
      db.close();
      await server?.close();
      rmSync(directory, { recursive: true, force: true });
    }
  }

interface Measured {
  readonly db: Database;
  readonly directory: string;
  readonly delay: number;
  readonly kind: string;
}

async function measure({ db, directory, delay, kind }: Measured): Promise<void> {
  const now = (): Date => new Date();
  await migrate(db, { now, backup: async () => {} });
  const telegram = await startTelegram({ limits: true });
  const people = Array.from({ length: Math.ceil(seconds * 40) }, () => telegram.person());
  const admin = telegram.person({ id: ADMIN });
  await telegram.hold(async () => {
    for (const person of [admin, ...people]) await person.start();
  });
  telegram.takeUpdates();
  const { id: message } = await telegram.hold(() => admin.send('Yangilik!'));
  telegram.takeUpdates();
  await db.write([
    ...people.map(({ id }) =>
      sql("INSERT INTO users (user_id, created_at) VALUES (?, '2026-01-01 00:00:00')", id),
    ),
    sql(
      `INSERT INTO broadcasts (id, requested_by, audience, state, total, created_at, started_at)
       VALUES (1, ?, 'users', 'running', ?, '2026-01-01 00:00:00', '2026-02-01 00:00:00')`,
      ADMIN,
      people.length,
    ),
    sql('INSERT INTO broadcast_messages (broadcast_id, message_id) VALUES (1, ?)', message),
  ]);
  const log = createLog('error', console.log);
  const api = createApi({ token: telegram.token, apiRoot: telegram.apiRoot, log });
  api.config.use(async (call, method, payload, signal) => {
    await sleep(delay);
    return await call(method, payload, signal);
  });
  const { backup } = readConfig({}, 'node');
  const backups = composeEngine(backup, {
    source: openEmbeddedSnapshotSource({ path: join(directory, 'bot.db') }),
    store: createDirectoryStore(join(directory, 'bucket')),
    ledger: createBackupLedger(db),
    holder: 'bench',
    links: { baseUrl: '', key: linkKey(telegram.token), prefix: backup.prefix, now },
    alert: async () => {},
  });
  const started = Date.now();
  await broadcastJob.run({
    db,
    api,
    backups,
    me: telegram.botInfo,
    ownerIds: [ADMIN],
    defaultLocale: 'uz',
    now,
    log,
    sleep: (ms) => sleep(ms),
    pace: new Pace(),
    deadline: new Date(started + 1000 * seconds),
    requests: new RequestBudget(10_000),
    replay: async () => 'handled',
  });
  const copies = telegram.callsOf('copyMessage').filter(({ status }) => status === 200);
  const refused = telegram.callsOf('copyMessage').filter(({ status }) => status === 429).length;
  const times = copies.map(({ at }) => at.getTime());
  const rate = copies.length / ((Date.now() - started) / 1000);
  const most = Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + 1_000).length));
  record({
    what: 'broadcast, of the pace allowed',
    of: `${kind}, ${delay} ms a call`,
    value: rate / ALLOWED,
    unit: 'ratio',
    goal: 0.9,
    isMoreBetter: true,
  });
  console.log(
    `${kind}, ${delay} ms a call: ${rate.toFixed(1)} a second, ratio ${(rate / ALLOWED).toFixed(2)}; most in any second ${most}; refused by 429 ${refused}`,
  );
  await telegram.close();
}

/** A network that far away. */
function late(delay: number): typeof fetch {
  return async (input, init) => {
    await sleep(delay);
    return await fetch(input, init);
  };
}
