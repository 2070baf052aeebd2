/** How often changes may ask for a full backup. Pure. */

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** What counts against the next one. */
const WINDOW_MS = 6 * HOUR_MS;
/** Between one and the next of one timeline, by how many there were; then an hour. */
const PAUSES_MS = [0, 5 * MINUTE_MS, 15 * MINUTE_MS];
/** Within an hour, of all timelines together. */
const MOST_AN_HOUR = 6;

/** As many as can matter. */
export const BASES_LOOKED_AT = 10;

/**
 * Whether one may be tried now. The first one of a timeline comes at once: before it, nothing of
 * what a restore or an import brought is safe. Those after it come at growing pauses, whatever
 * became of them: an ALTER TABLE every minute, a bucket that takes none, or a host that dies again
 * and again makes no flood of them.
 * @param tries when earlier ones began, the newest first
 * @param since when the present timeline began
 */
export function mayMakeBase(tries: readonly Date[], since: Date, now: Date): boolean {
  // A try dated in the future does not count: a clock was ahead.
  const ages = tries.map((at) => now.getTime() - at.getTime()).filter((age) => age >= 0);
  if (ages.filter((age) => age < HOUR_MS).length >= MOST_AN_HOUR) return false;
  const timelineAge = now.getTime() - since.getTime();
  const own = ages.filter((age) => age < WINDOW_MS && age <= timelineAge);
  const [last] = own;
  return last === undefined || last >= (PAUSES_MS[own.length] ?? HOUR_MS);
}
