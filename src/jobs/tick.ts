/** Runs every job once, one after another; a failing job does not stop the others. */
import { type Database, hasChanged, type Statement } from '../db/database.ts';
import { claimJob, jobHolder } from '../db/job-leases.ts';
import type { Row } from '../db/row.ts';
import { describeError } from '../lib/log.ts';
import type { Timer } from '../lib/silence.ts';
import { HeldJobs, LEASE_MINUTES } from './held-jobs.ts';
import type { Job, JobContext } from './job.ts';

/**
 * `holder` names this tick; a job that runs elsewhere is left alone. Claiming costs one request and
 * releasing one, however many jobs there are: an idle minute must be cheap.
 */
export async function tick(
  jobs: readonly Job[],
  context: JobContext,
  holder: string,
  timer?: Timer,
): Promise<void> {
  const { db, now, deadline, requests, log } = context;
  if (now() >= deadline || !requests.take(2)) return;
  const asking = jobs.filter((job) => job.asks !== undefined);
  const claims = await db.write([
    ...jobs.map((job) => claimJob(job.name, holder, now(), job.everyMinutes ?? LEASE_MINUTES)),
    ...asking.flatMap(({ asks }) => asks ?? []),
  ]);
  const answerOf = (job: Job): readonly Row[] | undefined =>
    asking.includes(job) ? claims[jobs.length + asking.indexOf(job)]?.rows : undefined;
  const ours = jobs.filter((_, i) => hasChanged(claims[i]));
  if (!ours.some(isUnpaced)) await tellIdle(jobs, context);
  const held = new HeldJobs(context, holder, ours, timer);
  const atEnd: Statement[] = [];
  try {
    for (const job of ours) {
      if (!held.begin(job)) break;
      await job.run({ ...context, atEnd }, answerOf(job)).catch((error: unknown) => {
        log.error('job failed', { job: job.name, error: describeError(error) });
      });
    }
  } finally {
    await end(db, atEnd, await held.end());
  }
}

const isUnpaced = ({ everyMinutes }: Job): boolean => everyMinutes === undefined;

/** Another tick is at everything, or died a moment ago. */
async function tellIdle(jobs: readonly Job[], { db, requests, log }: JobContext): Promise<void> {
  const job = jobs.find(isUnpaced);
  if (job === undefined || !requests.take(1)) return;
  const [other] = await db.read([jobHolder(job.name)]);
  log.warn('tick', {
    note: 'another tick has every job',
    job: job.name,
    holder: other?.holder,
    until: other?.until,
  });
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
