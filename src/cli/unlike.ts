/** Which of two backups of one name, not alike in the two buckets, is the wrong one. */
import type { Bucket } from '../backup/catalog/bucket.ts';
import { loadEntry, type ObjectGroup } from '../backup/catalog/entry.ts';
import { manifestKey } from '../backup/catalog/names.ts';
import { readSmall } from '../backup/catalog/small-object.ts';
import { sha256Of } from '../backup/changes/stored-change.ts';
import type { Listings } from '../backup/copy/places.ts';
import { rememberedIn } from '../backup/copy/remembered.ts';
import { inParallel } from '../lib/in-parallel.ts';
import { askLiving, type Session } from './session.ts';

/**
 * `altered`: the second one is whole by its own manifest, and not what the bot stored. `unknown`:
 * both are whole, and nobody remembers which one it was.
 */
export type Wrong = 'first' | 'second' | 'altered' | 'unknown';

/** @param names that both buckets have. Never rejects: what cannot be read is `unknown`. */
export async function wrongOf(
  session: Session,
  { first, copy }: Listings,
  names: readonly string[],
): Promise<ReadonlyMap<string, Wrong>> {
  if (names.length === 0) return new Map();
  const stored = await storedManifests(session, names);
  const judged = await inParallel(names, async (name) => {
    const [here, there] = [await stateIn(first, name), await stateIn(copy, name)];
    return [name, wrongBy(here, there, stored.get(name))] as const;
  });
  return new Map(judged);
}

interface State {
  /** Its files are as its own manifest says, and nobody proved one damaged. */
  readonly isWhole: boolean;
  /** Of its manifest as stored. */
  readonly sha256: string | undefined;
}

function wrongBy(here: State | undefined, there: State | undefined, stored: string | undefined): Wrong {
  if (here === undefined || there === undefined) return 'unknown';
  // By its own manifest: what the other bucket has is no matter.
  if (here.isWhole !== there.isWhole) return here.isWhole ? 'second' : 'first';
  if (!here.isWhole) return 'second';
  if (stored === undefined || (here.sha256 === stored) === (there.sha256 === stored)) return 'unknown';
  return here.sha256 === stored ? 'altered' : 'first';
}

/** Undefined: it could not be read. */
async function stateIn(
  { bucket, groups }: { readonly bucket: Bucket; readonly groups: readonly ObjectGroup[] },
  name: string,
): Promise<State | undefined> {
  const group = groups.find((one) => one.name === name);
  if (group === undefined) return undefined;
  try {
    const { manifest, usable, verdict } = await loadEntry(bucket, group);
    const isWhole = manifest !== undefined && usable.length === 2 && verdict === undefined;
    if (!isWhole) return { isWhole, sha256: undefined };
    const bytes = await readSmall(bucket.store, manifestKey(bucket.prefix, group.name));
    return { isWhole, sha256: bytes && sha256Of(bytes) };
  } catch {
    return undefined;
  }
}

/** SHA-256 by name; empty where nobody can ask the database. */
async function storedManifests(
  session: Session,
  names: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  await askLiving(session, async (db) => {
    const { stored } = await rememberedIn(db);
    for (const name of names) {
      const file = manifestKey('', name);
      const sha256 = (await stored(file, file)).get(file);
      if (sha256 !== undefined) found.set(name, sha256);
    }
  });
  return found;
}
