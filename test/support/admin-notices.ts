import { ownerNoticesJob } from '../../src/jobs/send-owner-notices.ts';
import type { TestBot } from './bot.ts';

/** What the tick tells the admins. */
export async function sendAdminNotices(bot: TestBot): Promise<void> {
  await ownerNoticesJob.run(bot.jobContext());
}
