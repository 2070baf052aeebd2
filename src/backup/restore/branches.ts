/**
 * Histories that go on side by side in one bucket: a trial restore elsewhere, a second bot with a
 * copy of the database. Which one a moment is of, only the database or a person can say. Pure.
 */

import { greatest } from '../../lib/extremes.ts';
import type { Base, StoredChange } from '../changes/listed.ts';
import type { Living } from '../changes/living.ts';
import { REASONS, type Timeline, timelinesOf } from '../changes/spans.ts';

/** A bot makes a full backup each day, so one that is silent for longer is no more. */
const SILENT_MS = 26 * 3_600_000;

/** Those that go on, oldest first: one where all is as it should be. */
export function branchesOf(bases: readonly Base[], files: readonly StoredChange[]): Timeline[] {
  const all = timelinesOf(bases, files).filter(({ backups }) => backups > 0);
  const newest = greatest(all.map(endOf));
  return all.filter(
    (branch) =>
      newest - endOf(branch) < SILENT_MS &&
      !all.some(
        (other) =>
          other !== branch && !areSiblings(branch, other) && (other.since?.getTime() ?? 0) >= endOf(branch),
      ),
  );
}

function endOf({ to }: Timeline): number {
  return to?.getTime() ?? 0;
}

/** Neither holds what the other has lived, whichever came first. */
function areSiblings(a: Timeline, b: Timeline): boolean {
  return a.parent != null && a.parent.timeline === b.parent?.timeline;
}

export interface Choice {
  /** Of the history that is meant. */
  readonly bases: readonly Base[];
  readonly files: readonly StoredChange[];
  readonly notes: readonly string[];
}

export interface ChoiceOptions {
  readonly at: Date;
  readonly show: (time: Date) => string;
  /** The beginning of its name is enough. */
  readonly timeline?: string | undefined;
  readonly living?: Pick<Living, 'state'> | undefined;
}

/** @throws where several go on at the moment, and nobody says which is meant */
export function chooseBranch(
  bases: readonly Base[],
  files: readonly StoredChange[],
  { at, show, timeline, living }: ChoiceOptions,
): Choice {
  const until = <T extends { readonly time: Date }>(list: readonly T[]): T[] =>
    list.filter(({ time }) => time <= at);
  const branches = branchesOf(until(bases), until(files));
  const told = (list: readonly Timeline[]): string => list.map((one) => branchText(one, show)).join('; ');
  const of = (id: string, notes: readonly string[] = []): Choice => {
    const line = lineage(id, bases, living);
    return {
      bases: bases.filter(({ changes }) => changes === undefined || line.has(changes.timeline)),
      files: files.filter((file) => line.has(file.timeline)),
      notes,
    };
  };
  if (timeline !== undefined) {
    const known = timelinesOf(bases, files).filter(({ backups }) => backups > 0);
    const [found, second] = known.filter(({ id }) => id.startsWith(timeline.toLowerCase()));
    if (found === undefined || second !== undefined)
      throw new Error(
        `--timeline ${timeline} names ${found === undefined ? 'no history' : 'several histories'} of the bucket, which has ${told(known)}`,
      );
    return of(found.id);
  }
  if (branches.length < 2) return { bases, files, notes: [] };
  const own = living && lineage(living.state.timeline, bases, living);
  const [mine, another] = branches.filter(({ id }) => own?.has(id));
  if (mine !== undefined && another === undefined) {
    const others = branches.filter((branch) => branch !== mine);
    return of(mine.id, [
      `taken is the history of this database, ${shortId(mine.id)}; beside it goes on ${told(others)}: --timeline takes another`,
    ]);
  }
  throw new Error(
    `${branches.length === 2 ? 'two' : branches.length} histories go on side by side in the bucket, and nobody can tell which is meant: ${told(branches)}. Say which: add --timeline ${shortId(branches.at(-1)?.id ?? '')}, for example`,
  );
}

/** The history itself, and those that it comes from. */
function lineage(
  id: string,
  bases: readonly Base[],
  living: Pick<Living, 'state'> | undefined,
): ReadonlySet<string> {
  const parents = new Map(bases.map(({ changes }) => [changes?.timeline, changes?.parent?.timeline]));
  if (living !== undefined) parents.set(living.state.timeline, living.state.parent?.timeline);
  const found = new Set<string>();
  for (let next: string | undefined = id; next !== undefined && !found.has(next); next = parents.get(next))
    found.add(next);
  return found;
}

/** Enough to tell a handful of them apart. */
const SHORT = 8;

function shortId(timeline: string): string {
  return timeline.slice(0, SHORT);
}

/** For people: `b0000000 (since 14:05, a restore replaced the rows; last stored 14:32)`. */
export function branchText({ id, since, reason, to }: Timeline, show: (time: Date) => string): string {
  const parts = [
    `${since === undefined ? '' : `since ${show(since)}`}${reason === undefined ? '' : `, ${REASONS[reason]}`}`,
    to === undefined ? '' : `last stored ${show(to)}`,
  ];
  return `${shortId(id)} (${parts.filter((part) => part !== '').join('; ')})`;
}
