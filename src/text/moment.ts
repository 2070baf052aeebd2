/** A moment as people write and read it, in the owner's time zone. Pure. */
import { DAY_MS, localTime, timeFormat } from './times.ts';

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: DAY_MS };
const MINUTE = 60_000;

/** Of today, or of a day written as `2026-11-27` or `27.11.2026`. */
const LOCAL =
  /^(?:(?:(\d{4})-(\d\d)-(\d\d)[T ]+)|(?:(\d\d?)\.(\d\d?)\.(\d{4}),? +))?(\d\d?:\d\d)(:\d\d(?:\.\d{1,3})?)?$/;
const ZONED = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:?\d\d)$/i;

/**
 * `now`, `15m`, `2h` or `3d` (ago), `14:31` (today), `2026-11-27 14:31`, `27.11.2026 14:31`, or an
 * ISO time with a zone, which is exact. Undefined for anything else, and for a day or an hour that
 * does not exist.
 */
export function readMoment(text: string, now: Date, zone: string): Date | undefined {
  const wanted = text.trim();
  const [, count, unit] = /^(\d{1,6})\s*([smhd])(?:\s+ago)?$/i.exec(wanted) ?? [];
  const length = UNITS[unit?.toLowerCase() ?? ''];
  if (length !== undefined) return new Date(now.getTime() - Number(count) * length);
  if (wanted.toLowerCase() === 'now') return now;
  const local = LOCAL.exec(wanted);
  if (local !== null) {
    const [, y1, m1, d1, d2 = '', m2 = '', y2, time = '', seconds = ''] = local;
    const date = [y1 ?? y2, m1 ?? m2.padStart(2, '0'), d1 ?? d2.padStart(2, '0')].join('-');
    const day = y1 === undefined && y2 === undefined ? localTime(now, zone).slice(0, 10) : date;
    const found = inZone(`${day}T${time.padStart(5, '0')}${seconds}`, zone);
    return found !== undefined && /^:\d\d$/.test(seconds) ? endOfSecond(found, now) : found;
  }
  if (!ZONED.test(wanted)) return undefined;
  const time = new Date(wanted.replace(' ', 'T'));
  return Number.isNaN(time.getTime()) || !isDay(wanted.slice(0, 10)) ? undefined : time;
}

/**
 * Times are shown to the second: who types one back wants what was there then, and so all of that
 * second. What has passed of it, where it is this one.
 */
function endOfSecond(time: Date, now: Date): Date {
  const end = new Date(time.getTime() + 999);
  return end > now && time <= now ? now : end;
}

/** JavaScript takes the 31st of February for the 3rd of March. */
function isDay(text: string): boolean {
  const day = new Date(`${text}T00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}

/** The moment at which clocks of the zone show this. */
function inZone(text: string, zone: string): Date | undefined {
  const shown = new Date(`${text}Z`);
  // JavaScript takes the 31st of February for the 3rd of March, and 24:00 for the next day.
  if (Number.isNaN(shown.getTime()) || !shown.toISOString().startsWith(text.slice(0, 16))) return undefined;
  let time = shown.getTime();
  // Once more, for the other side of a change of the clocks.
  for (let i = 0; i < 2; i += 1) time = shown.getTime() - offsetAt(new Date(time), zone);
  return new Date(time);
}

function offsetAt(time: Date, zone: string): number {
  const shown = Date.parse(`${localTime(time, zone).replace(' ', 'T')}Z`);
  return shown - Math.floor(time.getTime() / MINUTE) * MINUTE;
}

/** `2026-11-27 14:32:05` in the zone. */
export function toTheSecond(time: Date, zone: string): string {
  return `${localTime(time, zone)}${time.toISOString().slice(16, 19)}`;
}

/** For people to read: `2026-11-27 14:32:05 (Asia/Tashkent)`. */
export function showMoment(time: Date, zone: string): string {
  return `${toTheSecond(time, zone)} (${timeFormat(zone).resolvedOptions().timeZone})`;
}

/**
 * For people to copy: `2026-11-27T14:32:05.678+05:00`. A fraction of a second is part of it: else
 * what is told would lie before what is meant.
 */
export function copyMoment(time: Date, zone: string): string {
  const offset = offsetAt(time, zone) / MINUTE;
  const [hours, minutes] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60];
  const local = new Date(time.getTime() + offset * MINUTE).toISOString().slice(0, -1).replace('.000', '');
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${local}${offset < 0 ? '-' : '+'}${two(hours)}:${two(minutes)}`;
}

/** Said once, behind times. */
export function timesAreOf(zone: string): string {
  return `Times are those of ${zone} (TIMEZONE).`;
}

const HOUR = 60 * MINUTE;

/**
 * What is to be said of a local time that clocks of the zone skip or show twice; undefined of every
 * other, and of what names its own zone.
 * @param at as {@link readMoment} took it
 */
export function clockNote(text: string, at: Date, zone: string): string | undefined {
  const local = LOCAL.exec(text.trim());
  if (local === null) return undefined;
  const wanted = (local[7] ?? '').padStart(5, '0');
  if (!localTime(at, zone).endsWith(` ${wanted}`))
    return `${text}: clocks of ${zone} skip that hour; ${copyMoment(at, zone)} was taken`;
  const shown = localTime(at, zone);
  // Nowhere do clocks go back by more.
  const twin = [-2, -1, -0.5, 0.5, 1, 2]
    .map((hours) => new Date(at.getTime() + hours * HOUR))
    .find((other) => localTime(other, zone) === shown);
  return (
    twin &&
    `${text}: clocks of ${zone} show it twice; ${copyMoment(at, zone)} was taken, the other one is ${copyMoment(twin, zone)}`
  );
}

/** An ISO time, or an option with one; what stands in quotation marks is somebody's own. */
const ISO = /(--[a-z]+ )?(?<!["\w-])(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?Z)(?!")/g;

/**
 * The ISO times of a text for people, as they read them in the zone: to the second; in a command
 * exact, with their zone, since it must mean the same wherever it is typed.
 */
export function timesInZone(text: string, zone: string): string {
  return text.replaceAll(ISO, (all, option: string | undefined, iso: string) => {
    const time = new Date(iso);
    if (Number.isNaN(time.getTime())) return all;
    return option === undefined ? toTheSecond(time, zone) : `${option}${copyMoment(time, zone)}`;
  });
}
