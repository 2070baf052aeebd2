/** Node only. */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';

/** Passes chunks on and writes them to a file on the way; the file is complete when the chunks are. */
export async function* writeStream(
  path: string,
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const file = createWriteStream(path);
  // Without a listener an error (a full disk) would end the process; it is thrown by what waits for the file.
  let failure: unknown;
  file.on('error', (error) => {
    failure = error;
  });
  try {
    for await (const chunk of chunks) {
      if (failure !== undefined) throw failure;
      if (!file.write(chunk)) await once(file, 'drain');
      yield chunk;
    }
  } finally {
    await new Promise<void>((resolve) => {
      file.once('close', resolve);
      if (failure === undefined) file.end();
      else file.destroy();
    });
  }
  if (failure !== undefined) throw failure;
}
