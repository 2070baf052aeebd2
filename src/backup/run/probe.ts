/** Tries everything that a backup needs of a bucket with one small object. */
import { Buffer } from 'node:buffer';
import type { Bucket } from '../catalog/bucket.ts';
import { readSmall } from '../catalog/small-object.ts';

export interface Probe {
  /** A deleted object stays behind a marker, and costs money. */
  readonly keepsDeleted: boolean;
}

/**
 * Puts, lists, reads and deletes. `id` tells one probe from another.
 * @throws with what the bucket refused, and what to do; the object is gone then, as far as the
 * bucket lets it.
 */
export async function probeBucket({ store, prefix }: Bucket, id: string): Promise<Probe> {
  const key = `${prefix}probe-${id}.txt`;
  const written = new TextEncoder().encode(`written by anime-bot to try the bucket: ${id}\n`);
  await store.put(key, written);
  try {
    // Only that it answers: a listing may lag behind (Swift).
    await store.list(key);
    const read = await readSmall(store, key);
    if (read === undefined || Buffer.compare(read, written) !== 0)
      throw new Error(`${store.description}: what was written does not come back`);
  } catch (error) {
    await store.delete([key]).catch(() => undefined);
    throw error;
  }
  const { remaining, hidden = [] } = await store.delete([key]);
  if (remaining.length > 0)
    throw new Error(
      `${store.description}: objects can be written but not deleted; retention needs that right`,
    );
  return { keepsDeleted: hidden.length > 0 };
}

/** What a bucket that keeps versions means, in a sentence. */
export const KEEPS_DELETED =
  'the bucket keeps versions: what is deleted stays and is paid for until a lifecycle rule removes noncurrent versions';
