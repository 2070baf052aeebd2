/** Pins are copied, and never taken off there: `unpin --from copy` does that. */
import { has, type ObjectGroup } from '../catalog/entry.ts';
import { putPin } from '../catalog/pins.ts';
import { hasManifest, type Listings } from './places.ts';
import type { Slice } from './proven.ts';

/** False: the slice is used up. `copied`: names that are in the copy since the listing. */
export async function copyPins(
  { first, copy }: Listings,
  copied: readonly string[],
  slice: Slice,
): Promise<boolean> {
  const isPinned = (group: ObjectGroup): boolean => has(group, 'pin');
  const pinned = new Set<string>(first.groups.filter(isPinned).map(({ name }) => name));
  const there = copy.groups.filter((group) => hasManifest(group) && !isPinned(group));
  for (const name of [...there.map((group) => group.name), ...copied]) {
    if (!pinned.has(name)) continue;
    if (!slice.take(3)) return false;
    await putPin(copy.bucket, name);
  }
  return true;
}
