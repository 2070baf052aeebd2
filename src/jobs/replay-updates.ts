/** Handles updates set aside while Telegram was out of reach: each once, in a chat's order. */

import { isOver, replayOne } from '../bot/replay.ts';
import { waitingUpdates } from '../db/updates.ts';
import type { Job } from './job.ts';

/** Updates a tick. */
const AT_ONCE = 100;
/** Database and Bot API requests of one update. */
const PER_UPDATE = 5;

export const replayUpdatesJob: Job = {
  name: 'replay-updates',
  async run({ db, now, deadline, requests, replay }) {
    if (!requests.take(1)) return;
    const [waiting] = await db.read([waitingUpdates(now(), AT_ONCE)]);
    const blocked = new Set<number>();
    for (const update of waiting) {
      if (blocked.has(update.chatId)) continue;
      if (now() >= deadline || !requests.take(PER_UPDATE)) return;
      if (!isOver(await replayOne(db, update, now(), replay))) blocked.add(update.chatId);
    }
  },
};
