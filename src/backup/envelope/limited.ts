/** Packed files may be bombs: how much they may unpack to, and where unpacking stops. */
import { UnsealError } from './types.ts';

/** Real backups pack to a tenth; a thousandth is what gzip does at most. */
const MOST_TIMES = 200;
const LEAST_BYTES = 256_000_000;

/** Bytes that a packed file of `bytes` may unpack to; docs/limits.md. */
export function mostUnpacked(bytes: number): number {
  return Math.max(LEAST_BYTES, bytes * MOST_TIMES);
}

/** The chunks, up to `most` bytes of them. @throws UnsealError for more */
export async function* limited(chunks: AsyncIterable<Uint8Array>, most: number): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.byteLength;
    if (bytes > most)
      throw new UnsealError(
        'damaged',
        `the file unpacks to more than ${Math.round(most / 1e6)} MB: that is no backup of the bot`,
      );
    yield chunk;
  }
}
