/**
 * One change file that the two buckets do not hold alike: which of them is right, and the right one
 * in the place of the other. What tells is the memory of the database, then the next file in the
 * chain or the next full backup, which name its SHA-256, and then whether a file is what it says of
 * itself. What one bucket says of itself condemns nothing in the other: who may write into one
 * could forge a chain.
 */
import type { Bucket } from '../catalog/bucket.ts';
import { listBackups } from '../catalog/list.ts';
import { parseChangeKey } from '../changes/change-names.ts';
import { fileBefore, isSameLink } from '../changes/previous.ts';
import type { ChangeKeys } from '../changes/stored-proof.ts';
import { type ChangeLook, linkedHash, lookAtChange } from './change-proof.ts';
import { removeWrong } from './mend.ts';
import { copyInOrder, type ProvenObject, requestsFor, type Slice } from './proven.ts';

export interface MendContext {
  readonly first: Bucket;
  readonly copy: Bucket;
  readonly slice: Slice;
  readonly keys?: ChangeKeys;
  /** Hears of each that was replaced, or put back into the first bucket. */
  readonly onMended?: ((file: string, where: Bucket) => void) | undefined;
}

export interface Unlike {
  readonly file: string;
  /** What the database remembers; undefined: nothing. */
  readonly sha256: string | undefined;
  /** Of the first bucket, held against {@link sha256}; absent: nobody has looked. */
  readonly here?: ChangeLook;
  /** Retention did not take it from the first bucket: where it is gone, it was lost. */
  readonly isWanted?: boolean;
}

export type Mended =
  /** Both are right now, or retention took it. */
  | { readonly kind: 'right' }
  | { readonly kind: 'more' }
  | {
      readonly kind: 'refused';
      readonly problem: string;
      readonly isAltered?: boolean;
      /** Where it is damaged. */
      readonly bad: readonly Bucket[];
    };

/** Two readings of each, by the chain and by itself, and the file behind it in either. */
const JUDGEMENT = 12;

export async function mendChange(context: MendContext, unlike: Unlike): Promise<Mended> {
  const { first, copy, slice, keys } = context;
  const { file, sha256, isWanted = false } = unlike;
  if (!slice.take(JUDGEMENT)) return { kind: 'more' };
  const [linkHere, linkThere] =
    sha256 === undefined
      ? [await linkedHash(first, file, { keys, slice }), await linkedHash(copy, file, { keys, slice })]
      : [];
  const isDisputed = linkHere !== undefined && linkThere !== undefined && linkHere !== linkThere;
  const wanted = sha256 ?? (isDisputed ? undefined : (linkHere ?? linkThere));
  const wish = { sha256: wanted, keys, slice };
  const mine =
    wanted === sha256 && unlike.here !== undefined ? unlike.here : await lookAtChange(first, file, wish);
  const theirs = await lookAtChange(copy, file, wish);
  if (mine.kind === 'right' && theirs.kind === 'right' && mine.object.sha256 === theirs.object.sha256)
    return { kind: 'right' };
  const standsByItself = async (bucket: Bucket, look: ChangeLook, ownLink: string | undefined) =>
    sha256 === undefined &&
    ownLink === undefined &&
    look.kind === 'wrong' &&
    look.isAltered === true &&
    (await lookAtChange(bucket, file, { sha256: undefined, keys, slice })).kind === 'right';
  const both = mine.kind !== 'absent' && theirs.kind !== 'absent';
  if (
    both &&
    (isDisputed ||
      (await standsByItself(first, mine, linkHere)) ||
      (await standsByItself(copy, theirs, linkThere)))
  )
    return unclear(context, file, []);
  // A bucket that lacks it takes what is proved alone. The copy's own chain proves to the first
  // bucket what goes on from there: whoever may write into the copy alone can make a chain.
  const isProved =
    wanted !== undefined &&
    (sha256 !== undefined ||
      linkHere !== undefined ||
      mine.kind !== 'absent' ||
      (await goesOn(context, unlike)));
  if (isSure(mine) && (theirs.kind === 'wrong' || (theirs.kind === 'absent' && isProved)))
    return replace(context, mine.object, { from: first, to: copy, isThere: theirs.kind === 'wrong' });
  if (isSure(theirs) && (mine.kind === 'wrong' || (mine.kind === 'absent' && isProved && isWanted)))
    return replace(context, theirs.object, { from: copy, to: first, isThere: mine.kind === 'wrong' });
  const bad = [...(mine.kind === 'wrong' ? [first] : []), ...(theirs.kind === 'wrong' ? [copy] : [])];
  if (mine.kind === 'wrong')
    return { kind: 'refused', problem: mine.problem, isAltered: mine.isAltered === true, bad };
  if (mine.kind === 'absent') return absent(context, unlike, theirs, bad);
  if (theirs.kind === 'absent') return { kind: 'right' };
  return unclear(context, file, bad);
}

/** Whether the copy's continues what the first bucket has: a file, or what a full backup names. */
async function goesOn({ first, copy, slice, keys }: MendContext, { file }: Unlike): Promise<boolean> {
  const look = await lookAtChange(copy, file, { sha256: undefined, keys, slice });
  const previous = look.kind === 'right' && look.isOpened ? look.previous : undefined;
  if (previous === undefined) return false;
  const before = fileBefore(previous);
  if (before !== undefined) {
    const held = await lookAtChange(first, before.file, { sha256: before.sha256, keys, slice });
    if (held.kind === 'right') return true;
  }
  const timeline = parseChangeKey('', file)?.timeline;
  return (await listBackups(first)).entries.some(
    ({ name, manifest }) =>
      manifest?.changes?.timeline === timeline &&
      (isSameLink(manifest?.changes?.previous ?? null, previous) || isSameLink({ base: name }, previous)),
  );
}

function unclear({ first, copy }: MendContext, file: string, bad: readonly Bucket[]): Mended {
  const problem = `${first.store.description} and ${copy.store.description} hold different bytes as ${file}, and nothing tells which is right: both are left as they are`;
  return { kind: 'refused', problem, bad };
}

function absent(
  { first, copy }: MendContext,
  { file, isWanted = false }: Unlike,
  theirs: ChangeLook,
  bad: readonly Bucket[],
): Mended {
  // What retention took from the first bucket goes from the copy a week later.
  if (theirs.kind === 'absent' || (theirs.kind === 'right' && !isWanted)) return { kind: 'right' };
  const what =
    theirs.kind === 'wrong'
      ? `${copy.store.description} has it damaged or altered`
      : `nothing proves the one in ${copy.store.description}`;
  const problem = isWanted
    ? `${first.store.description} has lost ${file}, and ${what}: it was not put back`
    : `${file}: ${what}, and ${first.store.description} has it no longer`;
  return { kind: 'refused', problem, bad };
}

async function replace(
  { slice, onMended }: MendContext,
  object: ProvenObject,
  { from, to, isThere }: { readonly from: Bucket; readonly to: Bucket; readonly isThere: boolean },
): Promise<Mended> {
  if (!slice.take(requestsFor(object.bytes))) return { kind: 'more' };
  const { file } = object;
  const refused = (problem: string): Mended => ({ kind: 'refused', problem, bad: isThere ? [to] : [] });
  const room = isThere ? await removeWrong(to, [object]) : undefined;
  if (room?.kind === 'refused') return refused(`${room.problem}; ${from.store.description} has it whole`);
  const copied = await copyInOrder({ from, to, objects: [object], slice: { ...slice, take: () => true } });
  if (copied.kind !== 'copied') return refused(`${file} is whole in ${from.store.description} alone`);
  // What the copy lacked was perhaps never copied before.
  if (isThere || to.isCopy !== true) onMended?.(file, to);
  return { kind: 'right' };
}

function isSure(look: ChangeLook): look is Extract<ChangeLook, { kind: 'right' }> {
  return look.kind === 'right' && look.isOpened;
}
