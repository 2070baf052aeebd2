/** Forgets what protects nothing any more. */
import { forgetOldMarks } from '../db/updates.ts';
import type { Job } from './job.ts';

export const maintenance: Job = {
  name: 'maintenance',
  everyMinutes: 60,
  async run({ db, now, requests }) {
    if (requests.take(1)) await db.write([forgetOldMarks(now())]);
  },
};
