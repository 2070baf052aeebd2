/** Finishes backups admins asked for whose own process died or was too slow, and tells them in the message they wait at. */
import { GrammyError } from 'grammy';
import { languageOf } from '../db/people.ts';
import { outcomeScreen } from '../handlers/admin/backup-outcome.ts';
import { textsIn } from '../locales/index.ts';
import { describeError } from '../log.ts';
import type { Job } from './job.ts';

export const backupRequestsJob: Job = {
  name: 'backup-requests',
  async run({ backups, db, api, log, defaultLocale, requests }) {
    if (!requests.take(1)) return;
    for (const { request, outcome } of await backups.finishRequested()) {
      const [language] = await db.read([languageOf(request.requestedBy)]);
      const screen = outcomeScreen(outcome, textsIn(language ?? null, defaultLocale));
      const options = {
        parse_mode: 'HTML' as const,
        ...(screen.keyboard === undefined ? {} : { reply_markup: screen.keyboard }),
      };
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
