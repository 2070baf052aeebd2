/** Read-back: what the store really holds, hashed part by part against what was sent. */
import { createHash } from 'node:crypto';
import { StoreError, type WrittenPart } from '../../src/backup/store/types.ts';

/**
 * Reads an object to its end and returns its size and SHA-256 (hex). Rejects with a {@link
 * StoreError} that names the first part that is not what was sent, or says how many bytes are
 * missing or too many.
 */
export async function hashParts(
  body: ReadableStream<Uint8Array>,
  parts: readonly WrittenPart[],
): Promise<{ readonly bytes: number; readonly sha256: string }> {
  const expected = parts.filter((part) => part.bytes > 0);
  const whole = createHash('sha256');
  let part = createHash('sha256');
  let index = 0;
  let inPart = 0;
  let bytes = 0;
  for await (const chunk of body) {
    whole.update(chunk);
    for (let from = 0; from < chunk.byteLength; ) {
      const current = expected[index];
      if (current === undefined)
        throw mismatch(`the store holds more than the ${bytes} bytes that were sent`);
      const slice = chunk.subarray(from, from + current.bytes - inPart);
      part.update(slice);
      from += slice.byteLength;
      inPart += slice.byteLength;
      bytes += slice.byteLength;
      if (inPart < current.bytes) continue;
      if (part.digest('hex') !== current.sha256) {
        throw mismatch(`part ${index + 1} (bytes ${bytes - inPart} to ${bytes - 1}) is not what was sent`);
      }
      part = createHash('sha256');
      index++;
      inPart = 0;
    }
  }
  const sent = expected.reduce((sum, { bytes }) => sum + bytes, 0);
  if (bytes < sent) throw mismatch(`the store holds ${bytes} of the ${sent} bytes that were sent`);
  return { bytes, sha256: whole.digest('hex') };
}

function mismatch(message: string): StoreError {
  return new StoreError(`read-back failed: ${message}`, { retryable: false });
}
