/**
 * Tells the owners that nothing can be saved, and later that it is over. Only by Telegram, for the
 * database takes nothing. The tick checks it.
 */

import type { WatchedWrites } from '../db/watched-writes.ts';
import { textsFor } from '../locales/index.ts';
import type { LocaleName } from '../settings/config.ts';
import { type AlertTools, tellOwners } from './alerts.ts';

/** A lock that another program holds for a moment does not count. */
const SERIOUS_MS = 30_000;
const AGAIN_MS = 3_600_000;
const LONGEST_REASON = 300;

export function createWriteAlarm(
  writes: WatchedWrites,
  tools: AlertTools & { readonly now: () => Date; readonly defaultLocale: LocaleName },
): { look(): Promise<void> } {
  let toldAt: number | undefined;
  let isOn = false;
  const { now, log } = tools;
  return {
    async look() {
      const { frame, backupTrouble } = textsFor(tools.defaultLocale);
      const before = writes.trouble();
      if (
        before !== undefined &&
        now().getTime() - before.since.getTime() >= SERIOUS_MS &&
        !(await writes.probe())
      ) {
        log.error('nothing can be saved', { since: before.since.toISOString(), error: before.reason });
        if (toldAt !== undefined && now().getTime() - toldAt < AGAIN_MS) return;
        toldAt = now().getTime();
        isOn = true;
        await tellOwners(tools, frame.nothingSaved(backupTrouble(before.reason.slice(0, LONGEST_REASON))));
        return;
      }
      if (!isOn || writes.trouble() !== undefined) return;
      isOn = false;
      log.info('saved again', {});
      await tellOwners(tools, frame.savedAgain());
    },
  };
}
