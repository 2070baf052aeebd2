/**
 * Which old change files lead to a moment that is kept: those behind the newest full backup from
 * before the oldest such moment. A replay begins with that backup, however old the files are.
 */
import type { Bucket } from '../catalog/bucket.ts';
import { loadEntry, type ObjectGroup } from '../catalog/entry.ts';
import { timeOfName } from '../catalog/names.ts';
import { basesOf } from './list-changes.ts';
import type { Base } from './listed.ts';
import { heldBy, storedBefore } from './previous.ts';

/** Manifests that one look reads at most; usually the first one tells. */
export const MOST_MANIFESTS = 4;

export class KeptMoments {
  readonly #bucket: Bucket;
  readonly #since: Date;
  /** Full backups from before, the newest first, as far as they are known. */
  readonly #bases: Base[] = [];
  readonly #unread: ObjectGroup[];
  readonly #groups: readonly ObjectGroup[];
  #left = MOST_MANIFESTS;

  /**
   * @param since the oldest moment that is kept
   * @param groups of the bucket, the newest first
   */
  constructor(bucket: Bucket, groups: readonly ObjectGroup[], since: Date) {
    this.#bucket = bucket;
    this.#since = since;
    this.#groups = groups;
    this.#unread = groups.filter(({ name }) => {
      const time = timeOfName(name);
      return time !== undefined && time <= since;
    });
  }

  /**
   * The change up to which files of the timeline lead to no such moment; 0 in doubt.
   * @param isYoung something of it was stored since then: it cannot have ended before
   */
  async passed(timeline: string, isYoung: boolean): Promise<number> {
    for (let at = 0; ; at += 1) {
      const base = this.#bases[at] ?? (await this.#next());
      if (base === undefined) return this.#unread.length === 0 ? Number.POSITIVE_INFINITY : 0;
      if (base.changes?.timeline === timeline) return this.#heldBy(base);
      if (!isYoung) return Number.POSITIVE_INFINITY;
    }
  }

  /**
   * What waited when the backup was made comes in files behind the one before it, which its own
   * number says nothing of: 0 where that one is not there.
   */
  async #heldBy(base: Base): Promise<number> {
    const { previous = null } = base.changes ?? {};
    if (previous === null || 'file' in previous) return heldBy(base, []);
    const group = this.#groups.find(({ name }) => name === previous.base);
    const entry = group && (await loadEntry(this.#bucket, group));
    const before = entry === undefined ? [] : [{ entry, changes: entry.manifest?.changes }];
    return storedBefore(base, before) === undefined ? 0 : heldBy(base, before);
  }

  async #next(): Promise<Base | undefined> {
    while (this.#left > 0) {
      const group = this.#unread.shift();
      if (group === undefined) return undefined;
      this.#left -= 1;
      const [base] = basesOf(this.#bucket, [await loadEntry(this.#bucket, group)]);
      if (base === undefined || base.time > this.#since) continue;
      this.#bases.push(base);
      return base;
    }
    return undefined;
  }
}
