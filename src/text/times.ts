/** Times as people read them: in the owner's time zone, or as time passed. Pure. */

/** Uzbekistan's, where the bot's people are; TIMEZONE sets another. */
export const DEFAULT_TIME_ZONE = 'Asia/Tashkent';

export const DAY_MS = 86_400_000;

export function daysBefore(now: Date, days: number): Date {
  return new Date(now.getTime() - days * DAY_MS);
}

/** Making one takes longer than using it a hundred times. */
const formats = new Map<string, Intl.DateTimeFormat>();

/** @throws RangeError for a name that the runtime's time zone database does not have */
export function timeFormat(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  formats.set(zone, made);
  return made;
}

/**
 * `2026-11-22 15:00` in the zone.
 * @param at a moment, or a time of the database (`YYYY-MM-DD HH:MM:SS`, UTC); any other text comes
 * back unchanged
 */
export function localTime(at: string | Date, zone: string): string {
  const moment = typeof at === 'string' ? new Date(`${at.replace(' ', 'T')}Z`) : at;
  if (Number.isNaN(moment.getTime())) return String(at);
  const parts = timeFormat(zone).formatToParts(moment);
  const part = (type: Intl.DateTimeFormatPartTypes): string =>
    parts.find((found) => found.type === type)?.value ?? '';
  return `${part('year')}-${part('month')}-${part('day')} ${part('hour')}:${part('minute')}`;
}

const UNITS = [
  ['day', DAY_MS],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const;

export type TimeUnit = (typeof UNITS)[number][0];

/**
 * How long ago, in whole units. Each language brings its words and plurals (Intl's are not in every
 * runtime: workerd has no Uzbek). A time in the future counts as now.
 */
export function timeSince(milliseconds: number): { readonly count: number; readonly unit: TimeUnit } {
  const past = Math.max(0, milliseconds);
  // Two days and more are days; 47 hours are hours: "1 day ago" would hide half of them.
  const [unit, length] = UNITS.find(([name, ms]) => past >= (name === 'day' ? 2 * ms : ms)) ?? [
    'second',
    1_000,
  ];
  return { count: Math.floor(past / length), unit };
}
