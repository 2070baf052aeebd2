/** The change file at which a replay to a moment stops. */
import { explain } from '../../lib/clock.ts';
import type { Bucket } from '../catalog/bucket.ts';
import { NotOpened } from '../catalog/not-opened.ts';
import { type ChainEnd, type ChainOptions, followChain } from '../changes/chain.ts';
import type { Base, StoredChange } from '../changes/listed.ts';
import { type OpenedChange, openChange } from '../changes/open-change.ts';
import { Damaged } from '../foreign/errors.ts';

/** The last file not after the moment at which the rows are as they were at one moment. */
export async function stopOf(
  bucket: Bucket,
  chain: readonly StoredChange[],
  { changes }: Base,
  { at, keys }: Pick<ChainOptions, 'keys'> & { readonly at: Date },
): Promise<Stop> {
  let fault: ChainEnd;
  for (const file of chain.slice(0, chain.findLastIndex(({ time }) => time <= at) + 1).toReversed()) {
    if (file.last < (changes?.seq ?? 0)) break;
    try {
      const opened = await openChange(bucket, file, keys);
      if (opened.header.restore_point) return { stop: opened, fault };
    } catch (error) {
      if (!(error instanceof Damaged || error instanceof NotOpened)) throw error;
      fault = { why: explain(error), isClosed: error instanceof NotOpened };
    }
  }
  return { stop: undefined, fault };
}

export interface Stop {
  readonly stop: OpenedChange | undefined;
  /** Why no later one. */
  readonly fault: ChainEnd;
}

/** Leaves out what the files before the stop do not reach. */
export async function lastGood(
  bucket: Bucket,
  base: Base,
  { stop, fault, files }: Stop & { readonly files: readonly StoredChange[] },
  options: ChainOptions,
): Promise<Stop> {
  if (stop === undefined) return { stop, fault };
  const links = followChain(bucket, base, files, options);
  let good: OpenedChange | undefined;
  for (;;) {
    const next = await links.next();
    if (next.done === true)
      return { stop: good, fault: next.value ?? fault ?? { why: 'the files do not join', isClosed: false } };
    if (next.value.isPoint) good = next.value;
    if (next.value.file.file !== stop.file.file) continue;
    await links.return(undefined);
    return { stop: good, fault };
  }
}
