/** One snapshot, many outputs: every scan is read once and handed to all sinks that asked for it */
import type { ScanCounts } from './database-damage.ts';
import type { ScanTarget, Snapshot, SnapshotSink } from './model.ts';

export interface FanOut {
  /** Takes its scans in the order it asked for: a document has one order. */
  readonly ordered: SnapshotSink;
  /** Take theirs in any order. */
  readonly others: readonly SnapshotSink[];
}

export interface FanOutStep {
  readonly target: ScanTarget;
  readonly sinks: readonly SnapshotSink[];
}

/**
 * The shortest walk: the ordered sink's scans in its order, shared with whoever wants the same,
 * then what is left.
 */
export function planFanOut(fanOut: FanOut, schema: Snapshot['schema']): FanOutStep[] {
  const steps = new Map<string, { target: ScanTarget; sinks: SnapshotSink[] }>();
  for (const sink of [fanOut.ordered, ...fanOut.others]) {
    for (const target of sink.targets(schema)) {
      const key = keyOf(target);
      const step = steps.get(key);
      if (step === undefined) steps.set(key, { target, sinks: [sink] });
      else if (step.sinks.includes(sink)) throw new Error(`one sink wants ${key} twice`);
      else step.sinks.push(sink);
    }
  }
  return [...steps.values()];
}

/**
 * Feeds the sinks up to, not including, their `finish`: that is called once the source has proved
 * the snapshot whole. `onRows` is told the size of every batch and may throw to stop; `counts` sees
 * every scan.
 */
export async function feed(
  snapshot: Snapshot,
  fanOut: FanOut,
  onRows: (rows: number) => Promise<void>,
  counts?: ScanCounts,
): Promise<void> {
  for (const sink of [fanOut.ordered, ...fanOut.others]) await sink.begin(snapshot.schema, snapshot.file);
  const steps = planFanOut(fanOut, snapshot.schema);
  let taken = 0;
  for await (const scan of snapshot.scans(steps.map((step) => step.target))) {
    const step = steps[taken];
    taken += 1;
    if (step === undefined || keyOf(scan.target) !== keyOf(step.target))
      throw new Error(`the snapshot delivered ${keyOf(scan.target)} out of turn`);
    await each(step.sinks, (sink) => sink.beginScan(scan.target));
    counts?.begin(scan.target);
    for await (const batch of scan.rows) {
      await each(step.sinks, (sink) => sink.rows(batch));
      counts?.rows(batch);
      await onRows(batch.length);
    }
    await each(step.sinks, (sink) => sink.endScan());
  }
  await each([fanOut.ordered, ...fanOut.others], (sink) => sink.endScans?.());
  if (taken !== steps.length) throw new Error(`the snapshot ended after ${taken} of ${steps.length} scans`);
}

/**
 * Side by side; waits for every sink even when one fails, so that none is still writing when the
 * caller cleans up.
 */
async function each(
  sinks: readonly SnapshotSink[],
  call: (sink: SnapshotSink) => void | Promise<void>,
): Promise<void> {
  const results = await Promise.allSettled(sinks.map(async (sink) => call(sink)));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

function keyOf(target: ScanTarget): string {
  if (target.kind === 'table') return `table ${target.table.name}`;
  if (target.kind === 'index') return `index ${target.index.name}`;
  const { parent, child, parentKey, childKey, orderBy } = target;
  return `nested ${parent.name} ${child.name} ${parentKey} ${childKey} ${orderBy}`;
}
