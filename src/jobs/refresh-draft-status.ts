/** Corrects the status messages of drafts that a burst of parts left out of date. */
import { staleStatuses } from '../db/draft-parts.ts';
import { STATUS_EVERY_MS, settleStatus } from '../handlers/admin/draft-status.ts';
import type { Job } from './job.ts';

export const draftStatusJob: Job = {
  name: 'draft-status',
  async run(context) {
    if (!context.requests.take(1)) return;
    const [stale] = await context.db.read([staleStatuses(context.now(), STATUS_EVERY_MS)]);
    for (const id of stale) {
      if (context.now() >= context.deadline || !context.requests.take(6)) return;
      await settleStatus(context, id);
    }
  },
};
