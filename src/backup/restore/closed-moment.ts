/**
 * A moment whose backup or change file no key at hand opens: closed, and neither lost nor damaged.
 * What is named instead opens with what is set. Node only.
 */
import type { Bucket } from '../catalog/bucket.ts';
import { isClosed } from '../catalog/unfit-keys.ts';
import type { ChainOptions } from '../changes/chain.ts';
import type { Base } from '../changes/listed.ts';
import type { ChainFault } from '../changes/open-change.ts';
import type { ChangeIndex } from '../changes/spans.ts';
import { PointOutOfReach } from './out-of-reach.ts';
import { stopOf } from './stop-file.ts';

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
