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

/** How many of the first bucket are there in full length, and which cannot be copied. */
export function countCopied(listings: Listings): {
  readonly copied: number;
  readonly total: number;
  /** Not encrypted while others are. */
  readonly plain: readonly BackupName[];
  /** Damaged, and not whole in the second bucket either. */
  readonly bad: readonly BackupName[];
} {
  const [lacked, whole] = [lackedBy(listings), new Set(listings.copy.groups.filter(isSound).map(nameOf))];
  const sound = listings.first.groups.filter(isSound).length;
  const bad = listings.first.groups
    .filter((group) => hasManifest(group) && !isSound(group) && !whole.has(group.name))
    .map(nameOf);
  const plain = lacked.filter((group) => staysHere(listings, group)).map(nameOf);
  return { copied: sound - lacked.length, total: sound + bad.length, plain, bad };
}

const nameOf = ({ name }: ObjectGroup): BackupName => name;

/** For people, behind how many there are; empty where all were copied. */
export function staysText(plain: readonly BackupName[], bad: readonly BackupName[] = []): string {
  const which = (names: readonly BackupName[], one: string, many: string): string =>
    names.length === 0
      ? ''
      : `; ${names.length === 1 ? `${names[0]} ${one}` : `${names.length} (${names[0]}, …) ${many}`}`;
  return `${which(plain, 'is not encrypted and stays', 'are not encrypted and stay')}${plain.length === 0 ? '' : ' in the first bucket while a key is set'}${which(bad, 'is', 'are')}${bad.length === 0 ? '' : ' damaged, and not whole in the second copy either'}`;
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
