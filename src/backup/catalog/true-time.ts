/**
 * When a backup was made. Its manifest says so by a host's clock, its objects by the store's,
 * unless a copy made them. Either may be wrong, and neither may make a backup newer than now.
 */

/** Clocks of hosts and stores may differ by this much and both count as right. */
const SLACK_MS = 120_000;

/** Made in the future: a clock ran ahead. */
export function isAhead(time: Date, now: Date): boolean {
  return time.getTime() > now.getTime() + SLACK_MS;
}

/**
 * The manifest's time: copies keep it, and times of files often do not survive one. When it lies in
 * the future, the store's; when that does too ({@link isAhead}), nothing is known.
 */
export function believedTime(claimed: Date, modified: Date, now: Date): Date {
  return isAhead(claimed, now) && !isAhead(modified, now) ? modified : claimed;
}
