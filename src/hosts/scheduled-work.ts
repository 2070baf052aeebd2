/** What a host does by its clock: the jobs, the second copy, the shipping of changes. */
import { randomUUID } from 'node:crypto';
import { ensureTriggers } from '../backup/changes/ensure-triggers.ts';
import { isLogGone, peekAt } from '../backup/changes/peek.ts';
import type { Replay } from '../bot/replay.ts';
import type { Services } from '../bot/services.ts';
import { createWriteAlarm } from '../bot/write-alarm.ts';
import { jobs } from '../jobs/all-jobs.ts';
import { copyBackups } from '../jobs/copy-backups.ts';
import { type JobContext, RequestBudget } from '../jobs/job.ts';
import { keepChanges } from '../jobs/keep-changes.ts';
import { shipChangesJob } from '../jobs/ship-changes.ts';
import { tick } from '../jobs/tick.ts';
import { describeError } from '../lib/log.ts';
import { Pace } from '../lib/pace.ts';
import type { Host, HostParts } from './host-parts.ts';

interface ScheduledWork extends Pick<Host, 'tick' | 'shipChanges' | 'copyBackups'> {
  /** A stored file could not be sent whole. Never rejects. */
  suspect(file: string, reason: string): Promise<void>;
}

export function scheduledWork(
  parts: HostParts,
  services: Services,
  { ready, replay }: { readonly ready: () => Promise<void>; readonly replay: Replay },
): ScheduledWork {
  const { changes, now, log, sleep, hearing } = parts;
  const { db } = services;
  const alarm = createWriteAlarm(services.writes, services);
  const pace = new Pace();
  const context = (): JobContext => ({
    ...services,
    ...{ sleep, pace, hearing, replay },
    deadline: new Date(now().getTime() + parts.tickLimits.seconds * 1000),
    requests: new RequestBudget(parts.tickLimits.requests, parts.stopping),
  });
  const holder = (): string => parts.jobHolder?.() ?? randomUUID();
  return {
    async tick() {
      await alarm.look();
      await ready();
      const own = context();
      // Where there is little room for both, the jobs have the other minutes to themselves.
      const isCopying = parts.copiesApart !== true && now().getUTCMinutes() % 2 === 1;
      if (isCopying) await copyOnce(own);
      const turns = jobs.filter((job) => job !== shipChangesJob || changes?.hasTimer !== true);
      // Behind a run, and before those that leave nothing of a small tick.
      if (parts.readBack !== undefined) turns.splice(1, 0, parts.readBack);
      await tick(turns, { ...own, changes }, holder()).catch((error) => mendLog(parts, error));
    },
    async shipChanges() {
      if (changes === undefined) return;
      await ready();
      const mayBackUp = parts.stopping?.aborted !== true;
      // What waits goes even when the host stops.
      const requests = new RequestBudget(parts.tickLimits.requests);
      const found = await peekAt(db);
      await keepChanges({ ...context(), requests, changes: { ...changes, mayBackUp } }, found);
    },
    async copyBackups() {
      await ready();
      await copyOnce(context());
      await parts.lookBack?.(context(), holder());
    },
    async suspect(file, reason) {
      await parts.suspect?.(file, reason, context()).catch((error: unknown) => {
        log.error('look back', { error: describeError(error) });
      });
    },
  };
}

/** Somebody dropped a table of the log, so no job gets its turn: the next minute has it again. */
async function mendLog({ changes, log }: HostParts, error: unknown): Promise<void> {
  if (changes === undefined || !isLogGone(error)) throw error;
  log.error('changes: a table of the change log is gone; it is made again', {});
  await ensureTriggers(changes.shipping.db, changes.shipping.source);
}

/** Nothing of it keeps the jobs from their turn. */
async function copyOnce(context: JobContext): Promise<void> {
  await copyBackups(context, randomUUID()).catch((error: unknown) => {
    context.log.error('second copy', { error: describeError(error) });
  });
}
