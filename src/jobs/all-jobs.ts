import { archiveJob } from './archive-files.ts';
import { backupRequestsJob } from './backup-requests.ts';
import { checkChatsJob } from './check-chats.ts';
import { adminWorkJob } from './continue-admin-work.ts';
import { trashJob } from './empty-trash.ts';
import { followMessagesJob } from './follow-messages.ts';
import { forgetAnswersJob } from './forget-answers.ts';
import { forgetJob } from './forget-marks.ts';
import { indexSearchJob } from './index-search.ts';
import type { Job } from './job.ts';
import { movePostsJob } from './move-posts.ts';
import { postingJob } from './publish-postings.ts';
import { draftStatusJob } from './refresh-draft-status.ts';
import { relinkJob } from './relink-files.ts';
import { replayUpdatesJob } from './replay-updates.ts';
import { broadcastJob } from './send-broadcasts.ts';
import { ownerNoticesJob } from './send-owner-notices.ts';
import { shipChangesJob } from './ship-changes.ts';
import { watchChangesJob } from './watch-changes.ts';
import { hearingJob } from './watch-hearing.ts';

/** Every job of the tick, in the order of their turns. */
export const jobs: readonly Job[] = [
  // First: a run needs most of a small tick, and later it would never find that much left.
  backupRequestsJob,
  shipChangesJob,
  watchChangesJob,
  adminWorkJob,
  hearingJob,
  ownerNoticesJob,
  replayUpdatesJob,
  indexSearchJob,
  forgetJob,
  forgetAnswersJob,
  checkChatsJob,
  draftStatusJob,
  postingJob,
  movePostsJob,
  trashJob,
  archiveJob,
  relinkJob,
  broadcastJob,
  // Last: it uses up the time and requests that are left.
  followMessagesJob,
];

/** The lease of a job with a pace of its own says when its turn comes again. */
export const unpaced: readonly string[] = jobs
  .filter(({ everyMinutes }) => everyMinutes === undefined)
  .map(({ name }) => name);
