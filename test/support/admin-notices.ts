import { adminNoticesJob } from '../../src/jobs/send-admin-notices.ts';
import type { TestBot } from './bot.ts';

/** What the tick tells the admins. */
export async function sendAdminNotices(bot: TestBot): Promise<void> {
  await adminNoticesJob.run(bot.jobContext());
}
