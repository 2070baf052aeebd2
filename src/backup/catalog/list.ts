/**
 * What is in the bucket: objects grouped into backups, each with its state and, when it is not
 * sound, why (docs/spec/backup.md, "Commands").
 */

import { DatabaseUnfit } from '../../db/database-unfit.ts';
import { lackOfTables } from '../../db/own-schema.ts';
import { type Clock, systemClock } from '../../lib/clock.ts';
import { ledgerTriggerIn } from '../schema/ledger-triggers.ts';
import { type Store, type StoredObject, StoreError } from '../store/types.ts';
import { type Manifest, ManifestError, type ManifestObject, parseManifest } from './manifest.ts';
import {
  type BackupName,
  isOfBackup,
  manifestKey,
  type ParsedKey,
  parseKey,
  STEM,
  timeOfName,
  verdictKey,
} from './names.ts';
import type { RetentionEntry } from './retention.ts';
import { believedTime, isAhead } from './true-time.ts';
import { type DamageVerdict, MOST_VERDICT_BYTES, parseVerdict } from './verdicts.ts';

/** A bucket below a key prefix. */
export interface Bucket {
  readonly store: Store;
  /** Empty, or ending in `/`. */
  readonly prefix: string;
  /**
   * The settings encrypt: a backup that is not encrypted may be anybody's who can write to the
   * bucket.
   */
  readonly isSealed?: boolean;
  /** What times are held against; the system's by default. */
  readonly clock?: Pick<Clock, 'now'>;
}

/** All objects of one name, from one listing. */
export interface ObjectGroup {
  readonly name: BackupName;
  readonly objects: readonly (StoredObject & Pick<ParsedKey, 'role' | 'encrypted'>)[];
}

export interface BackupEntry {
  readonly name: BackupName;
  readonly state: RetentionEntry['state'];
  /** Why it is not `verified`. */
  readonly problem: string | undefined;
  /** Its manifest is there, and this user may not read it: nothing is known against the backup. */
  readonly isDenied?: true;
  /**
   * What is at fault when it is `damaged`: the database it was read from, or the stored files
   * alone.
   */
  readonly concerns: 'database' | 'files' | undefined;
  /** What was proved of its stored files; undefined when nothing was. */
  readonly verdict: DamageVerdict | undefined;
  readonly manifest: Manifest | undefined;
  /** When its data was read: as its manifest says, as far as that can be ({@link believedTime}). */
  readonly time: Date;
  /** Of database and document as stored. */
  readonly bytes: number;
  readonly encrypted: boolean;
  readonly pinned: boolean;
  readonly objects: ObjectGroup['objects'];
  /**
   * Which of its objects are there, in full length. Both, and `damaged`: the database was, when it
   * was read.
   */
  readonly usable: readonly ('database' | 'document')[];
}

/** One listing, grouped, newest first. Objects that are none of ours are left out. */
export async function readGroups(bucket: Bucket): Promise<ObjectGroup[]> {
  const { store, prefix } = bucket;
  const groups = new Map<BackupName, ObjectGroup['objects'][number][]>();
  // Not what else lies there: change files are many (changes/change-names.ts).
  for (const object of await store.list(`${prefix}${STEM}`)) {
    const parsed = parseKey(prefix, object.key);
    if (parsed === undefined) continue;
    const objects = groups.get(parsed.name) ?? [];
    objects.push({ ...object, role: parsed.role, encrypted: parsed.encrypted });
    groups.set(parsed.name, objects);
  }
  const found = [...groups].map(([name, objects]) => ({ name, objects }));
  const timed = found
    // A pin or a verdict alone is no backup.
    .filter(({ objects }) => objects.some(isOfBackup))
    .map((group) => ({ group, time: groupTime(bucket, group).getTime() }));
  // By the time that can be, not by name: a backup of a clock that ran a year ahead must not pose
  // as the newest for a year.
  timed.sort((a, b) => b.time - a.time || (a.group.name < b.group.name ? 1 : -1));
  return timed.map(({ group }) => group);
}

/** The scheduled time, or the store's. */
function groupTime(bucket: Bucket, group: ObjectGroup): Date {
  return timeOf(bucket, group, timeOfName(group.name) ?? new Date(0));
}

export interface Page {
  readonly offset?: number;
  readonly limit?: number;
}

/**
 * Backups, newest first, with their manifests: one listing and one get a backup shown. `total`
 * counts all.
 */
export async function listBackups(
  bucket: Bucket,
  page: Page = {},
): Promise<{ entries: BackupEntry[]; total: number }> {
  const groups = await readGroups(bucket);
  const offset = page.offset ?? 0;
  const shown = groups.slice(offset, page.limit === undefined ? undefined : offset + page.limit);
  return { entries: await inParallel(shown, (group) => loadEntry(bucket, group)), total: groups.length };
}

export interface Newest {
  /** Undefined when there is none. */
  readonly entry: BackupEntry | undefined;
  /** Newer ones that were passed over, and those whose time nobody knows; newest first. */
  readonly newer: readonly BackupEntry[];
}

const isVerified = ({ state }: BackupEntry): boolean => state === 'verified';

/**
 * The newest backup that `isFit` (by default: verified); reads no more manifests than it must. One
 * dated in the future is passed over: a clock that ran ahead made it, and it would pose as the
 * newest until time catches up. So is one that {@link isUnsealed}.
 */
export async function newestFit(
  bucket: Bucket,
  isFit: (entry: BackupEntry) => boolean = isVerified,
): Promise<Newest> {
  const newer: BackupEntry[] = [];
  for (const group of await readGroups(bucket)) {
    const entry = await loadEntry(bucket, group);
    if (isFit(entry) && counts(bucket, entry)) return { entry, newer };
    newer.push(entry);
  }
  return { entry: undefined, newer };
}

function counts(bucket: Bucket, entry: BackupEntry): boolean {
  return !isAhead(entry.time, nowOf(bucket)) && !isUnsealed(bucket, entry);
}

/**
 * Not encrypted although the settings encrypt: from before they did, or forged. Only a person can
 * tell, so it counts for nothing.
 */
export function isUnsealed({ isSealed = false }: Bucket, { manifest }: BackupEntry): boolean {
  return (
    isSealed &&
    manifest !== undefined &&
    !Object.values(manifest.objects).every(({ encoding }) => encoding.includes('age'))
  );
}

/** The newest verified one of all the backups, which are at hand. */
export function newestOf(bucket: Bucket, entries: readonly BackupEntry[]): Newest {
  const at = entries.findIndex((entry) => isVerified(entry) && counts(bucket, entry));
  return { entry: entries[at], newer: at === -1 ? entries : entries.slice(0, at) };
}

/** The newest backup whose manifest is sound and whose objects are there. */
export async function newestVerified(bucket: Bucket): Promise<BackupEntry | undefined> {
  return (await newestFit(bucket)).entry;
}

/** One backup by name, or undefined when the bucket has nothing of it. */
export async function findBackup(bucket: Bucket, name: BackupName): Promise<BackupEntry | undefined> {
  const group = (await readGroups(bucket)).find((candidate) => candidate.name === name);
  return group === undefined ? undefined : loadEntry(bucket, group);
}

/**
 * Reads the manifest and holds it against the listing. Store errors are thrown, unreadable
 * manifests are a state.
 */
export async function loadEntry(bucket: Bucket, group: ObjectGroup): Promise<BackupEntry> {
  const stored = group.objects.find(({ role }) => role === 'manifest');
  const files = group.objects.filter(({ role }) => role === 'database' || role === 'document');
  const base = {
    name: group.name,
    manifest: undefined,
    concerns: undefined,
    verdict: undefined,
    time: groupTime(bucket, group),
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    encrypted: files.some(({ encrypted }) => encrypted),
    pinned: group.objects.some(({ role }) => role === 'pin'),
    objects: group.objects,
    usable: [],
  };
  if (stored === undefined)
    return { ...base, state: 'unfinished', problem: 'no manifest: under way, or left over by a failed run' };
  const read = await readManifest(bucket, group.name, mostManifestBytes(base.bytes));
  if (read instanceof ManifestError) {
    const isDenied = read.cause instanceof StoreError && read.cause.isDenied;
    return { ...base, state: 'unreadable', problem: read.message, ...(isDenied && { isDenied }) };
  }
  const verdict = await readVerdict(bucket, group);
  const damage = damageOf(read);
  const problems = [missingObject(bucket, read, files), verdict?.problem, damage].filter(
    (text) => text !== undefined,
  );
  return {
    ...base,
    manifest: read,
    time: timeOf(bucket, group, new Date(read.started_at)),
    state: problems.length === 0 ? 'verified' : 'damaged',
    problem: problems.length === 0 ? undefined : problems.join('; '),
    concerns:
      problems.length === 0
        ? undefined
        : damage === undefined && ledgerTriggerIn(verdict?.problem ?? '') === undefined
          ? 'files'
          : 'database',
    verdict,
    usable: (['database', 'document'] as const).filter(
      (role) => faultOf(bucket, read.objects[role], files) === undefined,
    ),
  };
}

/** Asked for only where the listing has one. */
async function readVerdict(
  { store, prefix }: Bucket,
  { name, objects }: ObjectGroup,
): Promise<DamageVerdict | undefined> {
  const listed = objects.find(({ role }) => role === 'verdict');
  if (listed === undefined) return undefined;
  if (listed.bytes > MOST_VERDICT_BYTES) return parseVerdict(undefined, name);
  const bytes = await readSmall(store, verdictKey(prefix, name), MOST_VERDICT_BYTES).catch(
    (error: unknown) => {
      if (error instanceof ManifestError) return new Uint8Array();
      throw error;
    },
  );
  // Taken back since the listing.
  return bytes && parseVerdict(bytes, name);
}

/** The manifest, or what is wrong with it; a missing one counts as wrong. */
async function readManifest(
  { store, prefix }: Bucket,
  name: BackupName,
  most: number,
): Promise<Manifest | ManifestError> {
  try {
    const bytes = await readSmall(store, manifestKey(prefix, name), most);
    if (bytes === undefined) return new ManifestError('manifest is gone');
    const manifest = parseManifest(bytes);
    if (manifest.name !== name) return new ManifestError(`manifest is of another backup: ${manifest.name}`);
    return manifest;
  } catch (error) {
    if (error instanceof ManifestError) return error;
    throw error;
  }
}

/**
 * Manifests are tens of kilobytes, of 20,000 parts 3 MB; more than this is none, and would hold up
 * whoever parses it.
 */
const MAX_SMALL_BYTES = 4 * 1024 * 1024;

/**
 * What a manifest of files of so many bytes can have at most: thousands of tables, and a hundred
 * bytes for each part of some MiB. A list of hundreds whose manifests were padded would take
 * minutes, and the memory of the host.
 */
export function mostManifestBytes(bytes: number): number {
  return Math.min(MAX_SMALL_BYTES, 1024 * 1024 + 256 * Math.ceil(bytes / (1024 * 1024)));
}

/**
 * A whole small object, or undefined when there is none. @throws ManifestError for one that is not
 * small, or another user's
 */
export async function readSmall(
  store: Store,
  key: string,
  most = MAX_SMALL_BYTES,
): Promise<Uint8Array | undefined> {
  const object = await store.get(key).catch((error: unknown) => {
    // Of one object only: the others are as good as before.
    if (error instanceof StoreError && error.isDenied)
      throw new ManifestError(error.message, { cause: error });
    throw error;
  });
  if (object === undefined) return undefined;
  if (object.bytes > most) {
    await object.body.cancel();
    throw new ManifestError(`${key} has ${object.bytes} bytes: too many for a manifest`);
  }
  return new Uint8Array(await new Response(object.body).arrayBuffer());
}

/**
 * Runs `work` over `items`, a few at a time (a Worker has six connections), keeping their order.
 */
export async function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const queue = items.entries();
  const worker = async (): Promise<void> => {
    for (const [i, item] of queue) results[i] = await work(item);
  };
  await Promise.all(Array.from({ length: 4 }, worker));
  return results;
}

/**
 * Before something changes a database. @throws when the backup just made of it says that it is
 * damaged.
 */
export function requireUndamaged(manifest: Manifest): void {
  const damage = damageOf(manifest);
  if (damage !== undefined)
    throw new DatabaseUnfit(
      `nothing was changed: ${damage}; backup ${manifest.name} keeps what it holds (docs/operations.md, "The database file is damaged")`,
    );
}

/**
 * What a backup says of the database it was read from. An earlier program did not look for missing
 * tables.
 */
export function damageOf({ findings, tables, schema_version }: Manifest): string | undefined {
  const found =
    findings ??
    lackOfTables(
      tables.map(({ name }) => name),
      schema_version,
    )?.findings;
  return found && `the database was damaged when it was read: ${found.join('; ')}`;
}

function missingObject(
  bucket: Bucket,
  manifest: Manifest,
  files: readonly StoredObject[],
): string | undefined {
  const faults = Object.values(manifest.objects).flatMap((object) => faultOf(bucket, object, files) ?? []);
  return faults.length === 0 ? undefined : faults.join('; ');
}

function faultOf(
  { prefix }: Bucket,
  object: ManifestObject,
  files: readonly StoredObject[],
): string | undefined {
  const stored = files.find(({ key }) => key === `${prefix}${object.file}`);
  if (stored === undefined) return `${object.file} is gone from the bucket`;
  if (stored.bytes === object.bytes) return undefined;
  return `${object.file} has ${stored.bytes} bytes in the bucket, its manifest says ${object.bytes}`;
}

function timeOf(bucket: Bucket, group: ObjectGroup, claimed: Date): Date {
  const times = group.objects.filter(isOfBackup).map(({ modified }) => modified.getTime());
  return believedTime(claimed, new Date(Math.max(...times)), nowOf(bucket));
}

export function nowOf({ clock = systemClock }: Bucket): Date {
  return clock.now();
}
