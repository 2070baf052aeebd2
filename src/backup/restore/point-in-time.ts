/**
 * Which full backup and which change files bring the database of a moment back, and how near to it
 * they come. What lies beyond the last good position is refused. Node only.
 */
import { explain } from '../../lib/clock.ts';
import { type Bucket, nowOf } from '../catalog/bucket.ts';
import { listBackups } from '../catalog/list.ts';
import type { ChainOptions } from '../changes/chain.ts';
import { type Base, basesOf, listChanges, type StoredChange } from '../changes/list-changes.ts';
import { type OpenedChange, openChange } from '../changes/open-change.ts';
import { ChangeIndex, historyOf, REASONS, UNRECORDED } from '../changes/spans.ts';
import { Damaged } from '../foreign/errors.ts';

export interface Point {
  /** What was asked for. */
  readonly at: Date;
  /** What is reached: the moment as of which the rows are. */
  readonly time: Date;
  readonly timeline: string | undefined;
  /** The last change that is in it; of a backup without a change log undefined. */
  readonly seq: number | undefined;
  /** Newest first: where one is damaged, an older one leads to the same place. */
  readonly ways: readonly Way[];
  /** Why no later moment is reached, where changes after it are known of. */
  readonly short: string | undefined;
  /** A nearer moment will do where this one cannot be reached after all. */
  readonly isBestEffort: boolean;
}

export interface Way {
  readonly base: Base;
  /** The files between, and others of their numbers. */
  readonly files: readonly StoredChange[];
  /** The last of them; undefined: the backup itself is what is wanted. */
  readonly stop: StoredChange | undefined;
}

/** Why a moment cannot be brought back. */
export type OutOfReach =
  /** It is still to come. */
  | { readonly kind: 'ahead' }
  /** There is no full backup from before it; `earliest`: what the first one reaches, if any. */
  | { readonly kind: 'early'; readonly earliest: Date | undefined }
  /** `last`: the last moment before it that can be. */
  | { readonly kind: 'gap'; readonly last: Date; readonly reason: string };

/** The moment asked for cannot be brought back; says which can. */
export class PointOutOfReach extends Error {
  override readonly name = 'PointOutOfReach';
  readonly why: OutOfReach;
  constructor(message: string, why: OutOfReach, options?: ErrorOptions) {
    super(message, options);
    this.why = why;
  }
}

export interface PointOptions extends ChainOptions {
  readonly at: Date;
  readonly isBestEffort?: boolean;
  /** How a moment is told. */
  readonly show: (time: Date) => string;
}

/** @throws PointOutOfReach */
export async function findPoint(bucket: Bucket, options: PointOptions): Promise<Point> {
  const { at, show, isBestEffort = false } = options;
  if (at > nowOf(bucket)) throw new PointOutOfReach(`${show(at)} is still to come`, { kind: 'ahead' });
  const bases = basesOf(bucket, (await listBackups(bucket)).entries);
  const { files } = await listChanges(bucket);
  const before = bases.filter(({ time }) => time <= at).toReversed();
  const [base] = before;
  if (base === undefined) throw noneBefore(bases, files, options);
  const index = new ChangeIndex(files);
  const { stop, fault } = await stopOf(bucket, index.behind(base), base, options);
  const time = stop === undefined ? base.time : stop.file.time;
  const short = fault ?? (await whyShort({ bases, files, index, base, stop, at }));
  if (short !== undefined && !isBestEffort)
    throw new PointOutOfReach(
      `${show(at)} cannot be brought back: ${short}. The last moment before it that can is ${show(time)}: ask for that, or add --best-effort`,
      { kind: 'gap', last: time, reason: short },
    );
  const last = stop?.header.last ?? base.changes?.seq;
  const ways = before
    .filter(
      (way) =>
        way === base ||
        (stop !== undefined &&
          way.changes?.timeline === stop.file.timeline &&
          way.changes.seq <= stop.file.last),
    )
    .map(
      (way): Way => ({
        base: way,
        stop: stop?.file,
        files: index.of(way.changes?.timeline ?? '').filter((file) => file.last <= (last ?? 0)),
      }),
    );
  return { at, time, timeline: base.changes?.timeline, seq: last, ways, short, isBestEffort };
}

function noneBefore(
  bases: readonly Base[],
  files: readonly StoredChange[],
  { at, show }: PointOptions,
): PointOutOfReach {
  const [first] = bases;
  if (first === undefined)
    return new PointOutOfReach(
      'there is no full backup to begin with: make one with `npm run backup -- full`',
      { kind: 'early', earliest: undefined },
    );
  const [span] = historyOf(bases, files).spans;
  const earliest =
    span === undefined ? first.time : new Date(Math.min(first.time.getTime(), span.from.getTime()));
  return new PointOutOfReach(
    `there is no full backup from before ${show(at)}: the earliest moment is ${show(earliest)}`,
    { kind: 'early', earliest },
  );
}

/** The last file not after the moment at which the rows are as they were at one moment. */
async function stopOf(
  bucket: Bucket,
  chain: readonly StoredChange[],
  { changes }: Base,
  { at, keys }: PointOptions,
): Promise<{ readonly stop: OpenedChange | undefined; readonly fault: string | undefined }> {
  let fault: string | undefined;
  for (const file of chain.slice(0, chain.findLastIndex(({ time }) => time <= at) + 1).toReversed()) {
    if (file.last < (changes?.seq ?? 0)) break;
    try {
      const opened = await openChange(bucket, file, keys);
      if (opened.header.restore_point) return { stop: opened, fault };
    } catch (error) {
      if (!(error instanceof Damaged)) throw error;
      fault = explain(error);
    }
  }
  return { stop: undefined, fault };
}

interface Found {
  readonly bases: readonly Base[];
  readonly files: readonly StoredChange[];
  readonly index: ChangeIndex;
  readonly base: Base;
  readonly stop: OpenedChange | undefined;
  readonly at: Date;
}

/** Whether anything is known to have changed between what is reached and the moment asked for. */
async function whyShort({ bases, files, index, base, stop, at }: Found): Promise<string | undefined> {
  const { changes, entry } = base;
  if (changes === undefined)
    return at.getTime() - base.time.getTime() < ITS_MINUTE
      ? undefined
      : `${UNRECORDED} after backup ${entry.name}`;
  const reached = stop?.file.last ?? changes.seq;
  const chain = index.behind(base);
  const end = Math.max(changes.seq, chain.at(-1)?.last ?? 0);
  const unlinked = index.of(changes.timeline).find((file) => file.first > end && file.time <= at);
  if (unlinked !== undefined)
    return `changes ${end + 1} to ${unlinked.first - 1} are in no file: a file is gone`;
  const cut = chain.find((file) => file.last > reached && file.time <= at);
  if (cut !== undefined) return `${cut.file} holds a part only of what had changed by then`;
  const time = stop?.file.time ?? base.time;
  const other = bases.find(
    ({ changes: next }) =>
      next !== undefined &&
      next.timeline !== changes.timeline &&
      next.parent?.timeline === changes.timeline &&
      new Date(next.since) > time &&
      new Date(next.since) <= at,
  );
  if (other?.changes !== undefined) return REASONS[other.changes.reason];
  const orphan = files.find(
    (file) => file.timeline !== changes.timeline && file.time > time && file.time <= at,
  );
  return orphan && `${orphan.file} is of another history, which no full backup of before then begins`;
}

/** A minute is asked for as its beginning; a backup without a log is as of its own minute. */
const ITS_MINUTE = 60_000;
