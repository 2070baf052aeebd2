/** Node only. */
import { type FileHandle, open } from 'node:fs/promises';

/**
 * Passes chunks on and writes them to a file on the way; the file is complete when the chunks are. A fault of the file (a full disk) is
 * thrown and told to `onFault`: whoever judges the chunks must not take it for a fault of theirs.
 */
export async function* writeStream(
  path: string,
  chunks: AsyncIterable<Uint8Array>,
  onFault: (fault: Error) => void,
): AsyncGenerator<Uint8Array> {
  let written = 0;
  const told = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (cause) {
      const fault = new Error(`can not write ${path} after ${written} bytes`, { cause });
      onFault(fault);
      throw fault;
    }
  };
  const file = await told(open(path, 'w'));
  try {
    for await (const chunk of chunks) {
      await told(writeAll(file, chunk));
      written += chunk.byteLength;
      yield chunk;
    }
  } finally {
    await told(file.close());
  }
}

/** A single write may be short (a disk about to be full). */
async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.byteLength; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.byteLength - done);
    done += bytesWritten;
  }
}
