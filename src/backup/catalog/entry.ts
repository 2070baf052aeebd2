/** One backup of the bucket: its objects, its state and, when it is not sound, why. */
import { DatabaseUnfit } from '../../db/database-unfit.ts';
import { lackOfTables } from '../../db/own-schema.ts';
import { greatest } from '../../lib/extremes.ts';
import { ledgerTriggerIn } from '../schema/ledger-triggers.ts';
import { type StoredObject, StoreError } from '../store/types.ts';
import { type Bucket, nowOf } from './bucket.ts';
import { type Manifest, ManifestError, type ManifestObject, parseManifest } from './manifest.ts';
import { type BackupName, isOfBackup, manifestKey, type ParsedKey, timeOfName, verdictKey } from './names.ts';
import type { RetentionEntry } from './retention-times.ts';
import { mostManifestBytes, readSmall } from './small-object.ts';
import { believedTime } from './true-time.ts';
import { type DamageVerdict, MOST_VERDICT_BYTES, parseVerdict } from './verdicts.ts';

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
  /** What is at fault when `damaged`: the database it was read from, or the stored files alone. */
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
  /** Which of its objects are there in full. Both, and `damaged`: the database was, when read. */
  readonly usable: readonly ('database' | 'document')[];
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
    pinned: has(group, 'pin'),
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

/** What is known without reading the manifest. */
export function presumed(group: ObjectGroup): RetentionEntry {
  const manifest = group.objects.find(({ role }) => role === 'manifest');
  const isWhole = (['database', 'document'] as const).every((role) => has(group, role));
  // What has no manifest is no backup, however young its pieces are.
  const objects = manifest === undefined ? [] : group.objects.filter(isOfBackup);
  return {
    name: group.name,
    state: manifest === undefined ? 'unfinished' : isWhole && !has(group, 'verdict') ? 'verified' : 'damaged',
    time: timeOfName(group.name) ?? new Date(0),
    modified: new Date(greatest([0, ...objects.map(({ modified }) => modified.getTime())])),
    pinned: has(group, 'pin'),
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

/** Why {@link isUnsealed} ones count for nothing, for people. */
export const UNSEALED =
  'not encrypted, although a key is set: whoever can write to the bucket can make such a one';

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

/** Before something changes a database. @throws when the backup just made says it is damaged. */
export function requireUndamaged(manifest: Manifest): void {
  const damage = damageOf(manifest);
  if (damage !== undefined)
    throw new DatabaseUnfit(
      `nothing was changed: ${damage}; backup ${manifest.name} keeps what it holds (docs/operations.md, "The database file is damaged")`,
    );
}

/** What a backup says of its database. An earlier program did not look for missing tables. */
export function damageOf({ findings, tables, schema_version }: Manifest): string | undefined {
  const found =
    findings ??
    lackOfTables(
      tables.map(({ name }) => name),
      schema_version,
    )?.findings;
  const told = found?.slice(0, MOST_FINDINGS).map((text) => text.slice(0, MOST_CHARACTERS));
  return told && `the database was damaged when it was read: ${told.join('; ')}`;
}

/** What is told of them: somebody may have written megabytes into the bucket. */
const MOST_FINDINGS = 5;
const MOST_CHARACTERS = 600;

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
  return believedTime(claimed, new Date(greatest(times)), nowOf(bucket));
}

/** The scheduled time, or the store's. */
export function groupTime(bucket: Bucket, group: ObjectGroup): Date {
  return timeOf(bucket, group, timeOfName(group.name) ?? new Date(0));
}

export function has({ objects }: ObjectGroup, wanted: ObjectGroup['objects'][number]['role']): boolean {
  return objects.some(({ role }) => role === wanted);
}
