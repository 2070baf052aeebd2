/** Corrects the status messages of drafts that a burst of parts left out of date. */
import { staleStatuses } from '../db/draft-parts.ts';
import { STATUS_EVERY_MS, settleStatus } from '../handlers/admin/draft-status.ts';
import { findWork, type Job } from './job.ts';

export const draftStatusJob: Job = {
  name: 'draft-status',
  async run(context) {
    for (const id of await findWork(context, staleStatuses(context.now(), STATUS_EVERY_MS))) {
      if (context.now() >= context.deadline || !context.requests.take(6)) return;
      await settleStatus(context, id);
    }
  },
};
