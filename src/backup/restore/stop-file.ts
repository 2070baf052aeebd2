/** The change file at which a replay to a moment stops. */
import type { Bucket } from '../catalog/bucket.ts';
import { type ChainEnd, type ChainOptions, followChain } from '../changes/chain.ts';
import type { Base, StoredChange } from '../changes/listed.ts';
import { type OpenedChange, openOrFault } from '../changes/open-change.ts';

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
    const found = await openOrFault(bucket, file, keys);
    if ('fault' in found) fault = found.fault;
    else if (found.header.restore_point) return { stop: found, fault };
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
