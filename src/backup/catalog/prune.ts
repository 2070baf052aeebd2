/**
 * Carries retention out, and sweeps what failed runs left behind.
 *
 * A backup exists when its manifest does, so the manifest goes FIRST and is seen to be gone before
 * anything else is touched: cut off anywhere, a deletion leaves either the whole backup or debris
 * without a manifest, never a backup that looks whole and is not. The debris is swept by a later
 * run. A deletion counts once the store, asked again, no longer has the object.
 */

import { explain } from '../../lib/clock.ts';
import { inParallel } from '../../lib/in-parallel.ts';
import { StoreError } from '../store/types.ts';
import type { Bucket } from './bucket.ts';
import type { RetentionPolicy } from './calendar-places.ts';
import { type BackupEntry, has, loadEntry, type ObjectGroup, presumed } from './entry.ts';
import { lastFuller } from './last-fuller.ts';
import type { Ledger } from './ledger.ts';
import { readGroups } from './list.ts';
import { isSafetyTrigger } from './manifest.ts';
import { type BackupName, manifestKey, pinKey, verdictKey } from './names.ts';
import { foreignOf, withForeign } from './not-ours.ts';
import { LEAST_VERIFIED, planRetention, type RetentionPlan } from './retention.ts';
import type { RetentionEntry } from './retention-times.ts';

export interface PruneOptions {
  readonly policy: RetentionPolicy;
  readonly now: Date;
  /** Decide only. */
  readonly dryRun?: boolean;
  /** Somebody said yes to deleting more than half. */
  readonly confirmed?: boolean;
  /**
   * What set the runs of these names off, as far as it is on record; the other manifests tell it.
   */
  readonly triggers?: Ledger['triggers'];
  /**
   * Thrown from between two deletions when the caller may go on no longer (the lease is lost, time
   * is up).
   */
  readonly check?: () => Promise<void>;
  /**
   * The bucket may be shared: one whose manifest names no bot, and which is not on record, is not
   * ours to judge.
   */
  readonly isShared?: boolean;
  /** Why one may not go yet, whatever the rules say. */
  readonly heldBack?: (name: BackupName) => string | undefined;
}

export interface PruneReport {
  readonly plan: RetentionPlan;
  /** As listed before anything went. */
  readonly groups: readonly ObjectGroup[];
  /** Really gone, looked up after the deletion. */
  readonly removed: readonly BackupName[];
  /** What could not be deleted, and why: for the owners. */
  readonly problems: readonly string[];
  /** Those of the problems that are for want of a right, or because of a lock. */
  readonly denied: readonly BackupName[];
  /**
   * Bytes of what is gone from the listing and stays behind delete markers: a bucket that keeps
   * versions.
   */
  readonly hiddenBytes: number;
}

/**
 * One listing, the manifests of those that would go and of those that stay in their place, then the
 * deletions, oldest first.
 */
export async function prune(bucket: Bucket, options: PruneOptions): Promise<PruneReport> {
  const groups = await readGroups(bucket);
  const plan = await planBucket(bucket, groups, options);
  const removed: BackupName[] = [];
  const problems: string[] = [];
  const denied: BackupName[] = [];
  let hiddenBytes = 0;
  const report = (): PruneReport => ({ plan, groups, removed, problems, denied, hiddenBytes });
  if (options.dryRun === true || (plan.kind === 'ask' && options.confirmed !== true)) return report();
  for (const { name } of plan.decisions.filter(({ action }) => action === 'remove').toReversed()) {
    await options.check?.();
    const group = groups.find((candidate) => candidate.name === name);
    if (group === undefined) continue;
    try {
      const outcome = await removeBackup(bucket, group, (hidden) => {
        hiddenBytes += bytesOf(group, hidden);
      });
      if (outcome === 'gone') removed.push(name);
      else if (outcome !== 'pinned') problems.push(`${name}: ${outcome}`);
    } catch (error) {
      problems.push(`${name}: ${explain(error)}`);
      if (error instanceof StoreError && error.isDenied) denied.push(name);
    }
  }
  return report();
}

/** Names that are told at most: a first retention may delete hundreds. */
const TOLD = 5;

/** What retention deleted, for people; undefined when nothing. */
export function deletedText(report: PruneReport | undefined): string | undefined {
  const { removed } = report ?? { removed: [] };
  if (removed.length === 0) return undefined;
  const more = removed.length > TOLD ? ` and ${removed.length - TOLD} more` : '';
  return `retention deleted ${removed.length} old backup${removed.length === 1 ? '' : 's'}: ${removed.slice(0, TOLD).join(', ')}${more}`;
}

function bytesOf({ objects }: ObjectGroup, keys: readonly string[] = []): number {
  return objects.reduce((sum, { key, bytes }) => sum + (keys.includes(key) ? bytes : 0), 0);
}

/**
 * Decides from names and listing, then reads the manifests the decision hangs on and decides again,
 * until it stands on manifests that were read. So a run costs a handful of reads, not one for each
 * of hundreds of backups.
 */
async function planBucket(
  bucket: Bucket,
  groups: readonly ObjectGroup[],
  options: PruneOptions,
): Promise<RetentionPlan> {
  const recorded =
    (await options.triggers?.(groups.map(({ name }) => name))) ?? new Map<BackupName, string>();
  const entries = new Map(
    groups.map((group) => [
      group.name,
      {
        ...presumed(group),
        isSafety: isSafetyTrigger(recorded.get(group.name) ?? ''),
        heldBack: options.heldBack?.(group.name),
      },
    ]),
  );
  const read = new Map<BackupName, BackupEntry>();
  const foreign = new Map<BackupName, string>();
  for (;;) {
    const plan = planRetention([...entries.values()], options.policy, options.now);
    const wanted = decisive(plan, { entries, recorded, isShown: options.dryRun === true });
    // Whose another bot's is, all of them together tell.
    const isAll = plan.decisions.some(({ action, name }) => {
      const bot = read.get(name)?.manifest?.bot;
      return action === 'remove' && bot !== undefined && bot.id !== (bucket.bot ?? bot.id);
    });
    const unread = groups.filter(({ name }) => (isAll || wanted.has(name)) && !read.has(name));
    if (unread.length === 0) {
      const hold = await lastFuller(plan, read, (name) => loadEntry(bucket, groupOf(groups, name)));
      if (hold === undefined) return withForeign(plan, foreign);
      const entry = entries.get(hold.name);
      if (entry !== undefined) entries.set(hold.name, { ...entry, heldBack: hold.reason });
      continue;
    }
    await inParallel(unread, async (group) => {
      const loaded = await loadEntry(bucket, group);
      const { state, manifest } = loaded;
      const known = manifest && {
        time: new Date(manifest.scheduled_at),
        isSafety: isSafetyTrigger(manifest.trigger),
      };
      const heldBack = options.heldBack?.(group.name);
      entries.set(group.name, { ...presumed(group), isSafety: false, heldBack, state, ...known });
      read.set(group.name, loaded);
    });
    for (const [name, why] of foreignOf(bucket, [...read.values()], (name) =>
      options.isShared === true ? recorded.has(name) : true,
    )) {
      foreign.set(name, why);
      entries.delete(name);
    }
  }
}

function groupOf(groups: readonly ObjectGroup[], name: BackupName): ObjectGroup {
  return groups.find((group) => group.name === name) ?? { name, objects: [] };
}

/**
 * Those that would go, and those that make it safe to let them go, or of which something is to be
 * shown (`isShown`). What holds a place is no safety backup: where the records say so, that costs
 * no read.
 */
function decisive(
  { decisions, placed, newest }: RetentionPlan,
  {
    entries,
    recorded,
    isShown,
  }: {
    readonly entries: ReadonlyMap<BackupName, RetentionEntry>;
    readonly recorded: ReadonlyMap<BackupName, string>;
    readonly isShown: boolean;
  },
): Set<BackupName> {
  const going = decisions.filter(({ action }) => action === 'remove').map(({ name }) => name);
  if (going.length === 0 && !isShown) return new Set();
  const staying = decisions
    .filter(({ action, name }) => action === 'keep' && entries.get(name)?.state === 'verified')
    .slice(0, LEAST_VERIFIED)
    .map(({ name }) => name);
  const unrecorded = [...placed].filter((name) => !recorded.has(name));
  return new Set([...going, ...staying, ...newest, ...unrecorded]);
}

/** `gone`, `pinned`, or what is wrong. */
async function removeBackup(
  bucket: Bucket,
  group: ObjectGroup,
  onHidden: (keys: readonly string[] | undefined) => void,
): Promise<string> {
  const { store, prefix } = bucket;
  // Pinned since the listing?
  if ((await store.head(pinKey(prefix, group.name))) !== undefined) return 'pinned';
  const { remaining, hidden } = await store.delete([manifestKey(prefix, group.name)]);
  onHidden(hidden);
  if (remaining.length > 0) return 'the bucket kept its manifest although it was told to delete it';
  // After the manifest, or a bad backup looks whole; before the files, or nobody ever comes by
  // again.
  if (has(group, 'verdict')) {
    const kept = (await store.delete([verdictKey(prefix, group.name)])).remaining;
    if (kept.length > 0) return `deleted, but the bucket kept ${kept.join(', ')}: a later run tries again`;
  }
  const rest = group.objects
    .filter(({ role }) => role === 'database' || role === 'document')
    .map(({ key }) => key);
  const left = await store.delete(rest);
  onHidden(left.hidden);
  if (left.remaining.length > 0)
    return `deleted, but the bucket kept ${left.remaining.join(', ')}: a later run tries again`;
  return 'gone';
}
