/**
 * Times in the database: text `YYYY-MM-DD HH:MM:SS`, UTC. And how far to believe a stored one: the
 * clock may have been a year ahead or behind when it wrote.
 */
export function toSqlTime(date: Date): string {
  return date.toISOString().slice(0, 19).replace('T', ' ');
}

/** The clocks of two hosts may differ by this much and both be right. */
const CLOCK_SLACK_MS = 60_000;

/**
 * Stored ends ("until") hold at `now` when they lie in (`after`, `last`]: still to come, and no
 * further ahead than a right clock can have put them. A clock that ran ahead wrote anything after
 * `last`; that counts as over.
 * @param lengthMs the most time between the writing and the end: the lease's life, the pause, the
 * answer's freshness.
 */
export function holding(now: Date, lengthMs: number): { readonly after: Date; readonly last: Date } {
  return { after: now, last: new Date(now.getTime() + lengthMs + CLOCK_SLACK_MS) };
}

/** The same for a stored beginning ("since") from which something holds for `lengthMs`. */
export function holdingSince(now: Date, lengthMs: number): { readonly after: Date; readonly last: Date } {
  return { after: new Date(now.getTime() - lengthMs), last: new Date(now.getTime() + CLOCK_SLACK_MS) };
}

export function isHolding(time: Date, { after, last }: ReturnType<typeof holding>): boolean {
  return time > after && time <= last;
}
