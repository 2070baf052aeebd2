/** Runs every job once, one after another; a failing job does not keep the others from their turn. */
import { claimJob, releaseJob } from '../db/job-leases.ts';
import { describeError } from '../log.ts';
import type { Job, JobContext } from './job.ts';

/** A job whose host died is taken over after this; longer than any tick may last (Worker cron wall time is 15 min). */
const LEASE_MINUTES = 16;

/** `holder` names this tick; a job already running elsewhere is left alone. */
export async function tick(jobs: readonly Job[], context: JobContext, holder: string): Promise<void> {
  for (const job of jobs) {
    if (context.now() >= context.deadline || !context.requests.take(2)) return;
    try {
      const minutes = job.everyMinutes ?? LEASE_MINUTES;
      const [claim] = await context.db.write([claimJob(job.name, holder, context.now(), minutes)]);
      if (claim?.changes !== 1) continue;
      try {
        await job.run(context);
      } finally {
        // A job with a pace of its own keeps its lease: nobody runs it again before it ends.
        if (job.everyMinutes === undefined) await context.db.write([releaseJob(job.name, holder)]);
      }
    } catch (error) {
      context.log.error('job failed', { job: job.name, error: describeError(error) });
    }
  }
}
