/** Runs every job once, one after another; a failing job does not stop the others. */
import { type Database, hasChanged, type Statement } from '../db/database.ts';
import { claimJob, releaseJob } from '../db/job-leases.ts';
import type { Row } from '../db/row.ts';
import { describeError } from '../lib/log.ts';
import type { Job, JobContext } from './job.ts';

/**
 * Another tick takes over a job whose host died after this; longer than any tick may last (Worker
 * cron wall time is 15 min). One for all who take a job: a lease that ends later than one's own
 * would is taken for a wrong clock's.
 */
export const LEASE_MINUTES = 16;

/**
 * `holder` names this tick; a job that runs elsewhere is left alone. Claiming costs one request and
 * releasing one, however many jobs there are: an idle minute must be cheap.
 */
export async function tick(jobs: readonly Job[], context: JobContext, holder: string): Promise<void> {
  const { db, now, deadline, requests } = context;
  if (now() >= deadline || !requests.take(2)) return;
  const asking = jobs.filter((job) => job.asks !== undefined);
  const claims = await db.write([
    ...jobs.map((job) => claimJob(job.name, holder, now(), job.everyMinutes ?? LEASE_MINUTES)),
    ...asking.flatMap(({ asks }) => asks ?? []),
  ]);
  const answerOf = (job: Job): readonly Row[] | undefined =>
    asking.includes(job) ? claims[jobs.length + asking.indexOf(job)]?.rows : undefined;
  const ours = jobs.filter((_, i) => hasChanged(claims[i]));
  // A job with a pace of its own keeps its lease, unless it did not get its turn.
  const kept = new Set<Job>();
  const atEnd: Statement[] = [];
  try {
    for (const job of ours) {
      if (now() >= deadline || requests.left === 0) break;
      if (job.everyMinutes !== undefined) kept.add(job);
      await job.run({ ...context, atEnd }, answerOf(job)).catch((error: unknown) => {
        context.log.error('job failed', { job: job.name, error: describeError(error) });
      });
    }
  } finally {
    const released = ours.filter((job) => !kept.has(job));
    await end(
      db,
      atEnd,
      released.map((job) => releaseJob(job.name, holder)),
    );
  }
}

/** What rides along keeps no job from being released. */
async function end(db: Database, atEnd: readonly Statement[], releases: readonly Statement[]): Promise<void> {
  if (atEnd.length === 0 && releases.length === 0) return;
  try {
    await db.write([...atEnd, ...releases]);
  } catch (error) {
    if (atEnd.length > 0 && releases.length > 0) await db.write(releases);
    throw error;
  }
}
