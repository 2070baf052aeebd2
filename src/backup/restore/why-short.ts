/**
 * Why the rows of a moment are not those of the last change before it that is reached: what is
 * known to have changed in between. Node only.
 */
import type { Bucket } from '../catalog/bucket.ts';
import type { ManifestChanges } from '../catalog/change-position.ts';
import type { ChainOptions } from '../changes/chain.ts';
import type { Base, StoredChange } from '../changes/listed.ts';
import { changedSince, type Living } from '../changes/living.ts';
import { type OpenedChange, openOrFault } from '../changes/open-change.ts';
import { type ChangeIndex, type History, historyOf, REASONS, UNRECORDED } from '../changes/spans.ts';

export interface Found {
  readonly bases: readonly Base[];
  readonly files: readonly StoredChange[];
  readonly index: ChangeIndex;
  readonly history: History;
  readonly base: Base;
  readonly stop: OpenedChange | undefined;
  readonly at: Date;
  readonly now: Date;
  readonly living: Living | undefined;
  readonly orphan: StoredChange | undefined;
  /** The second bucket is looked at. */
  readonly isCopy: true | undefined;
}

/**
 * A file of another history between what is reached and the moment. What only has such a name, and
 * does not open, is nobody's history.
 */
export async function orphanOf(
  bucket: Bucket,
  { base, files, time, at }: Pick<Found, 'base' | 'files' | 'at'> & { readonly time: Date },
  { keys }: ChainOptions,
): Promise<StoredChange | undefined> {
  const others = files.filter(
    (file) => file.timeline !== base.changes?.timeline && file.time > time && file.time <= at,
  );
  for (const file of others.slice(0, MOST_ORPHANS)) {
    const found = await openOrFault(bucket, file, keys);
    if (!('fault' in found) || found.fault.isClosed) return file;
  }
  return others[MOST_ORPHANS];
}

/** Looked into, one after another. */
const MOST_ORPHANS = 20;

/** Whether anything is known to have changed between what is reached and the moment asked for. */
export function whyShort(found: Found): string | undefined {
  const { bases, index, history, base, stop, at, now, living, orphan, isCopy } = found;
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
  const gap = history.gaps.find(({ from, to }) => from < at && at < to);
  if (gap !== undefined) {
    // What waits in the database may have come before the moment, or after it.
    const lost = historyOf(bases, found.files, living?.state).gaps;
    return lost.some(({ from, to }) => from < at && at < to)
      ? gap.reason
      : 'changes of then are in no file yet: npm run backup -- changes ship';
  }
  const other = bases.find(
    ({ changes: next, time: made }) =>
      next !== undefined &&
      next.timeline !== changes.timeline &&
      next.parent?.timeline === changes.timeline &&
      sinceOf(next, made) > time &&
      sinceOf(next, made) <= at,
  );
  if (other?.changes !== undefined) return REASONS[other.changes.reason];
  if (orphan !== undefined)
    return `${orphan.file} is of another history, which no full backup of before then begins`;
  if (living === undefined || at <= time || !isLatest(found)) return undefined;
  return changedSince(living, { timeline: changes.timeline, seq: reached }, { at, now, isCopy });
}

/** When it began: by the clock of then, and no later than what was made since. */
function sinceOf({ since }: ManifestChanges, made: Date): Date {
  return new Date(Math.min(Date.parse(since), made.getTime()));
}

/** Nothing that is stored lies behind the moment: the database alone can tell what came then. */
export function isLatest({ bases, index, base, stop, at }: Found): boolean {
  const reached = stop?.file.last ?? base.changes?.seq ?? 0;
  return (
    base.changes !== undefined &&
    !bases.some(({ time }) => time > at) &&
    !index.behind(base).some(({ last }) => last > reached)
  );
}

/** A minute is asked for as its beginning; a backup without a log is as of its own minute. */
const ITS_MINUTE = 60_000;
