/**
 * What a bucket lists, read again only where an object came, went or was altered since: the
 * promises ask after every step, and read dozens of manifests each time.
 */
import type { Bucket } from '../../src/backup/catalog/bucket.ts';
import type { BackupEntry } from '../../src/backup/catalog/entry.ts';
import { listBackups } from '../../src/backup/catalog/list.ts';
import type { MemoryStore } from '../support/memory-store.ts';

interface Listed {
  /** Every object of the store, as it was; the store makes a new one of each that it writes. */
  readonly of: ReadonlyMap<string, unknown>;
  readonly entries: readonly BackupEntry[];
}

const known = new WeakMap<MemoryStore, Listed>();

/** Of a store that one prefix is asked of. */
export async function listed(store: MemoryStore, bucket: Omit<Bucket, 'store'>): Promise<BackupEntry[]> {
  const before = known.get(store);
  if (before !== undefined && isAsBefore(store, before)) return [...before.entries];
  const of = new Map(store.objects);
  const { entries } = await listBackups({ ...bucket, store });
  if (isAsBefore(store, { of })) known.set(store, { of, entries });
  return entries;
}

function isAsBefore({ objects }: MemoryStore, { of }: Pick<Listed, 'of'>): boolean {
  return objects.size === of.size && objects.entries().every(([key, object]) => of.get(key) === object);
}
