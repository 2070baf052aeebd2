/**
 * Retention of change files in the second copy: by the same rules as in the first bucket, and a
 * week after they went from there. They go oldest first, so one mark for a timeline says up to
 * where they are gone, and since when; the next mark is set when its files went. Runs in workerd
 * and on Node.
 */

import { explain } from '../../lib/clock.ts';
import { greatest, least } from '../../lib/extremes.ts';
import { daysBefore } from '../../text/times.ts';
import { newestVerified } from '../catalog/list.ts';
import { changesPrefix } from '../changes/change-names.ts';
import { KeptMoments, MOMENTS_REQUESTS } from '../changes/kept-moments.ts';
import { basesOf, storedChange } from '../changes/list-changes.ts';
import type { StoredChange } from '../changes/listed.ts';
import { oldestBackup, oldestFirst, planChanges } from '../changes/prune-changes.ts';
import { PAGE_KEYS, StoreError } from '../store/types.ts';
import { KEPT_AFTER_MS, newestObject } from './copy-retention.ts';
import type { ChangesMemory } from './memory.ts';
import { isComplete, type Listings } from './places.ts';
import type { Slice } from './proven.ts';

type Gone = ChangesMemory['gone'];

export interface ChangeRetention {
  readonly listings: Listings;
  /** How long files are kept. */
  readonly days: number;
  /** What was remembered at the last look. */
  readonly gone: Gone;
  readonly now: Date;
  readonly slice: Slice;
}

export interface PrunedChanges {
  readonly gone: Gone;
  readonly isDenied: boolean;
  readonly problems: readonly string[];
}

/**
 * The newest backup of the copy: its manifest, or those of some that are not whole; and those that
 * tell where old moments begin.
 */
const BOUNDS_REQUESTS = 6 + MOMENTS_REQUESTS;
/** A page of the copy, one of the first bucket, a deletion and the look after it. */
const TIMELINE_REQUESTS = 4;

/** Undefined: the slice has no room for it. */
export async function pruneCopiedChanges({
  listings,
  days,
  gone: before,
  now,
  slice,
}: ChangeRetention): Promise<PrunedChanges | undefined> {
  const { first, copy } = listings;
  // A first bucket without a whole backup is no reason to delete anything anywhere.
  if (!first.groups.some(isComplete)) return { gone: {}, isDenied: false, problems: [] };
  if (!slice.take(BOUNDS_REQUESTS)) return undefined;
  const entry = await newestVerified(copy.bucket);
  const newest = entry && basesOf(copy.bucket, [entry])[0];
  if (newest === undefined) return { gone: before, isDenied: false, problems: [] };
  const clocks = [now.getTime(), newestObject(listings)];
  const older = new Date(least(clocks));
  const moments = new KeptMoments(copy.bucket, copy.groups, daysBefore(older, days));
  const bounds = { newest, oldest: oldestBackup(copy.groups), moments, days, now: older };
  const gone: Record<string, Gone[string]> = {};
  const problems: string[] = [];
  let isDenied = false;
  for (let after = changesPrefix(copy.bucket.prefix); ; ) {
    if (!slice.take(TIMELINE_REQUESTS)) return undefined;
    const { files, isPart, kept, next } = await oldestFiles(listings, after);
    if (next === undefined) return { gone, isDenied, problems };
    after = next;
    const plan = oldestFirst(files, await planChanges(files, { ...bounds, isPart }));
    const old = plan.map(({ file }) => file.file).toSorted();
    const names = old.filter((file) => kept === undefined || file < kept);
    const [last] = names.slice(-1);
    if (files[0] === undefined || last === undefined) continue;
    const { timeline } = files[0];
    // By the younger of two clocks: one that is behind must not make a week of a day.
    const fresh = { upTo: last, since: new Date(greatest(clocks)).toISOString() };
    const mark = before[timeline] ?? fresh;
    gone[timeline] = mark;
    if (older.getTime() - Date.parse(mark.since) < KEPT_AFTER_MS) continue;
    try {
      const keys = names.filter((file) => file <= mark.upTo).map((file) => `${copy.bucket.prefix}${file}`);
      const { remaining } = await copy.bucket.store.delete(keys);
      if (remaining.length > 0)
        problems.push(
          `the second copy kept ${remaining.length} change files that were to go: ${remaining[0]}`,
        );
      else if (last > mark.upTo) gone[timeline] = fresh;
      else delete gone[timeline];
    } catch (error) {
      isDenied ||= error instanceof StoreError && error.isDenied;
      problems.push(`change files of the second copy: ${explain(error)}`);
    }
  }
}

interface OldestFiles {
  readonly files: readonly StoredChange[];
  /** More of the timeline follow. */
  readonly isPart: boolean;
  /** The first one that the first bucket has. */
  readonly kept: string | undefined;
  /** Where the next timeline is looked for; undefined behind the last. */
  readonly next: string | undefined;
}

/** Of the copy's next timeline. */
async function oldestFiles({ first, copy }: Listings, after: string): Promise<OldestFiles> {
  const page = await copy.bucket.store.list(changesPrefix(copy.bucket.prefix), { after });
  const found = page.flatMap((object) => storedChange(copy.bucket, object) ?? []);
  const [oldest] = found;
  if (oldest === undefined) return { files: [], isPart: false, kept: undefined, next: page.at(-1)?.key };
  const { timeline } = oldest;
  const prefix = changesPrefix(first.bucket.prefix, timeline);
  const [there] = await first.bucket.store.list(prefix, { after: prefix });
  const files = found.filter((file) => file.timeline === timeline);
  return {
    files,
    isPart: page.length >= PAGE_KEYS && files.length === found.length,
    kept: there?.key.slice(first.bucket.prefix.length),
    // Behind every key of the timeline.
    next: `${changesPrefix(copy.bucket.prefix, timeline)}~`,
  };
}
