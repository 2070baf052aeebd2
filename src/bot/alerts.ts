/** Messages to the owners about the bot's own trouble. */
import type { Api } from 'grammy';
import type { BackupAlert } from '../backup/run/context.ts';
import { describeError, type Log } from '../lib/log.ts';
import { textsFor } from '../locales/index.ts';
import type { LocaleName } from '../settings/config.ts';
import type { Html } from '../text/html.ts';

export interface AlertTools {
  readonly api: Api;
  readonly log: Log;
  readonly ownerIds: readonly number[];
}

/**
 * To every owner (ADMIN_IDS); one who cannot be reached is logged and does not keep it from the
 * others. Never rejects.
 */
export async function tellOwners({ api, log, ownerIds }: AlertTools, text: Html): Promise<void> {
  await Promise.all(
    ownerIds.map((id) =>
      api.sendMessage(id, text.markup, { parse_mode: 'HTML' }).catch((error: unknown) => {
        log.warn('owner not told', { owner: id, error: describeError(error) });
      }),
    ),
  );
}

/**
 * Characters of an alert's own words; Telegram refuses messages over 4096, and a refused alert is
 * none.
 */
const LONGEST_ALERT = 3_000;

export function backupAlertText(
  locale: LocaleName,
  { kind, message: whole, shrunk, asks }: BackupAlert,
): Html {
  const { frame, backupTrouble } = textsFor(locale);
  if (shrunk !== undefined) return frame.backupShrunk(shrunk);
  if (asks !== undefined) return frame.backupAsks(asks.removing, asks.of);
  const message = whole.length > LONGEST_ALERT ? `${whole.slice(0, LONGEST_ALERT).toWellFormed()}…` : whole;
  if (kind === 'failed') return frame.backupFailed(backupTrouble(message));
  if (kind === 'damaged') return frame.backupDamaged(backupTrouble(message));
  return frame.backupProblem(backupTrouble(message));
}
