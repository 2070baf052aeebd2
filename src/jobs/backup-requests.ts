/** Finishes backups whose own process died or was too slow; tells it in the waiting message. */

import { GrammyError } from 'grammy';
import { messageOptions } from '../bot/show.ts';
import { languageOf } from '../db/people.ts';
import { outcomeScreen } from '../handlers/admin/backup-outcome.ts';
import { REACH_REQUESTS, reachNow } from '../handlers/admin/backup-reach.ts';
import { describeError } from '../lib/log.ts';
import { textsIn } from '../locales/index.ts';
import { DEFAULT_TIME_ZONE } from '../text/times.ts';
import type { Job } from './job.ts';

/** Of a run whose files have one part each: test/backup/remote-run.test.ts counts them. */
export const ONE_RUN: number = 34;
/** The run, and three to close and to tell. */
export const RUN_REQUESTS: number = ONE_RUN + 3;

export const backupRequestsJob: Job = {
  name: 'backup-requests',
  async run(context) {
    const { backups, db, api, log, defaultLocale, timeZone, now, requests } = context;
    if (!requests.take(1)) return;
    // After a run a tick has little left for other jobs: every other minute is theirs alone.
    const isTight = requests.left < 2 * RUN_REQUESTS;
    const mayBegin = (): boolean =>
      (!isTight || now().getUTCMinutes() % 2 === 0) && requests.take(RUN_REQUESTS);
    for (const { request, outcome } of await backups.finishRequested(mayBegin)) {
      const [language] = await db.read([languageOf(request.requestedBy)]);
      const words = {
        t: textsIn(language ?? null, defaultLocale),
        zone: timeZone ?? DEFAULT_TIME_ZONE,
      };
      const isTold = outcome.kind === 'done' && requests.take(REACH_REQUESTS);
      const reach = isTold ? await reachNow(context, words) : [];
      const screen = outcomeScreen(outcome, { ...words, reach });
      const options = messageOptions(screen);
      try {
        if (request.messageId === null) await api.sendMessage(request.chatId, screen.text.markup, options);
        else await api.editMessageText(request.chatId, request.messageId, screen.text.markup, options);
      } catch (error) {
        if (!(error instanceof GrammyError)) throw error;
        log.warn('backup outcome not told', { chat: request.chatId, error: describeError(error) });
      }
    }
  },
};
