/** A part of a tick's time and requests for a job that could use up all of both. */
import type { JobContext } from './job.ts';

/** What `work` leaves of its part goes back to the tick. */
export async function withShare(
  context: JobContext,
  share: number,
  work: (context: JobContext) => Promise<void>,
): Promise<void> {
  const started = context.now().getTime();
  const deadline = new Date(started + share * (context.deadline.getTime() - started));
  const limit = Math.floor(share * context.requests.left);
  const requests = context.requests.part(limit);
  try {
    await work({ ...context, deadline, requests });
  } finally {
    context.requests.take(Math.max(0, limit - requests.left));
  }
}
