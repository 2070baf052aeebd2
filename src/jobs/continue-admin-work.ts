/** Continues long work of admins whose process died, or that had to wait. */
import { freeWork } from '../db/admin-work.ts';
import { begin, runWork } from '../handlers/admin/work/run.ts';
import { findWork, type Job } from './job.ts';

const AT_ONCE = 5;
/** Requests of one piece: a backup before an import takes most (docs/limits.md). */
const WORK_REQUESTS = 33;

export const adminWorkJob: Job = {
  name: 'admin-work',
  async run(context) {
    for (const id of await findWork(context, freeWork(AT_ONCE, context.now()))) {
      if (context.now() >= context.deadline || !context.requests.take(WORK_REQUESTS)) return;
      // A tick has a minute on Node, and other jobs to do.
      if (context.background === undefined) await runWork(context, id);
      else begin(context, (stopping) => runWork(context, id, stopping));
    }
  },
};
