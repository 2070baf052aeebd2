/**
 * Pinned backups are never deleted by retention. A pin is an object beside the backup: nothing is
 * ever overwritten.
 */
import { Buffer } from 'node:buffer';
import { ObjectExists } from '../store/types.ts';
import type { Bucket } from './bucket.ts';
import { findBackup } from './list.ts';
import { type BackupName, pinKey } from './names.ts';

const TEXT = 'This backup is pinned: retention keeps it. Deleting this object unpins it.\n';

export type PinOutcome = 'done' | 'already' | 'unknown backup';

/** Pins a finished backup. */
export async function pin(bucket: Bucket, name: BackupName): Promise<PinOutcome> {
  const entry = await findBackup(bucket, name);
  if (entry === undefined || entry.state === 'unfinished') return 'unknown backup';
  if (entry.pinned) return 'already';
  return putPin(bucket, name);
}

/** Without a look at the backup. */
export async function putPin({ store, prefix }: Bucket, name: BackupName): Promise<'done' | 'already'> {
  try {
    await store.put(pinKey(prefix, name), Buffer.from(TEXT), { createOnly: true });
  } catch (error) {
    if (error instanceof ObjectExists) return 'already';
    throw error;
  }
  return 'done';
}

/** @throws when the store says it deleted the pin and it is still there. */
export async function unpin(bucket: Bucket, name: BackupName): Promise<PinOutcome> {
  const entry = await findBackup(bucket, name);
  if (entry === undefined) return 'unknown backup';
  if (!entry.pinned) return 'already';
  const { remaining } = await bucket.store.delete([pinKey(bucket.prefix, name)]);
  if (remaining.length > 0) throw new Error(`the pin of ${name} could not be deleted`);
  return 'done';
}
