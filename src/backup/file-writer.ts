/** A head-last writer to a file on disk: appears under its name only when it is whole. Node only. */
import { existsSync } from 'node:fs';
import { type FileHandle, link, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { HeadLastWriter } from './model.ts';

/**
 * Opens `path` through a temporary name beside it. With `replace` an existing file gives way when the new one is whole; otherwise it
 * is refused, at once and again at the end.
 */
export async function createFileWriter(
  path: string,
  options: { readonly headLength: number; readonly replace: boolean },
): Promise<HeadLastWriter> {
  const temporary = `${path}.part`;
  if (!options.replace && existsSync(path)) throw alreadyThere(path);
  const file = await open(temporary, 'wx').catch((cause: unknown) => {
    throw new Error(`can not write ${temporary}`, { cause });
  });
  let position = options.headLength;
  return {
    async write(chunk) {
      await writeAll(file, chunk, position);
      position += chunk.byteLength;
    },
    async close(head) {
      await writeAll(file, head, 0);
      await file.sync();
      await file.close();
      if (options.replace) await rename(temporary, path);
      else await appear(temporary, path);
      await syncDirectory(dirname(path));
    },
    async abort() {
      await Promise.allSettled([file.close()]);
      await Promise.allSettled([rm(temporary, { force: true })]);
    },
  };
}

/** A link is refused when the name exists; a rename would replace it. */
async function appear(temporary: string, path: string): Promise<void> {
  await link(temporary, path).catch((cause: unknown) => {
    throw existsSync(path) ? alreadyThere(path) : cause;
  });
  await rm(temporary);
}

function alreadyThere(path: string): Error {
  return new Error(`${path} exists and is left as it is`);
}

async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.byteLength; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.byteLength - done, position + done);
    done += bytesWritten;
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
