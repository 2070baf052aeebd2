/** A single write may be short (a disk about to be full). Node only. */
import type { FileHandle } from 'node:fs/promises';

/** An error of a handle does not say of which file; people have to know which disk it was. */
export function naming<T>(path: string, work: () => Promise<T>): Promise<T> {
  return work().catch((cause: unknown) => {
    throw new Error(`cannot write ${path}`, { cause });
  });
}

export async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.byteLength; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.byteLength - done, position + done);
    // No error, and no end either: the loop would go on for ever.
    if (bytesWritten === 0) throw new Error('the disk took no more bytes');
    done += bytesWritten;
  }
}
