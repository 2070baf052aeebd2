/**
 * One slice of bringing the second bucket up to the first. It may be cut off anywhere, and two may
 * run side by side: what is there is judged by its bytes, and nothing that exists is written over
 * but a file that its own manifest proves wrong (mend.ts).
 */
import { type Clock, explain } from '../../lib/clock.ts';
import { append } from '../../lib/extremes.ts';
import { pauseAfter, SECOND_COPY } from '../../lib/retry.ts';
import type { Bucket } from '../catalog/bucket.ts';
import type { RetentionPolicy } from '../catalog/calendar-places.ts';
import type { ObjectGroup } from '../catalog/entry.ts';
import type { Ledger } from '../catalog/ledger.ts';
import { readGroups } from '../catalog/list.ts';
import { manifestKey } from '../catalog/names.ts';
import type { ChangeKeys } from '../changes/stored-proof.ts';
import { pruneCopiedChanges } from './change-retention.ts';
import { ChangeCopy, type Shipped, type StoredFiles } from './copy-changes.ts';
import { copyPins } from './copy-pins.ts';
import { goneSince, mayGoNow, pruneCopy } from './copy-retention.ts';
import { lackingIn } from './last-manifest.ts';
import { type CopyMemory, LOOK_EVERY_MS } from './memory.ts';
import { makeRoom } from './mend.ts';
import { type Mended, mendable, mendFirst } from './mend-first.ts';
import { hasManifest, isComplete, type Listings } from './places.ts';
import { copyInOrder, requestsFor, type Slice } from './proven.ts';
import { provenObjects } from './proven-backup.ts';

export interface CopyContext {
  readonly first: Bucket;
  readonly copy: Bucket;
  readonly clock: Pick<Clock, 'now'>;
  readonly policy: RetentionPolicy;
  /** How many days change files are kept; absent: none is removed. */
  readonly changeDays?: number | undefined;
  /** Absent: nothing is deleted in the copy. */
  readonly triggers?: Ledger['triggers'];
  /** Absent: change files are not looked at. */
  readonly shipped?: Shipped | 'all' | undefined;
  /** What the database remembers to have stored; absent: nobody knows. */
  readonly stored?: StoredFiles | undefined;
  /** It is no time for a look at the backups. */
  readonly isOnlyChanges?: boolean;
  /** Hears of each backup that is whole in the copy now, and which of its files were replaced. */
  readonly onCopied?: (name: string, replaced: readonly string[]) => void;
  readonly keys?: ChangeKeys;
  /** Hears of each change file that was wrong in one bucket, and was replaced from the other. */
  readonly onMended?: (file: string, where: Bucket) => void;
}

/** Two listings of a thousand keys each. */
const LISTS = 2;
/**
 * A backup's manifest, looked at before it is copied, and once more where it cannot be read; and
 * what the database remembers of it.
 */
const MANIFEST_READS = 4;
/** What cannot be copied is tried again so much later. */
const REFUSED_MS = 86_400_000;
/** Debris of a copy that was cut off, or of one under way elsewhere. */
const DEBRIS_GRACE_MS = 86_400_000;

/** Never rejects: what went wrong is in the memory that it gives back. */
export async function catchUp(context: CopyContext, before: CopyMemory, slice: Slice): Promise<CopyMemory> {
  const now = context.clock.now();
  const { isOnlyChanges = false } = context;
  if (!isOnlyChanges && !slice.take(LISTS)) return before;
  const work = new Work(context, before, slice, now);
  try {
    await (isOnlyChanges ? work.changes() : work.all());
    return work.memory();
  } catch (error) {
    const failures = before.failures + 1;
    const pause = pauseAfter(SECOND_COPY, failures);
    return {
      ...work.memory(),
      failures,
      problem: explain(error),
      behindSince: before.behindSince ?? before.at ?? now.toISOString(),
      next: new Date(now.getTime() + pause).toISOString(),
    };
  }
}

class Work {
  readonly #context: CopyContext;
  readonly #before: CopyMemory;
  readonly #slice: Slice;
  readonly #now: Date;
  readonly #proved: Set<string>;
  readonly #refused: Map<string, CopyMemory['refused'][string]>;
  #gone: CopyMemory['gone'];
  #at: CopyMemory['at'];
  #newest: CopyMemory['newest'];
  #undeletable: CopyMemory['undeletable'];
  /** Backups. */
  #left: number;
  readonly #changes: ChangeCopy | undefined;
  #retention: Pick<CopyMemory['changes'], 'gone' | 'retained'>;
  #isRest = false;
  /** In this slice. */
  readonly #copied: string[] = [];
  readonly #problems: string[] = [];

  constructor(context: CopyContext, before: CopyMemory, slice: Slice, now: Date) {
    this.#context = context;
    this.#before = before;
    this.#slice = slice;
    this.#now = now;
    this.#proved = new Set(before.proved);
    this.#refused = new Map(Object.entries(before.refused));
    this.#gone = before.gone;
    this.#at = before.at;
    this.#newest = before.newest;
    this.#undeletable = before.undeletable;
    this.#left = before.left - before.changes.left;
    this.#retention = before.changes;
    const { shipped } = context;
    if (shipped !== undefined)
      this.#changes = new ChangeCopy({ ...context, shipped, slice, now }, before.changes);
  }

  memory(): CopyMemory {
    const now = this.#now.toISOString();
    const changes = {
      ...this.#before.changes,
      ...(this.#changes?.memory ?? { left: 0 }),
      gone: this.#retention.gone,
      retained: this.#retention.retained,
    };
    const refused = [...this.#refused.values(), ...Object.values(changes.refused)];
    const problems = [...this.#problems, ...refused.map(({ problem }) => problem)];
    const left = this.#left + changes.left;
    return {
      ...this.#before,
      at: this.#at,
      newest: this.#newest,
      left,
      behindSince: left === 0 ? null : (this.#before.behindSince ?? now),
      failures: 0,
      problem: problems.length === 0 ? null : problems.slice(0, MOST_PROBLEMS).join('; '),
      next: this.#isRest ? now : this.#nextLook(),
      gone: this.#gone,
      proved: [...this.#proved],
      refused: Object.fromEntries(this.#refused),
      undeletable: this.#undeletable,
      changes,
    };
  }

  #nextLook(): string {
    const next = this.#context.isOnlyChanges === true ? this.#before.next : null;
    return next ?? new Date(this.#now.getTime() + LOOK_EVERY_MS).toISOString();
  }

  async changes(): Promise<void> {
    await this.#changes?.all();
    if (this.#changes?.isRest === true) this.#rest();
  }

  async all(): Promise<void> {
    const { first, copy } = this.#context;
    const listings: Listings = {
      first: { bucket: first, groups: await readGroups(first) },
      copy: { bucket: copy, groups: await readGroups(copy) },
    };
    const missing = await lackingIn(listings, this.#before.at, this.#slice);
    this.#at = this.#now.toISOString();
    this.#gone = goneSince(listings, this.#gone, this.#now);
    this.#newest = listings.copy.groups.find(isComplete)?.name ?? null;
    this.#forgetRefused([...missing, ...mendable(listings)]);
    const wanted = missing.filter(({ name }) => !this.#refused.has(name));
    this.#left = wanted.length + this.#damagedNow();
    if (wanted.length === 0) this.#proved.clear();
    for (const group of wanted) {
      if (!(await this.#copy(listings, group))) break;
    }
    await this.#mendAll(listings);
    if (!(await copyPins(listings, this.#copied, this.#slice))) this.#rest();
    await this.changes();
    await this.#retain(listings);
    if (this.#left === 0 && this.#slice.take(1))
      // A courtesy: a key that may not see or end uploads is as good.
      await copy.store
        .sweep(copy.prefix, new Date(this.#now.getTime() - DEBRIS_GRACE_MS))
        .catch(() => undefined);
  }

  /** Those that are whole by now, or gone, and those whose day is over. */
  #forgetRefused(missing: readonly ObjectGroup[]): void {
    const names = new Set(missing.map(({ name }) => name));
    for (const [name, { at }] of this.#refused)
      if (!names.has(name) || !this.#isToday(at)) this.#refused.delete(name);
  }

  /** False: the slice is used up. */
  async #copy(listings: Listings, group: ObjectGroup): Promise<boolean> {
    const { first, copy, stored } = this.#context;
    if (!this.#slice.take(MANIFEST_READS)) return this.#rest();
    const file = manifestKey('', group.name);
    const proven = await provenObjects(first, group, (await stored?.(file, file))?.get(file));
    if (proven.kind === 'gone') return this.#later();
    if (proven.kind === 'refused') {
      const mended = await this.#mend(listings, group);
      if (mended?.kind === 'rest') return false;
      if (mended?.kind !== 'mended') return this.#refuse(group, mended?.problem ?? proven.problem, proven);
      this.#left -= 1;
      return true;
    }
    const { objects: found } = proven;
    const largest = found.toSorted((a, b) => b.bytes - a.bytes)[0];
    const needed = requestsFor(largest?.bytes ?? 0);
    if (needed > this.#slice.most - LISTS - MANIFEST_READS)
      return this.#refuse(
        group,
        `${group.name}: ${largest?.file} takes ${needed} requests to copy, more than this host may make in a minute (SUBREQUEST_LIMIT): npm run backup -- copy`,
      );
    const held = listings.copy.groups.find(({ name }) => name === group.name);
    const isDamaged = held !== undefined && hasManifest(held);
    const room = isDamaged
      ? await makeRoom(first, copy, held, { objects: found, slice: this.#slice })
      : NO_ROOM;
    if (room.kind === 'rest') return this.#rest();
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
        for (const { file } of found) this.#proved.delete(file);
        this.#left -= 1;
        this.#copied.push(group.name);
        if (this.#newest === null || group.name > this.#newest) this.#newest = group.name;
        this.#context.onCopied?.(group.name, room.files);
        return true;
      case 'rest':
        return this.#rest();
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
      if (mended?.kind === 'rest') return;
      // The copy lacks nothing by that.
      if (mended?.kind === 'refused') this.#refuse(group, mended.problem, { isDamaged: true });
    }
  }

  async #mend(listings: Listings, group: ObjectGroup): Promise<Mended | undefined> {
    const { stored, onMended } = this.#context;
    const mended = await mendFirst(listings, group, { stored, slice: this.#slice });
    if (mended?.kind === 'rest') this.#rest();
    if (mended?.kind === 'mended') for (const file of mended.files) onMended?.(file, listings.first.bucket);
    return mended;
  }

  #rest(): false {
    this.#isRest = true;
    return false;
  }

  /** The first may have lost it since the listing; the next look tells. */
  #later(): true {
    this.#isRest = true;
    return true;
  }

  /** One that the copy holds damaged is as good as lacking. */
  #refuse(
    { name }: ObjectGroup,
    problem: string,
    { isDamaged, isAltered }: Pick<CopyMemory['refused'][string], 'isDamaged' | 'isAltered'> = {},
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
    return this.#rest();
  }

  async #retain(listings: Listings): Promise<void> {
    const { triggers, policy } = this.#context;
    // Asked again once a day: the right may have come.
    if (triggers === undefined || this.#isToday(this.#undeletable)) return;
    await this.#retainChanges(listings);
    const mayGo = mayGoNow(listings, this.#gone, this.#now);
    if (mayGo.size === 0) return;
    const order = { mayGo, policy, triggers, now: this.#now, slice: this.#slice };
    const report = await pruneCopy(listings, order);
    if (report === undefined) return;
    const { removed, denied } = report;
    this.#gone = Object.fromEntries(Object.entries(this.#gone).filter(([name]) => !removed.includes(name)));
    if (denied.length > 0) this.#undeletable = this.#now.toISOString();
    else if (removed.length > 0) this.#undeletable = null;
    if (denied.length === 0) append(this.#problems, report.problems);
  }

  /** Once a day. */
  async #retainChanges(listings: Listings): Promise<void> {
    const { changeDays: days } = this.#context;
    if (days === undefined || this.#isToday(this.#retention.retained)) return;
    const { gone } = this.#retention;
    const done = await pruneCopiedChanges({ listings, days, gone, now: this.#now, slice: this.#slice });
    if (done === undefined) return;
    this.#retention = { gone: done.gone, retained: this.#now.toISOString() };
    if (done.isDenied) this.#undeletable = this.#now.toISOString();
    else append(this.#problems, done.problems);
  }

  #isToday(at: string | null): boolean {
    const since = at === null ? Number.POSITIVE_INFINITY : this.#now.getTime() - Date.parse(at);
    return since >= 0 && since < REFUSED_MS;
  }
}

const NO_ROOM = { kind: 'made', files: [] } as const;
const MOST_PROBLEMS = 3;
