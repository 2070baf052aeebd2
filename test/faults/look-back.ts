/** Moments of what was shipped, from either bucket; and what a damaged file makes of them. */
import type { Bucket } from '../../src/backup/catalog/bucket.ts';
import { manifestKey } from '../../src/backup/catalog/names.ts';
import { damageSomething } from './damaged-chain.ts';
import { PREFIX } from './fault-scene.ts';
import type { Operations, Promises } from './operations.ts';
import { restoreAt } from './restore-at.ts';
import type { ShippedPoint } from './shipped-history.ts';

const DAY_MS = 86_400_000;

/** Call it when both buckets have all that there is. */
export async function lookBack(promises: Promises, operations: Operations): Promise<void> {
  const { scene, history, good, second } = promises;
  if (scene.random.chance(0.5)) await damageSomething(scene, history, good);
  const { points } = history;
  const newest = points.at(-1);
  if (newest === undefined || !scene.random.chance(0.3)) return;
  // Where clocks went back, or two bots had one history, a moment may be of either.
  const isClear = !operations.hasJumped && operations.twin === undefined;
  const point = isClear ? scene.random.pick(points) : newest;
  if (!isThere(promises, point)) {
    if (isClear && isKept(promises, point))
      throw new Error(`${point.stop.file} is gone from the bucket, or its full backup`);
    return;
  }
  // The host, its database and the first bucket are lost; or the second one is.
  const bucket = scene.random.chance(0.5) && second.isWhole ? second.bucket : history.bucket;
  await mustBringBack(promises, point, { bucket, isClear, hasRestored: operations.hasRestored });
}

interface Sought {
  readonly bucket: Bucket;
  readonly isClear: boolean;
  readonly hasRestored: boolean;
}

async function mustBringBack(
  { scene, history }: Promises,
  { stop }: ShippedPoint,
  { bucket, isClear, hasRestored }: Sought,
): Promise<void> {
  const { time: at, timeline } = stop;
  const seq = await restoreAt(scene, history, { at, bucket, ...(!isClear && { timeline }) });
  if (!isClear) return;
  if (seq === undefined || (!hasRestored && seq < stop.last))
    throw new Error(`a restore at ${stop.time.toISOString()} does not bring change ${stop.last} back`);
}

/**
 * Retention, in doubt, lets a file stay whose full backup has left by its age: nothing leads to it.
 */
function isThere({ scene }: Promises, { base, stop }: ShippedPoint): boolean {
  const { objects } = scene.store;
  return objects.has(PREFIX + stop.file) && objects.has(manifestKey(PREFIX, base.entry.name));
}

/** Young enough, and with a full backup from before it. */
function isKept({ scene, good }: Promises, { base, stop }: ShippedPoint): boolean {
  const age = scene.clock.now().getTime() - stop.time.getTime();
  return age < scene.changeDays * DAY_MS && good.good.has(base.entry.name);
}
