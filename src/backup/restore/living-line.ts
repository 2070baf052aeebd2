/**
 * One line of a bucket's history: the timelines that a database comes from, each up to where the
 * next one left it. What goes on beside them is another branch. Pure.
 */
import type { TimelineReason } from '../catalog/change-position.ts';
import type { Base, StoredChange } from '../changes/listed.ts';
import type { Living } from '../changes/living.ts';
import type { Ordered } from '../changes/order.ts';
import { type Timeline, timelinesOf } from '../changes/spans.ts';
import { branchesOf } from './branches.ts';

/** The part of one timeline that is on the line. */
export interface Stretch {
  readonly timeline: string;
  readonly reason: TimelineReason | undefined;
  /** In the order of their changes. */
  readonly bases: readonly Base[];
  readonly files: readonly StoredChange[];
}

export interface LivingLine {
  /** Oldest first. */
  readonly stretches: readonly Stretch[];
  /** Full backups without a change log: only times tell their places. */
  readonly unlogged: readonly Base[];
  /** What goes on beside it, or went on from where it was left. */
  readonly others: readonly Timeline[];
}

interface Part {
  readonly timeline: string;
  /** No change behind it is on the line. */
  readonly files: number;
  readonly bases: number;
}

/** @param id the timeline at its end */
export function lineTo(
  id: string,
  { bases, files }: Ordered,
  living: Pick<Living, 'state' | 'last'> | undefined,
): LivingLine {
  const timelines = timelinesOf(bases, files);
  const parts = partsOf(id, { bases, files }, timelines, living);
  const stretches = parts.map(({ timeline, ...most }): Stretch => {
    const own = bases.filter(({ changes }) => changes?.timeline === timeline && changes.seq <= most.bases);
    const state = living?.state.timeline === timeline ? living.state : undefined;
    return {
      timeline,
      reason: state?.reason ?? own.at(-1)?.changes?.reason,
      bases: own.toSorted((a, b) => (a.changes?.seq ?? 0) - (b.changes?.seq ?? 0)),
      files: files.filter((file) => file.timeline === timeline && file.last <= most.files),
    };
  });
  const taken = new Set<Base | StoredChange>(stretches.flatMap((one) => [...one.bases, ...one.files]));
  const unlogged = bases.filter(({ changes }) => changes === undefined);
  const rest = <T extends Base | StoredChange>(list: readonly T[]): T[] =>
    list.filter((one) => !taken.has(one));
  const left = new Set(timelinesOf(rest(bases), rest(files)).map((one) => one.id));
  return { stretches, unlogged, others: timelines.filter((one) => left.has(one.id)) };
}

/** Oldest first. */
function partsOf(
  id: string,
  ordered: Ordered,
  timelines: readonly Timeline[],
  living: Pick<Living, 'state' | 'last'> | undefined,
): Part[] {
  const stateOf = (timeline: string): Living['state'] | undefined =>
    living?.state.timeline === timeline ? living.state : undefined;
  const before = (timeline: string): Part | undefined => {
    const known = timelines.find((one) => one.id === timeline);
    const state = stateOf(timeline);
    const parent = state === undefined ? known?.parent : state.parent;
    if (parent != null) return { timeline: parent.timeline, files: parent.seq, bases: parent.seq };
    const since = state === undefined ? known?.since : new Date(state.since);
    const sole = since && soleBefore(since, ordered);
    return sole === undefined ? undefined : { timeline: sole, files: END, bases: END };
  };
  const found: Part[] = [];
  // An old file that was put back knows nothing of what the bucket holds behind it.
  const bases = stateOf(id) === undefined ? END : (living?.last ?? END);
  let next: Part | undefined = { timeline: id, files: stateOf(id)?.shippedSeq ?? END, bases };
  while (next !== undefined && !found.some(({ timeline }) => timeline === next?.timeline)) {
    found.unshift(next);
    next = before(next.timeline);
  }
  return found;
}

const END = Number.POSITIVE_INFINITY;

/** A log that began anew names no parent: it follows the one history that there was, if one. */
function soleBefore(since: Date, { bases, files }: Ordered): string | undefined {
  const until = <T extends Base | StoredChange>(list: readonly T[]): T[] =>
    list.filter(({ time }) => time < since);
  const [only, another] = branchesOf(until(bases), until(files));
  return another === undefined ? only?.id : undefined;
}
