/**
 * Whether a restore would take every change file of a bucket: each chain is replayed, as a restore
 * does it. Node only.
 */
import { explain } from '../../lib/clock.ts';
import { isLocalFault } from '../../lib/disk/local-fault.ts';
import { inScratch } from '../../lib/disk/scratch.ts';
import { greatest } from '../../lib/extremes.ts';
import { DAY_MS } from '../../text/times.ts';
import type { Bucket } from '../catalog/bucket.ts';
import { listBackups } from '../catalog/list.ts';
import { NotOpened } from '../catalog/not-opened.ts';
import type { ChainOptions } from '../changes/chain.ts';
import { parseChangeKey } from '../changes/change-names.ts';
import { basesOf, listChanges } from '../changes/list-changes.ts';
import type { Base, StoredChange } from '../changes/listed.ts';
import { type Living, lostToBucket } from '../changes/living.ts';
import { isPlain } from '../changes/open-change.ts';
import { fileBefore, goneText, keyBefore } from '../changes/previous.ts';
import { ChangeIndex } from '../changes/spans.ts';
import { isHistory } from '../changes/verify-changes.ts';
import { type Proof, replayAll } from './fetch-point.ts';

export interface ProveOptions extends ChainOptions {
  /** How long change files are kept. */
  readonly days: number;
  readonly now: Date;
  /** Read before; undefined: nobody can ask the database. */
  readonly living: Living | undefined;
  /** As of `verifyChanges`. */
  readonly onOld?: (problem: string) => void;
}

/** What is wrong, for people; each names a file or a backup. */
export async function proveChanges(bucket: Bucket, options: ProveOptions): Promise<string[]> {
  const bases = basesOf(bucket, (await listBackups(bucket)).entries).filter(
    ({ changes }) => changes !== undefined,
  );
  const { files } = await listChanges(bucket);
  if (files.length > 0 && bases.length === 0)
    return [`no full backup is left that ${files.length} change files follow: nothing can be brought back`];
  const problems: string[] = goneBefore(bases, files, options);
  const index = new ChangeIndex(files);
  const byTimeline = Map.groupBy(bases, ({ changes }) => changes?.timeline ?? '');
  for (const [timeline, own] of byTimeline) {
    const all = files.filter((file) => file.timeline === timeline);
    const reached = new Set<string>();
    const closed: StoredChange[] = [];
    let end = 0;
    let why: string | undefined;
    for (const [at, base] of own.entries()) {
      const seq = base.changes?.seq ?? 0;
      if (seq < end) continue;
      end = seq;
      const found = await replayed(bucket, base, all, options);
      // Nobody can look into what follows: `verify` says so of the files.
      if (found === 'closed' || found.isClosed) closed.push(...behind(base, own[at + 1], index));
      if (found === 'closed') continue;
      why = found.end;
      for (const name of found.files) reached.add(name);
      end = greatest([end, ...found.files.map((name) => parseChangeKey('', name)?.last ?? 0)]);
    }
    const oldest = own[0]?.changes?.seq ?? 0;
    const isClosed = new Set(closed.map(({ file }) => file));
    const firsts = new Set(all.flatMap(({ file, first }) => (reached.has(file) ? [first] : [])));
    // Before the oldest backup, or another attempt at the same changes; or told of by `verify`.
    const lost = all.filter(
      (file) =>
        !reached.has(file.file) &&
        !isClosed.has(file.file) &&
        !isPlain(bucket, file) &&
        file.last > oldest &&
        !firsts.has(file.first),
    );
    const [first] = lost;
    const newest = lost.at(-1);
    if (first !== undefined && newest !== undefined) {
      const problem = `${first.file}${lost.length > 1 ? ` and ${lost.length - 1} more` : ''} cannot be brought back: ${why ?? 'no full backup leads to it'}`;
      if (options.onOld !== undefined && isHistory(bases, newest)) options.onOld(problem);
      else problems.push(problem);
    }
    const seq = greatest([end, ...closed.map(({ last }) => last)]);
    // What the second copy lacks yet is not lost.
    const gone =
      bucket.isCopy === true ? undefined : options.living && lostToBucket(options.living, { timeline, seq });
    if (gone !== undefined) problems.push(gone);
  }
  return problems;
}

/** Encrypted ones up to the next backup, by their names: what is not, needs no key. */
function behind(base: Base, next: Base | undefined, index: ChangeIndex): StoredChange[] {
  const end = next?.changes?.seq ?? Number.POSITIVE_INFINITY;
  return index.behind(base).filter(({ first, encrypted }) => encrypted && first <= end);
}

async function replayed(
  bucket: Bucket,
  base: Base,
  files: readonly StoredChange[],
  { keys, signal }: ChainOptions,
): Promise<Proof | 'closed'> {
  try {
    return await inScratch(undefined, (directory) =>
      replayAll({ base, files, stop: undefined }, { bucket, keys, directory, signal }),
    );
  } catch (error) {
    if (error instanceof NotOpened) return 'closed';
    if (isLocalFault(error)) throw error;
    return { files: [], end: explain(error), isClosed: false };
  }
}

/** Last files before a backup, by its own word, that an older backup would lead to. */
function goneBefore(
  bases: readonly Base[],
  files: readonly StoredChange[],
  { days, now, onOld }: ProveOptions,
): string[] {
  const there = new Set(files.map(({ file }) => file));
  return bases.flatMap(({ entry, changes }, at) => {
    const previous = fileBefore(changes?.previous);
    if (previous === undefined || there.has(previous.file)) return [];
    const gone = keyBefore(previous);
    const isWanted = bases
      .slice(0, at)
      .some(
        (older) =>
          older.changes?.timeline === changes?.timeline && (older.changes?.seq ?? 0) < (gone?.last ?? 0),
      );
    // Older ones retention takes.
    const isKept = (gone?.time.getTime() ?? 0) > now.getTime() - (days - 1) * DAY_MS;
    const problem = goneText(previous.file, `backup ${entry.name}`);
    if (!isWanted || !isKept) return [];
    if (onOld === undefined || gone === undefined || !isHistory(bases, gone)) return [problem];
    onOld(problem);
    return [];
  });
}
