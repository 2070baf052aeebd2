/** The bytes of a file that may be a bomb: unpacking stops at the limit. */
import { UnsealError } from '../envelope/types.ts';

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
