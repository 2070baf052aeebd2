/**
 * What both hosts share: the app, the receiver behind its migration, the two kinds of scheduled
 * work.
 */
import { randomUUID } from 'node:crypto';
import type { Update } from 'grammy/types';
import { ensureTriggers } from '../backup/changes/ensure-triggers.ts';
import { notingWaits } from '../backup/changes/needs-base.ts';
import { isLogGone, peekAt } from '../backup/changes/peek.ts';
import { createReceiver } from '../bot/receive.ts';
import { createWriteAlarm } from '../bot/write-alarm.ts';
import { personById } from '../db/users.ts';
import { watchWrites } from '../db/watched-writes.ts';
import { stages } from '../handlers/index.ts';
import { createApp } from '../http/app.ts';
import { jobs } from '../jobs/all-jobs.ts';
import { copyBackups } from '../jobs/copy-backups.ts';
import { type JobContext, RequestBudget } from '../jobs/job.ts';
import { keepChanges } from '../jobs/keep-changes.ts';
import { shipChangesJob } from '../jobs/ship-changes.ts';
import { tick } from '../jobs/tick.ts';
import { describeError } from '../lib/log.ts';
import { Pace } from '../lib/pace.ts';
import { bringUpToDate } from './bring-up.ts';
import { joinDeliveries } from './deliveries.ts';
import { backupLook, cachedHealth, checkHealth } from './health.ts';
import { loggedRun } from './host-backups.ts';
import type { Host, HostParts } from './host-parts.ts';

/** The schedule fires at the next minute; a slow start may miss that one. */
const FIRST_TICK_MS = 120_000;

export function createHost(parts: HostParts): Host {
  const writes = watchWrites(parts.db, parts.now);
  const { config, api, me, now, sleep, log, backups, after, importUpload, moments, background, changes } =
    parts;
  const people = {
    ownerIds: config.ownerIds,
    defaultLocale: config.defaultLocale,
    timeZone: config.timeZone,
  };
  const recordsChanges = changes?.isOn;
  const shipsByTick = recordsChanges === true && changes?.hasTimer === false;
  const db = shipsByTick ? notingWaits(writes.db) : writes.db;
  // A process of its own; a Worker's isolate may begin at any time.
  const firstTickBy = changes?.hasTimer === true ? new Date(now().getTime() + FIRST_TICK_MS) : undefined;
  const handle = createReceiver(
    {
      ...{ db, writes, api, me, now, log, backups, recordsChanges, after, importUpload, moments, background },
      ...{ ...people, firstTickBy },
    },
    stages,
  );
  const backUp = loggedRun(parts);
  const pace = new Pace();
  const alarm = createWriteAlarm(writes, { api, log, now, ...people });
  const ready = once(({ waits }: { readonly waits: boolean } = { waits: false }) =>
    bringUpToDate(parts, { db: writes.db, backUp, waits }),
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
  const receive = background === undefined ? receiveOne : joinDeliveries(receiveOne);
  const look = backupLook(parts);
  const app = createApp({
    webhookSecret: parts.webhookSecret,
    receive,
    health: cachedHealth(parts, writes, () => checkHealth(parts, writes, look)),
    download: async (request, arrived) =>
      parts.download?.({ request, arrived, suspect, isAdmin: (id) => isAdmin(parts, id) }),
    failed: (error) => log.error('request failed', { error: describeError(error) }),
  });
  return {
    app,
    ready,
    receive,
    runBackup: backUp,
    async tick() {
      await alarm.look();
      await ready();
      const context = tickContext();
      // Where there is little room for both, the jobs have the other minutes to themselves.
      const isCopying = parts.copiesApart !== true && now().getUTCMinutes() % 2 === 1;
      if (isCopying) await copyOnce(context);
      const turns = jobs.filter((job) => job !== shipChangesJob || changes?.hasTimer !== true);
      // Behind a run, and before those that leave nothing of a small tick.
      if (parts.readBack !== undefined) turns.splice(1, 0, parts.readBack);
      await tick(turns, { ...context, changes }, parts.jobHolder?.() ?? randomUUID()).catch(mendLog);
    },
    async shipChanges() {
      if (changes === undefined) return;
      await ready();
      const mayBackUp = parts.stopping?.aborted !== true;
      // What waits goes even when the host stops.
      const requests = new RequestBudget(parts.tickLimits.requests);
      const found = await peekAt(db);
      await keepChanges({ ...tickContext(), requests, changes: { ...changes, mayBackUp } }, found);
    },
    async copyBackups() {
      await ready();
      await copyOnce(tickContext());
      await parts.lookBack?.(tickContext(), parts.jobHolder?.() ?? randomUUID());
    },
  };
  function tickContext(): JobContext {
    const { seconds, requests } = parts.tickLimits;
    return {
      db,
      api,
      me,
      now,
      sleep,
      log,
      backups,
      recordsChanges,
      pace,
      deadline: new Date(now().getTime() + seconds * 1000),
      hearing: parts.hearing,
      importUpload,
      moments,
      background,
      requests: new RequestBudget(requests, parts.stopping),
      replay: (update: Update) => handle(update, 'replay'),
      ...people,
    };
  }
  async function suspect(file: string, reason: string): Promise<void> {
    await parts.suspect?.(file, reason, tickContext()).catch((error: unknown) => {
      log.error('look back', { error: describeError(error) });
    });
  }
  /** Somebody dropped a table of the log, so no job gets its turn: the next minute has it again. */
  async function mendLog(error: unknown): Promise<void> {
    if (changes === undefined || !isLogGone(error)) throw error;
    log.error('changes: a table of the change log is gone; it is made again', {});
    await ensureTriggers(changes.shipping.db, changes.shipping.source);
  }
  /** Nothing of it keeps the jobs from their turn. */
  async function copyOnce(context: JobContext): Promise<void> {
    await copyBackups(context, randomUUID()).catch((error: unknown) => {
      log.error('second copy', { error: describeError(error) });
    });
  }
}

/** Now, not when a link was made. */
async function isAdmin({ config, db }: HostParts, userId: number): Promise<boolean> {
  if (config.ownerIds.includes(userId)) return true;
  const [person] = await db.read([personById(userId)]);
  return person.isAdmin;
}

/**
 * Runs `make` until it succeeds once. Callers at the same time each try (see {@link cachedHealth}):
 * `make` must bear that.
 */
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
