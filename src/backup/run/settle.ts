/** After the backup or its failure: debris, retention, the record, and word to the admins. */
import { Buffer } from 'node:buffer';
import type { LostChanges } from '../../db/bucket-notes.ts';
import { explain } from '../../lib/clock.ts';
import { inParallel } from '../../lib/in-parallel.ts';
import { DAY_MS } from '../../text/times.ts';
import type { Bucket } from '../catalog/bucket.ts';
import type { BasePosition } from '../catalog/change-state.ts';
import { type BackupEntry, damageOf, loadEntry, type ObjectGroup } from '../catalog/entry.ts';
import { shrunk, shrunkText } from '../catalog/fuller.ts';
import { isWhole, type Manifest, serializeManifest } from '../catalog/manifest.ts';
import { type BackupName, manifestKey } from '../catalog/names.ts';
import { type PruneReport, prune } from '../catalog/prune.ts';
import { readSmall } from '../catalog/small-object.ts';
import { type SweepReport, sweepDebris } from '../catalog/sweep-debris.ts';
import { basesOf } from '../changes/list-changes.ts';
import type { StoredChange } from '../changes/listed.ts';
import { endIn, lostFrom, lostToBucket } from '../changes/living.ts';
import { MOST_OF_A_RUN, pruneChanges } from '../changes/prune-changes.ts';
import { coveredByBase } from '../changes/trim.ts';
import { rowsOfTables } from '../model/digest.ts';
import type { BackupContext } from './context.ts';
import type { Lease } from './lease.ts';
import { endOf } from './published.ts';

export interface SettleReport {
  /** Undefined when retention could not even be planned; then `problems` says why. */
  readonly pruned: PruneReport | undefined;
  /** Leftovers of dead runs that were removed: object keys, and the count of unfinished uploads. */
  readonly swept: { readonly objects: readonly string[]; readonly uploads: number };
  /** The backup is good; these things after it are not. The admins were told. */
  readonly problems: readonly string[];
}

export interface SettleOptions {
  readonly name: BackupName;
  readonly manifest: Manifest;
  /** Where the change log stood in the snapshot. */
  readonly position: BasePosition | undefined;
  readonly lease: Lease;
  readonly dead: readonly BackupName[];
  /** What went wrong before, without harm to the backup. */
  readonly problems: readonly string[];
}

/** Never rejects: the backup exists, whatever becomes of the rest. */
export async function settle(
  context: BackupContext,
  { name, manifest, position, lease, dead, ...told }: SettleOptions,
): Promise<SettleReport> {
  const problems = [...told.problems];
  const attempt = async <T>(what: string, work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      problems.push(`${what}: ${explain(error)}`);
      return undefined;
    }
  };
  const { clock, ledger, changeDays } = context;
  const check = (): Promise<void> => lease.confirm();
  const swept = await attempt('sweeping leftovers', () => sweepLeftovers(context, name, { lease, dead }));
  const pruned = await attempt('retention', () =>
    prune(context, {
      policy: context.retention,
      now: clock.now(),
      triggers: (names) => ledger.triggers(names),
      check,
    }),
  );
  const changes = await attempt('retention of change files', async () =>
    changeDays === undefined
      ? undefined
      : pruneChanges(context, { days: changeDays, now: clock.now(), most: MOST_OF_A_RUN, check }),
  );
  const before = await attempt('reading the backup before it', () =>
    newestBefore(context, manifest, pruned?.groups ?? []),
  );
  const lost =
    changes &&
    (await attempt('looking for change files that are gone', () =>
      lostChanges(context, {
        position,
        before,
        files: changes.files,
        groups: (pruned?.groups ?? []).filter((group) => group.name !== name),
      }),
    ));
  if (lost !== undefined && changeDays !== undefined) {
    problems.push(lost.problem);
    const until = new Date(clock.now().getTime() + changeDays * DAY_MS).toISOString();
    await attempt('remembering what is gone', () => ledger.loseChanges({ ...lost.from, until }));
  }
  const rows = rowsOfTables(manifest.tables);
  const covered = manifest.state !== 'verified' || !position ? [] : coveredByBase(name, position, rows);
  if (covered.length > 0)
    await attempt('forgetting changes that it holds', () => ledger.coverChanges(covered));
  problems.push(...(swept?.problems ?? []), ...(pruned?.problems ?? []), ...(changes?.problems ?? []));
  const wasDead = await attempt('recording the run', () => ledger.end(name, endOf(manifest, clock.now())));
  if (wasDead === true) problems.push('it stalled so long that another run took it for dead and told you so');
  const less = before && shrunkAlert(manifest, before);
  const alert = alertFor(manifest, problems, pruned);
  if (alert !== undefined) await attempt('telling the admins', () => context.alert(alert));
  if (less !== undefined) await attempt('telling the admins', () => context.alert(less));
  return { pruned, swept: { objects: swept?.objects ?? [], uploads: swept?.uploads ?? 0 }, problems };
}

async function sweepLeftovers(
  context: BackupContext,
  current: BackupName,
  { lease, dead }: Pick<SettleOptions, 'lease' | 'dead'>,
): Promise<SweepReport> {
  await lease.confirm();
  const { fence } = lease;
  const { clock, ledger, retention: policy } = context;
  const options = { now: clock.now(), current, dead };
  if (fence === null) return sweepDebris(context, { ...options, outdated: async () => [] });
  return sweepDebris(context, {
    ...options,
    outdated: (names) => ledger.outdated(names, fence),
    recorded: { triggers: (names) => ledger.triggers(names), policy },
  });
}

function alertFor(
  manifest: Manifest,
  problems: readonly string[],
  pruned: PruneReport | undefined,
): Parameters<BackupContext['alert']>[0] | undefined {
  const lines = [...problems];
  const asks = pruned?.plan.kind === 'ask' ? pruned.plan : undefined;
  if (asks !== undefined)
    lines.push(
      `retention would delete ${asks.removing} of ${asks.of} backups and deleted none: look with \`npm run backup -- prune --dry-run\`, say yes with \`npm run backup -- prune\``,
    );
  const damage = damageOf(manifest);
  if (damage !== undefined)
    return {
      kind: 'damaged',
      message: [`backup ${manifest.name} was made, but ${damage}`, ...lines].join('; '),
    };
  if (lines.length === 0) return undefined;
  const message = `backup ${manifest.name} is good, but: ${lines.join('; ')}`;
  return problems.length > 0 || asks === undefined
    ? { kind: 'problem', message }
    : { kind: 'ask', message, asks: { removing: asks.removing, of: asks.of } };
}

interface Stored {
  readonly position: BasePosition | undefined;
  readonly before: BackupEntry | undefined;
  readonly files: readonly StoredChange[];
  /** Of the other backups, the newest first. */
  readonly groups: readonly ObjectGroup[];
}

/** Manifests that are read before change files count as gone: a Worker has few requests. */
const MOST_LOOKED_AT = 30;

/**
 * Change files that went between the backup before it and this one: from now on nobody looks there
 * for what is gone. Where that was known before, it was told, and asked for this backup.
 */
async function lostChanges(
  bucket: Bucket,
  { position, before, files, groups }: Stored,
): Promise<{ readonly problem: string; readonly from: Pick<LostChanges, 'timeline' | 'first'> } | undefined> {
  if (before === undefined || position === undefined || position.state.needsBase === 'lost') return undefined;
  const { timeline } = position.state;
  const bases = basesOf(bucket, [before]);
  if (!bases.some(({ changes }) => changes?.timeline === timeline)) return undefined;
  if (lostFrom(position, bases, files) === undefined) return undefined;
  // A clock that was set back gave the newest backup the name of an older one.
  const entries = await inParallel(groups.slice(0, MOST_LOOKED_AT), (group) => loadEntry(bucket, group));
  const end = endIn(position, basesOf(bucket, entries), files);
  const said = end && lostToBucket(position, end);
  if (end === undefined || said === undefined) return undefined;
  const problem = `${said} (where a second copy has them: npm run backup -- copy)`;
  return { problem, from: { timeline, first: end.seq + 1 } };
}

/** Said at the backup that shrank, not at those after it; a damaged one is told as that alone. */
function shrunkAlert(
  manifest: Manifest,
  entry: BackupEntry,
): Parameters<BackupContext['alert']>[0] | undefined {
  const { name } = manifest;
  const found = entry.manifest && shrunk(entry.manifest, manifest);
  if (found === undefined || damageOf(manifest) !== undefined) return undefined;
  const message = `backup ${name} is good, but it ${shrunkText(found, entry.name)}: was that deleted on purpose? If not: npm run backup -- restore ${entry.name} --replace`;
  return { kind: 'shrunk', message, shrunk: { ...found, name, than: entry.name } };
}

/** The verified one before it, of this bot. `listed`, newest first, costs no request. */
async function newestBefore(
  bucket: Bucket,
  { name, bot }: Manifest,
  listed: readonly ObjectGroup[],
): Promise<BackupEntry | undefined> {
  for (const group of listed) {
    if (group.name >= name) continue;
    const entry = await loadEntry(bucket, group);
    const owner = entry.manifest?.bot;
    const isOthers = bot !== undefined && owner !== undefined && owner.id !== bot.id;
    if (entry.state === 'verified' && !isOthers) return entry;
  }
  return undefined;
}

/** How long a failed run may take to clean up. */
const CLEAN_UP_MS = 60_000;

/**
 * Removes what a failed run put into the bucket, and nothing else that has its name: a run with
 * another database (and so another lease) may have the same second. Returns what it could not
 * remove, and why. Never rejects.
 *
 * The manifest goes first and must be seen to be gone: its put may have failed with an answer that
 * was lost after the effect. While that is not certain the objects stay, so that what looks like a
 * backup is one.
 */
export async function cleanUp(context: BackupContext, failure: FailedRun): Promise<string[]> {
  const timeout = new AbortController();
  const work = removeAll(context, failure).catch((error: unknown) => [
    `leftovers could not be removed (${explain(error)}): a later run tries again`,
  ]);
  const late = context.clock
    .sleep(CLEAN_UP_MS, timeout.signal)
    .then(() => [`leftovers could not be removed in time: a later run tries again`]);
  const left = await Promise.race([work, late]);
  timeout.abort();
  return left;
}

export interface FailedRun {
  /** The run's own work, which may still be letting go of its uploads. */
  readonly making: Promise<unknown>;
  /** What was perhaps published; undefined when it did not come so far. */
  readonly manifest: Manifest | undefined;
  /** Keys of the objects that are the run's own; complete when `making` has settled. */
  readonly objects: ReadonlySet<string>;
}

async function removeAll(bucket: BackupContext, { making, manifest, objects }: FailedRun): Promise<string[]> {
  await Promise.allSettled([making]);
  const { store, prefix } = bucket;
  if (manifest !== undefined && !(await isOthers(bucket, manifest))) {
    const { remaining } = await store.delete([manifestKey(prefix, manifest.name)]);
    if (remaining.length > 0)
      return [`the manifest of ${manifest.name} could not be removed: the backup was left whole`];
  }
  const { remaining } = await store.delete([...objects]);
  return remaining.map((key) => `${key} could not be removed: a later run tries again`);
}

/**
 * Whether another run's manifest stands under the name; a bucket that does not tell is asked to
 * delete all the same.
 */
async function isOthers({ store, prefix }: BackupContext, manifest: Manifest): Promise<boolean> {
  const held = await readSmall(store, manifestKey(prefix, manifest.name)).catch(() => undefined);
  if (held === undefined || Buffer.compare(held, serializeManifest(manifest)) === 0) return false;
  // A damaged manifest counts as ours: the bucket damaged it.
  return isWhole(held);
}
