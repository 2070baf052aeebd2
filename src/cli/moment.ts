/** A moment as a person writes it (`--at`), and the database of then. */
import { findPoint, type Point } from '../backup/restore/point-in-time.ts';
import { fetchSource, type RestoreSource } from '../backup/restore/source.ts';
import { readMoment, showMoment } from '../text/moment.ts';
import { type Invocation, UsageError } from './command.ts';
import { createProgressBar } from './progress-bar.ts';

/** For the help of every command that takes one. */
export const MOMENT = '15m, 2h or 3d ago, 14:32 (today) or "2026-11-27 14:32" in TIMEZONE, or an ISO time';

/** @throws UsageError */
export function parseMoment(text: string, now: Date, zone: string): Date {
  const time = readMoment(text, now, zone);
  if (time === undefined) throw new UsageError(`${text} is not a time: ${MOMENT}`);
  return time;
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
