/**
 * Bytes on their way to the store: gzip, then age when asked for. See docs/spec/backup.md, "A
 * backup".
 */
import type { HeadLastWriter } from '../model/model.ts';
import { startAge } from './age-header.ts';
import { AgeWriter, ageHeadLength } from './age-writer.ts';
import { GzipWriter, gzipHeadLength } from './gzip-writer.ts';
import type { Encryption } from './types.ts';

export interface SealOptions {
  /** Length of the head that `close` will bring, before compression; 0 for an ordinary stream. */
  readonly headLength: number;
  /** zlib's 0 to 9. */
  readonly gzipLevel: number;
  readonly encryption: Encryption | undefined;
}

/**
 * Opens an object through gzip and (optionally) age; the result is written head-last like the store
 * itself. `open` is called once, with the length of the object's own head: `(headLength) =>
 * store.create(key, { headLength })`. Memory beside the store's: about 1 MiB. Rejects with a
 * TypeError for a recipient or passphrase that cannot be used.
 */
export async function openSealed<Result>(
  open: (headLength: number) => Promise<HeadLastWriter<Result>>,
  options: SealOptions,
): Promise<HeadLastWriter<Result>> {
  const { headLength, gzipLevel, encryption } = options;
  const gzipHead = gzipHeadLength(headLength);
  if (encryption === undefined) return new GzipWriter(await open(gzipHead), headLength, gzipLevel);
  const start = await startAge(encryption);
  const inner = await open(ageHeadLength(start, gzipHead));
  return new GzipWriter(new AgeWriter(inner, start, gzipHead), headLength, gzipLevel);
}
