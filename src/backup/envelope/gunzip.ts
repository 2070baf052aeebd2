/**
 * gunzip as a stream that never ends early and keeps pace with its reader, so that a bomb unpacks
 * no faster than its reader reads.
 */
import type { Buffer } from 'node:buffer';
import { createGunzip, gunzipSync } from 'node:zlib';
import { UnsealError } from './types.ts';

/**
 * Input is fed in slices of this size: what zlib can make of one (a thousandfold) stays within a
 * few MiB.
 */
const SLICE_BYTES = 16 * 1024;
/**
 * Unpacked bytes a trip to zlib's thread: with Node's own 16 KiB the trips take half the time.
 */
const CHUNK_BYTES = 128 * 1024;

/**
 * The unpacked bytes. Throws {@link UnsealError}: `foreign` is not gzip, `cut`, or `damaged` (CRC,
 * length, structure, trailing bytes).
 */
export async function* gunzipped(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  let fed = 0;
  /** The first two bytes. */
  const magic: number[] = [];
  let letGo: () => void = () => {};
  const feed = async (): Promise<void> => {
    for await (const chunk of source) {
      for (let from = 0; from < chunk.byteLength; from += SLICE_BYTES) {
        const slice = chunk.subarray(from, from + SLICE_BYTES);
        if (magic.length < 2) magic.push(...slice.subarray(0, 2 - magic.length));
        fed += slice.byteLength;
        // workerd calls back when the slice is used up, but not when the stream is destroyed.
        await new Promise<void>((resolve) => {
          letGo = resolve;
          gunzip.write(slice, () => resolve());
        });
        if (gunzip.destroyed) return;
      }
    }
    gunzip.end();
  };
  let sourceError: { readonly error: unknown } | undefined;
  feed().catch((error: unknown) => {
    sourceError = { error };
    gunzip.destroy(new Error('the source failed'));
  });
  try {
    for await (const chunk of gunzip) yield chunk;
  } catch (error) {
    throw sourceError === undefined ? translate(error, magic) : sourceError.error;
  } finally {
    gunzip.destroy();
    letGo();
  }
  if (sourceError !== undefined) throw sourceError.error;
  if (fed === 0) throw new UnsealError('cut', 'the file is empty');
  if (gunzip.bytesWritten < fed) {
    throw new UnsealError('damaged', `${fed - gunzip.bytesWritten} bytes follow the end of the gzip data`);
  }
}

/** What one call unpacks at most: it blocks for less than a millisecond. */
const SMALL_BYTES = 256 * 1024;

/**
 * The whole of a small object, at a tenth of what a stream takes; undefined where it is larger, or
 * not in order: the stream says what is wrong.
 */
export function gunzippedAtOnce(packed: Uint8Array): Buffer | undefined {
  if (packed.byteLength > SMALL_BYTES) return undefined;
  try {
    const options = { maxOutputLength: SMALL_BYTES, info: true };
    const found = gunzipSync(packed, options) as unknown as {
      readonly buffer: Buffer;
      readonly engine?: { readonly bytesWritten: number };
    };
    return found.engine?.bytesWritten === packed.byteLength ? found.buffer : undefined;
  } catch {
    return undefined;
  }
}

function translate(error: unknown, magic: readonly number[]): UnsealError {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const message = error instanceof Error ? error.message : String(error);
  if (code === 'Z_BUF_ERROR') return new UnsealError('cut', 'the gzip data is cut off', { cause: error });
  if (message === 'incorrect header check' && (magic[0] !== 0x1f || magic[1] !== 0x8b)) {
    return new UnsealError('foreign', 'not a gzip file', { cause: error });
  }
  return new UnsealError('damaged', `the gzip data is damaged (${message})`, { cause: error });
}
