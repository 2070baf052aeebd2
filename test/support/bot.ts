/**
 * The whole bot on an embedded database (or a server's: {@link onServer}) and the Telegram
 * stand-in, in one process: people act, tests look at what they see. Updates come through the Hono
 * app's webhook, as they do in production.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { type RunnerTestCase, TestRunner } from 'vitest';
import { openSqlServer } from '../../sim/sql-over-http/in-process-server.ts';
import { ManualClock } from '../../sim/sql-over-http/server-clock.ts';
import { startTelegram } from '../../sim/telegram/start-telegram.ts';
import type { Telegram } from '../../sim/telegram/telegram.ts';
import { createBackupLedger } from '../../src/backup/run/backup-runs.ts';
import { openEmbeddedSnapshotSource } from '../../src/backup/snapshot/embedded.ts';
import { createDirectoryStore } from '../../src/backup/store/directory.ts';
import { createReceiver, type Receive } from '../../src/bot/receive.ts';
import type { Services } from '../../src/bot/services.ts';
import type { Stage } from '../../src/bot/step.ts';
import { createApi } from '../../src/bot/telegram.ts';
import { type Database, DatabaseUnavailable } from '../../src/db/database.ts';
import { openEmbeddedDatabase } from '../../src/db/file/embedded-database.ts';
import { migrate } from '../../src/db/migrate.ts';
import { openRemoteDatabase } from '../../src/db/remote-database.ts';
import { watchWrites } from '../../src/db/watched-writes.ts';
import { stages as allStages } from '../../src/handlers/index.ts';
import { composeEngine } from '../../src/hosts/compose.ts';
import { createApp } from '../../src/http/app.ts';
import { linkKey } from '../../src/http/download-links.ts';
import { type JobContext, RequestBudget } from '../../src/jobs/job.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { createLog } from '../../src/lib/log.ts';
import { Pace } from '../../src/lib/pace.ts';
import { type LocaleName, readConfig } from '../../src/settings/config.ts';
import { takeOverFile } from '../../src/takeover/take-over.ts';
import { serverKind } from './server-kind.ts';
import { fromTemplate } from './template-file.ts';

export interface Cost {
  readonly reads: number;
  readonly writes: number;
  readonly calls: number;
}

export interface TestBot {
  readonly telegram: Telegram;
  readonly db: Database;
  readonly path: string;
  readonly services: Services;
  readonly receive: Receive;
  /** POSTs a body to the webhook and gives the status. */
  post(body: string, headers?: Record<string, string>): Promise<number>;
  /** Parsed log lines of updates, oldest first. */
  readonly log: Record<string, unknown>[];
  /** Moves the bot's and Telegram's clock. */
  advance(milliseconds: number): void;
  now(): Date;
  /** Batches and Bot API calls that `act` caused. */
  costOf(act: () => Promise<unknown>): Promise<Cost>;
  /** Makes the next batch fail; `after` loses the answer of a write that happened. */
  failNext(what: 'read' | 'write', when?: 'before' | 'after'): void;
  /** A context for running a job by hand; the clock jumps when the job sleeps. */
  jobContext(options?: { seconds?: number; requests?: number }): JobContext;
  close(): Promise<void>;
}

export const ADMIN_ID = 100;
const SECRET = 'webhook_secret_1';

export interface TestBotOptions {
  readonly stages?: readonly Stage[];
  readonly ownerIds?: readonly number[];
  readonly defaultLocale?: LocaleName;
  /** Opens an existing file, as after a restart. */
  readonly path?: string;
  readonly telegram?: Telegram;
  readonly now?: Date;
}

/**
 * The file itself, or through a server of the present kind, which no slow machine makes impatient.
 */
export async function openTestDatabase(path: string): Promise<Database> {
  const kind = serverKind();
  if (kind === undefined) return openEmbeddedDatabase(path);
  const inProcess = openSqlServer({ file: path, clock: new ManualClock(), ...kind });
  const db = openRemoteDatabase({
    url: 'http://database',
    authToken: undefined,
    // Never given up: in a burst of updates, a slow machine may need longer than the client waits.
    fetch: (input, init) => inProcess.fetch(input, { ...init, signal: null }),
  });
  return {
    read: (queries) => db.read(queries),
    write: (statements) => db.write(statements),
    get roundTrips() {
      return db.roundTrips;
    },
    close() {
      db.close();
      inProcess.close();
    },
  };
}

export async function startTestBot(options: TestBotOptions = {}): Promise<TestBot> {
  const directory = options.path === undefined ? mkdtempSync(join(tmpdir(), 'anime-bot-')) : undefined;
  const path = options.path ?? join(directory ?? '', 'bot.db');
  let time = (options.now ?? new Date('2026-11-22T10:00:00Z')).getTime();
  const now = (): Date => new Date(time);
  const telegram = options.telegram ?? (await startTelegram({ clock: now }));
  const migrated = async (file: string): Promise<Database> => {
    const db = await openTestDatabase(file);
    await migrate(db, { now, backup: async () => {}, takeOver: takeOverFile });
    return db;
  };
  if (directory !== undefined) {
    const kind = `${JSON.stringify(serverKind())} ${time}`;
    await fromTemplate(kind, path, async (template) => (await migrated(template)).close());
  }
  const opened = directory === undefined ? await migrated(path) : await openTestDatabase(path);
  const counted = countAndFail(opened);
  const writes = watchWrites(counted.db, now);
  const log: Record<string, unknown>[] = [];
  // A test says what it missed; why a handler gave up stands in the log alone.
  TestRunner.getCurrentTest<RunnerTestCase | undefined>()?.context.onTestFailed(() => {
    for (const { error } of log) if (error !== undefined) process.stderr.write(`the bot: ${String(error)}\n`);
  });
  const store = createDirectoryStore(
    join(directory ?? mkdtempSync(join(tmpdir(), 'anime-bucket-')), 'bucket'),
  );
  const backup = readConfig({}, 'node').backup;
  const links = { baseUrl: 'http://127.0.0.1', key: linkKey(telegram.token), prefix: backup.prefix, now };
  const services: Services = {
    backups: composeEngine(backup, {
      source: openEmbeddedSnapshotSource({ path }),
      store,
      ledger: createBackupLedger(opened),
      holder: 'test',
      links,
      alert: async () => {},
      // Only time limits sleep in a run that goes well, and they are called off.
      clock: { now, sleep: systemClock.sleep },
    }),
    db: writes.db,
    writes,
    api: createApi({ token: telegram.token, apiRoot: telegram.apiRoot }),
    me: telegram.botInfo,
    ownerIds: options.ownerIds ?? [ADMIN_ID],
    defaultLocale: options.defaultLocale ?? 'uz',
    now,
    log: createLog('debug', (line) => log.push(JSON.parse(line) as Record<string, unknown>)),
  };
  let callsUnderWay = 0;
  services.api.config.use(async (call, method, payload, signal) => {
    callsUnderWay += 1;
    try {
      return await call(method, payload, signal);
    } finally {
      callsUnderWay -= 1;
    }
  });
  const pace = new Pace();
  const receive = createReceiver(services, options.stages ?? allStages);
  const app = createApp({
    webhookSecret: SECRET,
    receive,
    health: async () => ({
      status: 'ok',
      version: 'test',
      database: 'ok',
      backup: { last_verified: null, age_hours: null },
    }),
    download: async () => undefined,
  });
  const post = async (body: string, headers: Record<string, string> = {}): Promise<number> => {
    const response = await app.request('/webhook', {
      method: 'POST',
      body,
      headers: { 'X-Telegram-Bot-Api-Secret-Token': SECRET, 'Content-Type': 'application/json', ...headers },
    });
    await response.text();
    return response.status;
  };
  // What leaves an update is done when its delivery is over; who wants to see it under way takes
  // `background` away.
  const underWay = new Set<Promise<void>>();
  Object.assign(services, {
    background: (work: (signal: AbortSignal) => Promise<void>) => {
      const running = work(new AbortController().signal);
      underWay.add(running);
      void running.finally(() => underWay.delete(running));
    },
  });
  telegram.connect(async (update) => {
    const status = await post(JSON.stringify(update));
    await Promise.all(underWay);
    return status;
  });
  return {
    telegram,
    db: counted.db,
    path,
    services,
    receive,
    post,
    log,
    advance: (milliseconds) => {
      time += milliseconds;
    },
    now,
    async costOf(act) {
      const before = { ...counted.counts, calls: telegram.calls.length };
      await act();
      return {
        reads: counted.counts.reads - before.reads,
        writes: counted.counts.writes - before.writes,
        calls: telegram.calls.length - before.calls,
      };
    },
    failNext: counted.failNext,
    jobContext: ({ seconds = 50, requests = 10_000 } = {}) => ({
      ...services,
      pace,
      sleep: async (milliseconds) => {
        // As over a quick network, where an answer comes within the pause before the next message.
        while (callsUnderWay > 0) await setImmediate();
        time += milliseconds;
      },
      deadline: new Date(time + seconds * 1000),
      requests: new RequestBudget(requests),
      replay: (update) => receive(update, 'replay'),
    }),
    async close() {
      opened.close();
      if (options.telegram === undefined) await telegram.close();
      if (directory !== undefined) rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}

function countAndFail(db: Database): {
  db: Database;
  counts: { reads: number; writes: number };
  failNext: TestBot['failNext'];
} {
  const counts = { reads: 0, writes: 0 };
  const faults: { what: 'read' | 'write'; when: 'before' | 'after' }[] = [];
  const run = async <T>(what: 'read' | 'write', act: () => Promise<T>): Promise<T> => {
    counts[what === 'read' ? 'reads' : 'writes'] += 1;
    const fault = faults[0]?.what === what ? faults.shift() : undefined;
    if (fault?.when === 'before') throw new DatabaseUnavailable('database unavailable: test');
    const result = await act();
    if (fault?.when === 'after') throw new DatabaseUnavailable('database unavailable: answer lost (test)');
    return result;
  };
  return {
    counts,
    failNext: (what, when = 'before') => {
      faults.push({ what, when });
    },
    db: {
      read: (queries) => run('read', () => db.read(queries)),
      write: (statements) => run('write', () => db.write(statements)),
      get roundTrips() {
        return db.roundTrips;
      },
      close: () => db.close(),
    },
  };
}
