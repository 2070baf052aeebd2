/** What the bucket that is not read could bring back where the one that is read falls short. */
import type { Bucket } from '../backup/catalog/bucket.ts';
import { findBackup } from '../backup/catalog/list.ts';
import type { BackupName } from '../backup/catalog/names.ts';
import { listChanges } from '../backup/changes/list-changes.ts';
import type { StoredChange } from '../backup/changes/listed.ts';
import { findPoint, type Point, PointOutOfReach } from '../backup/restore/point-in-time.ts';
import { explain } from '../lib/clock.ts';
import { countOf } from '../text/format.ts';
import { showMoment } from '../text/moment.ts';
import type { Invocation } from './command.ts';
import { type MomentWish, parseMoment } from './moment.ts';
import type { Session } from './session.ts';

export interface Other {
  readonly bucket: Bucket;
  readonly what: string;
  /** For a command: ` --from copy`, or nothing. */
  readonly from: string;
}

interface Asked {
  readonly at: Date;
  /** When it was asked for: what a clock that ran ahead has dated counts as of then. */
  readonly now: Date;
  readonly wish: MomentWish;
}

/** Undefined: there is no other one, or it does not answer. */
export async function otherBucket({ config, readsCopy, first, copy }: Session): Promise<Other | undefined> {
  if (config.copy === undefined) return undefined;
  if (readsCopy) return { bucket: first, what: 'the first bucket', from: '' };
  const bucket = await copy().catch(() => undefined);
  return bucket && { bucket, what: 'the second copy', from: ' --from copy' };
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

/**
 * The same of a moment that failed: what the other bucket reaches by whole files alone, where that
 * is later than what this one does.
 */
export async function otherMoment(
  { session, now }: Pick<Invocation, 'session' | 'now'>,
  error: unknown,
  { text, wish, flags }: { readonly text: string; readonly wish: MomentWish; readonly flags: string },
): Promise<string | undefined> {
  const other = await otherBucket(session);
  if (other === undefined) return undefined;
  const asked = now();
  const at = parseMoment(text, asked, session.config.timeZone);
  const point = await findThere(session, other, { at, now: asked, wish, isBestEffort: true }).catch(
    () => undefined,
  );
  const last = error instanceof PointOutOfReach && error.why.kind === 'gap' ? error.why.last : undefined;
  if (point === undefined || (last !== undefined && point.time <= last)) return undefined;
  return pointThere(session, { other, point }, { text, wish, flags });
}

/**
 * Where no database can say how far its changes went, a bucket that lost the last ones looks whole.
 * @throws Error with the command, when the second copy goes on behind what the first one reaches
 */
export async function requireFurthest(
  { session, terminal, now }: Pick<Invocation, 'session' | 'terminal' | 'now'>,
  reached: Point,
  asked: { readonly text: string; readonly wish: MomentWish; readonly flags: string },
): Promise<void> {
  if (session.from !== undefined || session.readsCopy || session.config.copy === undefined) return;
  const time = now();
  const at = parseMoment(asked.text, time, session.config.timeZone);
  let further: { readonly other: Other; readonly point: Point } | undefined;
  try {
    const bucket = await session.copy();
    if (bucket === undefined) return;
    const other = { bucket, what: 'the second copy', from: ' --from copy' };
    const point = await furthestThere(session, other, { at, now: time, wish: asked.wish }, reached);
    further = point && { other, point };
  } catch (error) {
    terminal.note(
      `the second copy could not be read, so whether it reaches further is not known: ${explain(error)}`,
    );
  }
  if (further === undefined) return;
  throw new Error(
    `the first bucket brings back no more than the state of ${showMoment(reached.time, session.config.timeZone)}, and ${pointThere(session, further, asked)} (to take the older state all the same: --from first)`,
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
  const asked = { at: time, now: time, wish: {} };
  const here = { ...other, bucket };
  try {
    const reached = await findThere(session, here, { ...asked, isBestEffort: false });
    const point = await furthestThere(session, other, asked, reached);
    return point && pointThere(session, { other, point }, { text: '0m', wish: {}, flags: '' });
  } catch {
    return undefined;
  }
}

/** The best effort reads every file behind the backup: only where there may be more. */
async function furthestThere(
  session: Session,
  other: Other,
  asked: Asked,
  { timeline, seq }: Point,
): Promise<Point | undefined> {
  const find = (isBestEffort: boolean): Promise<Point | undefined> =>
    findThere(session, other, { ...asked, isBestEffort }).catch((error: unknown) => {
      if (error instanceof PointOutOfReach) return undefined;
      throw error;
    });
  const isFurther = (point: Point): boolean =>
    timeline !== undefined && point.timeline === timeline && (point.seq ?? 0) > (seq ?? 0);
  const quick = await find(false);
  if (quick !== undefined && !isFurther(quick)) return undefined;
  const point = await find(true);
  return point !== undefined && isFurther(point) ? point : undefined;
}

function findThere(
  { keys }: Session,
  { bucket }: Other,
  { at, now, wish: { timeline }, isBestEffort }: Asked & { readonly isBestEffort: boolean },
): Promise<Point> {
  return findPoint(bucket, { at, now, isBestEffort, timeline, keys, show: String });
}

function pointThere(
  { config }: Session,
  { other, point }: { readonly other: Other; readonly point: Point },
  { text, wish, flags }: { readonly text: string; readonly wish: MomentWish; readonly flags: string },
): string {
  const at = point.short === undefined && text === '0m' ? text : point.time.toISOString();
  const timeline = wish.timeline === undefined ? '' : ` --timeline ${wish.timeline}`;
  return `${other.what} has it whole up to ${showMoment(point.time, config.timeZone)}: npm run backup -- restore --at ${at}${timeline}${flags}${other.from}`;
}

/** Change files that both buckets have in different lengths; undefined: none is known. */
export async function differingChanges(
  session: Session,
  files: readonly StoredChange[],
): Promise<string | undefined> {
  const other = await otherBucket(session);
  const there = other && (await listChanges(other.bucket).catch(() => undefined));
  if (there === undefined) return undefined;
  const lengths = new Map(there.files.map(({ file, bytes }) => [file, bytes]));
  const differing = files.filter(({ file, bytes }) => (lengths.get(file) ?? bytes) !== bytes);
  const [first] = differing;
  return (
    first &&
    `${countOf(differing.length, 'change file')} (${first.file}${differing.length > 1 ? ', …' : ''}) of the two buckets differ in length, so one of the two is damaged: npm run backup -- copy puts the whole one back, or says what is wrong`
  );
}
