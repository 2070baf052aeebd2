/** Holds the two ends of a snapshot to the contract: every scan read to its end, in order, once. */
import type { RowBatch, Scan, ScanTarget } from '../model/model.ts';

/**
 * Reads the scans of one snapshot, in order; each generator is finished before the next is asked
 * for.
 */
export type ReadScans = (targets: readonly ScanTarget[]) => AsyncIterable<{
  readonly target: ScanTarget;
  readonly rows: AsyncIterable<RowBatch>;
}>;

export interface GuardedScans {
  scans(targets: readonly ScanTarget[]): AsyncIterable<Scan>;
  /**
   * Throws unless everything asked for was read to its end: half a snapshot must not look like a
   * whole one.
   */
  requireComplete(): void;
}

/**
 * `translate` sees every error of the reading side (never the consumer's) and gives what is thrown
 * instead.
 */
export function guardScans(
  read: ReadScans,
  translate: (error: unknown) => unknown = (error) => error,
): GuardedScans {
  let state: 'unused' | 'reading' | 'complete' = 'unused';
  return {
    async *scans(targets) {
      if (state !== 'unused') throw new Error('the scans of a snapshot can be asked for once only');
      state = 'reading';
      for await (const { target, rows } of translating(read(targets), translate)) {
        let ended = false;
        yield {
          target,
          rows: (async function* () {
            yield* translating(rows, translate);
            ended = true;
          })(),
        };
        if (!ended) throw new Error(`${describeTarget(target)} was not read to its end`);
      }
      state = 'complete';
    },
    requireComplete() {
      if (state === 'reading') throw new Error('the snapshot was not read to its end');
    },
  };
}

async function* translating<T>(
  items: AsyncIterable<T>,
  translate: (error: unknown) => unknown,
): AsyncGenerator<T> {
  try {
    yield* items;
  } catch (error) {
    throw translate(error);
  }
}

function describeTarget(target: ScanTarget): string {
  if (target.kind === 'index') return `index ${target.index.name}`;
  return `table ${target.kind === 'table' ? target.table.name : target.child.name}`;
}
