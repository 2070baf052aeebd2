/** Why a moment cannot be brought back, for people and for what goes on from there. */
import { countOf } from '../../text/format.ts';
import type { Bucket } from '../catalog/bucket.ts';
import { type BackupEntry, isUnsealed, UNSEALED } from '../catalog/entry.ts';
import type { BackupName } from '../catalog/names.ts';
import { isRestorable } from '../catalog/newest.ts';
import { isClosed } from '../catalog/unfit-keys.ts';
import type { ChainOptions } from '../changes/chain.ts';
import { orderedOf } from '../changes/list-changes.ts';
import type { Base, StoredChange } from '../changes/listed.ts';
import type { ChainFault } from '../changes/open-change.ts';
import { type ChangeIndex, historyOf } from '../changes/spans.ts';
import { stopOf } from './stop-file.ts';

export type OutOfReach =
  /** It is still to come. */
  | { readonly kind: 'ahead' }
  /**
   * There is no full backup from before it; `earliest`: what the first one reaches, if any.
   * `plain`: with this backup, which counts for nothing since it is not encrypted, the moment could
   * be, or `from` as the earliest one.
   */
  | {
      readonly kind: 'early';
      readonly earliest: Date | undefined;
      readonly reason: string;
      readonly plain?: { readonly name: BackupName; readonly from: Date | undefined } | undefined;
    }
  /**
   * `last`: the last moment before it that can be, if any. `plain`: with it the moment could be.
   * `isClosed`: no key at hand opens what leads to it.
   */
  | {
      readonly kind: 'gap';
      readonly last: Date | undefined;
      readonly isClosed?: true;
      readonly reason: string;
      readonly plain?: BackupName | undefined;
    };

/** The moment asked for cannot be brought back; says which can. */
export class PointOutOfReach extends Error {
  override readonly name = 'PointOutOfReach';
  readonly why: OutOfReach;
  constructor(message: string, why: OutOfReach) {
    super(message);
    this.why = why;
  }
}

/** What no moment may rest on, for people. */
export function alsoText(leftOut: readonly string[]): string {
  return leftOut.map((text) => `; ${text}`).join('');
}

interface Listed {
  readonly entries: readonly BackupEntry[];
  readonly bases: readonly Base[];
  readonly files: readonly StoredChange[];
  readonly leftOut: readonly string[];
  /** No key at hand opens the oldest of {@link bases}. */
  readonly isFirstClosed: boolean;
}

export function noneBefore(
  bucket: Bucket,
  { entries, bases, files, leftOut, isFirstClosed }: Listed,
  { at, show }: Pick<Options, 'at' | 'show'>,
): PointOutOfReach {
  const [first] = bases;
  const span = historyOf(bases, files).spans[0];
  const earliest =
    first && new Date(Math.min(first.time.getTime(), span?.from.getTime() ?? Number.POSITIVE_INFINITY));
  const reached =
    earliest === undefined
      ? ''
      : `: the earliest moment is ${show(earliest)}${isFirstClosed ? ', closed without the key that it was made with' : ''}`;
  const plain = plainOnes(bucket, entries, at, first === undefined);
  const reason =
    plain?.text ??
    (earliest === undefined
      ? `there is no full backup to begin with in ${bucket.store.description}`
      : `there is no full backup from before ${show(at)}`);
  const before =
    plain?.from === undefined
      ? ''
      : `there is no full backup from before ${show(at)}, and the earliest moment by later ones is ${show(plain.from)}: `;
  return new PointOutOfReach(`${before}${reason}${reached}${alsoText(leftOut)}`, {
    ...{ kind: 'early', earliest, reason },
    ...(plain && { plain: { name: plain.name, from: plain.from } }),
  });
}

/**
 * What is not encrypted, although the settings encrypt, and could bring the moment back; where
 * nothing could and no other backup is there, all that is not encrypted, `from` its first moment.
 */
function plainOnes(
  bucket: Bucket,
  entries: readonly BackupEntry[],
  at: Date,
  isAlone: boolean,
): { readonly name: BackupName; readonly from: Date | undefined; readonly text: string } | undefined {
  const unsealed = entries.filter((entry) => isUnsealed(bucket, entry) && isRestorable(entry));
  const { bases } = orderedOf({ ...bucket, isSealed: false }, unsealed, []);
  const early = bases.filter(({ time }) => time <= at);
  const found = early.length > 0 ? early : isAlone ? bases : [];
  const base = early.at(-1) ?? found[0];
  if (base === undefined) return undefined;
  const [is, it] = found.length === 1 ? ['is', 'it'] : ['are', 'them'];
  return {
    name: base.entry.name,
    from: early.length > 0 ? undefined : base.time,
    text: `${countOf(found.length, 'full backup')} (${base.entry.name}${found.length > 1 ? ', …' : ''}) ${is} not encrypted, although a key is set, so nobody can tell who made ${it}`,
  };
}

/** A full backup that holds what came after `time`, and counts for nothing: it is not encrypted. */
export function plainAfter(
  bucket: Bucket,
  entries: readonly BackupEntry[],
  { time, at }: { readonly time: Date; readonly at: Date },
): BackupName | undefined {
  const plain = entries.filter((entry) => isUnsealed(bucket, entry));
  const { bases } = orderedOf({ ...bucket, isSealed: false }, plain, []);
  return bases.findLast((base) => base.time > time && base.time <= at)?.entry.name;
}

/** Why what goes on from there is passed over, for people. */
export function plainText(what: string): string {
  return `${what}, which holds what came next, is ${UNSEALED}, so it counts for nothing`;
}

/** So many backups are looked into. */
const MOST_LOOKED = 50;

interface Closed {
  /** Full backups from before the moment, newest first. */
  readonly before: readonly Base[];
  readonly index: ChangeIndex;
  /** Why the newest of them does not open, for people. */
  readonly shut: string | undefined;
  /** Of the files behind it. */
  readonly fault: ChainFault | undefined;
  /** Why the moment is not reached, for people. */
  readonly short: string;
}

interface Options extends ChainOptions {
  readonly at: Date;
  readonly show: (time: Date) => string;
}

export async function closedMoment(
  bucket: Bucket,
  { before, index, shut, fault, short }: Closed,
  { at, show, keys }: Options,
): Promise<PointOutOfReach> {
  // Where the files fall short by themselves, the key is only the first thing that is missing.
  const reason = fault?.isClosed === true ? `, and not lost: ${short}` : `: ${shut}. Besides, ${short}`;
  const last = await lastOpening(bucket, { before, index }, { at, keys });
  const near =
    last === undefined
      ? ''
      : `. The last moment before it that opens with what is set is ${show(last)}: ask for that, or add --best-effort`;
  return new PointOutOfReach(`${show(at)} is closed with what is set${reason}${near}`, {
    kind: 'gap',
    last,
    reason: short,
    isClosed: true,
  });
}

async function lastOpening(
  bucket: Bucket,
  { before, index }: Pick<Closed, 'before' | 'index'>,
  { at, keys }: Pick<Options, 'at' | 'keys'>,
): Promise<Date | undefined> {
  let until = at;
  for (const base of before.slice(0, MOST_LOOKED)) {
    if (!(await isClosed(bucket, base.entry, keys))) {
      const { stop } = await stopOf(bucket, index.behind(base), base, { at: until, keys });
      return stop?.file.time ?? base.time;
    }
    until = new Date(base.time.getTime() - 1);
  }
  return undefined;
}
