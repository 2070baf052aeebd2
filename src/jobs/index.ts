import { adminNoticesJob } from './admin-notices.ts';
import { followMessagesJob } from './follow-messages.ts';
import { forgetAnswersJob } from './forget-answers.ts';
import { indexSearchJob } from './index-search.ts';
import type { Job } from './job.ts';
import { maintenance } from './maintenance.ts';

/** Every job of the tick, in the order they get their turn. */
export const jobs: readonly Job[] = [
  adminNoticesJob,
  indexSearchJob,
  maintenance,
  forgetAnswersJob,
  // Last: it uses up what time and requests are left.
  followMessagesJob,
];
