import { adminNoticesJob } from './admin-notices.ts';
import { adminWorkJob } from './admin-work.ts';
import { backupRequestsJob } from './backup-requests.ts';
import { broadcastJob } from './broadcast.ts';
import { checkChatsJob } from './check-chats.ts';
import { draftStatusJob } from './draft-status.ts';
import { followMessagesJob } from './follow-messages.ts';
import { forgetAnswersJob } from './forget-answers.ts';
import { hearingJob } from './hearing.ts';
import { indexSearchJob } from './index-search.ts';
import type { Job } from './job.ts';
import { maintenance } from './maintenance.ts';
import { postingJob } from './posting.ts';
import { replayUpdatesJob } from './replay-updates.ts';
import { trashJob } from './trash.ts';

/** Every job of the tick, in the order they get their turn. */
export const jobs: readonly Job[] = [
  // First: a run needs most of a small tick, and would never find it left over.
  backupRequestsJob,
  adminWorkJob,
  hearingJob,
  adminNoticesJob,
  replayUpdatesJob,
  indexSearchJob,
  maintenance,
  forgetAnswersJob,
  checkChatsJob,
  draftStatusJob,
  postingJob,
  trashJob,
  broadcastJob,
  // Last: it uses up what time and requests are left.
  followMessagesJob,
];
