/** What runs without a manifest left in the bucket: whose it is, and when it goes. */

import { greatest } from '../../lib/extremes.ts';
import { DAY_MS } from '../../text/times.ts';
import type { Bucket } from './bucket.ts';
import type { RetentionPolicy } from './calendar-places.ts';
import { has, type ObjectGroup, presumed } from './entry.ts';
import type { Ledger } from './ledger.ts';
import { readGroups } from './list.ts';
import { isSafetyTrigger } from './manifest.ts';
import { type BackupName, databaseKey, documentKey, isOfBackup, manifestKey } from './names.ts';
import { planRetention } from './retention.ts';
import type { RetentionEntry } from './retention-times.ts';

/**
 * Objects without a manifest are left alone for so long when it is not known whose they are:
 * another deployment of the bot, with a database and lease of its own, may be writing them.
 */
export const DEBRIS_GRACE_MS = DAY_MS;

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
    readonly triggers: Ledger['triggers'];
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
  const newest = greatest([
    0,
    ...all.flatMap(({ objects }) => objects.map(({ modified }) => modified.getTime())),
  ]);
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
  const made = await recorded.triggers(names);
  if (made.size === 0) return [];
  // As if its manifest were still there: files put back since are as young as the store calls them.
  const entries = all.map((group): RetentionEntry => {
    if (!made.has(group.name)) return presumed(group);
    const own = group.objects.filter(isOfBackup);
    const modified = greatest(own.map((object) => object.modified.getTime()));
    const isSafety = isSafetyTrigger(made.get(group.name) ?? '');
    return { ...presumed(group), state: 'verified', modified: new Date(modified), isSafety };
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
