/**
 * Backups that retention may not judge: another bot's, in a bucket that bots share. No rule
 * deletes them, and none of ours is deleted because of them.
 */
import type { Bucket } from './bucket.ts';
import type { BackupEntry } from './entry.ts';
import type { BackupName } from './names.ts';
import type { RetentionPlan } from './retention.ts';
import { botText, familiesOf, ownOf, strangerText } from './whose-bot.ts';

/**
 * Of those that were read, the ones that are not ours, and why.
 * @param isOurs of one whose manifest names no bot: an earlier version made it
 */
export function foreignOf(
  { bot }: Pick<Bucket, 'bot'>,
  read: readonly BackupEntry[],
  isOurs: (name: BackupName) => boolean,
): Map<BackupName, string> {
  const own = bot === undefined ? new Set(read) : ownOf(bot, read);
  const isUnclear = bot === undefined && familiesOf(read).length > 1;
  const found = new Map<BackupName, string>();
  for (const entry of read) {
    const { name, manifest } = entry;
    if (manifest === undefined) continue;
    if (manifest.bot === undefined) {
      if (!isOurs(name)) found.set(name, 'it names no bot, and is not on the record of this one');
    } else if (isUnclear)
      found.set(name, `of ${botText(manifest.bot)}: several bots’ lie here, and BOT_TOKEN is not set`);
    else if (!own.has(entry)) found.set(name, strangerText(manifest.bot, bot));
  }
  return found;
}

export function withForeign(plan: RetentionPlan, foreign: ReadonlyMap<BackupName, string>): RetentionPlan {
  if (foreign.size === 0) return plan;
  const kept = [...foreign].map(([name, reason]) => ({ name, action: 'keep', reason }) as const);
  const decisions = [...plan.decisions, ...kept].toSorted((a, b) => (a.name < b.name ? 1 : -1));
  return { ...plan, decisions };
}
