/** Builds and runs the Node host from settings: database, bucket, schedule, webhook or polling. Node only. */
import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ServerType, serve } from '@hono/node-server';
import { Cron } from 'croner';
import type { UserFromGetMe } from 'grammy/types';
import type { Hono } from 'hono';
import { backupAlertText, tellAdmins } from './alerts.ts';
import { systemClock } from './backup/clock.ts';
import { drill } from './backup/drill.ts';
import type { BackupEngine } from './backup/engine.ts';
import { openDatabaseUpload } from './backup/import/open-file.ts';
import { installCommands } from './commands-menu.ts';
import { botKeys, composeEngine } from './compose.ts';
import type { Config } from './config.ts';
import { createBackupLedger } from './db/backup-runs.ts';
import { lockDatabaseFile } from './db/file-lock.ts';
import { createHost, type Host } from './host.ts';
import { textsFor } from './locales/index.ts';
import { createLog, describeError, type Log } from './log.ts';
import { openDatabase, openSnapshotSource, openStore } from './node-parts.ts';
import { poll } from './polling.ts';
import { ALLOWED_UPDATES, createApi, readBotInfo } from './telegram.ts';

/** A start makes a backup unless a verified one is younger: a crash loop makes no flood (spec/backup.md "Triggers"). */
const START_BACKUP_MIN_AGE_MS = 10 * 60_000;
const TICK_LIMITS = { seconds: 50, requests: 10_000 };
/** Between two tries to set the webhook. */
const LONGEST_DELAY_MS = 60_000;
/** No wall clock cuts a run off here as it does in a Worker. */
const RUN_TIMEOUT_MS = 12 * 3_600_000;
/** How long a stopping host lets a run go on before it is given up; then it cleans up and frees its lease. */
const RUN_GRACE_MS = 10_000;

/** Sundays, away from the nightly backup (spec/backup.md "Commands": weekly). */
const DRILL_CRON = '30 3 * * 0';

export interface RunningNode {
  readonly address: string;
  readonly backups: BackupEngine;
  stop(): Promise<void>;
}

export async function startNode(config: Config): Promise<RunningNode> {
  const { botToken } = config;
  if (botToken === undefined) throw new Error('BOT_TOKEN: missing');
  const log = createLog(config.logLevel, console.log);
  const now = (): Date => new Date();
  const api = createApi({ token: botToken, apiRoot: config.telegramApiRoot, log });
  const me: UserFromGetMe = config.botInfo === undefined ? await api.getMe() : readBotInfo(config.botInfo);
  // Two hosts on one file would take turns at failing; the second one is told who has it.
  const lock =
    config.database.kind === 'file'
      ? await lockDatabaseFile(config.database.path, { holder: 'node host', now })
      : undefined;
  const database = await openDatabase(config.database);
  const { db } = database;
  const links = { baseUrl: config.publicUrl ?? '', botToken, prefix: config.backup.prefix, now };
  // With a public address Telegram comes to us; a secret of the settings survives a restart, a fresh one is as good.
  const webhookSecret =
    config.publicUrl === undefined ? undefined : (config.webhookSecret ?? randomBytes(24).toString('hex'));
  const store = await openStore(config.bucket);
  const backups = composeEngine(config.backup, {
    source: openSnapshotSource(config.database),
    store,
    links,
    ledger: createBackupLedger(db),
    holder: `node host ${process.pid}`,
    timeoutMs: RUN_TIMEOUT_MS,
    alert: (alert) =>
      tellAdmins({ api, log, adminIds: config.adminIds }, backupAlertText(config.defaultLocale, alert)),
  });
  const host = createHost({
    config,
    webhookSecret,
    db,
    api,
    me,
    store,
    backups,
    links,
    now,
    sleep: (milliseconds) => sleep(milliseconds),
    log,
    tickLimits: TICK_LIMITS,
    openDatabaseFile: openDatabaseUpload,
    after: (milliseconds, work) => {
      // The tick does it anyway, so a stopping host need not wait for it.
      sleep(milliseconds, undefined, { ref: false })
        .then(work)
        .catch((error: unknown) => log.warn('late work failed', { error: describeError(error) }));
    },
  });
  await host.ready({ waits: true });
  const { server, port } = await listen(host.app, config);
  links.baseUrl ||= `http://127.0.0.1:${port}`;
  const stopping = new AbortController();
  const givingUp = new AbortController();
  const work = new Set<Promise<unknown>>();
  const backUp: Host['runBackup'] = (trigger, at, options) => {
    const run = host.runBackup(trigger, at, { ...options, signal: givingUp.signal });
    work.add(run);
    return run.finally(() => work.delete(run));
  };
  void backUp('start', now(), { unlessYoungerThanMs: START_BACKUP_MIN_AGE_MS });
  work.add(config.publicUrl === undefined ? pollForUpdates() : useWebhook(config.publicUrl));
  installCommands(api, config.defaultLocale).catch((error: unknown) =>
    log.warn('menu of commands not set', { error: describeError(error) }),
  );
  const crons = [
    schedule(config.backup.cron, log, async (at) => void (await backUp('schedule', at))),
    schedule('* * * * *', log, () => host.tick()),
    schedule(DRILL_CRON, log, () => rehearse()),
  ];
  log.info('started', {
    bot: me.username,
    address: `http://127.0.0.1:${port}`,
    updates: config.publicUrl === undefined ? 'polling' : 'webhook',
  });

  /** A restore that was never tried is a hope. Backups for recipients can only be drilled by the CLI, which has the key. */
  async function rehearse(): Promise<void> {
    if (config.backup.ageRecipients.length > 0) return;
    const bucket = { store, prefix: config.backup.prefix };
    const { record } = await drill({ bucket, keys: botKeys(config.backup), clock: systemClock });
    log[record.ok ? 'info' : 'error']('drill', { backup: record.name, ok: record.ok, ms: record.ms });
    if (!record.ok)
      await tellAdmins(
        { api, log, adminIds: config.adminIds },
        textsFor(config.defaultLocale).frame.drillFailed(record.name, record.problem ?? ''),
      );
  }

  async function pollForUpdates(): Promise<void> {
    await api
      .deleteWebhook()
      .catch((error: unknown) => log.warn('webhook not removed', { error: describeError(error) }));
    await poll({
      api,
      receive: host.receive,
      log,
      sleep: (ms) => sleep(ms, undefined, { signal: stopping.signal }).catch(() => {}),
      signal: stopping.signal,
    });
  }

  /** Until Telegram has it: a host that could not say where it is hears nothing. */
  async function useWebhook(url: string): Promise<void> {
    for (let delay = 1_000; !stopping.signal.aborted; delay = Math.min(2 * delay, LONGEST_DELAY_MS)) {
      try {
        await api.setWebhook(`${url}/webhook`, {
          secret_token: webhookSecret ?? '',
          allowed_updates: ALLOWED_UPDATES,
        });
        return;
      } catch (error) {
        log.error('webhook not set', { error: describeError(error), retry_in_ms: delay });
        await sleep(delay, undefined, { signal: stopping.signal }).catch(() => {});
      }
    }
  }

  return {
    address: `http://127.0.0.1:${port}`,
    backups,
    async stop() {
      for (const cron of crons) cron.stop();
      stopping.abort();
      const patience = setTimeout(() => givingUp.abort(new Error('the host was stopped')), RUN_GRACE_MS);
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await Promise.allSettled(work);
      clearTimeout(patience);
      database.close();
      await lock?.release();
    },
  };
}

/** Fires on the given schedule, UTC; a run that is still going when the next is due is not started twice. */
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

function listen(
  app: Hono,
  { host, port }: Pick<Config, 'host' | 'port'>,
): Promise<{ server: ServerType; port: number }> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch: app.fetch, port, hostname: host }, (info: AddressInfo) =>
      resolve({ server, port: info.port }),
    );
    server.once('error', reject);
  });
}
