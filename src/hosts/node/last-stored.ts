/** What change files bring back of a database that is not whole, for a start. Node only. */
import type { Bucket } from '../../backup/catalog/bucket.ts';
import { livingOfHost } from '../../backup/changes/living.ts';
import type { SnapshotSource } from '../../backup/model/model.ts';
import { lastStored } from '../../backup/restore/stored-behind.ts';
import type { Database } from '../../db/database.ts';
import type { LastStored } from '../../db/lack-words.ts';
import { within } from '../../lib/silence.ts';
import type { Config } from '../../settings/config.ts';
import { botKeys } from '../compose.ts';

/** A bucket that does not answer must not delay a first start for long. */
export const PATIENCE_MS = 15_000;

/** Undefined also where no bucket answers. */
export function lastStoredOf(
  { backup }: Config,
  buckets: readonly (Bucket | undefined)[],
  { db, source }: { readonly db: Database; readonly source: SnapshotSource },
): () => Promise<LastStored | undefined> {
  return async () => {
    const look = { now: new Date(), keys: botKeys(backup), living: await livingOfHost(db, source) };
    return within(PATIENCE_MS, () => lastStored(buckets, look)).catch(() => undefined);
  };
}
