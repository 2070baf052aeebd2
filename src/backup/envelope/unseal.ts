/** Bytes on their way back from the store: age when encrypted, then gunzip. */
import { decrypted } from './age-reader.ts';
import { gunzipped } from './gunzip.ts';
import type { OpeningKeys } from './types.ts';

/**
 * Decrypts (when `encrypted`) and gunzips. The stream errors, never ends early; with UnsealError
 * where the object is at fault, with the body's own error where the connection is. Memory: a few
 * chunks, whatever the object unpacks to.
 */
export function openUnsealed(
  body: ReadableStream<Uint8Array>,
  options: { readonly encrypted: boolean; readonly keys: OpeningKeys | undefined },
): ReadableStream<Uint8Array> {
  const keys = options.keys ?? { identities: [], passphrases: [] };
  return streamOf(gunzipped(options.encrypted ? decrypted(body, keys) : body));
}

/** A stream that reads one chunk at a time, and lets go of everything when it is cancelled. */
function streamOf(chunks: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await chunks.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        await chunks.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
}
