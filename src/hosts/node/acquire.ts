/** What a Node host has before it does anything: Telegram's word, the buckets, its database. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Api } from 'grammy';
import type { UserFromGetMe } from 'grammy/types';
import type { Bucket } from '../../backup/catalog/bucket.ts';
import type { SnapshotSource } from '../../backup/model/model.ts';
import type { Store } from '../../backup/store/types.ts';
import { type AlertTools, tellOwners } from '../../bot/alerts.ts';
import { createApi } from '../../bot/telegram.ts';
import type { Database } from '../../db/database.ts';
import { type LinkSettings, linkKey } from '../../http/download-links.ts';
import type { Log } from '../../lib/log.ts';
import { textsFor } from '../../locales/index.ts';
import { callsAsHere } from '../../settings/command-name.ts';
import type { Config } from '../../settings/config.ts';
import { unsealing } from '../../settings/unsealing.ts';
import { botKeys, bucketOf, copyOf } from '../compose.ts';
import { whoAmI } from './hear-telegram.ts';
import { hostAsks } from './known-places.ts';
import { openCopy, openSnapshotSource, openStore, requirePlaces } from './node-parts.ts';
import { type TakenDatabase, takeDatabase } from './take-database.ts';
import { Underway } from './underway.ts';

export interface AcquireOptions {
  readonly log: Log;
  /** How a person begins another world; absent: production. */
  readonly offline: string | undefined;
  /** Begins a missing database although there are backups of one. */
  readonly beginsNew: boolean;
  readonly onTaken: (() => void) | undefined;
}

export interface Acquired {
  readonly config: Config;
  readonly log: Log;
  readonly isOffline: boolean;
  readonly now: () => Date;
  readonly api: Api;
  readonly me: UserFromGetMe;
  readonly told: AlertTools;
  readonly store: Store;
  readonly first: Bucket;
  readonly copy: Bucket | undefined;
  readonly database: TakenDatabase;
  readonly source: SnapshotSource;
  /** Its address is known once the host listens. */
  readonly links: LinkSettings & { baseUrl: string };
  readonly webhookSecret: string | undefined;
  /** Nothing new begins. */
  readonly stopping: AbortController;
  /** Runs under way are given up. */
  readonly givingUp: AbortController;
  /** Updates and other requests under way. */
  readonly requests: Underway;
  /** Backups, ticks and shipping under way. */
  readonly runs: Underway;
  /** Ends early when the host stops. */
  readonly pause: (milliseconds: number) => Promise<void>;
}

export async function acquire(
  config: Config,
  { log, offline, beginsNew, onTaken }: AcquireOptions,
): Promise<Acquired> {
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
    buckets: { first, copy, keys: botKeys(config.backup), unsealing: unsealing(config.backup) },
    mayBegin: beginsNew,
    anew: offline,
    now,
    log,
    onTaken,
    onLost: ({ path, rescued }) =>
      tellOwners(told, textsFor(config.defaultLocale).frame.databaseLost(path, rescued)),
  });
  late.db = database.db;
  const stopping = new AbortController();
  return {
    ...{ config, log, now, api, me, told, store, first, copy, database },
    isOffline: offline !== undefined,
    source: openSnapshotSource(config.database),
    links: { baseUrl: config.publicUrl ?? '', key: linkKey(botToken), prefix: config.backup.prefix, now },
    // Telegram comes to us. A secret in the settings survives a restart; a fresh one is as good.
    webhookSecret:
      config.publicUrl === undefined ? undefined : (config.webhookSecret ?? randomBytes(24).toString('hex')),
    stopping,
    givingUp: new AbortController(),
    requests: new Underway(),
    runs: new Underway(),
    pause: (milliseconds) => sleep(milliseconds, undefined, { signal: stopping.signal }).catch(() => {}),
  };
}
