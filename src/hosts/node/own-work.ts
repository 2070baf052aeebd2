/** What a Node host does without being asked: backups, ticks, copies, shipping and drills. */
import { Cron } from 'croner';
import { changeState } from '../../backup/catalog/change-state.ts';
import { describeError, type Log } from '../../lib/log.ts';
import type { Host } from '../host-parts.ts';
import type { Acquired } from './acquire.ts';
import { tickWhileBusy } from './busy-ticks.ts';
import { type ComposedNode, TICK_LIMITS } from './compose-node.ts';
import { DRILL_CRON, drillAndTell } from './weekly-drill.ts';

/** A start makes no backup if a verified one is younger: a crash loop must not flood the bucket. */
const START_BACKUP_MIN_AGE_MS = 10 * 60_000;

export interface OwnWork {
  /** The backup of a start. */
  backUp(): Promise<unknown>;
  /** Stores what changed since the last file. Never rejects. */
  shipOnce(): Promise<void>;
  /** Nothing more is begun by the clock. */
  stop(): void;
}

export function beginOwnWork(
  { config, log, now, told, database, stopping, givingUp, runs, pause }: Acquired,
  { host, backups, own }: Pick<ComposedNode, 'host' | 'backups' | 'own'>,
  isUnfilled: boolean,
): OwnWork {
  const { db, isLost } = database;
  const run: Host['runBackup'] = (trigger, at, options) =>
    runs.add(host.runBackup(trigger, at, { ...options, signal: givingUp.signal }));
  const startBackup = async (): Promise<unknown> => {
    // It holds what filled the database, whatever backup the change files needed meanwhile.
    if (isUnfilled) return run('start', now());
    const [state] = await db.read([changeState]).catch(() => [undefined]);
    const ofTimeline = state?.timeline;
    return run('start', now(), { unlessYoungerThanMs: START_BACKUP_MIN_AGE_MS, ofTimeline });
  };
  const backUp = (): Promise<unknown> => runs.add(startBackup());
  if (!isUnfilled) void backUp();
  const crons = [
    schedule(config.backup.cron, log, async (at) => void (await run('schedule', at))),
    schedule('* * * * *', log, () =>
      tickWhileBusy({
        tick: () => runs.add(host.tick()),
        now,
        seconds: TICK_LIMITS.seconds,
        isStopped: () => stopping.signal.aborted || isLost(),
      }),
    ),
    schedule('* * * * *', log, async () => {
      if (!isLost()) await runs.add(host.copyBackups());
    }),
    schedule('* * * * *', log, () => database.checkpoint()),
    schedule(DRILL_CRON, log, () => drillAndTell(config, { backups, bucket: own, told })),
  ];
  const shipOnce = shipper(host, log);
  void shipForever();
  return {
    backUp,
    shipOnce,
    stop() {
      for (const cron of crons) cron.stop();
    },
  };

  /** One after another: the next look comes when the last file is stored. */
  async function shipForever(): Promise<void> {
    for (;;) {
      await pause(config.changes.seconds * 1000);
      if (stopping.signal.aborted) return;
      if (!isLost()) await runs.add(shipOnce());
    }
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

/** Ships once. What could not go now goes the next time; a reason is told once. */
function shipper(host: Pick<Host, 'shipChanges'>, log: Log): () => Promise<void> {
  let unshipped: string | undefined;
  return async () => {
    try {
      await host.shipChanges();
      unshipped = undefined;
    } catch (error) {
      const reason = describeError(error);
      if (reason !== unshipped) log.warn('changes not shipped', { error: reason });
      unshipped = reason;
    }
  };
}
