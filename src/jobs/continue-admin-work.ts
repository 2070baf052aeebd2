/** Continues long work of admins whose process died, or that had to wait. */
import { freeWork } from '../db/admin-work.ts';
import { begin, runWork } from '../handlers/admin/work/run.ts';
import { ONE_RUN } from './backup-requests.ts';
import { findWork, type Job } from './job.ts';

const AT_ONCE = 5;

export const adminWorkJob: Job = {
  name: 'admin-work',
  async run(context) {
    for (const id of await findWork(context, freeWork(AT_ONCE, context.now()))) {
      // The backup before an import takes most.
      if (context.now() >= context.deadline || !context.requests.take(ONE_RUN)) return;
      // A tick has a minute on Node, and other jobs to do.
      if (context.background === undefined) await runWork(context, id);
      else begin(context, (stopping) => runWork(context, id, stopping));
    }
  },
};
