/** What both hosts share: the app, and the receiver behind its migration. */
import { notingWaits } from '../backup/changes/needs-base.ts';
import { createReceiver } from '../bot/receive.ts';
import type { Services } from '../bot/services.ts';
import { personById } from '../db/users.ts';
import { type WatchedWrites, watchWrites } from '../db/watched-writes.ts';
import { stages } from '../handlers/index.ts';
import { createApp } from '../http/app.ts';
import { describeError } from '../lib/log.ts';
import { bringUpToDate } from './bring-up.ts';
import { joinDeliveries } from './deliveries.ts';
import { backupLook, cachedHealth, checkHealth } from './health.ts';
import { loggedRun } from './host-backups.ts';
import type { Host, HostParts } from './host-parts.ts';
import { scheduledWork } from './scheduled-work.ts';

/** The schedule fires at the next minute; a slow start may miss that one. */
const FIRST_TICK_MS = 120_000;

export function createHost(parts: HostParts): Host {
  const { log } = parts;
  const writes = watchWrites(parts.db, parts.now);
  const services = servicesOf(parts, writes);
  const handle = createReceiver(services, stages);
  const runBackup = loggedRun(parts);
  const ready = once(({ waits }: { readonly waits: boolean } = { waits: false }) =>
    bringUpToDate(parts, { db: writes.db, backUp: runBackup, waits }),
  );
  const receiveOne: Host['receive'] = async (update, delivery) => {
    try {
      await ready();
    } catch (error) {
      log.error('not ready', { error: describeError(error) });
      return 'again';
    }
    return handle(update, delivery);
  };
  // In one process with a background, a second delivery can wait for the first.
  const receive = parts.background === undefined ? receiveOne : joinDeliveries(receiveOne);
  const { suspect, ...work } = scheduledWork(parts, services, {
    ready,
    replay: (update) => handle(update, 'replay'),
  });
  const look = backupLook(parts);
  const app = createApp({
    webhookSecret: parts.webhookSecret,
    receive,
    health: cachedHealth(parts, writes, () => checkHealth(parts, writes, look)),
    download: async (request, arrived) =>
      parts.download?.({ request, arrived, suspect, isAdmin: (id) => isAdmin(parts, id) }),
    failed: (error) => log.error('request failed', { error: describeError(error) }),
  });
  return { app, ready, receive, runBackup, ...work };
}

/** What updates and scheduled work have in common. */
function servicesOf(parts: HostParts, writes: WatchedWrites): Services {
  const { config, api, me, now, log, backups, after, importUpload, moments, background, changes } = parts;
  const { ownerIds, defaultLocale, timeZone } = config;
  const recordsChanges = changes?.isOn;
  const shipsByTick = recordsChanges === true && changes?.hasTimer === false;
  return {
    ...{ writes, api, me, now, log, backups, after, importUpload, moments, background },
    ...{ ownerIds, defaultLocale, timeZone, recordsChanges, rescued: parts.rescued },
    db: shipsByTick ? notingWaits(writes.db) : writes.db,
    // A process of its own; a Worker's isolate may begin at any time.
    firstTickBy: changes?.hasTimer === true ? new Date(now().getTime() + FIRST_TICK_MS) : undefined,
  };
}

/** Now, not when a link was made. */
async function isAdmin({ config, db }: HostParts, userId: number): Promise<boolean> {
  if (config.ownerIds.includes(userId)) return true;
  const [person] = await db.read([personById(userId)]);
  return person.isAdmin;
}

/** Runs `make` until it succeeds once. Callers at the same time each try: `make` bears that. */
function once<Args extends readonly unknown[]>(
  make: (...args: Args) => Promise<void>,
): (...args: Args) => Promise<void> {
  let isDone = false;
  return async (...args) => {
    if (isDone) return;
    await make(...args);
    isDone = true;
  };
}
