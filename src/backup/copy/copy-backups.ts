/**
 * Backups for the second bucket, one after the other, and those that the first one holds damaged.
 * What is there is judged by its bytes, and nothing that exists is written over but a file that its
 * own manifest proves wrong (mend.ts).
 */
import { has, type ObjectGroup } from '../catalog/entry.ts';
import { manifestKey } from '../catalog/names.ts';
import { DEBRIS_GRACE_MS } from '../catalog/sweep-debris.ts';
import { clearVerdict } from '../catalog/verdicts.ts';
import type { CopyContext } from './context.ts';
import { copyPins } from './copy-pins.ts';
import { lackingIn } from './last-manifest.ts';
import { type CopyMemory, isOfToday } from './memory.ts';
import { makeRoom } from './mend.ts';
import { type Mended, mendable, mendFirst } from './mend-first.ts';
import { hasManifest, isComplete, type Listings } from './places.ts';
import { copyInOrder, requestsFor, type Slice, tooManyText } from './proven.ts';
import { provenObjects } from './proven-backup.ts';

/** Two listings of a thousand keys each. */
export const LISTS = 2;
/**
 * A backup's manifest, looked at before it is copied, and once more where it cannot be read; and
 * what the database remembers of it.
 */
const MANIFEST_READS = 4;
const NO_ROOM = { kind: 'made', files: [] } as const;

type Refused = CopyMemory['refused'][string];

export class BackupCopy {
  readonly #context: CopyContext;
  readonly #slice: Slice;
  readonly #now: Date;
  readonly #proved: Set<string>;
  readonly #refused: Map<string, Refused>;
  readonly #since: CopyMemory['at'];
  #newest: CopyMemory['newest'];
  #left: number;
  /** There is more to do than the slice had room for. */
  hasMore = false;
  /** In this slice. */
  readonly #copied: string[] = [];

  constructor(context: CopyContext, before: CopyMemory, slice: Slice, now: Date) {
    this.#context = context;
    this.#slice = slice;
    this.#now = now;
    this.#proved = new Set(before.proved);
    this.#refused = new Map(Object.entries(before.refused));
    this.#since = before.at;
    this.#newest = before.newest;
    this.#left = before.left - before.changes.left;
  }

  get memory(): Pick<CopyMemory, 'newest' | 'left' | 'proved' | 'refused'> {
    return {
      newest: this.#newest,
      left: this.#left,
      proved: [...this.#proved],
      refused: Object.fromEntries(this.#refused),
    };
  }

  async all(listings: Listings): Promise<void> {
    const missing = await lackingIn(listings, this.#since, this.#slice);
    this.#newest = listings.copy.groups.find(isComplete)?.name ?? null;
    this.#forgetRefused([...missing, ...mendable(listings)]);
    const wanted = missing.filter(({ name }) => !this.#refused.has(name));
    this.#left = wanted.length + this.#damagedNow();
    if (wanted.length === 0) this.#proved.clear();
    for (const group of wanted) {
      if (!(await this.#copy(listings, group))) break;
    }
    await this.#mendAll(listings);
    if (!(await copyPins(listings, this.#copied, this.#slice))) this.#more();
  }

  /** Those that are whole by now, or gone, and those whose day is over. */
  #forgetRefused(missing: readonly ObjectGroup[]): void {
    const names = new Set(missing.map(({ name }) => name));
    for (const [name, { at }] of this.#refused)
      if (!names.has(name) || !isOfToday(at, this.#now)) this.#refused.delete(name);
  }

  /** False: the slice is used up. */
  async #copy(listings: Listings, group: ObjectGroup): Promise<boolean> {
    const { first, copy, stored } = this.#context;
    if (!this.#slice.take(MANIFEST_READS)) return this.#more();
    const file = manifestKey('', group.name);
    const proven = await provenObjects(first, group, (await stored?.(file, file))?.get(file));
    if (proven.kind === 'gone') return this.#later();
    if (proven.kind === 'refused') {
      const mended = await this.#mend(listings, group);
      if (mended?.kind === 'more') return false;
      if (mended?.kind !== 'mended') return this.#refuse(group, mended?.problem ?? proven.problem, proven);
      this.#left -= 1;
      return true;
    }
    const { objects: found } = proven;
    const largest = found.toSorted((a, b) => b.bytes - a.bytes)[0];
    const needed = requestsFor(largest?.bytes ?? 0);
    if (needed > this.#slice.most - LISTS - MANIFEST_READS)
      return this.#refuse(group, `${group.name}: ${tooManyText(largest?.file ?? '', needed)}`);
    const held = listings.copy.groups.find(({ name }) => name === group.name);
    const isDamaged = held !== undefined && hasManifest(held);
    const room = isDamaged
      ? await makeRoom(first, copy, held, { objects: found, slice: this.#slice })
      : NO_ROOM;
    if (room.kind === 'more') return this.#more();
    if (room.kind === 'refused') return this.#refuse(group, room.problem, { isDamaged: true });
    for (const file of room.files) this.#proved.delete(file);
    const copied = await copyInOrder({
      from: first,
      to: copy,
      objects: found,
      slice: this.#slice,
      isProved: ({ file, bytes }) =>
        this.#proved.has(file) &&
        held?.objects.some((object) => object.key === `${copy.prefix}${file}` && object.bytes === bytes) ===
          true,
      onProved: ({ file }) => this.#proved.add(file),
    });
    switch (copied.kind) {
      case 'copied':
        // Its bad manifest was removed, and the answer lost: all of it has just been read back.
        if (held !== undefined && !isDamaged && has(held, 'verdict')) await clearVerdict(copy, group.name);
        for (const { file } of found) this.#proved.delete(file);
        this.#left -= 1;
        this.#copied.push(group.name);
        if (this.#newest === null || group.name > this.#newest) this.#newest = group.name;
        this.#context.onCopied?.(group.name, room.files);
        return true;
      case 'more':
        return this.#more();
      case 'gone':
        return this.#later();
      case 'unlike':
        return this.#refuse(group, `${group.name}: ${copied.problem}`);
      default:
        return this.#takenBy(group, held, copied);
    }
  }

  /** What is damaged in the first bucket, and whole in the copy. */
  async #mendAll(listings: Listings): Promise<void> {
    for (const group of mendable(listings)) {
      if (this.#refused.has(group.name)) continue;
      const mended = await this.#mend(listings, group);
      if (mended?.kind === 'more') return;
      if (mended?.kind === 'mended') continue;
      const unproved = `${group.name} is damaged in ${listings.first.bucket.store.description}, and nothing proves the one in ${listings.copy.bucket.store.description}`;
      // The copy lacks nothing by that.
      this.#refuse(group, mended?.problem ?? unproved, { isDamaged: true });
    }
  }

  async #mend(listings: Listings, group: ObjectGroup): Promise<Mended | undefined> {
    const { stored, onMended } = this.#context;
    const mended = await mendFirst(listings, group, { stored, slice: this.#slice });
    if (mended?.kind === 'more') this.#more();
    if (mended?.kind === 'mended') for (const file of mended.files) onMended?.(file, listings.first.bucket);
    return mended;
  }

  #more(): false {
    this.hasMore = true;
    return false;
  }

  /** The first may have lost it since the listing; the next look tells. */
  #later(): true {
    this.hasMore = true;
    return true;
  }

  /** One that the copy holds damaged is as good as lacking. */
  #refuse(
    { name }: ObjectGroup,
    problem: string,
    { isDamaged, isAltered }: Pick<Refused, 'isDamaged' | 'isAltered'> = {},
  ): true {
    const why = { ...(isDamaged && { isDamaged }), ...(isAltered && { isAltered }) };
    this.#refused.set(name, { at: this.#now.toISOString(), problem, ...why });
    if (isDamaged !== true) this.#left -= 1;
    return true;
  }

  #damagedNow(): number {
    return [...this.#refused.values()].filter(({ isDamaged }) => isDamaged === true).length;
  }

  /**
   * What nothing points to, and nobody is writing any more, is what a copy left that was cut off or
   * taken in wrongly.
   */
  async #takenBy(
    group: ObjectGroup,
    held: ObjectGroup | undefined,
    { file, problem }: { readonly file: string; readonly problem: string },
  ): Promise<boolean> {
    const { store, prefix } = this.#context.copy;
    const object = held?.objects.find(({ key }) => key === `${prefix}${file}`);
    const isDebris =
      held !== undefined &&
      !hasManifest(held) &&
      object !== undefined &&
      this.#now.getTime() - object.modified.getTime() >= DEBRIS_GRACE_MS;
    if (!isDebris) return this.#refuse(group, `${group.name}: ${problem}`);
    if (this.#slice.take(2)) await store.delete([object.key]);
    return this.#more();
  }
}
