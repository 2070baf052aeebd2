/**
 * Histories that go on side by side in one bucket: a trial restore elsewhere, a second bot with a
 * copy of the database. Which one a moment is of, only the database or a person can say. Pure.
 */
import { greatest } from '../../lib/extremes.ts';
import { type Position, shortId } from '../catalog/change-position.ts';
import { rowsIn, rowsText } from '../catalog/fuller.ts';
import { botName } from '../catalog/whose-bot.ts';
import type { Base, StoredChange } from '../changes/listed.ts';
import type { Living } from '../changes/living.ts';
import { type Timeline, timelinesOf } from '../changes/spans.ts';

/** A bot makes a full backup each day, so one that is silent for longer has stopped. */
const SILENT_MS = 26 * 3_600_000;

/** Those that go on, oldest first: one where all is as it should be. */
export function branchesOf(bases: readonly Base[], files: readonly StoredChange[]): Timeline[] {
  const all = timelinesOf(bases, files).filter(({ backups }) => backups > 0);
  const newest = greatest(all.map(endOf));
  /** Nothing of `branch` is stored once `other` has begun. */
  const isEnded = (branch: Timeline, other: Timeline): boolean => {
    const isReplaced = isSavedLast(branch, bases);
    if (areSiblings(branch, other) && !isReplaced) return false;
    // A restore prepares the new history, and then saves what is there: that may end later.
    const isAfter = isReplaced || other.parent?.timeline === branch.id;
    return (isAfter ? firstBackup(other, bases) : (other.since?.getTime() ?? 0)) >= endOf(branch);
  };
  return all.filter(
    (branch) =>
      newest - endOf(branch) < SILENT_MS && !all.some((other) => other !== branch && isEnded(branch, other)),
  );
}

function endOf({ to }: Timeline): number {
  return to?.getTime() ?? 0;
}

/** Neither holds what the other has lived, whichever came first. */
function areSiblings(a: Timeline, b: Timeline): boolean {
  return a.parent != null && a.parent.timeline === b.parent?.timeline;
}

/** What is stored last was saved by a restore, which put another history in its place. */
function isSavedLast(branch: Timeline, bases: readonly Base[]): boolean {
  const last = bases.findLast(({ changes }) => changes?.timeline === branch.id);
  return last?.entry.manifest?.trigger === 'restore' && last.time.getTime() >= endOf(branch);
}

/** No change file comes before it. */
function firstBackup({ id }: Timeline, bases: readonly Base[]): number {
  return bases.find(({ changes }) => changes?.timeline === id)?.time.getTime() ?? 0;
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

/** Which of them is meant, a person has to say. */
export class SeveralHistories extends Error {
  override readonly name = 'SeveralHistories';
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
    // Once it has begun, what those before it have lived since is none of it.
    const hasBegun = bases.some((base) => base.changes?.timeline === id && base.time <= at);
    const isIn = (of: string, seq: number): boolean =>
      seq <= (line.get(of) ?? -1) || (line.has(of) && !hasBegun);
    return {
      bases: bases.filter(({ changes }) => changes === undefined || isIn(changes.timeline, changes.seq)),
      files: files.filter((file) => isIn(file.timeline, file.last)),
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
  const mine = ownOf(branches, bases, living);
  if (mine !== undefined) {
    const others = branches.filter((branch) => branch !== mine);
    return of(mine.id, [
      `taken is the history of this database, ${shortId(mine.id)}; beside it goes on ${told(others)}: --timeline takes another`,
    ]);
  }
  throw new SeveralHistories(
    `${branches.length === 2 ? 'two' : branches.length} histories go on side by side in the bucket, and nobody can tell which is meant: ${told(branches)}. Say which: add ${branches.map(({ id }) => `--timeline ${shortId(id)}`).join(' or ')}`,
  );
}

/** The one that the database is in: its own, or the nearest that it comes from. */
export function ownOf(
  branches: readonly Timeline[],
  bases: readonly Base[],
  living: Pick<Living, 'state'> | undefined,
): Timeline | undefined {
  if (living === undefined) return undefined;
  for (const line of lineage(living.state.timeline, bases, living).keys()) {
    const found = branches.find(({ id }) => id === line);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The history and those that it comes from, nearest first, up to where each was left. */
export function lineage(
  id: string,
  bases: readonly Base[],
  living: Pick<Living, 'state'> | undefined,
): ReadonlyMap<string, number> {
  const parents = new Map(bases.map(({ changes }) => [changes?.timeline, changes?.parent]));
  if (living !== undefined) parents.set(living.state.timeline, living.state.parent);
  const found = new Map<string, number>();
  let next: Position | null | undefined = { timeline: id, seq: Number.POSITIVE_INFINITY };
  while (next != null && !found.has(next.timeline)) {
    found.set(next.timeline, next.seq);
    next = parents.get(next.timeline);
  }
  return found;
}

/** For people: `b0000000 (@anime_bot, 312 anime in its last full backup, since …)`. */
export function branchText({ id, manifest, since, to }: Timeline, show: (time: Date) => string): string {
  const anime = manifest && rowsIn(manifest, 'anime');
  const parts = [
    manifest?.bot && `@${botName(manifest.bot)}`,
    anime === undefined ? undefined : `${rowsText('anime', anime)} in its last full backup`,
    since === undefined ? undefined : `since ${show(since)}`,
    to === undefined ? undefined : `last stored ${show(to)}`,
  ];
  return `${shortId(id)} (${parts.filter((part) => part !== undefined).join(', ')})`;
}
