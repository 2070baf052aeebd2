/** What brings a moment back where the bucket that is read falls short: the other bucket. */
import type { Bucket } from '../backup/catalog/bucket.ts';
import { findBackup } from '../backup/catalog/list.ts';
import type { BackupName } from '../backup/catalog/names.ts';
import { isClosed } from '../backup/catalog/unfit-keys.ts';
import type { Living } from '../backup/changes/living.ts';
import { BackupDamaged } from '../backup/restore/fetch-backup.ts';
import { PointOutOfReach } from '../backup/restore/out-of-reach.ts';
import { findPoint, type Point } from '../backup/restore/point-in-time.ts';
import { BackupRefused } from '../backup/restore/source.ts';
import { explain } from '../lib/clock.ts';
import { unsealing } from '../settings/unsealing.ts';
import { copyMoment } from '../text/moment.ts';
import type { Invocation } from './command.ts';
import { type Asked, askedBy, parseMoment, timelineOf } from './moment-options.ts';
import { type Other, otherBucket } from './second-bucket.ts';
import type { Session } from './session.ts';

interface Question {
  readonly at: Date;
  /** When it was asked for: what a clock that ran ahead has dated counts as of then. */
  readonly now: Date;
  readonly timeline: string | undefined;
}

/** A sentence with the command; undefined: the other bucket has no good one of this name. */
export async function otherBackup(
  session: Session,
  name: BackupName,
  flags: string,
): Promise<string | undefined> {
  const other = await otherBucket(session);
  const found = other && (await findBackup(other.bucket, name).catch(() => undefined));
  return other === undefined || found?.state !== 'verified'
    ? undefined
    : `${other.what} has ${name}, not known to be damaged: npm run backup -- restore ${name}${flags}${other.from}`;
}

/** Whether another bucket, or other settings, may bring back what this error is about. */
export function isShort(error: unknown): error is Error {
  return error instanceof PointOutOfReach || error instanceof BackupDamaged || error instanceof BackupRefused;
}

/**
 * The way on from a moment that failed: what the other bucket reaches by whole files alone, where
 * that is later than what this one does; or the settings that take what was passed over.
 */
export async function wayOn(
  { session, now }: Pick<Invocation, 'session' | 'now'>,
  error: Error,
  asked: Asked,
): Promise<string | undefined> {
  const outside = error instanceof PointOutOfReach ? error.why : undefined;
  const why = outside?.kind === 'gap' ? outside : undefined;
  const again = (name: BackupName, at: string): string =>
    `if ${name} is your bot’s own, from before encryption was turned on: ${unsealing(session.config.backup)}${asked.again(at, timelineOf(asked))}`;
  if (why?.plain !== undefined) return again(why.plain, asked.text);
  const from = outside?.kind === 'early' ? outside.plain?.from : undefined;
  if (outside?.kind === 'early' && outside.plain !== undefined)
    return again(
      outside.plain.name,
      from === undefined ? asked.text : copyMoment(from, session.config.timeZone),
    );
  const other = await otherBucket(session);
  if (other === undefined) return undefined;
  const time = now();
  const at = parseMoment(asked.text, time, session.config.timeZone);
  const question = { at, now: time, timeline: asked.wish.timeline };
  const point = await findThere(session, other, question, true).catch(() => undefined);
  if (point === undefined || (why?.last !== undefined && point.time <= why.last)) return undefined;
  // The same key is missing there.
  const [way] = point.ways;
  if (way !== undefined && (await isClosed(other.bucket, way.base.entry, session.keys))) return undefined;
  return pointThere(session, { other, point }, asked);
}

/** Runs what a moment is wanted for. @throws with the way on, where there is one */
export async function withWayOn<T>(invocation: Invocation, asked: Asked, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const hint = isShort(error) ? await wayOn(invocation, error, asked) : undefined;
    if (hint === undefined) throw error;
    throw new Error(`${explain(error)}\n${hint}`, { cause: error });
  }
}

/**
 * Where no database can say how far its changes went, a bucket that lost the last ones looks whole.
 * The one that can was asked already.
 * @throws Error with the command, when the second copy goes on behind what the first one reaches
 */
export async function requireFurthest(
  { session, terminal }: Pick<Invocation, 'session' | 'terminal'>,
  reached: Point,
  { asked, now, living }: { readonly asked: Asked; readonly now: Date; readonly living: Living | undefined },
): Promise<void> {
  if (session.from !== undefined || session.readsCopy || session.config.copy === undefined) return;
  const isOwn = living !== undefined && reached.timeline === living.state.timeline;
  if (isOwn && asked.wish.bestEffort !== true) return;
  let further: { readonly other: Other; readonly point: Point } | undefined;
  try {
    const bucket = await session.copy();
    if (bucket === undefined) return;
    const other = { bucket, what: 'the second copy', from: ' --from copy' };
    const question = { at: reached.at, now, timeline: asked.wish.timeline };
    const point = await furthestThere(session, other, question, reached);
    further = point && { other, point };
  } catch (error) {
    terminal.note(
      `the second copy could not be read, so whether it reaches further is not known: ${explain(error)}`,
    );
  }
  if (further === undefined) return;
  throw new Error(
    `the first bucket brings back no more than the state of ${reached.time.toISOString()}, and ${pointThere(session, further, asked)} (to take the older state all the same: --from first)`,
  );
}

/** The same for `list`, of now, where nobody can ask the database; undefined: nothing to tell. */
export async function furtherNow(
  { session, now }: Pick<Invocation, 'session' | 'now'>,
  bucket: Bucket,
): Promise<string | undefined> {
  if (session.readsCopy) return undefined;
  const other = await otherBucket(session);
  if (other === undefined) return undefined;
  const time = now();
  const question = { at: time, now: time, timeline: undefined };
  try {
    const reached = await findThere(session, { ...other, bucket }, question, false);
    const point = await furthestThere(session, other, question, reached);
    return point && pointThere(session, { other, point }, askedBy('restore --at', '0m', {}));
  } catch {
    return undefined;
  }
}

/** The best effort reads every file behind the backup: only where there may be more. */
async function furthestThere(
  session: Session,
  other: Other,
  question: Question,
  reached: Point,
): Promise<Point | undefined> {
  const find = (isBestEffort: boolean): Promise<Point | undefined> =>
    findThere(session, other, question, isBestEffort).catch((error: unknown) => {
      if (error instanceof PointOutOfReach) return undefined;
      throw error;
    });
  const quick = await find(false);
  if (quick !== undefined && !isFurther(quick, reached)) return undefined;
  const point = await find(true);
  return point !== undefined && isFurther(point, reached) ? point : undefined;
}

/** Of one history the numbers tell; of two, where one goes on from the other; else their times. */
function isFurther(there: Point, here: Point): boolean {
  if (there.timeline !== undefined && there.timeline === here.timeline)
    return (there.seq ?? 0) > (here.seq ?? 0);
  if (here.timeline !== undefined && there.comesFrom?.has(here.timeline) === true) return true;
  if (there.timeline !== undefined && here.comesFrom?.has(there.timeline) === true) return false;
  return there.time > here.time;
}

function findThere(
  { keys }: Session,
  { bucket }: Other,
  question: Question,
  isBestEffort: boolean,
): Promise<Point> {
  return findPoint(bucket, { ...question, isBestEffort, keys, show: String });
}

function pointThere(
  { config }: Session,
  { other, point }: { readonly other: Other; readonly point: Point },
  asked: Asked,
): string {
  const at =
    point.short === undefined && asked.text === '0m' ? '0m' : copyMoment(point.time, config.timeZone);
  return `${other.what} has it whole up to ${point.time.toISOString()}: ${asked.again(at, `${timelineOf(asked)}${other.from}`)}`;
}
