/** Messages to the admins about the bot's own trouble. */
import type { Api } from 'grammy';
import type { BackupAlert } from './backup/context.ts';
import type { LocaleName } from './config.ts';
import type { Html } from './html.ts';
import { textsFor } from './locales/index.ts';
import { describeError, type Log } from './log.ts';

export interface AlertTools {
  readonly api: Api;
  readonly log: Log;
  readonly adminIds: readonly number[];
}

/** To every owner (ADMIN_IDS); one who can not be reached is logged and does not keep it from the others. Never rejects. */
export async function tellAdmins({ api, log, adminIds }: AlertTools, text: Html): Promise<void> {
  await Promise.all(
    adminIds.map((id) =>
      api.sendMessage(id, text.markup, { parse_mode: 'HTML' }).catch((error: unknown) => {
        log.warn('admin not told', { admin: id, error: describeError(error) });
      }),
    ),
  );
}

export function backupAlertText(locale: LocaleName, alert: BackupAlert): Html {
  const { frame } = textsFor(locale);
  if (alert.kind === 'failed') return frame.backupFailed(alert.message);
  return alert.kind === 'ask' ? frame.backupAsks(alert.message) : frame.backupProblem(alert.message);
}
