/**
 * How far back one can go to any minute on the database's own line, from the newest backups and few
 * requests: a screen can neither list every change file nor read every manifest (`list` does). What
 * is said holds; further back more may be there.
 */
import { type Bucket, nowOf } from '../catalog/bucket.ts';
import type { ChangeState } from '../catalog/change-state.ts';
import type { BackupEntry } from '../catalog/entry.ts';
import { listBackups } from '../catalog/list.ts';
import { isBadBehind } from './bad-changes.ts';
import { firstPrefix } from './change-names.ts';
import { basesOf, listChangesFrom, orderedOf } from './list-changes.ts';
import { type Base, leadingBase, type StoredChange } from './listed.ts';
import { inOrder } from './order.ts';
import { storedBefore } from './previous.ts';
import { ChangeIndex, historyOf } from './spans.ts';

export interface Reach {
  /** From here on, without a gap. */
  readonly since: Date;
  /** Where it ends; undefined: it goes on with every change that is stored. */
  readonly to: Date | undefined;
  /** Why nothing right before {@link since} can be brought back, where that is known. */
  readonly before: string | undefined;
}

/** Pages of names that are listed at most (store/types.ts, `PAGE_KEYS`). */
export const MOST_PAGES = 4;

/**
 * @param state of the living database, read before the bucket is asked
 * @param entries the newest backups, with their manifests
 * @returns undefined where no change follows any of them
 */
export async function reachOf(
  bucket: Bucket,
  state: ChangeState,
  entries: readonly BackupEntry[],
): Promise<Reach | undefined> {
  const now = nowOf(bucket);
  // Behind older backups, which nobody reads here, a clock that ran behind looks like one that ran
  // ahead before.
  const isBegun = entries.some(
    ({ manifest }) => manifest?.changes?.previous === null && manifest.changes.timeline === state.timeline,
  );
  const known = orderedOf(bucket, entries, [], now, isBegun).bases;
  const bases = known.filter(({ changes }) => changes !== undefined);
  const newest = leadingBase(bases, state.timeline);
  const timeline = newest?.changes?.timeline;
  if (newest === undefined || timeline === undefined) return undefined;
  const own = bases.filter(({ changes }) => changes?.timeline === timeline);
  const { files, covered, isWhole } = await listBehind(bucket, timeline, own);
  // What stands before the oldest of this history is known only where all of it was looked at.
  const told = covered.length === own.length ? bases : covered;
  const ordered = inOrder({ bases: told, files }, now, isBegun);
  const line = ordered.bases.filter(({ changes }) => changes?.timeline === timeline);
  // What stands behind its end may be another database's.
  const { spans, gaps } = historyOf(line, ordered.files, state);
  const span = spans.at(-1);
  if (span === undefined) return undefined;
  const last = new ChangeIndex(files, bases).endBehind(newest)?.last.last ?? 0;
  const isLost =
    gaps.some(({ from }) => from >= span.to) ||
    (isWhole && Math.max(last, newest.changes?.seq ?? 0) < state.shippedSeq);
  const goesOn = state.timeline === timeline && state.needsBase === null && !isLost;
  return {
    since: span.from,
    to: goesOn ? undefined : span.to,
    before: historyOf(ordered.bases, ordered.files, state).gaps.findLast(({ to }) => to <= span.from)?.reason,
  };
}

/** The newest backup usually tells; if not, so many are read. */
const MOST_BACKUPS = 6;
/** And so many where manifests are among them that nobody can read. */
const MOST_READ = 36;

/**
 * Whether the bucket has lost what this database's log has given it: no full backup of its
 * timeline is there, or a file behind the newest one is not, or is known to be damaged. Four
 * requests where it has all.
 */
export async function isBroken(bucket: Bucket, state: ChangeState): Promise<boolean> {
  if (state.needsBase !== null) return false;
  for (const limit of [1, MOST_BACKUPS, MOST_READ]) {
    const { entries, total } = await listBackups(bucket, { limit, isMade: true });
    const own = entries.filter(({ manifest }) => manifest?.changes?.timeline === state.timeline);
    const reach = await reachOf(bucket, state, own);
    if (reach !== undefined && reach.to === undefined)
      return isBadBehind(bucket, state.timeline, basesOf(bucket, own));
    const read = entries.filter(({ manifest }) => manifest !== undefined).length;
    if (limit > 1 && (read >= MOST_BACKUPS || total <= limit)) return true;
  }
  // Junk keeps the others from sight: that is no loss yet.
  return false;
}

interface Listed {
  readonly files: readonly StoredChange[];
  /** Those of the bases, the newest ones, of which every file up to the next one was listed. */
  readonly covered: readonly Base[];
  /** Nothing comes behind the last of the files. */
  readonly isWhole: boolean;
}

/** The oldest of `bases` first. */
async function listBehind(bucket: Bucket, timeline: string, bases: readonly Base[]): Promise<Listed> {
  const files = new Map<string, StoredChange>();
  let left = MOST_PAGES;
  const page = async (after: string): Promise<{ last: StoredChange | undefined; isLast: boolean }> => {
    left -= 1;
    const found = await listChangesFrom(bucket, timeline, after);
    for (const file of found.files) files.set(file.file, file);
    return { last: found.files.at(-1), isLast: found.isLast };
  };
  const inOrder = (): StoredChange[] => [...files.values()].toSorted((a, b) => (a.file < b.file ? -1 : 1));
  const from = (base: Base): string => firstPrefix(bucket.prefix, timeline, nextOf(base, bases));
  const [oldest] = bases;
  // Of a bot with little to tell one page holds all.
  const all = oldest && (await page(from(oldest)));
  if (all?.isLast !== false) return { files: inOrder(), covered: bases, isWhole: true };
  const covered: Base[] = [];
  let isWhole = false;
  let end = Number.POSITIVE_INFINITY;
  for (const base of bases.toReversed()) {
    let after = from(base);
    let isCovered = false;
    while (!isCovered && left > 0) {
      const { last, isLast } = await page(after);
      // Behind the newest one the first page is enough: the rest is what this database stored.
      isCovered = isLast || covered.length === 0 || (last?.first ?? 0) >= end;
      if (covered.length === 0) isWhole = isLast;
      if (last !== undefined) after = `${bucket.prefix}${last.file}`;
    }
    if (!isCovered) break;
    covered.unshift(base);
    end = nextOf(base, bases);
  }
  return { files: inOrder(), covered, isWhole };
}

/** The number of the first change of the file that comes next. */
function nextOf(base: Base, bases: readonly Base[]): number {
  const { previous = null, seq = 0 } = base.changes ?? {};
  return previous === null ? 1 : (storedBefore(base, bases) ?? seq) + 1;
}
