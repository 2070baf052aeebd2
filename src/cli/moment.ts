/** A moment as a person writes it (`--at`), and the database of then. */
import { findPoint, type Point } from '../backup/restore/point-in-time.ts';
import { fetchSource, type RestoreSource } from '../backup/restore/source.ts';
import { localTime, timeFormat } from '../text/times.ts';
import { type Invocation, UsageError } from './command.ts';
import { createProgressBar } from './progress-bar.ts';

/** For the help of every command that takes one. */
export const MOMENT = '15m, 2h or 3d ago, "2026-11-27 14:32" in TIMEZONE, or an ISO time';

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const MINUTE = 60_000;

/** @throws UsageError */
export function parseMoment(text: string, now: Date, zone: string): Date {
  const wanted = text.trim();
  const [, count, unit] = /^(\d{1,6})\s*([smhd])(?:\s+ago)?$/i.exec(wanted) ?? [];
  const length = UNITS[unit?.toLowerCase() ?? ''];
  if (length !== undefined) return new Date(now.getTime() - Number(count) * length);
  if (wanted.toLowerCase() === 'now') return now;
  const local = /^(?:(\d{4}-\d\d-\d\d)[T ])?(\d\d:\d\d)(:\d\d(?:\.\d{1,3})?)?$/.exec(wanted);
  if (local !== null) {
    const [, day = localTime(now, zone).slice(0, 10), minute = '', rest = ''] = local;
    const found = inZone(new Date(`${day}T${minute}${rest}Z`), zone);
    if (found !== undefined) return found;
  }
  const isZoned = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:?\d\d)$/i.test(wanted);
  const time = isZoned ? new Date(wanted.replace(' ', 'T')) : undefined;
  if (time === undefined || Number.isNaN(time.getTime()))
    throw new UsageError(`${text} is not a time: ${MOMENT}`);
  return time;
}

/** The moment at which clocks of the zone show what `shown` is in UTC. */
function inZone(shown: Date, zone: string): Date | undefined {
  if (Number.isNaN(shown.getTime())) return undefined;
  let time = shown.getTime();
  // Once more, for the other side of a change of the clocks.
  for (let i = 0; i < 2; i += 1) time = shown.getTime() - offsetAt(new Date(time), zone);
  return new Date(time);
}

function offsetAt(time: Date, zone: string): number {
  const shown = Date.parse(`${localTime(time, zone).replace(' ', 'T')}Z`);
  return shown - Math.floor(time.getTime() / MINUTE) * MINUTE;
}

/** `2026-11-27 14:32:05 (Asia/Tashkent, 2026-11-27T09:32:05Z)`: nobody has to guess the zone. */
export function showMoment(time: Date, zone: string): string {
  const iso = time.toISOString();
  return `${localTime(time, zone)}${iso.slice(16, 19)} (${timeFormat(zone).resolvedOptions().timeZone}, ${iso.slice(0, 19)}Z)`;
}

/** @throws UsageError, PointOutOfReach */
export async function resolveMoment(
  { session, terminal, now, stoppable }: Invocation,
  text: string,
  isBestEffort = false,
): Promise<Point> {
  const { timeZone } = session.config;
  const at = parseMoment(text, now(), timeZone);
  if (at > now()) throw new UsageError(`--at: ${showMoment(at, timeZone)} is still to come`);
  terminal.draw(`looking for ${text}`);
  return stoppable((signal) =>
    findPoint(session.bucket, {
      at,
      isBestEffort,
      keys: session.keys,
      signal,
      show: (time) => showMoment(time, timeZone),
    }),
  );
}

/** What is reached, for people. */
export function pointLine({ session }: Invocation, { at, time, ways: [way] }: Point): string {
  const zone = session.config.timeZone;
  const files = way === undefined || way.stop === undefined ? '' : ' and the changes behind it';
  const by = `by backup ${way?.base.entry.name}${files}`;
  return at.getTime() === time.getTime()
    ? `The state of ${showMoment(time, zone)}, ${by}.`
    : `The state of ${showMoment(time, zone)}: the last one stored up to ${showMoment(at, zone)}, ${by}.`;
}

export function pointJson({ at, time, timeline, seq, ways: [way], short }: Point): Record<string, unknown> {
  return {
    at: at.toISOString(),
    reached: time.toISOString(),
    timeline: timeline ?? null,
    seq: seq ?? null,
    backup: way?.base.entry.name ?? null,
    short: short ?? null,
  };
}

/** The database of the moment as a file in the directory. */
export async function databaseOf(
  { session, terminal, stoppable }: Invocation,
  point: Point,
  directory: string,
): Promise<RestoreSource> {
  const bar = createProgressBar(terminal, () => performance.now());
  const { bucket, keys } = session;
  return stoppable((signal) =>
    fetchSource(
      { kind: 'point', point },
      {
        bucket,
        keys,
        directory,
        signal,
        onBytes: (bytes, total) => bar({ label: 'fetching', bytes, total }),
      },
    ),
  );
}
