/**
 * Backups that the first bucket has damaged, and the copy whole: by the very manifest that both
 * have, or that the database remembers, each file of the copy is proved, and takes the place of the
 * wrong one. Nothing else in the first bucket is ever replaced.
 */
import { Buffer } from 'node:buffer';
import type { ObjectGroup } from '../catalog/entry.ts';
import { manifestKey } from '../catalog/names.ts';
import { readSmall } from '../catalog/small-object.ts';
import type { StoredFiles } from './copy-changes.ts';
import { makeRoom } from './mend.ts';
import { hasManifest, isSound, type Listings } from './places.ts';
import { copyInOrder, requestsFor, type Slice } from './proven.ts';
import { provenObjects } from './proven-backup.ts';

/** Damaged in the first bucket and not in the copy, by the listings, newest first. */
export function mendable({ first, copy }: Listings): ObjectGroup[] {
  return first.groups.filter((group) => hasManifest(group) && !isSound(group) && isWhole(copy.groups, group));
}

function isWhole(groups: readonly ObjectGroup[], { name }: ObjectGroup): boolean {
  const held = groups.find((group) => group.name === name);
  return held !== undefined && isSound(held);
}

export type Mended =
  | { readonly kind: 'mended'; readonly files: readonly string[] }
  | { readonly kind: 'more' }
  | { readonly kind: 'refused'; readonly problem: string };

/** Requests beside the files: the manifest of either side, and what the database remembers. */
const READS = 7;
/** Of the slice around it: the listings, and a look at another backup. */
const OTHERS = 6;

/** Undefined: the copy's is no proof of what belongs there. */
export async function mendFirst(
  { first, copy }: Listings,
  group: ObjectGroup,
  { stored, slice }: { readonly stored: StoredFiles | undefined; readonly slice: Slice },
): Promise<Mended | undefined> {
  const held = copy.groups.find(({ name }) => name === group.name);
  if (held === undefined || !hasManifest(held)) return undefined;
  if (!slice.take(READS)) return { kind: 'more' };
  const file = manifestKey('', group.name);
  const remembered = (await stored?.(file, file))?.get(file);
  const proven = await provenObjects(copy.bucket, held, remembered);
  if (proven.kind !== 'proven') return undefined;
  // Without a memory, whoever writes to the copy could say what a backup is.
  if (remembered === undefined && !(await isSameManifest({ first, copy }, file))) return undefined;
  const { objects } = proven;
  const needed = objects.reduce((sum, { bytes }) => sum + requestsFor(bytes), 0);
  if (needed + objects.length * 5 > slice.most - READS - OTHERS) {
    const problem = `${group.name} is damaged in ${first.bucket.store.description}, and takes more requests to put back from the copy than this host may make in a minute (SUBREQUEST_LIMIT): npm run backup -- copy`;
    return { kind: 'refused', problem };
  }
  if (!slice.take(needed)) return { kind: 'more' };
  const room = await makeRoom(copy.bucket, first.bucket, group, { objects, slice });
  if (room.kind !== 'made') return room;
  const there = new Set(group.objects.map(({ key }) => key.slice(first.bucket.prefix.length)));
  const files = objects
    .map((object) => object.file)
    .filter((one) => room.files.includes(one) || !there.has(one));
  if (files.length === 0) return undefined;
  const copied = await copyInOrder({
    from: copy.bucket,
    to: first.bucket,
    objects: objects.filter((object) => files.includes(object.file)),
    slice: { ...slice, take: () => true },
  });
  return copied.kind === 'copied' ? { kind: 'mended', files } : undefined;
}

async function isSameManifest({ first, copy }: Listings, file: string): Promise<boolean> {
  const [here, there] = await Promise.all(
    [first, copy].map(({ bucket }) =>
      readSmall(bucket.store, `${bucket.prefix}${file}`).catch(() => undefined),
    ),
  );
  return here !== undefined && there !== undefined && Buffer.compare(here, there) === 0;
}
