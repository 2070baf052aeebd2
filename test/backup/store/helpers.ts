import { createHash } from 'node:crypto';
import type { Store, WrittenObject } from '../../../src/backup/store/types.ts';

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Bytes that look random but are the same in every run with the same seed. */
export function pseudoRandom(seed: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed >>> 0 || 1;
  for (let i = 0; i < length; i++) {
    // xorshift32
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[i] = state;
  }
  return bytes;
}

export async function readAll(body: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

export async function fetchObject(store: Store, key: string): Promise<Uint8Array | undefined> {
  const object = await store.get(key);
  if (object === undefined) return undefined;
  const bytes = await readAll(object.body);
  if (bytes.byteLength !== object.bytes)
    throw new Error(`announced ${object.bytes}, got ${bytes.byteLength}`);
  return bytes;
}

/**
 * Writes `head + rest` through a head-last writer in chunks of the given sizes (used over and
 * over).
 */
export async function upload(
  store: Store,
  key: string,
  content: { head: Uint8Array; rest: Uint8Array },
  chunkSizes: readonly number[],
): Promise<WrittenObject> {
  const writer = await store.create(key, { headLength: content.head.byteLength });
  try {
    let from = 0;
    for (let i = 0; from < content.rest.byteLength; i++) {
      const size = chunkSizes[i % chunkSizes.length] ?? 1;
      const chunk = new Uint8Array(content.rest.subarray(from, from + size));
      from += size;
      await writer.write(chunk);
      // The writer may not rely on the caller's buffer afterwards.
      chunk.fill(0xee);
    }
    const head = new Uint8Array(content.head);
    const written = await writer.close(head);
    head.fill(0xee);
    return written;
  } catch (error) {
    await writer.abort(error);
    throw error;
  }
}
