/**
 * Carries retention out, and sweeps what failed runs left behind.
 *
 * A backup exists when its manifest does, so the manifest goes FIRST and is seen to be gone before
 * anything else is touched: cut off anywhere, a deletion leaves either the whole backup or debris
 * without a manifest, never a backup that looks whole and is not. The debris is swept by a later
 * run. A deletion is believed only when the store, asked again, has the object no more.
 */
import { explain } from '../../lib/clock.ts';
import { inParallel } from '../../lib/in-parallel.ts';
import { StoreError } from '../store/types.ts';
import type { Bucket } from './bucket.ts';
import { type BackupEntry, loadEntry, type ObjectGroup } from './entry.ts';
import { lastFuller } from './last-fuller.ts';
import type { Ledger } from './ledger.ts';
import { readGroups } from './list.ts';
import { isSafetyTrigger } from './manifest.ts';
import {
  type BackupName,
  databaseKey,
  documentKey,
  isOfBackup,
  manifestKey,
  pinKey,
  timeOfName,
  verdictKey,
} from './names.ts';
import { foreignOf, withForeign } from './not-ours.ts';
import {
  LEAST_VERIFIED,
  planRetention,
  type RetentionEntry,
  type RetentionPlan,
  type RetentionPolicy,
} from './retention.ts';

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
  /** What could not be deleted, and why: for the admins. */
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
    const unread = groups.filter(({ name }) => wanted.has(name) && !read.has(name));
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

/** What is known without reading the manifest. */
function presumed(group: ObjectGroup): RetentionEntry {
  const manifest = group.objects.find(({ role }) => role === 'manifest');
  const isWhole = ['database', 'document'].every((role) =>
    group.objects.some((object) => object.role === role),
  );
  // What has no manifest is no backup, however young its pieces are.
  const objects = manifest === undefined ? [] : group.objects.filter(isOfBackup);
  return {
    name: group.name,
    state: manifest === undefined ? 'unfinished' : isWhole && !has(group, 'verdict') ? 'verified' : 'damaged',
    time: timeOfName(group.name) ?? new Date(0),
    modified: new Date(Math.max(0, ...objects.map(({ modified }) => modified.getTime()))),
    pinned: group.objects.some(({ role }) => role === 'pin'),
  };
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

/**
 * Objects without a manifest are left alone for so long when it is not known whose they are:
 * another deployment of the bot, with a database and lease of its own, may be writing them.
 */
const DEBRIS_GRACE_MS = 24 * 3_600_000;

export interface SweepOptions {
  readonly now: Date;
  /** The run that sweeps: its own objects are not debris. */
  readonly current: BackupName;
  /** Of these names, those whose run can never publish any more: swept without grace. */
  readonly outdated: (names: readonly BackupName[]) => Promise<readonly BackupName[]>;
  /**
   * Absent where no runs are recorded; then objects older than the grace are swept, whosever they
   * are.
   */
  readonly recorded?: {
    /** Of these names, those a run of ours was ever begun under. */
    readonly used: (names: readonly BackupName[]) => Promise<readonly BackupName[]>;
    readonly policy: RetentionPolicy;
  };
  /** Runs that ended badly not long ago, whose uploads may never have become objects. */
  readonly dead: readonly BackupName[];
}

export interface SweepReport {
  readonly objects: readonly string[];
  readonly uploads: number;
  readonly problems: readonly string[];
}

/**
 * Removes what runs without a manifest left: objects, and uploads that were never finished. People
 * put files into the bucket as well: the old bot's documents, packed by hand, or the pair of a lost
 * backup as Telegram had it, which has no manifest. So where runs are recorded only what a run of
 * ours left goes: of a run that failed or died, at once; of one that was done, when retention would
 * remove it, for then a deletion was cut short. A name without a record is not ours to judge, and a
 * pin (people's alone) keeps any.
 */
export async function sweepDebris(bucket: Bucket, options: SweepOptions): Promise<SweepReport> {
  const { store, prefix } = bucket;
  const all = await readGroups(bucket);
  // By the newest object at the latest: a clock that runs ahead must not make debris of another's
  // run.
  const newest = Math.max(
    0,
    ...all.flatMap(({ objects }) => objects.map(({ modified }) => modified.getTime())),
  );
  const graceEnds = new Date(Math.min(options.now.getTime(), newest) - DEBRIS_GRACE_MS);
  const groups = all.filter(
    (group) =>
      group.name !== options.current &&
      !has(group, 'pin') &&
      (!has(group, 'manifest') || isBareManifest(group)),
  );
  const outdated = new Set([...options.dead, ...(await options.outdated(groups.map(({ name }) => name)))]);
  const old = groups.filter(
    (group) =>
      !outdated.has(group.name) &&
      !isBareManifest(group) &&
      group.objects.filter(isOfBackup).every(({ modified }) => modified < graceEnds),
  );
  const debris = new Set([...outdated, ...(await abandoned(all, old, options))]);
  const objects: string[] = [];
  const problems: string[] = [];
  for (const group of groups) {
    if (!debris.has(group.name)) continue;
    // A listing may lag behind; the manifest itself is asked for before anything is deleted.
    if (!isBareManifest(group) && (await store.head(manifestKey(prefix, group.name))) !== undefined) continue;
    const { gone, remaining } = await store.delete(group.objects.map(({ key }) => key));
    objects.push(...gone);
    if (remaining.length > 0)
      problems.push(`debris of ${group.name} could not be deleted: ${remaining.join(', ')}`);
  }
  let uploads = await store.sweep(prefix, graceEnds);
  for (const name of options.dead) uploads += await sweepUploads(bucket, name, options.now);
  return { objects, uploads, problems };
}

function has({ objects }: ObjectGroup, wanted: ObjectGroup['objects'][number]['role']): boolean {
  return objects.some(({ role }) => role === wanted);
}

/**
 * A put that stalled until another run had swept the objects, and whose process then died. Debris
 * only where the records say that no backup came of the run: otherwise it tells people of a loss.
 */
function isBareManifest({ objects }: ObjectGroup): boolean {
  return objects.filter(isOfBackup).every(({ role }) => role === 'manifest');
}

/** Of groups that no failed run explains and whose grace is over, those that may go. */
async function abandoned(
  all: readonly ObjectGroup[],
  old: readonly ObjectGroup[],
  { recorded, now }: SweepOptions,
): Promise<BackupName[]> {
  const names = old.map(({ name }) => name);
  if (recorded === undefined || names.length === 0) return names;
  const made = new Set(await recorded.used(names));
  if (made.size === 0) return [];
  // As if its manifest were still there: files put back since are as young as the store calls them.
  const entries = all.map((group): RetentionEntry => {
    if (!made.has(group.name)) return presumed(group);
    const own = group.objects.filter(isOfBackup);
    const modified = Math.max(...own.map((object) => object.modified.getTime()));
    return { ...presumed(group), state: 'verified', modified: new Date(modified) };
  });
  return planRetention(entries, recorded.policy, now).decisions.flatMap(({ action, name }) =>
    action === 'remove' && made.has(name) ? [name] : [],
  );
}

/**
 * Aborts every upload of one run, whatever the store's clock says of its age: the run is over, and
 * its names are nobody else's. Asks key by key: MinIO lists the uploads of a whole key only
 * (minio/minio#20989), and forgets those of keys that nobody names after a day.
 */
export async function sweepUploads({ store, prefix }: Bucket, name: BackupName, now: Date): Promise<number> {
  const whenever = new Date(now.getTime() + DEBRIS_GRACE_MS);
  let uploads = 0;
  for (const keyOf of [databaseKey, documentKey])
    for (const encrypted of [false, true])
      uploads += await store.sweep(keyOf(prefix, name, encrypted), whenever);
  return uploads;
}
