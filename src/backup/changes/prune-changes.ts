/**
 * Change files that nobody can use any more, or that are older than they are to be kept. Never one
 * that the newest verified backup needs or that came after it, nor one that leads to a moment that
 * is kept. A deletion counts once the store, asked again, no longer has the file.
 */
import { explain } from '../../lib/clock.ts';
import { append, greatest, least } from '../../lib/extremes.ts';
import { DAY_MS, daysBefore } from '../../text/times.ts';
import type { Bucket } from '../catalog/bucket.ts';
import type { ObjectGroup } from '../catalog/entry.ts';
import { newestVerified, readGroups } from '../catalog/list.ts';
import { earliestTime, KeptMoments } from './kept-moments.ts';
import { basesOf, listChanges } from './list-changes.ts';
import type { Base, StoredChange } from './listed.ts';
import { heldBy } from './previous.ts';

export interface ChangeRemoval {
  readonly file: StoredChange;
  readonly reason: string;
}

export interface ChangePruneReport {
  /** As listed before any went. */
  readonly files: readonly StoredChange[];
  readonly plan: readonly ChangeRemoval[];
  readonly kept: number;
  /** Really gone, looked up after the deletion. */
  readonly removed: readonly string[];
  readonly problems: readonly string[];
}

export interface ChangePruneOptions {
  /** How long files are kept. */
  readonly days: number;
  readonly now: Date;
  /** Decide only. */
  readonly dryRun?: boolean;
  /** How many go at most, the oldest first; all by default. */
  readonly most?: number;
  /** Thrown from between two deletions when the caller may go on no longer. */
  readonly check?: () => Promise<void>;
}

/** `most` of a backup run: a Worker has few requests, and the next run goes on. */
export const MOST_OF_A_RUN = 5_000;
const BATCH = 1_000;

export async function pruneChanges(bucket: Bucket, options: ChangePruneOptions): Promise<ChangePruneReport> {
  const { files } = await listChanges(bucket);
  const plan = oldestFirst(files, await planOf(bucket, files, options));
  const kept = files.length - plan.length;
  const removed: string[] = [];
  const problems: string[] = [];
  const going = options.dryRun === true ? [] : plan.slice(0, options.most);
  for (let at = 0; at < going.length; at += BATCH) {
    await options.check?.();
    const keys = going.slice(at, at + BATCH).map(({ file }) => `${bucket.prefix}${file.file}`);
    try {
      const { gone, remaining } = await bucket.store.delete(keys);
      append(removed, gone);
      const [first] = remaining;
      if (first !== undefined)
        problems.push(`the bucket kept ${remaining.length} change files that were to go: ${first}`);
    } catch (error) {
      problems.push(`change files: ${explain(error)}`);
    }
  }
  return { files, plan, kept, removed, problems };
}

/**
 * Of files that may have been here, those that would be removed now; undefined where no verified
 * backup is here that any of them could follow.
 */
export async function whatWouldGo(
  bucket: Bucket,
  files: readonly StoredChange[],
  options: Pick<ChangePruneOptions, 'days' | 'now'>,
): Promise<ReadonlySet<string> | undefined> {
  if ((await newestVerified(bucket)) === undefined) return undefined;
  return new Set((await planOf(bucket, files, options)).map(({ file }) => file.file));
}

/** Reads no manifest where no file can go. */
async function planOf(
  bucket: Bucket,
  files: readonly StoredChange[],
  { days, now: clock }: Pick<ChangePruneOptions, 'days' | 'now'>,
): Promise<ChangeRemoval[]> {
  if (files.length === 0) return [];
  const groups = await readGroups(bucket);
  const oldest = oldestBackup(groups);
  if (!files.some((file) => whyOld(file, { oldest, days, now: clock }) !== undefined)) return [];
  const entry = await newestVerified(bucket);
  const newest = entry && basesOf(bucket, [entry])[0];
  if (newest === undefined) return [];
  // A clock that runs ahead deletes nothing early.
  const last = greatest([...files, ...newest.entry.objects].map(({ modified }) => modified.getTime()));
  const now = new Date(Math.min(clock.getTime(), last));
  const moments = new KeptMoments(bucket, groups, daysBefore(now, days));
  return planChanges(files, { newest, oldest, moments, days, now });
}

/** When the oldest backup was begun, by the older of its two clocks. */
export function oldestBackup(groups: readonly ObjectGroup[]): Date | undefined {
  const times = groups.map(earliestTime);
  return times.length === 0 ? undefined : new Date(least(times));
}

interface Age {
  /** When the oldest backup was begun. */
  readonly oldest: Date | undefined;
  readonly days: number;
  readonly now: Date;
}

export interface Bounds extends Age {
  /** The newest verified backup. */
  readonly newest: Base;
  readonly moments: KeptMoments;
  /** Not all files of the timeline are at hand: younger ones follow. */
  readonly isPart?: boolean;
}

/** Oldest first. In doubt a file stays. */
export async function planChanges(files: readonly StoredChange[], bounds: Bounds): Promise<ChangeRemoval[]> {
  const { newest, moments, isPart = false } = bounds;
  if (!files.some((file) => whyOld(file, bounds) !== undefined)) return [];
  const plan: ChangeRemoval[] = [];
  const timed = await moments.timed(files);
  for (const [timeline, own] of Map.groupBy(timed, (file) => file.timeline)) {
    const old = own.flatMap((file): ChangeRemoval[] => {
      const reason = whyOld(file, bounds);
      if (reason === undefined || youngest(file) >= newest.time.getTime() || isNeededBy(newest, file))
        return [];
      return [{ file, reason }];
    });
    if (old.length === 0) continue;
    const passed = await moments.passed(timeline, own, isPart || old.length < own.length);
    append(
      plan,
      old.filter(({ file }) => file.last <= passed),
    );
  }
  return plan.toSorted((a, b) => a.file.time.getTime() - b.file.time.getTime());
}

/**
 * Of what may go, that before which nothing stays. A file that was put back is younger than those
 * behind it: it would stay alone, and lead nowhere.
 */
export function oldestFirst(
  files: readonly StoredChange[],
  plan: readonly ChangeRemoval[],
): readonly ChangeRemoval[] {
  const going = new Set(plan.map(({ file }) => file.file));
  const stays = new Map<string, string>();
  for (const { timeline, file } of files)
    if (!going.has(file) && !stays.has(timeline)) stays.set(timeline, file);
  return plan.filter(({ file: { timeline, file } }) => file < (stays.get(timeline) ?? '~'));
}

/** Why it may go, as far as its age tells. */
function whyOld(file: StoredChange, { oldest, days, now }: Age): string | undefined {
  const age = now.getTime() - youngest(file);
  if (age > days * DAY_MS) return `${Math.floor(age / DAY_MS)} days old, over the ${days} kept`;
  // A day for clocks that differ.
  return oldest !== undefined && youngest(file) < oldest.getTime() - DAY_MS
    ? 'older than every full backup: nothing leads to it'
    : undefined;
}

function youngest({ time, modified }: StoredChange): number {
  return Math.max(time.getTime(), modified.getTime());
}

/** Behind the last file that the backup holds whole. */
function isNeededBy(newest: Base, { timeline, last }: StoredChange): boolean {
  return newest.changes?.timeline === timeline && last > heldBy(newest, []);
}
