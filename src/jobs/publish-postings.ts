/** Finishes what "post" began: the rest of many chats, passing failures, a dead host's work. */
import { openPostings } from '../db/postings.ts';
import { workAtPosting } from '../handlers/admin/post-cards.ts';
import { findWork, type Job } from './job.ts';

/** Cards of a posting in a tick: below Telegram's 30 messages a second, and few requests. */
const SLICE = 20;
/** Requests beside the cards: read, claim, result, report and its note. */
const OVERHEAD = 6;

export const postingJob: Job = {
  name: 'posting',
  async run(context) {
    for (const posting of await findWork(context, openPostings(5, context.now()))) {
      if (context.now() >= context.deadline) return;
      const limit = Math.min(SLICE, Math.floor((context.requests.left - OVERHEAD) / 2));
      if (limit < 1 || !context.requests.take(OVERHEAD + 2 * limit)) return;
      await workAtPosting(context, posting, limit);
    }
  },
};
