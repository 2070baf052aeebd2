/** Where each backup is, from the listings of both buckets. Pure. */
import type { Bucket } from '../catalog/bucket.ts';
import type { ObjectGroup } from '../catalog/entry.ts';
import type { BackupName } from '../catalog/names.ts';

export type Place = 'both' | 'first only' | 'second only';

const ROLES = ['database', 'document', 'manifest'] as const;

export function hasManifest({ objects }: ObjectGroup): boolean {
  return objects.some(({ role }) => role === 'manifest');
}

/** By the listing; what is inside, its manifest tells. */
export function isComplete({ objects }: ObjectGroup): boolean {
  return ROLES.every((wanted) => objects.some(({ role }) => role === wanted));
}

/** The two buckets as one looks at them. */
export interface Listings {
  readonly first: { readonly bucket: Bucket; readonly groups: readonly ObjectGroup[] };
  readonly copy: { readonly bucket: Bucket; readonly groups: readonly ObjectGroup[] };
}

/**
 * Whether the second bucket has the same files in the same lengths, manifest included, and nobody
 * proved them damaged there.
 */
export function isCopied({ first, copy }: Listings, group: ObjectGroup): boolean {
  const held = copy.groups.find(({ name }) => name === group.name);
  if (held === undefined || held.objects.some(({ role }) => role === 'verdict')) return false;
  const files = new Map(
    held.objects.map(({ key, bytes }) => [key.slice(copy.bucket.prefix.length), bytes] as const),
  );
  return ROLES.every((wanted) =>
    group.objects.some(
      ({ role, key, bytes }) => role === wanted && files.get(key.slice(first.bucket.prefix.length)) === bytes,
    ),
  );
}

/** Names that have a manifest in either bucket. */
export function placesOf({ first, copy }: Listings): ReadonlyMap<BackupName, Place> {
  const here = new Set(first.groups.filter(hasManifest).map(({ name }) => name));
  const there = new Set(copy.groups.filter(hasManifest).map(({ name }) => name));
  return new Map(
    [...here.union(there)].map((name) => [
      name,
      here.has(name) ? (there.has(name) ? 'both' : 'first only') : 'second only',
    ]),
  );
}

/**
 * Backups of the first bucket that the second one lacks, newest first: those whose files are there,
 * that nobody proved damaged, and that are encrypted where the settings encrypt.
 */
export function missingIn(listings: Listings): ObjectGroup[] {
  return lackedBy(listings).filter((group) => !staysHere(listings, group));
}

/** Of all that could be copied, how many are there in full length, and which are not encrypted. */
export function countCopied(listings: Listings): {
  readonly copied: number;
  readonly total: number;
  readonly plain: readonly BackupName[];
} {
  const lacked = lackedBy(listings);
  const total = listings.first.groups.filter(isSound).length;
  const plain = lacked.filter((group) => staysHere(listings, group)).map(({ name }) => name);
  return { copied: total - lacked.length, total, plain };
}

/** For people, behind how many there are; empty where none stays. */
export function staysText(plain: readonly BackupName[]): string {
  const [name] = plain;
  if (name === undefined) return '';
  const which =
    plain.length === 1
      ? `${name} is not encrypted and stays`
      : `${plain.length} (${name}, …) are not encrypted and stay`;
  return `; ${which} in the first bucket while a key is set`;
}

function lackedBy(listings: Listings): ObjectGroup[] {
  return listings.first.groups.filter((group) => isSound(group) && !isCopied(listings, group));
}

/** Whole by the listing, and nobody proved it damaged. */
export function isSound(group: ObjectGroup): boolean {
  return isComplete(group) && !group.objects.some(({ role }) => role === 'verdict');
}

/** It is not encrypted while others are. */
export function staysHere({ first }: Listings, group: ObjectGroup): boolean {
  return first.bucket.isSealed === true && hasPlain(group);
}

function hasPlain({ objects }: ObjectGroup): boolean {
  return objects.some(({ role, encrypted }) => (role === 'database' || role === 'document') && !encrypted);
}
