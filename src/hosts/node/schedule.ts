import { Cron } from 'croner';
import { describeError, type Log } from '../../lib/log.ts';

/** Fires on the given schedule, UTC; does not start a second run while one goes on. */
export function schedule(pattern: string, log: Log, run: (at: Date) => Promise<void>): Cron {
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
