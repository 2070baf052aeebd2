/**
 * Makes room for good bytes where the copy holds bad ones under a backup's name. Its manifest there
 * is the first bucket's, to the bit (or is cut, and none), and says that the file is wrong; the
 * first bucket has just been read and has it right. Nothing else in the copy is ever replaced.
 */
import { explain } from '../../lib/clock.ts';
import type { Bucket } from '../catalog/bucket.ts';
import { has, type ObjectGroup } from '../catalog/entry.ts';
import { isWhole, ManifestError } from '../catalog/manifest.ts';
import { readSmall } from '../catalog/small-object.ts';
import { clearVerdict } from '../catalog/verdicts.ts';
import { StoreError } from '../store/types.ts';
import { isRight, type ProvenObject, type Slice } from './proven.ts';

export type Room =
  /** These files were removed; none: nothing there is wrong, or it is not this backup. */
  | { readonly kind: 'made'; readonly files: readonly string[] }
  | { readonly kind: 'more' }
  | { readonly kind: 'refused'; readonly problem: string };

const NOTHING: Room = { kind: 'made', files: [] };

/** `held`: what the copy's listing has of the backup; `objects`: its manifest last. */
export async function makeRoom(
  from: Bucket,
  to: Bucket,
  held: ObjectGroup,
  { objects, slice }: { readonly objects: readonly ProvenObject[]; readonly slice: Slice },
): Promise<Room> {
  const there = objects.filter(({ file }) => held.objects.some(({ key }) => key === `${to.prefix}${file}`));
  const manifest = objects.at(-1);
  if (manifest === undefined || !there.includes(manifest)) return NOTHING;
  // Twice each on either side, a deletion and a look.
  if (!slice.take(there.length * 5)) return { kind: 'more' };
  const wrong: ProvenObject[] = [];
  for (const object of there) if (!(await isRight(to, object, slice))) wrong.push(object);
  if (wrong.includes(manifest) && (await isAnothers(to, manifest))) return NOTHING;
  const where = to.store.description;
  const isSuspect = has(held, 'verdict');
  if (wrong.length === 0) {
    if (isSuspect && there.length < objects.length) await clearVerdict(to, held.name);
    if (!isSuspect || there.length < objects.length) return NOTHING;
    const [of, flag] = to.isCopy === true ? ['the first bucket', ' --from copy'] : ['the second copy', ''];
    const problem = `${held.name} counts as damaged in ${where}, and its files there are those of ${of}: npm run backup -- verify ${held.name}${flag}`;
    return { kind: 'refused', problem };
  }
  for (const object of wrong)
    if (!(await isRight(from, object, slice))) {
      const problem = `${object.file} is damaged in ${where}, and not what was proved in ${from.store.description} either: nothing was replaced`;
      return { kind: 'refused', problem };
    }
  const room = await removeWrong(to, wrong);
  // While a file is away the listing says that it is damaged: cut off here, nothing looks better
  // than it is, or worse for ever. Where it cannot be removed the next look says so.
  if (isSuspect && room.kind === 'made') await clearVerdict(to, held.name);
  return room;
}

/** A whole manifest with other contents is of another backup of that second. */
async function isAnothers({ store, prefix }: Bucket, { file }: ProvenObject): Promise<boolean> {
  const bytes = await readSmall(store, `${prefix}${file}`).catch((error: unknown) => {
    if (error instanceof ManifestError) return undefined;
    throw error;
  });
  return bytes === undefined || isWhole(bytes);
}

/** One by one: cut off in between, what is left is damaged by its own manifest. */
export async function removeWrong({ store, prefix }: Bucket, wrong: readonly ProvenObject[]): Promise<Room> {
  for (const { file } of wrong) {
    const key = `${prefix}${file}`;
    const refused = (why: string): Room => ({
      kind: 'refused',
      problem: `${key} is damaged in ${store.description} and could not be replaced (${why}): remove it there, then npm run backup -- copy`,
    });
    try {
      const { remaining } = await store.delete([key]);
      if (remaining.length > 0) return refused('the bucket kept it');
    } catch (error) {
      if (error instanceof StoreError && error.isDenied) return refused(explain(error));
      throw error;
    }
  }
  return { kind: 'made', files: wrong.map(({ file }) => file) };
}
