/**
 * One slice of bringing the second bucket up to the first: its backups, then its change files, then
 * its retention. It may be cut off anywhere, and two may run side by side.
 */
import { explain } from '../../lib/clock.ts';
import { append } from '../../lib/extremes.ts';
import { pauseAfter, SECOND_COPY } from '../../lib/retry.ts';
import { readGroups } from '../catalog/list.ts';
import { DEBRIS_GRACE_MS } from '../catalog/sweep-debris.ts';
import { pruneCopiedChanges } from './change-retention.ts';
import type { CopyContext } from './context.ts';
import { BackupCopy, LISTS } from './copy-backups.ts';
import { ChangeCopy } from './copy-changes.ts';
import { goneSince, mayGoNow, pruneCopy } from './copy-retention.ts';
import { type CopyMemory, isOfToday, LOOK_EVERY_MS } from './memory.ts';
import type { Listings } from './places.ts';
import type { Slice } from './proven.ts';

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
  readonly #backups: BackupCopy;
  readonly #changes: ChangeCopy | undefined;
  #gone: CopyMemory['gone'];
  #at: CopyMemory['at'];
  #undeletable: CopyMemory['undeletable'];
  #retention: Pick<CopyMemory['changes'], 'gone' | 'retained'>;
  /** In this slice. */
  readonly #problems: string[] = [];

  constructor(context: CopyContext, before: CopyMemory, slice: Slice, now: Date) {
    this.#context = context;
    this.#before = before;
    this.#slice = slice;
    this.#now = now;
    this.#backups = new BackupCopy(context, before, slice, now);
    this.#gone = before.gone;
    this.#at = before.at;
    this.#undeletable = before.undeletable;
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
    const backups = this.#backups.memory;
    const refused = [...Object.values(backups.refused), ...Object.values(changes.refused)];
    const problems = [...this.#problems, ...refused.map(({ problem }) => problem)];
    const left = backups.left + changes.left;
    const hasMore = this.#backups.hasMore || this.#changes?.hasMore === true;
    return {
      ...this.#before,
      ...backups,
      at: this.#at,
      left,
      behindSince: left === 0 ? null : (this.#before.behindSince ?? now),
      failures: 0,
      problem: problems.length === 0 ? null : problems.slice(0, MOST_PROBLEMS).join('; '),
      next: hasMore ? now : this.#nextLook(),
      gone: this.#gone,
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
  }

  async all(): Promise<void> {
    const { first, copy } = this.#context;
    const listings: Listings = {
      first: { bucket: first, groups: await readGroups(first) },
      copy: { bucket: copy, groups: await readGroups(copy) },
    };
    this.#at = this.#now.toISOString();
    this.#gone = goneSince(listings, this.#gone, this.#now);
    await this.#backups.all(listings);
    await this.changes();
    await this.#retain(listings);
    if (this.#backups.memory.left === 0 && this.#slice.take(1))
      // A courtesy: a key that may not see or end uploads is as good.
      await copy.store
        .sweep(copy.prefix, new Date(this.#now.getTime() - DEBRIS_GRACE_MS))
        .catch(() => undefined);
  }

  async #retain(listings: Listings): Promise<void> {
    const { triggers, policy } = this.#context;
    // Asked again once a day: the right may have come.
    if (triggers === undefined || isOfToday(this.#undeletable, this.#now)) return;
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
    if (days === undefined || isOfToday(this.#retention.retained, this.#now)) return;
    const { gone } = this.#retention;
    const done = await pruneCopiedChanges({ listings, days, gone, now: this.#now, slice: this.#slice });
    if (done === undefined) return;
    this.#retention = { gone: done.gone, retained: this.#now.toISOString() };
    if (done.isDenied) this.#undeletable = this.#now.toISOString();
    else append(this.#problems, done.problems);
  }
}

const MOST_PROBLEMS = 3;
