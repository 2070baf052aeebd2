/**
 * What the second copy lacks; and a backup whose manifest was put last, where a slice that was
 * killed did not read it back and it is none: by its length alone it looks like the first bucket's.
 * All that stands before it in their order was read back.
 */
import type { ObjectGroup } from '../catalog/entry.ts';
import { ManifestError, parseManifest } from '../catalog/manifest.ts';
import { manifestKey } from '../catalog/names.ts';
import { readSmall } from '../catalog/small-object.ts';
import { type Listings, missingIn } from './places.ts';
import type { Slice } from './proven.ts';

/** @param since when somebody looked last, and knew how that look ended; null: never */
export async function lackingIn(
  listings: Listings,
  since: string | null,
  slice: Slice,
): Promise<readonly ObjectGroup[]> {
  const missing = missingIn(listings);
  const { first, copy } = listings;
  const [last] = copy.groups.toSorted((a, b) => putAt(b) - putAt(a));
  const group = first.groups.find(({ name }) => name === last?.name);
  if (last === undefined || group === undefined || missing.includes(group)) return missing;
  if (putAt(last) < Date.parse(since ?? '1970-01-01') || !slice.take(1)) return missing;
  const { store, prefix } = copy.bucket;
  const isNone = !isManifest(await readSmall(store, manifestKey(prefix, last.name)));
  return isNone ? [group, ...missing] : missing;
}

/** When its manifest was put; 0 without one. */
function putAt({ objects }: ObjectGroup): number {
  return objects.find(({ role }) => role === 'manifest')?.modified.getTime() ?? 0;
}

function isManifest(bytes: Uint8Array | undefined): boolean {
  try {
    return bytes === undefined || parseManifest(bytes) !== undefined;
  } catch (error) {
    if (error instanceof ManifestError) return false;
    throw error;
  }
}
