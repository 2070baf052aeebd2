/** The places of the calendar: the newest backup of a day, a week, a month stays. */
import { DAY_MS } from '../../text/times.ts';
import type { BackupName } from './names.ts';
import { isSuccessor, type Timed } from './retention-times.ts';

/** A backup stays when any rule keeps it. At least one rule must be set. */
export interface RetentionPolicy {
  /** Everything younger than this many days. */
  readonly days?: number | undefined;
  /** The newest of each of the last so many days / ISO weeks / months (UTC) that have a backup. */
  readonly daily?: number | undefined;
  readonly weekly?: number | undefined;
  readonly monthly?: number | undefined;
}

type Period = 'daily' | 'weekly' | 'monthly';
const PERIODS: readonly (readonly [Period, string, (time: Date) => string])[] = [
  ['daily', 'day', (time) => time.toISOString().slice(0, 10)],
  ['weekly', 'week', isoWeek],
  ['monthly', 'month', (time) => time.toISOString().slice(0, 7)],
];

/**
 * The newest verified backup of each of the last N periods that have one. Damaged and unfinished
 * ones use up no place, nor do safety backups: what they hold is what somebody replaced.
 */
export function countedReasons(sorted: readonly Timed[], policy: RetentionPolicy): Map<BackupName, string> {
  const reasons = new Map<BackupName, string>();
  const verified = sorted
    .filter((entry) => isSuccessor(entry) && entry.isSafety !== true)
    .toSorted((a, b) => b.slot - a.slot);
  for (const [rule, noun, periodOf] of PERIODS) {
    const places = policy[rule] ?? 0;
    const seen = new Set<string>();
    for (const entry of verified) {
      const period = periodOf(new Date(entry.slot));
      if (seen.has(period)) continue;
      if (seen.size >= places) break;
      seen.add(period);
      if (!reasons.has(entry.name)) reasons.set(entry.name, `newest of ${noun} ${period}`);
    }
  }
  return reasons;
}

export function dayOf({ slot }: Timed): string {
  return new Date(slot).toISOString().slice(0, 10);
}

/** ISO 8601 week, `2026-W07`: the week belongs to the year its Thursday is in. */
function isoWeek(time: Date): string {
  const thursday = new Date(Date.UTC(time.getUTCFullYear(), time.getUTCMonth(), time.getUTCDate()));
  thursday.setUTCDate(thursday.getUTCDate() + 4 - (thursday.getUTCDay() || 7));
  const yearStart = Date.UTC(thursday.getUTCFullYear(), 0, 1);
  const week = Math.ceil(((thursday.getTime() - yearStart) / DAY_MS + 1) / 7);
  return `${thursday.getUTCFullYear()}-W${String(week).padStart(2, '0')}`;
}
