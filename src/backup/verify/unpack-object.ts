/** A stored object unpacked into a file, checked on the way. Node only. */
import { open } from 'node:fs/promises';
import { writeAll } from '../../lib/disk/write-all.ts';
import type { Bucket } from '../catalog/bucket.ts';
import type { ManifestObject } from '../catalog/manifest.ts';
import type { OpeningKeys } from '../envelope/types.ts';
import { type OpenedObject, openObject } from './open-object.ts';

export interface UnpackOptions {
  readonly keys: OpeningKeys | undefined;
  /** Told of every chunk as stored; may throw to stop. */
  readonly onBytes?: ((bytes: number) => Promise<void>) | undefined;
}

/**
 * Writes the contents to `path` as {@link openObject} reads them; the file is whole and right only
 * where it finds no problem. A fault of the file (a full disk) is thrown, for it says nothing about
 * the backup.
 */
export async function unpackObject(
  bucket: Bucket,
  object: ManifestObject,
  path: string,
  { keys, onBytes }: UnpackOptions,
): Promise<OpenedObject> {
  let written = 0;
  const told = <T>(work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      const cause = new Error(`cannot write ${path} after ${written} bytes`, { cause: error });
      throw new Error(`${object.file} takes ${object.contents.bytes} bytes unpacked`, { cause });
    });
  const file = await told(open(path, 'w'));
  try {
    return await openObject(bucket, object, {
      keys,
      onStored: async (chunk) => onBytes?.(chunk.byteLength),
      async onPlain(chunk) {
        await told(writeAll(file, chunk, written));
        written += chunk.byteLength;
      },
    });
  } finally {
    await told(file.close());
  }
}
