/**
 * Builds and runs the Node host from settings: database, bucket, schedule, webhook or polling. Node
 * only.
 */
import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ServerType, serve } from '@hono/node-server';
import { Cron } from 'croner';
import { type Api, GrammyError, HttpError } from 'grammy';
import type { UserFromGetMe } from 'grammy/types';
import type { DrillRecord } from '../../backup/catalog/drill-record.ts';
import type { BackupEngine } from '../../backup/engine.ts';
import { createImportUpload } from '../../backup/import/uploads.ts';
import { drill } from '../../backup/restore/drill.ts';
import { createBackupLedger } from '../../backup/run/backup-runs.ts';
import { logStrangers } from '../../backup/schema/living-strangers.ts';
import { removeOldCopies } from '../../backup/snapshot/copy-name.ts';
import { backupAlertText, tellAdmins } from '../../bot/alerts.ts';
import { PollHearing, setWebhook } from '../../bot/hearing.ts';
import { askBotInfo, createApi, readBotInfo } from '../../bot/telegram.ts';
import { admins, staff } from '../../db/admins.ts';
import type { Database } from '../../db/database.ts';
import { explainUnusable, requireUsableFile } from '../../db/file/database-file.ts';
import { lockDatabaseFile } from '../../db/file/file-lock.ts';
import { holdWrites } from '../../db/file/held-writes.ts';
import { holderText, isSurelyDead } from '../../db/file/lock-text.ts';
import { requireFitServer } from '../../db/fitness.ts';
import { installCommands } from '../../handlers/commands-menu.ts';
import { linkKey } from '../../http/download-links.ts';
import { refusal } from '../../http/loopback-guard.ts';
import { systemClock } from '../../lib/clock.ts';
import { describeError, type Log } from '../../lib/log.ts';
import { untilStopped } from '../../lib/retry.ts';
import { UNREACHABLE } from '../../lib/surprise.ts';
import { isTokenRefused, TOKEN_REFUSED } from '../../lib/token-refused.ts';
import { type Texts, textsFor } from '../../locales/index.ts';
import { asCalledHere, callsAsHere } from '../../settings/command-name.ts';
import type { Config } from '../../settings/config.ts';
import { TAKE_OVER_MODULE, takeOver, takeOverFile } from '../../takeover/take-over.ts';
import type { Html } from '../../text/html.ts';
import { botKeys, bucketOf, composeEngine, composeShipping, copyOf } from '../compose.ts';
import { createHost, type Host } from '../host.ts';
import { NO_ADMINS } from '../no-admins.ts';
import { tickWhileBusy } from './busy-ticks.ts';
import { checkDisks, type Places } from './disk-room.ts';
import { createHostLog } from './log-lines.ts';
import { withoutEcho } from './loss-alerts.ts';
import { isMissing, requireNothingKept } from './missing-database.ts';
import { openDatabase, openSnapshotSource, openStore, requirePlaces } from './node-parts.ts';
import { poll } from './polling.ts';

/**
 * A start makes a backup unless a verified one is younger: so a crash loop makes no flood
 * (docs/spec/backup.md "Triggers").
 */
const START_BACKUP_MIN_AGE_MS = 10 * 60_000;
const TICK_LIMITS = { seconds: 50, requests: 10_000 };
/** No time limit ends a run here as in a Worker. */
const RUN_TIMEOUT_MS = 12 * 3_600_000;
/**
 * How long a stopping host lets a run go on before it gives the run up; then it cleans up and frees
 * its lease.
 */
const RUN_GRACE_MS = 8_000;
/**
 * How long it lets a client finish its request or take its answer; then it cuts off a stalled one.
 */
const CLIENT_GRACE_MS = 2_000;
/**
 * How long it waits for updates under way, a run of theirs included. Unacknowledged, they come
 * again.
 */
const UPDATE_GRACE_MS = 12_000;

/** How long a start that knows its BOT_INFO waits for Telegram's word on the token. */
const FIRST_CALL_MS = 5_000;

/** Sundays, away from the nightly backup (docs/spec/backup.md "Commands": weekly). */
const DRILL_CRON = '30 3 * * 0';

export interface RunningNode {
  readonly address: string;
  readonly backups: BackupEngine;
  /** For offline mode alone, whose world begins with rows of its own. */
  readonly db: Database;
  /** The backup of a start. */
  backUp(): Promise<unknown>;
  stop(): Promise<void>;
}

export interface NodeOptions {
  /** Nothing here is production: /healthz says so, and only this machine gets answers. */
  readonly isOffline?: boolean;
  /** Begins a missing database although there are backups of one. */
  readonly beginsNew?: boolean;
  /**
   * The first backup waits until {@link RunningNode.backUp} is called: what it shall hold is not
   * there yet.
   */
  readonly isUnfilled?: boolean;
  /** Left out: as the settings say. */
  readonly log?: Log;
  /** Another host took the database over: this one must end, and leave its files alone. */
  readonly onTaken?: () => void;
}

export async function startNode(
  config: Config,
  {
    isOffline = false,
    beginsNew = false,
    isUnfilled = false,
    log = createHostLog(config),
    onTaken,
  }: NodeOptions = {},
): Promise<RunningNode> {
  const { botToken } = config;
  if (botToken === undefined) throw new Error('BOT_TOKEN: missing');
  requirePlaces(config);
  if (config.database.kind === 'file') removeOldCopies(config.database.path);
  const now = (): Date => new Date();
  const api = createApi({ token: botToken, apiRoot: config.telegramApiRoot, log });
  api.config.use(callsAsHere);
  const me = await whoAmI(api, config.botInfo);
  const place = config.database.kind === 'file' ? config.database.path : 'the server';
  const explained = (error: unknown): never => {
    throw explainUnusable(error, place);
  };
  const giveWay = (message: string): void => {
    log.error('database taken over', { message });
    onTaken?.();
  };
  const store = await openStore(config.bucket);
  if (config.database.kind === 'file') {
    const { path } = config.database;
    const bucket = bucketOf(config.backup, store);
    if (isMissing(path) && !beginsNew && !isOffline) await requireNothingKept(path, bucket, log);
    if (!isMissing(path) || !beginsNew) requireUsableFile(path);
  }
  // Two hosts on one file would fail in turns; the second one hears who has it.
  const lock =
    config.database.kind === 'file'
      ? await lockDatabaseFile(config.database.path, { holder: 'node host', now, onTaken: giveWay }).catch(
          explained,
        )
      : undefined;
  const database = await openDatabase(
    config.database,
    (message) => log.warn('journal set aside', { message }),
    async ({ path, rescued, message }) => {
      log.error('database lost', { message });
      const { databaseLost } = textsFor(config.defaultLocale).frame;
      await tellAdmins({ api, log, adminIds: config.adminIds }, databaseLost(path, rescued));
    },
  ).catch(explained);
  // A merge of an import holds the write lock to its end; waiting for it must not block the event
  // loop.
  const held = holdWrites(database.db, lock?.requireOurs);
  const { db } = held;
  const links = {
    baseUrl: config.publicUrl ?? '',
    key: linkKey(botToken),
    prefix: config.backup.prefix,
    now,
  };
  // With a public address Telegram comes to us. A secret in the settings survives a restart; a
  // fresh one is as good.
  const webhookSecret =
    config.publicUrl === undefined ? undefined : (config.webhookSecret ?? randomBytes(24).toString('hex'));
  const stopping = new AbortController();
  const source = openSnapshotSource(config.database);
  const givingUp = new AbortController();
  const backups = composeEngine(config.backup, {
    changeDays: config.changes.retentionDays,
    source,
    store,
    copy: config.copy && copyOf(config.backup, config.copy, await openStore(config.copy.bucket)),
    links,
    ledger: createBackupLedger(db, isSurelyDead),
    holder: holderText('node host', now()),
    timeoutMs: RUN_TIMEOUT_MS,
    stopping: givingUp.signal,
    alert: withoutEcho(database.isLost, (alert) =>
      tellAdmins({ api, log, adminIds: config.adminIds }, backupAlertText(config.defaultLocale, alert)),
    ),
  });
  const pause = (milliseconds: number): Promise<void> =>
    sleep(milliseconds, undefined, { signal: stopping.signal }).catch(() => {});
  const polled = new PollHearing(now());
  /** Why Telegram has no webhook of ours yet. */
  let unset: string | undefined;
  const webhookUrl = config.publicUrl && `${config.publicUrl}/webhook`;
  const host = createHost({
    config,
    hearing:
      webhookUrl === undefined
        ? polled
        : { webhook: { url: webhookUrl, secret: webhookSecret ?? '' }, trouble: () => unset },
    stopping: stopping.signal,
    isOffline,
    webhookSecret,
    db,
    api,
    me,
    store,
    backups,
    links,
    now,
    sleep: pause,
    log,
    tickLimits: TICK_LIMITS,
    changes: {
      isOn: config.changes.isOn,
      hasTimer: true,
      shipping: composeShipping(config.backup, {
        db,
        source,
        store,
        now,
        holder: holderText('node host', now()),
      }),
    },
    disk: () => checkDisks(placesOf(config)),
    isLost: database.isLost,
    asCalled: asCalledHere,
    copiesApart: true,
    importUpload: createImportUpload(
      { ...config.database, takeOver: TAKE_OVER_MODULE, adminIds: config.adminIds },
      held.hold,
    ),
    background: (work) => {
      void runs.add(work(givingUp.signal));
    },
    takeOver: config.database.kind === 'file' ? takeOverFile : takeOver,
    after: (milliseconds, work) => {
      // The tick does it anyway, so a stopping host need not wait for it.
      sleep(milliseconds, undefined, { ref: false })
        .then(work)
        .catch((error: unknown) => log.warn('late work failed', { error: describeError(error) }));
    },
  });
  if (config.database.kind === 'remote')
    await requireFitServer(db, { url: config.database.url, isTried: false });
  await host.ready({ waits: true }).catch(explained);
  await logStrangers(db, log);
  if (config.adminIds.length === 0 && (await db.read([admins()]))[0].length === 0)
    log.error('no admins', { message: NO_ADMINS });
  const requests = new Underway();
  const runs = new Underway();
  const answer: Answer = (request) => requests.add(host.app.fetch(request));
  const { server, port } = await listen(isOffline ? onlyThisMachine(answer) : answer, config);
  links.baseUrl ||= `http://127.0.0.1:${port}`;
  const backUp: Host['runBackup'] = (trigger, at, options) =>
    runs.add(host.runBackup(trigger, at, { ...options, signal: givingUp.signal }));
  const backUpStart = (): Promise<unknown> =>
    backUp('start', now(), { unlessYoungerThanMs: START_BACKUP_MIN_AGE_MS });
  if (!isUnfilled) void backUpStart();
  void requests.add(webhookUrl === undefined ? pollForUpdates() : useWebhook(webhookUrl));
  const crons = [
    schedule(config.backup.cron, log, async (at) => void (await backUp('schedule', at))),
    schedule('* * * * *', log, () =>
      tickWhileBusy({
        tick: () => runs.add(host.tick()),
        now,
        seconds: TICK_LIMITS.seconds,
        isStopped: () => stopping.signal.aborted || database.isLost(),
      }),
    ),
    schedule('* * * * *', log, async () => {
      if (!database.isLost()) await runs.add(host.copyBackups());
    }),
    schedule('* * * * *', log, () => database.checkpoint()),
    schedule(DRILL_CRON, log, () => rehearse()),
  ];
  void shipForever();
  log.info('started', {
    bot: me.username,
    address: `http://127.0.0.1:${port}`,
    updates: config.publicUrl === undefined ? 'polling' : 'webhook',
  });

  /**
   * A restore that nobody tried is a hope. Only the CLI, which has the key, can drill backups for
   * recipients.
   */
  async function rehearse(): Promise<void> {
    if (config.backup.ageRecipients.length > 0) return;
    const bucket = bucketOf(config.backup, store);
    const { damaged } = await backups.health();
    const lost = damaged?.isLost === true ? damaged : undefined;
    const { record } = await drill({ bucket, keys: botKeys(config.backup), clock: systemClock, lost });
    log[record.ok ? 'info' : record.opened === false ? 'warn' : 'error']('drill', {
      backup: record.name,
      ok: record.ok,
      ms: record.ms,
    });
    if (!record.ok)
      await tellAdmins(
        { api, log, adminIds: config.adminIds },
        drillText(textsFor(config.defaultLocale), record),
      );
  }

  /** One after another: the next look comes when the last file is stored. */
  async function shipForever(): Promise<void> {
    for (;;) {
      await pause(config.changes.seconds * 1000);
      if (stopping.signal.aborted) return;
      if (!database.isLost()) await runs.add(shipOnce());
    }
  }

  /** What could not go now goes the next time: the log keeps it. */
  function shipOnce(): Promise<void> {
    return host
      .shipChanges()
      .catch((error: unknown) => log.warn('changes not shipped', { error: describeError(error) }));
  }

  let isMenuSet = false;
  /**
   * Once, when Telegram has answered: without a network each of its many calls would fail and say
   * so.
   */
  function setMenu(): void {
    if (isMenuSet) return;
    isMenuSet = true;
    const { defaultLocale } = config;
    db.read([staff(config.adminIds)])
      .then(([found]) => installCommands(api, { defaultLocale, staff: found, signal: stopping.signal }))
      .catch((error: unknown) => log.warn('menu of commands not set', { error: describeError(error) }));
  }

  async function pollForUpdates(): Promise<void> {
    // A failure is told by the polling that follows: with no network by its own, with a webhook by
    // 409.
    await api
      .deleteWebhook()
      .then(setMenu, (error: unknown) => log.debug('webhook not removed', { error: describeError(error) }));
    await poll({
      api,
      receive: host.receive,
      log,
      sleep: pause,
      signal: stopping.signal,
      onAnswer: () => {
        polled.answered(now());
        setMenu();
      },
      onFailure: (error) => polled.failed(error),
    });
  }

  /** Tries until Telegram has it: a host that could not tell its address hears nothing. */
  async function useWebhook(url: string): Promise<void> {
    const onFailure = (error: unknown, pauseMs: number): void => {
      const remedy = remedyFor(error);
      const words = isTokenRefused(error)
        ? remedy
        : error instanceof GrammyError
          ? error.description
          : describeError(error);
      const level = words === unset ? 'debug' : 'error';
      unset = words;
      log[level]('webhook not set', { error: describeError(error), remedy, retry_in_ms: pauseMs });
    };
    await untilStopped({ sleep: pause, signal: stopping.signal, onFailure }, async () => {
      await setWebhook(api, url, webhookSecret ?? '');
      unset = undefined;
      setMenu();
    });
  }

  return {
    address: `http://127.0.0.1:${port}`,
    backups,
    db,
    backUp: backUpStart,
    async stop() {
      for (const cron of crons) cron.stop();
      stopping.abort();
      // A slow or stalled client delays neither the others nor the process.
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      const cutOff = setTimeout(
        () => 'closeAllConnections' in server && server.closeAllConnections(),
        CLIENT_GRACE_MS,
      );
      const giveUp = setTimeout(() => givingUp.abort(new Error('the host was stopped')), RUN_GRACE_MS);
      const [unanswered] = await Promise.all([requests.finished(UPDATE_GRACE_MS), runs.finished(), closed]);
      clearTimeout(cutOff);
      clearTimeout(giveUp);
      if (unanswered > 0) log.warn('requests given up', { count: unanswered });
      // A clean stop leaves nothing behind that is not in the bucket.
      if (!database.isLost())
        await Promise.race([shipOnce(), sleep(RUN_GRACE_MS, undefined, { ref: false })]);
      await database.close();
      await lock?.release();
    },
  };
}

/**
 * BOT_INFO says who the bot is while Telegram cannot be reached. A token that Telegram does not
 * know starts nothing: the bot would be deaf. @throws what Telegram said of it
 */
async function whoAmI(api: Api, botInfo: Config['botInfo']): Promise<UserFromGetMe> {
  if (botInfo === undefined) return askBotInfo(api);
  const known = readBotInfo(botInfo);
  try {
    return await Promise.race([askBotInfo(api), sleep(FIRST_CALL_MS, known, { ref: false })]);
  } catch (error) {
    if (isTokenRefused(error)) throw error;
    return known;
  }
}

function remedyFor(error: unknown): string {
  if (isTokenRefused(error)) return TOKEN_REFUSED;
  return error instanceof HttpError
    ? UNREACHABLE
    : 'PUBLIC_URL must be https, on port 443, 80, 88 or 8443, and reachable from outside';
}

function placesOf({ database, bucket }: Config): Places {
  const file = database.kind === 'file' ? [database.path] : [];
  const directory = bucket.kind === 'directory' ? [bucket.path] : [];
  return { directories: [...file.map((path) => dirname(path)), ...directory], files: file };
}

/** What a stopping host waits for. */
class Underway {
  readonly #work = new Set<Promise<unknown>>();

  add<T>(work: T | Promise<T>): Promise<T> {
    const running = Promise.resolve(work);
    this.#work.add(running);
    const forget = (): boolean => this.#work.delete(running);
    running.then(forget, forget);
    return running;
  }

  /** Resolves with how many are left: 0, or more when the time is over first. */
  async finished(withinMs?: number): Promise<number> {
    const over = withinMs === undefined ? [] : [sleep(withinMs, undefined, { ref: false })];
    await Promise.race([Promise.allSettled(this.#work), ...over]);
    return this.#work.size;
  }
}

/** Fires on the given schedule, UTC; does not start a second run while one goes on. */
function schedule(pattern: string, log: Log, run: (at: Date) => Promise<void>): Cron {
  return new Cron(
    pattern,
    {
      timezone: 'UTC',
      protect: true,
      unref: true,
      catch: (error) => log.error('schedule', { pattern, error: describeError(error) }),
    },
    (cron) => run(cron.currentRun() ?? new Date()),
  );
}

type Answer = (request: Request) => Promise<Response>;
type FetchCallback = Parameters<typeof serve>[0]['fetch'];

function onlyThisMachine(answer: Answer): FetchCallback {
  return (request, env) => {
    const { headers, method, socket } = env.incoming;
    const header = (name: string): string | undefined => headers[name]?.toString();
    const reason = refusal({ method: method ?? '', header }, socket.localPort ?? 0);
    return reason === undefined ? answer(request) : new Response(`${reason}\n`, { status: 403 });
  };
}

function listen(
  fetch: FetchCallback,
  { host, port }: Pick<Config, 'host' | 'port'>,
): Promise<{ server: ServerType; port: number }> {
  return new Promise((resolve, reject) => {
    const server = serve(
      // Its Response lacks what other libraries need (`bytes()`): not for the whole process.
      { fetch, port, hostname: host, overrideGlobalObjects: false },
      (info: AddressInfo) => resolve({ server, port: info.port }),
    );
    server.once('error', reject);
  });
}

function drillText({ frame, backupTrouble }: Texts, { name, opened, problem }: DrillRecord): Html {
  return opened === false
    ? frame.drillSealed(name, problem ?? '')
    : frame.drillFailed(name, backupTrouble(problem ?? ''));
}
