import { wholeOf } from '../../lib/capped.ts';
import { type Store, StoreError } from '../store/types.ts';
import { ManifestError } from './manifest.ts';

/**
 * Manifests are tens of kilobytes, of 20,000 parts 3 MB. More than this is no manifest, and would
 * stall the program that parses it.
 */
const MAX_SMALL_BYTES = 4 * 1024 * 1024;

/**
 * What a manifest of files of so many bytes can have at most: thousands of tables, and a hundred
 * bytes for each part of some MiB. A list of hundreds whose manifests were padded would take
 * minutes, and the memory of the host.
 */
export function mostManifestBytes(bytes: number): number {
  return Math.min(MAX_SMALL_BYTES, 1024 * 1024 + 256 * Math.ceil(bytes / (1024 * 1024)));
}

/**
 * A whole small object, or undefined when there is none. @throws ManifestError for one that is not
 * small, or another user's
 */
export async function readSmall(
  store: Store,
  key: string,
  most = MAX_SMALL_BYTES,
): Promise<Uint8Array | undefined> {
  const object = await store.get(key).catch((error: unknown) => {
    // Of one object only: the others are as good as before.
    if (error instanceof StoreError && error.isDenied)
      throw new ManifestError(error.message, { cause: error });
    throw error;
  });
  if (object === undefined) return undefined;
  const tooMany = (): ManifestError =>
    new ManifestError(`${key} has ${object.bytes} bytes: too many for such a file`);
  if (object.bytes > most) {
    await object.body.cancel();
    throw tooMany();
  }
  // A Response would do the same; Node loads all of fetch for it, which a command feels.
  return wholeOf(object.body, most, tooMany);
}
