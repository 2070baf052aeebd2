/**
 * Which old change files lead to a moment that is kept: those behind the newest full backup from
 * before the oldest such moment. A replay begins with that backup, however old the files are.
 */
import { inParallel } from '../../lib/in-parallel.ts';
import type { Bucket } from '../catalog/bucket.ts';
import { type BackupEntry, groupTime, loadEntry, type ObjectGroup, presumed } from '../catalog/entry.ts';
import { basesOf, orderedOf } from './list-changes.ts';
import type { Base, StoredChange } from './listed.ts';
import type { Ordered } from './order.ts';
import { heldBy, storedBefore } from './previous.ts';

/** Manifests that one look at either end reads at most; usually the first one tells. */
const MOST_MANIFESTS = 4;
/** All that one look reads at most: at both ends, and the backup that such a one came behind. */
export const MOMENTS_REQUESTS: number = 2 * MOST_MANIFESTS + 1;

export class KeptMoments {
  readonly #bucket: Bucket;
  readonly #since: Date;
  /** Full backups from before, the newest first, as far as they are known. */
  readonly #bases: Base[] = [];
  readonly #unread: ObjectGroup[];
  readonly #groups: readonly ObjectGroup[];
  readonly #read = new Map<ObjectGroup, Promise<BackupEntry>>();
  #left = MOST_MANIFESTS;

  /**
   * @param since the oldest moment that is kept
   * @param groups of the bucket, the newest first
   */
  constructor(bucket: Bucket, groups: readonly ObjectGroup[], since: Date) {
    this.#bucket = bucket;
    this.#since = since;
    this.#groups = groups;
    this.#unread = groups.filter((group) => groupTime(bucket, group) <= since);
  }

  /**
   * With the times that the chain tells. A bucket of others keeps a clock of its own, and that
   * bounds what names say; in a directory both times are the host's: there every manifest is read.
   */
  async timed(files: readonly StoredChange[]): Promise<readonly StoredChange[]> {
    return this.#isOwnClock ? (await this.#ordered(files)).files : files;
  }

  /**
   * The change up to which files of the timeline lead to no such moment; 0 in doubt.
   * @param files of the timeline
   * @param isYoung something of it was stored since then: it cannot have ended before
   */
  async passed(timeline: string, files: readonly StoredChange[], isYoung: boolean): Promise<number> {
    if (this.#isOwnClock) {
      const { bases } = await this.#ordered(files);
      this.#bases.splice(0, Infinity, ...bases.filter(({ time }) => time <= this.#since).toReversed());
      this.#unread.length = 0;
    }
    for (let at = 0; ; at += 1) {
      const base = this.#bases[at] ?? (await this.#next());
      if (base === undefined) return this.#unread.length === 0 ? this.#withoutLead(timeline, isYoung) : 0;
      if (base.changes?.timeline === timeline) return this.#heldBy(base);
      if (!isYoung) return Number.POSITIVE_INFINITY;
    }
  }

  get #isOwnClock(): boolean {
    return this.#bucket.store.kind === 'directory';
  }

  async #ordered(files: readonly StoredChange[]): Promise<Ordered> {
    const entries = await inParallel(this.#groups, (group) => this.#load(group));
    return orderedOf(this.#bucket, entries, files);
  }

  /** No backup leads to what the timeline's first one holds; to what is behind it that one may. */
  async #withoutLead(timeline: string, isYoung: boolean): Promise<number> {
    const oldest = this.#groups.toSorted((a, b) => earliestTime(a) - earliestTime(b));
    const near = this.#isOwnClock ? oldest : oldest.slice(0, MOST_MANIFESTS);
    const entries = await inParallel(near, (group) => this.#load(group));
    const [first] = basesOf(this.#bucket, entries)
      .filter(({ changes }) => changes?.timeline === timeline)
      .toSorted((a, b) => (a.changes?.seq ?? 0) - (b.changes?.seq ?? 0));
    if (first !== undefined) {
      // An older one that could not be read may lead to files from before it.
      const older = entries.slice(0, entries.indexOf(first.entry));
      return older.some(isUnreadable) ? 0 : this.#heldBy(first);
    }
    const isKnown = near === oldest && !entries.some(isUnreadable);
    return isKnown || !isYoung ? Number.POSITIVE_INFINITY : 0;
  }

  /**
   * What waited when the backup was made comes in files behind the one before it, which its own
   * number says nothing of: 0 where that one is not there.
   */
  async #heldBy(base: Base): Promise<number> {
    const { previous = null } = base.changes ?? {};
    if (previous === null || 'file' in previous) return heldBy(base, []);
    const group = this.#groups.find(({ name }) => name === previous.base);
    const entry = group && (await this.#load(group));
    const before = entry === undefined ? [] : [{ entry, changes: entry.manifest?.changes }];
    return storedBefore(base, before) === undefined ? 0 : heldBy(base, before);
  }

  async #next(): Promise<Base | undefined> {
    while (this.#left > 0) {
      const group = this.#unread.shift();
      if (group === undefined) return undefined;
      this.#left -= 1;
      const [base] = basesOf(this.#bucket, [await this.#load(group)]);
      if (base === undefined || base.time > this.#since) continue;
      this.#bases.push(base);
      return base;
    }
    return undefined;
  }

  #load(group: ObjectGroup): Promise<BackupEntry> {
    const found = this.#read.get(group) ?? loadEntry(this.#bucket, group);
    this.#read.set(group, found);
    return found;
  }
}

/** By the older of its two clocks, ms since 1970. */
export function earliestTime(group: ObjectGroup): number {
  const { time, modified } = presumed(group);
  return modified.getTime() === 0 ? time.getTime() : Math.min(time.getTime(), modified.getTime());
}

function isUnreadable({ state }: BackupEntry): boolean {
  return state === 'unreadable';
}
