/**
 * Change files that nobody can use any more, or that are older than they are to be kept. Never one
 * that the newest verified backup needs or that came after it. A deletion counts when the store,
 * asked again, has the file no more.
 */
import { explain } from '../../lib/clock.ts';
import type { Bucket } from '../catalog/bucket.ts';
import type { ObjectGroup } from '../catalog/entry.ts';
import { newestVerified, readGroups } from '../catalog/list.ts';
import { timeOfName } from '../catalog/names.ts';
import { parseChangeKey } from './change-names.ts';
import { type Base, basesOf, listChanges, type StoredChange } from './list-changes.ts';

export interface ChangeRemoval {
  readonly file: StoredChange;
  readonly reason: string;
}

export interface ChangePruneReport {
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
  /** Thrown from between two deletions when the caller may go on no longer. */
  readonly check?: () => Promise<void>;
}

const DAY_MS = 86_400_000;
/** Of one run: a Worker has few requests, and the next run goes on. */
const MOST = 5_000;
const BATCH = 1_000;

export async function pruneChanges(bucket: Bucket, options: ChangePruneOptions): Promise<ChangePruneReport> {
  const { files } = await listChanges(bucket);
  const plan = planChanges(files, await boundsOf(bucket, files, options), options);
  const kept = files.length - plan.length;
  const removed: string[] = [];
  const problems: string[] = [];
  const going = options.dryRun === true ? [] : plan.slice(0, MOST);
  for (let at = 0; at < going.length; at += BATCH) {
    await options.check?.();
    const keys = going.slice(at, at + BATCH).map(({ file }) => `${bucket.prefix}${file.file}`);
    try {
      const { gone, remaining } = await bucket.store.delete(keys);
      removed.push(...gone);
      const [first] = remaining;
      if (first !== undefined)
        problems.push(`the bucket kept ${remaining.length} change files that were to go: ${first}`);
    } catch (error) {
      problems.push(`change files: ${explain(error)}`);
    }
  }
  return { plan, kept, removed, problems };
}

interface Bounds {
  /** The newest verified backup; without one nothing goes. */
  readonly newest: Base | undefined;
  /** When the oldest backup was begun. */
  readonly oldest: Date | undefined;
}

/** Reads no manifest where no file can go. */
async function boundsOf(
  bucket: Bucket,
  files: readonly StoredChange[],
  options: ChangePruneOptions,
): Promise<Bounds> {
  const none: Bounds = { newest: undefined, oldest: undefined };
  if (files.length === 0) return none;
  const oldest = oldestBackup(await readGroups(bucket));
  if (!files.some((file) => whyOld(file, oldest, options) !== undefined)) return none;
  const entry = await newestVerified(bucket);
  return { newest: entry && basesOf(bucket, [entry])[0], oldest };
}

/** When the oldest backup was begun. */
export function oldestBackup(groups: readonly ObjectGroup[]): Date | undefined {
  const times = groups.map(({ name }) => timeOfName(name)?.getTime() ?? 0);
  return times.length === 0 ? undefined : new Date(Math.min(...times));
}

/** Oldest first. In doubt a file stays. Pure. */
export function planChanges(
  files: readonly StoredChange[],
  { newest, oldest }: Bounds,
  { days, now: clock }: Pick<ChangePruneOptions, 'days' | 'now'>,
): ChangeRemoval[] {
  if (newest === undefined) return [];
  // A clock that runs ahead deletes nothing early.
  const last = Math.max(...[...files, ...newest.entry.objects].map(({ modified }) => modified.getTime()));
  const now = new Date(Math.min(clock.getTime(), last));
  const plan = files.flatMap((file): ChangeRemoval[] => {
    const reason = whyOld(file, oldest, { days, now });
    if (reason === undefined || youngest(file) >= newest.time.getTime() || isNeededBy(newest, file))
      return [];
    return [{ file, reason }];
  });
  return plan.toSorted((a, b) => a.file.time.getTime() - b.file.time.getTime());
}

/** Why it may go, as far as its age tells. */
function whyOld(
  file: StoredChange,
  oldest: Date | undefined,
  { days, now }: Pick<ChangePruneOptions, 'days' | 'now'>,
): string | undefined {
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
function isNeededBy({ changes }: Base, { timeline, last }: StoredChange): boolean {
  if (changes?.timeline !== timeline) return false;
  const { previous, seq } = changes;
  const held = previous !== null && 'file' in previous ? parseChangeKey('', previous.file)?.last : undefined;
  return last > Math.min(seq, held ?? seq);
}
