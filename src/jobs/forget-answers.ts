/** Drops memberships nobody needed for a day: the gate's cache holds those who are here. */
import { forgetOldAnswers } from '../db/gate-channels.ts';
import type { Job } from './job.ts';

const BATCH = 5_000;

export const forgetAnswersJob: Job = {
  name: 'forget-answers',
  everyMinutes: 60,
  async run({ db, now, requests }) {
    if (!requests.take(1)) return;
    await db.write([forgetOldAnswers(now(), BATCH)]);
  },
};
