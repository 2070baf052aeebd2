/** The bucket that a command does not read. */
import type { Bucket } from '../backup/catalog/bucket.ts';
import type { Session } from './session.ts';

export interface Other {
  readonly bucket: Bucket;
  readonly what: string;
  /** For a command: ` --from copy`, or nothing. */
  readonly from: string;
}

/** Undefined: there is no other one, or it does not answer. */
export async function otherBucket({ config, readsCopy, first, copy }: Session): Promise<Other | undefined> {
  if (config.copy === undefined) return undefined;
  if (readsCopy) return { bucket: first, what: 'the first bucket', from: '' };
  const bucket = await copy().catch(() => undefined);
  return bucket && { bucket, what: 'the second copy', from: ' --from copy' };
}
