/** Purges what lay in the trash for 30 days. */
import { audit } from '../db/audit-log.ts';
import { hasChanged } from '../db/database.ts';
import { expiredAnime, purgeAnime, redateTrash, releaseHistory } from '../db/trash.ts';
import type { Job } from './job.ts';

/** Nobody waits for it: a few at a time. */
const AT_ONCE = 10;
/** The audit log's name for the bot's own deeds. */
const BOT = 0;

export const trashJob: Job = {
  name: 'trash',
  everyMinutes: 60,
  async run({ db, now, deadline, requests }) {
    if (!requests.take(2)) return;
    await db.write([redateTrash(now())]);
    const [expired] = await db.read([expiredAnime(now(), AT_ONCE)]);
    for (const { id, code, title } of expired) {
      let isLeft: boolean;
      do {
        if (now() >= deadline || !requests.take(2)) return;
        const [, left] = await db.write(releaseHistory(code));
        isLeft = hasChanged(left);
      } while (isLeft);
      await db.write([purgeAnime(id), audit(BOT, 'anime-purged', `${code} ${title ?? ''}`.trim(), now())]);
    }
  },
};
