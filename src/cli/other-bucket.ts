/** What `list` tells of the bucket that it does not read: the second copy, or the first one. */
import { type BackupEntry, loadEntry, type ObjectGroup } from '../backup/catalog/entry.ts';
import { readGroups } from '../backup/catalog/list.ts';
import { hasManifest, type Listings, missingIn, type Place, placesOf } from '../backup/copy/places.ts';
import { explain } from '../lib/clock.ts';
import { inParallel } from '../lib/in-parallel.ts';
import type { Session } from './session.ts';

export interface Elsewhere {
  /** Of the backups of both; empty when the other bucket cannot be read. */
  readonly places: ReadonlyMap<string, Place>;
  /** Those that the other bucket alone has. */
  readonly only: readonly BackupEntry[];
  readonly isWhole: boolean;
  readonly line: string;
  readonly answer: Readonly<Record<string, unknown>>;
}

/** Undefined: there is no second copy. Never rejects for what the other bucket does. */
export async function lookElsewhere(
  session: Session,
  entries: readonly BackupEntry[],
): Promise<Elsewhere | undefined> {
  const copy = await session.copy();
  if (copy === undefined) return undefined;
  const { first, readsCopy } = session;
  const other = readsCopy ? first : copy;
  const bucket = copy.store.description;
  const which = readsCopy ? 'The first bucket' : 'The second copy';
  let groups: readonly ObjectGroup[];
  let only: readonly BackupEntry[];
  try {
    groups = await readGroups(other);
    const known = new Set(entries.filter(hasManifest).map(({ name }) => name));
    const alone = groups.filter((group) => hasManifest(group) && !known.has(group.name));
    only = await inParallel(alone, (group) => loadEntry(other, group));
  } catch (error) {
    const unread = explain(error);
    return {
      places: new Map(),
      only: [],
      isWhole: false,
      line: `${which} could not be read: ${unread}`,
      answer: { bucket, unread },
    };
  }
  const listings: Listings = {
    first: { bucket: first, groups: readsCopy ? groups : entries },
    copy: { bucket: copy, groups: readsCopy ? entries : groups },
  };
  const lacks = missingIn(listings).map(({ name }) => name);
  return {
    places: placesOf(listings),
    only,
    isWhole: lacks.length === 0,
    line:
      lacks.length === 0
        ? `Second copy: whole, in ${bucket}`
        : `Second copy: lacks ${lacks.length} (${lacks.slice(0, 3).join(', ')}${lacks.length > 3 ? ', …' : ''}), in ${bucket}: npm run backup -- copy`,
    answer: { bucket, lacks },
  };
}
