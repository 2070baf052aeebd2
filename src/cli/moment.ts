/** A moment as a person writes it (`--at`), and the database of then. */
import { type Living, readLiving } from '../backup/changes/living.ts';
import type { RestoreSource } from '../backup/restore/fetched.ts';
import { findPoint, type Point, PointOutOfReach } from '../backup/restore/point-in-time.ts';
import { fetchSource } from '../backup/restore/source.ts';
import { StoreError } from '../backup/store/types.ts';
import { openSnapshotSource } from '../hosts/node/node-parts.ts';
import { explain } from '../lib/clock.ts';
import { clockNote, copyMoment, readMoment, showMoment, toTheSecond } from '../text/moment.ts';
import { type Invocation, UsageError } from './command.ts';
import { createProgressBar } from './progress-bar.ts';
import type { Session } from './session.ts';

/** For the help of every command that takes a moment. */
export const BEST_EFFORT = 'with --at: the nearest moment before it, where changes are lost';

/** Likewise. */
export const TIMELINE = 'with --at: which history, where several go on side by side (changes names them)';

/** What may be said beside a moment. */
export interface MomentWish {
  readonly bestEffort?: boolean;
  readonly timeline?: string;
}

/** @throws UsageError for what says nothing without a moment */
export function requireMoment({ bestEffort, timeline }: MomentWish, option = '--at'): void {
  if (bestEffort === true) throw new UsageError(`--best-effort goes with ${option}`);
  if (timeline !== undefined) throw new UsageError(`--timeline goes with ${option}`);
}

/** Likewise, of the moment itself. */
export const MOMENT = '15m, 2h or 3d ago, 14:32 (today) or "2026-11-27 14:32" in TIMEZONE, or an ISO time';

/** @throws UsageError */
export function parseMoment(text: string, now: Date, zone: string): Date {
  const time = readMoment(text, now, zone);
  if (time === undefined) throw new UsageError(`${text} is not a time: ${MOMENT}`);
  return time;
}

/** @throws UsageError, PointOutOfReach */
export async function resolveMoment(
  invocation: Invocation,
  text: string,
  { bestEffort = false, timeline }: MomentWish = {},
): Promise<Point> {
  const { session, terminal, now, stoppable } = invocation;
  const { timeZone } = session.config;
  const asked = now();
  const at = parseMoment(text, asked, timeZone);
  if (at > now()) throw new UsageError(`--at: ${showMoment(at, timeZone)} is still to come`);
  const clock = clockNote(text, at, timeZone);
  if (clock !== undefined) terminal.note(clock);
  terminal.draw(`looking for ${text}`);
  const living = await livingOf(session);
  const find = (): Promise<Point> =>
    stoppable((signal) =>
      findPoint(session.bucket, {
        at,
        now: asked,
        isBestEffort: bestEffort,
        timeline,
        keys: session.keys,
        signal,
        living,
        show: (time) => copyMoment(time, timeZone),
      }),
    );
  return find().catch(async (error: unknown) => {
    const isEmpty =
      error instanceof StoreError ||
      (error instanceof PointOutOfReach && error.why.kind === 'early' && error.why.earliest === undefined);
    const copy = isEmpty && session.from === undefined ? await session.copy() : undefined;
    if (copy === undefined || session.readsCopy) throw error;
    await session.readCopy();
    const point = await find().catch(() => {
      throw error;
    });
    const why = explain(error);
    terminal.note(
      `the first bucket gave no backup (${why}), so this is from the second copy, ${copy.store.description}`,
    );
    return point;
  });
}

/** Undefined: nobody can ask the database, or it keeps no log. */
export async function livingOf(session: Session): Promise<Living | undefined> {
  try {
    return await readLiving(await session.live(), openSnapshotSource(session.config.database));
  } catch {
    return undefined;
  } finally {
    // A restore opens it where it needs it.
    await session.close();
  }
}

/** What is reached, for people. */
export function pointLine({ session }: Invocation, { at, time, isUnsure, ways: [way] }: Point): string {
  const zone = session.config.timeZone;
  const files = way === undefined || way.stop === undefined ? '' : ' and the changes behind it';
  const by = `by backup ${way?.base.entry.name}${files}`;
  const [reached, asked] = [showMoment(time, zone), toTheSecond(at, zone)];
  const isOther = asked !== toTheSecond(time, zone);
  const line = `The state of ${reached}${isOther ? `, the last one stored up to ${asked}` : ''}, ${by}.`;
  return isUnsure !== true ? line : `${line} Whether anything had changed after it by then, nobody can tell.`;
}

export function pointJson({
  at,
  time,
  timeline,
  seq,
  ways: [way],
  short,
  isUnsure,
}: Point): Record<string, unknown> {
  return {
    at: at.toISOString(),
    reached: time.toISOString(),
    timeline: timeline ?? null,
    seq: seq ?? null,
    backup: way?.base.entry.name ?? null,
    short: short ?? null,
    unsure: isUnsure === true,
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
