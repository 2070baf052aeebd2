/**
 * The two hosts as their compositions build them, on simulated time: what survives a program, and
 * the programs one after another.
 */
import { join } from 'node:path';
import { openSqlServer } from '../../sim/sql-over-http/in-process-server.ts';
import type { Telegram } from '../../sim/telegram/telegram.ts';
import type { BackupEngine } from '../../src/backup/engine.ts';
import type { RowSource } from '../../src/backup/model/model.ts';
import { createBackupLedger } from '../../src/backup/run/backup-runs.ts';
import { openEmbeddedSnapshotSource } from '../../src/backup/snapshot/embedded.ts';
import { openRemoteSnapshotSource } from '../../src/backup/snapshot/remote.ts';
import { backupAlertText, tellOwners } from '../../src/bot/alerts.ts';
import { PollHearing, setWebhook } from '../../src/bot/hearing.ts';
import { createApi } from '../../src/bot/telegram.ts';
import type { Database } from '../../src/db/database.ts';
import { openEmbeddedDatabase } from '../../src/db/file/embedded-database.ts';
import { openRemoteDatabase } from '../../src/db/remote-database.ts';
import { composeEngine } from '../../src/hosts/compose.ts';
import { createHost } from '../../src/hosts/host.ts';
import type { Host } from '../../src/hosts/host-parts.ts';
import { poll } from '../../src/hosts/node/polling.ts';
import { linkKey } from '../../src/http/download-links.ts';
import { createLog } from '../../src/lib/log.ts';
import { type Config, readConfig } from '../../src/settings/config.ts';
import { createMemoryStore, type MemoryStore } from '../support/memory-store.ts';
import { Process } from './killable-program.ts';
import type { VirtualTime } from './virtual-time.ts';
import type { Unknown } from './weather.ts';

export const MODES = ['node webhook', 'node polling', 'worker webhook'] as const;
export type Mode = (typeof MODES)[number];

export const WEBHOOK = 'https://bot.example.org/webhook';
const SECRET = 'webhook_secret_1';
/** As in own-work.ts. */
const START_BACKUP_MIN_AGE_MS = 10 * 60_000;

/** What is there before a program and after it. */
export interface Ground {
  readonly mode: Mode;
  readonly time: VirtualTime;
  readonly telegram: Telegram;
  readonly config: Config;
  readonly store: MemoryStore;
  readonly db: Database;
  readonly source: RowSource;
  /** Lines of all programs that tell of trouble. */
  readonly log: Record<string, unknown>[];
  close(): void;
}

export interface GroundOptions {
  readonly mode: Mode;
  readonly time: VirtualTime;
  readonly telegram: Telegram;
  readonly directory: string;
  readonly settings: Readonly<Record<string, string>>;
}

export async function openGround(options: GroundOptions): Promise<Ground> {
  const { mode, time, directory } = options;
  const path = join(directory, 'bot.db');
  const made = {
    ...options,
    config: readConfig({ ...options.settings }, 'node'),
    store: createMemoryStore(time.now),
    log: [],
  };
  if (mode !== 'worker webhook') {
    const db = await openEmbeddedDatabase(path);
    return { ...made, db, source: openEmbeddedSnapshotSource({ path }), close: () => db.close() };
  }
  const server = openSqlServer({ file: path });
  const url = 'http://database.invalid';
  const db = openRemoteDatabase({ url, authToken: undefined, fetch: server.fetch });
  return {
    ...made,
    db,
    source: openRemoteSnapshotSource({ url, fetch: server.fetch }),
    close() {
      db.close();
      server.close();
    },
  };
}

export interface Program {
  readonly process: Process;
  readonly host: Host;
  /** One POST of Telegram; rejects when the program dies meanwhile. */
  fetch(request: Request): Promise<Response>;
}

/** Starts a program as its host would: schema, start backup, webhook or polling. */
export function startProgram(ground: Ground, onDeath: (underWay: readonly Unknown[]) => void): Program {
  const { mode, time, telegram, config, source } = ground;
  const { now } = time;
  const process = new Process(time, () => onDeath([...underWay]));
  const db = process.database(ground.db);
  const store = process.store(ground.store);
  const log = createLog('info', (line) => ground.log.push(JSON.parse(line) as Record<string, unknown>));
  const underWay = new Set<Unknown>();
  const answer: typeof telegram.fetch = async (url, request) => {
    const call = { at: now(), method: url.slice(url.lastIndexOf('/') + 1), params: paramsOf(request?.body) };
    underWay.add(call);
    try {
      return await process.call('telegram', () => telegram.fetch(url, request));
    } finally {
      underWay.delete(call);
    }
  };
  const api = createApi({
    token: telegram.token,
    apiRoot: telegram.apiRoot,
    log,
    // grammY's types are of node-fetch; it uses `json()` of the answer alone.
    fetch: answer as never,
  });
  const links = { baseUrl: '', key: linkKey(telegram.token), prefix: config.backup.prefix, now };
  const backups = composeEngine(config.backup, {
    source: process.source(source),
    store,
    links,
    ledger: createBackupLedger(db),
    holder: mode,
    clock: { now, sleep: (ms, signal) => Promise.race([process.sleep(ms), aborted(signal)]) },
    alert: (alert) =>
      tellOwners({ api, log, ownerIds: config.ownerIds }, backupAlertText(config.defaultLocale, alert)),
  });
  const polled = new PollHearing(now());
  let unset: string | undefined;
  const isPolling = mode === 'node polling';
  const isWorker = mode === 'worker webhook';
  const host = createHost({
    config,
    hearing: isPolling
      ? polled
      : { webhook: { url: WEBHOOK, secret: SECRET }, trouble: () => (isWorker ? undefined : unset) },
    webhookSecret: isPolling ? undefined : SECRET,
    db,
    api,
    me: telegram.botInfo,
    backups: patient(backups, process),
    now,
    sleep: process.sleep,
    log,
    tickLimits: { seconds: 50, requests: isWorker ? config.subrequestLimit - 10 : 10_000 },
    after: (milliseconds, work) =>
      void process
        .sleep(milliseconds)
        .then(work)
        .catch(() => {}),
    ...(isWorker ? {} : { background: (work) => void work(new AbortController().signal).catch(() => {}) }),
  });
  void begin();

  async function begin(): Promise<void> {
    if (isWorker) return;
    await host.ready({ waits: true });
    void host.runBackup('start', now(), { unlessYoungerThanMs: START_BACKUP_MIN_AGE_MS });
    if (isPolling) {
      await api.deleteWebhook().catch(() => undefined);
      return poll({
        api,
        receive: host.receive,
        log,
        sleep: process.sleep,
        signal: new AbortController().signal,
        onAnswer: () => polled.answered(now()),
        onFailure: (error) => polled.failed(error),
      });
    }
    for (let delay = 1_000; ; delay = Math.min(2 * delay, 60_000)) {
      try {
        await setWebhook(api, WEBHOOK, SECRET);
        unset = undefined;
        return;
      } catch (error) {
        unset = String(error);
        await process.sleep(delay);
      }
    }
  }

  return {
    process,
    host,
    async fetch(request) {
      const died = process.death.then(() => Promise.reject(new TypeError('fetch failed')));
      return Promise.race([Promise.resolve(host.app.fetch(request)), died]);
    },
  };
}

function paramsOf(body: unknown): Record<string, unknown> {
  return typeof body === 'string' && body !== '' ? (JSON.parse(body) as Record<string, unknown>) : {};
}

/** What `npm run deploy` does for a Worker. */
export async function deploy({ telegram, db }: Ground): Promise<void> {
  const api = createApi({ token: telegram.token, apiRoot: telegram.apiRoot, fetch: telegram.fetch as never });
  await db.write([await setWebhook(api, WEBHOOK, SECRET)]);
}

/** The engine's work is hashing, packing and reading: no other time passes meanwhile. */
function patient(engine: BackupEngine, process: Process): BackupEngine {
  return {
    ...engine,
    run: (options) => process.working(() => engine.run(options)),
    runRequest: (request, onProgress) => process.working(() => engine.runRequest(request, onProgress)),
    finishRequested: (mayBegin) => process.working(() => engine.finishRequested(mayBegin)),
    list: (page) => process.working(() => engine.list(page)),
    verify: (name, onBytes) => process.working(() => engine.verify(name, onBytes)),
    health: () => process.working(() => engine.health()),
  };
}

function aborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) resolve();
    signal?.addEventListener('abort', () => resolve());
  });
}
