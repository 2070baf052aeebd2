/** A moment as a person writes it (`--at`), and the database of then. */
import type { Bucket } from '../backup/catalog/bucket.ts';
import { type Living, readLiving } from '../backup/changes/living.ts';
import type { RestoreSource } from '../backup/restore/fetch-backup.ts';
import { PointOutOfReach, plainText } from '../backup/restore/out-of-reach.ts';
import { findPoint, type Point } from '../backup/restore/point-in-time.ts';
import { fetchSource } from '../backup/restore/source.ts';
import { StoreError } from '../backup/store/types.ts';
import { openSnapshotSource } from '../hosts/node/node-parts.ts';
import { explain } from '../lib/clock.ts';
import { inScratch } from '../lib/disk/scratch.ts';
import { shellWord } from '../lib/shell-word.ts';
import { unsealing } from '../settings/unsealing.ts';
import { clockNote, copyMoment, toTheSecond } from '../text/moment.ts';
import { type Invocation, UsageError } from './command.ts';
import { type Asked, askedBy, type MomentWish, parseMoment, timelineOf } from './moment-options.ts';
import { requireFurthest, withWayOn } from './other-way.ts';
import { createProgressBar } from './progress-bar.ts';
import { askLiving, type Session } from './session.ts';
import { noBackupAdvice } from './target.ts';

/**
 * Of the bucket that is read; where nobody named one, of the one that has a backup to begin with.
 * @throws UsageError, PointOutOfReach; Error where the other bucket goes on behind what is reached
 */
export async function resolveMoment(invocation: Invocation, asked: Asked): Promise<Point> {
  const { session, terminal, now, stoppable } = invocation;
  const { timeZone } = session.config;
  const { text } = asked;
  const { bestEffort = false, timeline } = asked.wish;
  const time = now();
  const at = parseMoment(text, time, timeZone);
  if (at > now()) throw new UsageError(`${text}: ${at.toISOString()} is still to come`);
  const clock = clockNote(text, at, timeZone);
  if (clock !== undefined) terminal.note(clock);
  terminal.draw(`looking for ${text}`);
  const living = await livingOf(session);
  const find = (): Promise<Point> =>
    stoppable((signal) =>
      findPoint(session.bucket, {
        at,
        now: time,
        isBestEffort: bestEffort,
        timeline,
        keys: session.keys,
        signal,
        living,
        show: (moment) => copyMoment(moment, timeZone),
      }),
    );
  const point = await find().catch(async (error: unknown) => {
    const isEmpty =
      error instanceof StoreError ||
      (error instanceof PointOutOfReach && error.why.kind === 'early' && error.why.earliest === undefined);
    const copy = isEmpty && session.from === undefined ? await session.copy() : undefined;
    const first = session.bucket;
    if (copy === undefined || session.readsCopy) throw await withAdvice(error, first);
    await session.readCopy();
    const found = await find().catch(async () => {
      throw await withAdvice(error, first);
    });
    // What to do about the first bucket is another day's matter.
    const why =
      error instanceof PointOutOfReach && error.why.kind === 'early' ? error.why.reason : explain(error);
    terminal.note(
      `the first bucket gave no backup (${why}), so this is from the second copy, ${copy.store.description}`,
    );
    return found;
  });
  await requireFurthest(invocation, point, { asked, now: time, living });
  if (point.plain !== undefined)
    terminal.note(
      `${plainText(`backup ${point.plain}`)}; to take that, if it is your bot’s own: ${unsealing(session.config.backup)}${asked.again(text, timelineOf(asked))}`,
    );
  return point;
}

/** With what to do, where nothing is there to begin with. */
async function withAdvice(error: unknown, bucket: Bucket): Promise<unknown> {
  if (!(error instanceof PointOutOfReach)) return error;
  const { why } = error;
  return why.kind === 'early' && why.earliest === undefined && why.plain === undefined
    ? new PointOutOfReach(`${error.message}${await noBackupAdvice(bucket)}`, why)
    : error;
}

/** Undefined: nobody can ask the database, or it keeps no log. */
export function livingOf(session: Session): Promise<Living | undefined> {
  return askLiving(session, (db) => readLiving(db, openSnapshotSource(session.config.database)));
}

/** What is reached, for people. */
export function pointLine({ session }: Invocation, { at, time, isUnsure, ways: [way] }: Point): string {
  const zone = session.config.timeZone;
  const files = way === undefined || way.stop === undefined ? '' : ' and the changes behind it';
  const by = `by backup ${way?.base.entry.name}${files}`;
  const [reached, asked] = [toTheSecond(time, zone), toTheSecond(at, zone)];
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

/** What a command writes of a moment. */
interface Written extends MomentWish {
  /** Of the command that asks for it again. */
  readonly command: 'download' | 'export';
  readonly at: string;
  /** What stood behind `-o`. */
  readonly output: string | undefined;
}

/** `fetch`: the database of the moment, as a file that is gone when `write` is done. */
export async function writeMoment<T>(
  invocation: Invocation,
  { command, at, output, ...wish }: Written,
  write: (point: Point, fetch: () => Promise<RestoreSource>) => Promise<T>,
): Promise<T> {
  const flags = `${output === undefined ? '' : ` -o ${shellWord(output)}`}${invocation.yes ? ' --yes' : ''}`;
  const asked = askedBy(`${command} --at`, at, wish, flags);
  return withWayOn(invocation, asked, async () => {
    const point = await resolveMoment(invocation, asked);
    return inScratch(undefined, (directory) => write(point, () => databaseOf(invocation, point, directory)));
  });
}

/** The database of the moment as a file in the directory. */
export async function databaseOf(
  { session, terminal, stoppable }: Invocation,
  point: Point,
  directory: string,
): Promise<RestoreSource> {
  const bar = createProgressBar(terminal);
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
