/** What change files bring back of a database that is not whole, for a start. Node only. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bucket } from '../../backup/catalog/bucket.ts';
import { livingOfHost } from '../../backup/changes/living.ts';
import type { SnapshotSource } from '../../backup/model/model.ts';
import { lastStored } from '../../backup/restore/stored-behind.ts';
import type { Database } from '../../db/database.ts';
import type { LastStored } from '../../db/lack-words.ts';
import type { Config } from '../../settings/config.ts';
import { botKeys } from '../compose.ts';

/** A bucket that does not answer must not delay a first start for long. */
const PATIENCE_MS = 15_000;

/** @throws where nothing answers in time */
export async function withinPatience<T>(work: Promise<T>): Promise<T> {
  const late = new AbortController();
  try {
    return await Promise.race([
      work,
      sleep(PATIENCE_MS, undefined, { ref: false, signal: late.signal }).then(() => {
        throw new Error(`no answer within ${PATIENCE_MS / 1000} s`);
      }),
    ]);
  } finally {
    late.abort();
  }
}

/** Undefined also where no bucket answers. */
export function lastStoredOf(
  { backup, timeZone }: Config,
  buckets: readonly (Bucket | undefined)[],
  { db, source }: { readonly db: Database; readonly source: SnapshotSource },
): () => Promise<LastStored | undefined> {
  return async () => {
    const look = { now: new Date(), keys: botKeys(backup), living: await livingOfHost(db, source) };
    return withinPatience(lastStored(buckets, timeZone, look)).catch(() => undefined);
  };
}
