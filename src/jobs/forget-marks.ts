/** Forgets what no longer protects anything. */
import { forgetOldAudit } from '../db/audit-log.ts';
import { forgetRetries } from '../db/broadcast-retries.ts';
import { hasChanged } from '../db/database.ts';
import { forgetOldFailures, forgetOldMarks } from '../db/updates.ts';
import type { Job } from './job.ts';

/** Marks that one statement forgets: a short write lock. */
const SLICE = 5_000;

export const forgetJob: Job = {
  name: 'maintenance',
  everyMinutes: 60,
  async run({ db, now, deadline, requests }) {
    while (now() < deadline && requests.take(1)) {
      const results = await db.write([
        forgetRetries(),
        forgetOldAudit(now()),
        ...forgetOldFailures(now()),
        ...forgetOldMarks(now(), SLICE),
      ]);
      if (!hasChanged(results.at(-1))) return;
    }
  },
};
