/**
 * Builds and runs the Node host from settings: database, bucket, schedule, webhook or polling. Node
 * only.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { changeState } from '../../backup/catalog/change-state.ts';
import { livingOfHost } from '../../backup/changes/living.ts';
import type { BackupEngine } from '../../backup/engine.ts';
import { createImportUpload } from '../../backup/import/uploads.ts';
import { createMoments } from '../../backup/restore/moments.ts';
import { createBackupLedger } from '../../backup/run/backup-runs.ts';
import { logStrangers } from '../../backup/schema/living-strangers.ts';
import { backupAlertText, tellOwners } from '../../bot/alerts.ts';
import { createApi } from '../../bot/telegram.ts';
import { admins } from '../../db/admins.ts';
import type { Database } from '../../db/database.ts';
import { holderText, isSurelyDead } from '../../db/file/lock-text.ts';
import { requireFitServer } from '../../db/fitness.ts';
import { freeJobsOfDead } from '../../db/job-leases.ts';
import { linkKey } from '../../http/download-links.ts';
import { unpaced } from '../../jobs/all-jobs.ts';
import { describeError, type Log } from '../../lib/log.ts';
import { textsFor } from '../../locales/index.ts';
import { asCalledHere, callsAsHere } from '../../settings/command-name.ts';
import type { Config } from '../../settings/config.ts';
import { TAKE_OVER_MODULE, takeOver, takeOverFile } from '../../takeover/take-over.ts';
import {
  botKeys,
  bucketOf,
  composeEngine,
  composeShipping,
  copyOf,
  doubting,
  encryptionOf,
  GZIP_LEVEL,
} from '../compose.ts';
import { createHost } from '../host.ts';
import type { Host } from '../host-parts.ts';
import { NO_ADMINS } from '../no-admins.ts';
import { tickWhileBusy } from './busy-ticks.ts';
import { checkDisks, placesOf } from './disk-room.ts';
import { finishAll, RUN_GRACE_MS } from './finish-all.ts';
import { hearTelegram, whoAmI } from './hear-telegram.ts';
import { hostAsks } from './known-places.ts';
import { lastStoredOf } from './last-stored.ts';
import { type Answer, listen, onlyThisMachine } from './listen.ts';
import { createHostLog } from './log-lines.ts';
import { looksAtBuckets } from './looks-at-buckets.ts';
import { withoutEcho } from './loss-alerts.ts';
import { openCopy, openSnapshotSource, openStore, requirePlaces } from './node-parts.ts';
import { schedule } from './schedule.ts';
import { shipper } from './shipper.ts';
import { takeDatabase } from './take-database.ts';
import { Underway } from './underway.ts';
import { DRILL_CRON, drillAndTell } from './weekly-drill.ts';

/**
 * A start makes a backup unless a verified one is younger: so a crash loop makes no flood
 * (docs/spec/backup.md "Triggers").
 */
const START_BACKUP_MIN_AGE_MS = 10 * 60_000;
const TICK_LIMITS = { seconds: 50, requests: 10_000 };
/** No time limit ends a run here as in a Worker. */
const RUN_TIMEOUT_MS = 12 * 3_600_000;

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
  /**
   * Nothing here is production: /healthz says so, and only this machine gets answers. The text says
   * how a person begins another world.
   */
  readonly offline?: string;
  /** Begins a missing database although there are backups of one. */
  readonly beginsNew?: boolean;
  /**
   * The first backup waits until {@link RunningNode.backUp} is called: what it must hold is not
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
  { beginsNew = false, offline, isUnfilled = false, log = createHostLog(config), onTaken }: NodeOptions = {},
): Promise<RunningNode> {
  const { botToken } = config;
  if (botToken === undefined) throw new Error('BOT_TOKEN: missing');
  requirePlaces(config);
  const now = (): Date => new Date();
  const api = createApi({ token: botToken, apiRoot: config.telegramApiRoot, log });
  api.config.use(callsAsHere);
  const told = { api, log, ownerIds: config.ownerIds };
  const me = await whoAmI(api, config.botInfo);
  const late: { db?: Database } = {};
  const ask = hostAsks(() => late.db);
  const store = await openStore(config.bucket, { role: 'first', prefix: config.backup.prefix, ask });
  const first = bucketOf(config.backup, store);
  const copy = config.copy && copyOf(config.backup, config.copy, await openCopy(config.copy, ask));
  const database = await takeDatabase(config, {
    buckets: { first, copy, keys: botKeys(config.backup) },
    mayBegin: beginsNew,
    anew: offline,
    now,
    log,
    onTaken,
    onLost: ({ path, rescued }) =>
      tellOwners(told, textsFor(config.defaultLocale).frame.databaseLost(path, rescued)),
  });
  const { db } = database;
  late.db = db;
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
  const own = doubting(config.backup, store, createBackupLedger(db, isSurelyDead));
  const backups = composeEngine(config.backup, {
    changeDays: config.changes.retentionDays,
    source,
    store,
    copy,
    links,
    ledger: createBackupLedger(db, isSurelyDead),
    holder: holderText('node host', now()),
    timeoutMs: RUN_TIMEOUT_MS,
    stopping: givingUp.signal,
    alert: withoutEcho(database.isLost, (alert) =>
      tellOwners(told, backupAlertText(config.defaultLocale, alert)),
    ),
  });
  const pause = (milliseconds: number): Promise<void> =>
    sleep(milliseconds, undefined, { signal: stopping.signal }).catch(() => {});
  const telegram = hearTelegram(config, {
    ...{ api, db, webhookSecret, log, now, pause },
    signal: stopping.signal,
  });
  const looks = looksAtBuckets(config, { first, copy });
  const host = createHost({
    config,
    hearing: telegram.hearing,
    stopping: stopping.signal,
    sharesWork: true,
    isOffline: offline !== undefined,
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
      putBack: looks.putBack,
      shipping: composeShipping(config.backup, {
        db,
        source,
        store,
        now,
        isCopied: copy !== undefined,
        holder: holderText('node host', now()),
        isDead: isSurelyDead,
      }),
    },
    disk: () => checkDisks(placesOf(config)),
    isLost: database.isLost,
    asCalled: asCalledHere,
    copiesApart: true,
    lookBack: looks.lookBack,
    jobHolder: () => holderText('node host', now()),
    importUpload: createImportUpload(
      { ...config.database, takeOver: TAKE_OVER_MODULE, ownerIds: config.ownerIds },
      database.hold,
    ),
    // With recipients the bot opens no backup of its own.
    moments:
      config.backup.ageRecipients.length > 0
        ? undefined
        : createMoments({
            bucket: own,
            keys: botKeys(config.backup),
            source,
            living: () => livingOfHost(db, source),
            encryption: encryptionOf(config.backup),
            gzipLevel: GZIP_LEVEL,
          }),
    background: (work) => {
      void runs.add(work(givingUp.signal));
    },
    beforeFirst: database.beforeFirst,
    lastStored: lastStoredOf(config, [first, copy], { db, source }),
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
  await host.ready({ waits: true }).catch(database.explained);
  // Where a table is missing, which was told, their leases end by themselves.
  await freeJobsOfDead(db, unpaced, isSurelyDead).catch(() => {});
  await logStrangers(db, log);
  if (config.ownerIds.length === 0 && (await db.read([admins()]))[0].length === 0)
    log.error('no admins', { message: NO_ADMINS });
  const [requests, runs] = [new Underway(), new Underway()];
  const answer: Answer = (request) => requests.add(host.app.fetch(request));
  const { server, port } = await listen(offline !== undefined ? onlyThisMachine(answer) : answer, config);
  links.baseUrl ||= `http://127.0.0.1:${port}`;
  const backUp: Host['runBackup'] = (trigger, at, options) =>
    runs.add(host.runBackup(trigger, at, { ...options, signal: givingUp.signal }));
  const startBackup = async (): Promise<unknown> => {
    const [state] = await db.read([changeState]).catch(() => [undefined]);
    const ofTimeline = state?.timeline;
    return backUp('start', now(), { unlessYoungerThanMs: START_BACKUP_MIN_AGE_MS, ofTimeline });
  };
  const backUpStart = (): Promise<unknown> => runs.add(startBackup());
  if (!isUnfilled) void backUpStart();
  void requests.add(telegram.begin(host.receive));
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
    schedule(DRILL_CRON, log, () => drillAndTell(config, { backups, bucket: own, told })),
  ];
  const shipOnce = shipper(host, log);
  void shipForever();
  log.info('started', {
    bot: me.username,
    address: `http://127.0.0.1:${port}`,
    updates: config.publicUrl === undefined ? 'polling' : 'webhook',
  });

  /** One after another: the next look comes when the last file is stored. */
  async function shipForever(): Promise<void> {
    for (;;) {
      await pause(config.changes.seconds * 1000);
      if (stopping.signal.aborted) return;
      if (!database.isLost()) await runs.add(shipOnce());
    }
  }

  return {
    address: `http://127.0.0.1:${port}`,
    backups,
    db,
    backUp: backUpStart,
    async stop() {
      for (const cron of crons) cron.stop();
      stopping.abort();
      await finishAll({ server, requests, runs, log, giveUp: (reason) => givingUp.abort(reason) });
      // A clean stop leaves nothing behind that is not in the bucket.
      if (!database.isLost())
        await Promise.race([shipOnce(), sleep(RUN_GRACE_MS, undefined, { ref: false })]);
      await database.close();
    },
  };
}
