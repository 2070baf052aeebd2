/**
 * Which backups may go (docs/spec/backup.md, "Retention"): a pure function from the bucket's
 * contents to one decision with a reason for each backup. `prune.ts` carries decisions out. In
 * doubt it keeps.
 */

import { DAY_MS } from '../../text/times.ts';
import { countedReasons, dayOf, type RetentionPolicy } from './calendar-places.ts';
import type { BackupName } from './names.ts';
import { isSuccessor, type RetentionEntry, type Timed, withTimes } from './retention-times.ts';

export interface Decision {
  readonly name: BackupName;
  readonly action: 'keep' | 'remove';
  readonly reason: string;
}

interface Decided {
  readonly decisions: readonly Decision[];
  /** Those that hold a place of the calendar, because of which another may be deleted. */
  readonly placed: ReadonlySet<BackupName>;
  /** Those that stay as the newest three, because of which others may be deleted. */
  readonly newest: ReadonlySet<BackupName>;
}

export type RetentionPlan =
  | ({ readonly kind: 'plan' } & Decided)
  /** More than half of all finished backups would go: a person must say yes first. */
  | ({ readonly kind: 'ask'; readonly removing: number; readonly of: number } & Decided);

export class EmptyPolicy extends Error {
  override readonly name = 'EmptyPolicy';
}

/** Retention never leaves fewer verified backups than this (docs/spec/backup.md). */
export const LEAST_VERIFIED = 3;
/** A safety backup may hold the only copy of some work: a person has this long to miss it. */
const SAFETY_DAYS = 14;
/**
 * Without a rule in days, a backup whose clocks disagree is kept until its object itself is this
 * old.
 */
const DOUBTFUL_DAYS = 90;

/**
 * Decides for every entry, newest first. `now` is the caller's clock. The store's clock bounds it:
 * ages count back from the newest object, so a host whose clock runs ahead deletes nothing early,
 * and a bot that stood still for a year deletes nothing at all.
 * @throws EmptyPolicy when no rule is set: such a policy would delete everything
 */
export function planRetention(
  entries: readonly RetentionEntry[],
  policy: RetentionPolicy,
  clock: Date,
): RetentionPlan {
  checkPolicy(policy);
  const sorted = entries
    .map((entry) => withTimes(entry, clock))
    .toSorted((a, b) => b.order - a.order || (a.name < b.name ? 1 : -1));
  const certain = certainOf(sorted);
  const now = new Date(Math.min(clock.getTime(), newestObject(certain)));
  const byRule = new Map([
    ...countedReasons(
      sorted.filter(({ doubtful }) => doubtful),
      policy,
    ),
    ...countedReasons(
      sorted.filter(({ doubtful }) => !doubtful),
      policy,
    ),
  ]);
  const newest = sorted.findIndex((entry) => isSuccessor(entry) && certain.includes(entry));
  const isDamaged = sorted.slice(0, newest).some(({ state, isAhead }) => state === 'damaged' && !isAhead);
  const decisions = sorted.map((entry, i): Decision => {
    const reason =
      protectedReason(entry, i, newest) ??
      (isDamaged && entry.state === 'verified'
        ? 'the newest backup is damaged: every good one stays'
        : undefined) ??
      agedReason(entry, policy, now) ??
      byRule.get(entry.name) ??
      undefined;
    if (reason !== undefined) return { name: entry.name, action: 'keep', reason };
    return { name: entry.name, action: 'remove', reason: removalReason(entry, policy, now) };
  });
  const newestThree = [
    ...newestVerified(
      sorted.filter((entry) => certain.includes(entry)),
      now,
    ),
    // Safety backups of a busy day leave the three nightly ones before them alone.
    ...newestVerified(
      sorted.filter((entry) => certain.includes(entry) && entry.isSafety !== true),
      now,
    ),
    ...newestVerified(sorted, now),
  ];
  for (const [i, { name, action }] of decisions.entries())
    if (action === 'remove' && newestThree.includes(name))
      decisions[i] = { name, action: 'keep', reason: `one of the newest ${LEAST_VERIFIED} verified` };
  // Many of one day (and a forger has but the day of the upload) are no more than one.
  keepFloor(sorted, decisions, { isCounted: (entry) => certain.includes(entry), keyOf: dayOf });
  keepFloor(sorted, decisions, { isCounted: () => true, keyOf: ({ name }) => name });
  const decided = { decisions, placed: new Set(byRule.keys()), newest: new Set(newestThree) };
  const removals = new Set(decisions.flatMap(({ action, name }) => (action === 'remove' ? [name] : [])));
  // Neither may many doubtful ones make up the half that stays.
  for (const all of [sorted, certain]) {
    const of = all.filter(({ state }) => state !== 'unfinished').length;
    const removing = all.filter(({ name }) => removals.has(name)).length;
    if (removing * 2 > of) return { kind: 'ask', ...decided, removing, of };
  }
  return { kind: 'plan', ...decided };
}

/**
 * Those that others may lean on: their two times agree. Anybody with the bucket's key can put
 * backups of any date there, and one that disagrees is never the reason to delete one that agrees.
 * In a bucket that was copied all disagree: then all count.
 */
function certainOf(sorted: readonly Timed[]): readonly Timed[] {
  const agreeing = sorted.filter(({ state, doubtful }) => state !== 'unfinished' && !doubtful);
  return agreeing.length > 0 ? agreeing : sorted;
}

function newestObject(entries: readonly RetentionEntry[]): number {
  const finished = entries.filter(({ state }) => state !== 'unfinished');
  return finished.reduce((newest, { modified }) => Math.max(newest, modified.getTime()), 0);
}

/** @throws EmptyPolicy */
function checkPolicy(policy: RetentionPolicy): void {
  const rules = [policy.days, policy.daily, policy.weekly, policy.monthly].filter(
    (rule) => rule !== undefined,
  );
  if (rules.some((rule) => !Number.isSafeInteger(rule) || rule < 0))
    throw new EmptyPolicy('retention rules must be whole numbers');
  if (!rules.some((rule) => rule > 0))
    throw new EmptyPolicy(
      'retention policy is empty: it would delete every backup; set days or daily / weekly / monthly counts',
    );
}

/** What sweep-debris.ts does. */
const UNFINISHED =
  'no manifest: under way, or left over; a run removes it when the records say that its run failed, or after a day where no records are kept, and otherwise it stays at least as long as a backup would';

function protectedReason(entry: Timed, position: number, newest: number): string | undefined {
  if (entry.heldBack !== undefined) return entry.heldBack;
  if (entry.state === 'unfinished') return UNFINISHED;
  if (entry.pinned) return 'pinned';
  if (entry.state === 'unreadable') return 'its manifest cannot be read: not for retention to judge';
  if (entry.isAhead) return 'dated in the future by a wrong clock: kept until then';
  if (newest === -1) return 'no verified backup of a certain age exists: nothing is deleted';
  if (position === newest) return 'the newest verified backup';
  if (position < newest) return 'no newer verified backup exists';
  return undefined;
}

function agedReason(entry: Timed, policy: RetentionPolicy, now: Date): string | undefined {
  const days = policy.days ?? 0;
  const age = (time: number): number => now.getTime() - time;
  if (days > 0 && age(entry.order) < days * DAY_MS) return `younger than ${days} days`;
  if (entry.isSafety === true && age(entry.youngest) < SAFETY_DAYS * DAY_MS)
    return `made before a restore, an import, a migration or a deploy: kept for ${SAFETY_DAYS} days`;
  if (entry.state === 'verified' && age(entry.youngest) < DAY_MS) return 'younger than 24 hours';
  if (entry.doubtful && age(entry.youngest) < (days > 0 ? days : DOUBTFUL_DAYS) * DAY_MS)
    return 'its manifest and the bucket disagree about its age: kept while either calls it young';
  return undefined;
}

function removalReason(entry: Timed, policy: RetentionPolicy, now: Date): string {
  const age = Math.floor((now.getTime() - entry.order) / DAY_MS);
  const damaged = entry.state === 'damaged' ? 'damaged, and ' : '';
  if (policy.days !== undefined && policy.days > 0)
    return `${damaged}${age} days old, over the ${policy.days} kept`;
  return `${damaged}no daily, weekly or monthly place left`;
}

/**
 * The newest three. Those younger than a day stay anyway and count as one, so that many of one day
 * (or a forger, who has but the day of the upload) push no older one out.
 */
function newestVerified(sorted: readonly Timed[], now: Date): BackupName[] {
  const verified = sorted.filter(isSuccessor);
  const isYoung = ({ youngest }: Timed): boolean => now.getTime() - youngest < DAY_MS;
  const [young] = verified.filter(isYoung);
  return verified
    .filter((entry) => entry === young || !isYoung(entry))
    .slice(0, LEAST_VERIFIED)
    .map(({ name }) => name);
}

/** Takes removals back, newest first, until verified ones of {@link LEAST_VERIFIED} keys stay. */
function keepFloor(
  sorted: readonly Timed[],
  decisions: Decision[],
  { isCounted, keyOf }: { isCounted: (entry: Timed) => boolean; keyOf: (entry: Timed) => string },
): void {
  const kept = new Set(
    sorted
      .filter((entry, i) => isSuccessor(entry) && isCounted(entry) && decisions[i]?.action === 'keep')
      .map(keyOf),
  );
  for (const [i, entry] of sorted.entries()) {
    if (kept.size >= LEAST_VERIFIED) return;
    if (entry.state !== 'verified' || decisions[i]?.action !== 'remove') continue;
    if (!isCounted(entry) || kept.has(keyOf(entry))) continue;
    decisions[i] = { name: entry.name, action: 'keep', reason: `one of the last ${LEAST_VERIFIED} verified` };
    kept.add(keyOf(entry));
  }
}
