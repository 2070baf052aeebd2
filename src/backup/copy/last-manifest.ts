/**
 * The manifest that was put last into the second copy: a slice that was killed may not have read it
 * back, and by its length alone it looks like the first bucket's. All that stands before it in
 * their order was read back.
 */
import { ManifestError, parseManifest } from '../catalog/manifest.ts';
import { manifestKey } from '../catalog/names.ts';
import { readSmall } from '../catalog/small-object.ts';
import { hasManifest, type Listings } from './places.ts';
import type { Slice } from './proven.ts';

/** A second reading, the first bucket's, and a deletion with its look. */
const MORE = 4;

/**
 * True: it was no manifest any more, and is gone. Another manifest than the first bucket's is left
 * as it is.
 * @param since when somebody looked last and knew how that look ended; null: never
 */
export async function removeBrokenManifest(
  { first, copy }: Listings,
  since: string | null,
  slice: Slice,
): Promise<boolean> {
  const put = (objects: (typeof copy.groups)[number]['objects']): number =>
    objects.find(({ role }) => role === 'manifest')?.modified.getTime() ?? 0;
  const [last] = copy.groups
    .filter((group) => hasManifest(group) && first.groups.some(({ name }) => name === group.name))
    .toSorted((a, b) => put(b.objects) - put(a.objects));
  if (last === undefined || put(last.objects) < Date.parse(since ?? '1970-01-01')) return false;
  if (!slice.take(1)) return false;
  const { store, prefix } = copy.bucket;
  const key = manifestKey(prefix, last.name);
  const found = await readSmall(store, key);
  if (found === undefined || isManifest(found) || !slice.take(MORE)) return false;
  // One reading that was cut on its way proves nothing.
  const again = await readSmall(store, key);
  const wanted = await readSmall(first.bucket.store, manifestKey(first.bucket.prefix, last.name));
  if (again === undefined || isManifest(again) || !isManifest(wanted)) return false;
  await store.delete([key]);
  return true;
}

function isManifest(bytes: Uint8Array | undefined): boolean {
  try {
    return bytes !== undefined && parseManifest(bytes) !== undefined;
  } catch (error) {
    if (error instanceof ManifestError) return false;
    throw error;
  }
}
