/** The Cloudflare Worker host: wires routes and schedule. `node.ts` is the host for one machine. */

import { waitUntil } from 'cloudflare:workers';
import type { ExecutionContext, ScheduledController } from '@cloudflare/workers-types';
import { createBackupLedger } from './backup/run/backup-runs.ts';
import { openRemoteSnapshotSource } from './backup/snapshot/remote.ts';
import { createS3Store } from './backup/store/s3-store.ts';
import { backupAlertText, tellOwners } from './bot/alerts.ts';
import { createApi, readBotInfo } from './bot/telegram.ts';
import { openRemoteDatabase } from './db/remote-database.ts';
import { botKeys, bucketOf, composeEngine, composeShipping, copyOf } from './hosts/compose.ts';
import { refuseEmpty } from './hosts/empty-database.ts';
import { createHost } from './hosts/host.ts';
import type { Host } from './hosts/host-parts.ts';
import { linkKey } from './http/download-links.ts';
import { readBackJob } from './jobs/read-back.ts';
import { createLog, rememberSecrets } from './lib/log.ts';
import { textsFor } from './locales/index.ts';
import { ConfigError, type Environment, readConfig } from './settings/config.ts';
import { nearMisses, tellNearMiss } from './settings/setting-names.ts';

/** wrangler.toml runs the tick under this schedule; any other schedule is the backup's. */
const TICK_CRON = '* * * * *';
/** A tick ends before the next one begins. */
const TICK_SECONDS = 55;
/** Subrequests kept for what a job has begun when the others are used up. */
const REQUEST_RESERVE = 10;

/** workerd's fetch must not be called as a method. */
const webFetch: typeof fetch = (input, init) => fetch(input, init);

let host: Host | undefined;

export default {
  async fetch(request: Request, env: Environment, context: ExecutionContext): Promise<Response> {
    try {
      host ??= buildHost(env);
    } catch (error) {
      return refuse(error);
    }
    return host.app.fetch(request, env, context);
  },

  async scheduled(controller: ScheduledController, env: Environment): Promise<void> {
    host ??= buildHost(env);
    if (controller.cron === TICK_CRON) return host.tick();
    // An unfit database is backed up all the same: that may be the only salvage.
    const unready = await host.ready().then(
      () => undefined,
      (error: unknown) => error,
    );
    const outcome = await host.runBackup('schedule', new Date(controller.scheduledTime));
    // Cloudflare's dashboard shows it as a failed cron, too.
    if (outcome.kind === 'failed') throw new Error(`backup failed: ${outcome.reason}`);
    if (unready !== undefined) throw unready;
  },
};

function buildHost(env: Environment): Host {
  rememberSecrets(env);
  const config = readConfig(env, 'worker');
  const { database, bucket, copy, botToken, botInfo } = config;
  if (database.kind !== 'remote' || bucket.kind !== 's3' || botToken === undefined || botInfo === undefined)
    throw new Error('the Worker needs a remote database, a bucket, BOT_TOKEN and BOT_INFO');
  const now = (): Date => new Date();
  const log = createLog(config.logLevel, console.log);
  for (const miss of nearMisses(Object.keys(env))) log.warn('settings', { note: tellNearMiss(miss) });
  const db = openRemoteDatabase({ url: database.url, authToken: database.authToken, fetch: webFetch });
  const api = createApi({ token: botToken, apiRoot: config.telegramApiRoot, log });
  const links = { baseUrl: '', key: linkKey(botToken), prefix: config.backup.prefix, now };
  const store = createS3Store(bucket);
  const second =
    copy?.bucket.kind === 's3' ? copyOf(config.backup, copy, createS3Store(copy.bucket)) : undefined;
  const told = { api, log, ownerIds: config.ownerIds };
  const source = openRemoteSnapshotSource({
    url: database.url,
    ...(database.authToken === undefined ? {} : { authToken: database.authToken }),
    fetch: webFetch,
  });
  return createHost({
    config,
    webhookSecret: config.webhookSecret,
    hearing: {
      webhook: {
        url: config.publicUrl && `${config.publicUrl}/webhook`,
        secret: config.webhookSecret ?? '',
      },
      trouble: () => undefined,
    },
    db,
    api,
    me: readBotInfo(botInfo),
    backups: composeEngine(config.backup, {
      changeDays: config.changes.retentionDays,
      source,
      store,
      copy: second,
      links,
      ledger: createBackupLedger(db),
      holder: 'worker',
      alert: (alert) => tellOwners(told, backupAlertText(config.defaultLocale, alert)),
    }),
    beforeFirst: refuseEmpty({ first: bucketOf(config.backup, store), copy: second }, log, (name) =>
      tellOwners(told, textsFor(config.defaultLocale).frame.databaseEmpty(name)),
    ),
    readBack: readBackJob({
      first: bucketOf(config.backup, store),
      copy: second,
      keys: botKeys(config.backup),
      days: config.changes.retentionDays,
    }),
    changes: {
      isOn: config.changes.isOn,
      hasTimer: false,
      // Every isolate is a shipper of its own.
      shipping: composeShipping(config.backup, {
        db,
        source,
        store,
        now,
        isCopied: copy !== undefined,
        holder: `worker ${crypto.randomUUID()}`,
      }),
    },
    now,
    sleep,
    log,
    tickLimits: { seconds: TICK_SECONDS, requests: config.subrequestLimit - REQUEST_RESERVE },
    after: (milliseconds, work) => waitUntil(sleep(milliseconds).then(work)),
  });
}

const sleep = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Names of settings only; nothing of their values. */
function refuse(error: unknown): Response {
  const problems = error instanceof ConfigError ? error.message : 'the Worker could not start';
  console.error(JSON.stringify({ level: 'error', event: 'start', error: problems }));
  return new Response(`${problems}\n`, { status: 503 });
}
