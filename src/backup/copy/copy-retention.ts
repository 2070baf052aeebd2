/**
 * Retention of the second copy: the same rules, a week behind. Anybody who can delete in one
 * bucket, or a fault that does, has at most one of them at any moment.
 */

import { DAY_MS } from '../../text/times.ts';
import type { RetentionPolicy } from '../catalog/calendar-places.ts';
import type { Ledger } from '../catalog/ledger.ts';
import type { BackupName } from '../catalog/names.ts';
import { timeOfName } from '../catalog/names.ts';
import { type PruneReport, prune } from '../catalog/prune.ts';
import type { CopyMemory } from './memory.ts';
import { hasManifest, isComplete, type Listings } from './places.ts';
import type { Slice } from './proven.ts';

export const KEPT_AFTER_MS: number = 7 * DAY_MS;

/** Since when each backup of the copy is gone from the first bucket. */
export function goneSince(
  { first, copy }: Listings,
  before: CopyMemory['gone'],
  now: Date,
): CopyMemory['gone'] {
  // Without a whole backup it may be another place, which has lost nothing.
  if (!first.groups.some(isComplete)) return {};
  const here = new Set(first.groups.map(({ name }) => name));
  // By the younger of two clocks: one that is behind must not make a week of a day.
  const at = new Date(Math.max(now.getTime(), newestObject({ first, copy }))).toISOString();
  return Object.fromEntries(
    copy.groups
      .filter((group) => hasManifest(group) && !here.has(group.name))
      .map(({ name }) => [name, before[name] ?? at]),
  );
}

/** Those that have been gone for a week, by the older of two clocks. */
export function mayGoNow(listings: Listings, gone: CopyMemory['gone'], now: Date): Set<BackupName> {
  // A first bucket without a whole backup is no reason to delete anything anywhere.
  if (!listings.first.groups.some(isComplete)) return new Set();
  const at = Math.min(now.getTime(), newestObject(listings));
  return new Set(
    Object.entries(gone).flatMap(([name, since]) =>
      at - Date.parse(since) >= KEPT_AFTER_MS && timeOfName(name) !== undefined ? [name] : [],
    ),
  );
}

export function newestObject({ first, copy }: Listings): number {
  const times = [...first.groups, ...copy.groups].flatMap(({ objects }) =>
    objects.map(({ modified }) => modified.getTime()),
  );
  return times.reduce((newest, time) => Math.max(newest, time), 0);
}

/** The listing, the record, and the manifests that a decision hangs on. */
const PLAN_REQUESTS = 16;
/** A look for a pin, three deletions, a look after each. */
const DELETION_REQUESTS = 7;

const HELD_BACK = 'the first bucket has it, or had it less than a week ago';

class SliceUsedUp extends Error {}

/** Undefined: the slice has no room for it. */
export async function pruneCopy(
  { copy }: Listings,
  {
    mayGo,
    policy,
    triggers,
    now,
    slice,
  }: {
    readonly mayGo: ReadonlySet<BackupName>;
    readonly policy: RetentionPolicy;
    readonly triggers: Ledger['triggers'];
    readonly now: Date;
    readonly slice: Slice;
  },
): Promise<PruneReport | undefined> {
  if (!slice.take(PLAN_REQUESTS)) return undefined;
  try {
    return await prune(copy.bucket, {
      policy,
      now,
      triggers,
      // Where more than half would go, the first bucket asked before it let them go.
      confirmed: true,
      isShared: true,
      heldBack: (name) => (mayGo.has(name) ? undefined : HELD_BACK),
      check: async () => {
        if (!slice.take(DELETION_REQUESTS)) throw new SliceUsedUp();
      },
    });
  } catch (error) {
    // What was deleted, the next listing tells.
    if (error instanceof SliceUsedUp) return undefined;
    throw error;
  }
}
