/** Puts the manifest, the moment at which a backup begins to exist, and makes sure of it. */
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import type { StoredFile } from '../../db/stored-files.ts';
import type { Bucket } from '../catalog/bucket.ts';
import { findBackup } from '../catalog/list.ts';
import { type Manifest, serializeManifest } from '../catalog/manifest.ts';
import { type BackupName, manifestKey } from '../catalog/names.ts';
import { mostManifestBytes, readSmall } from '../catalog/small-object.ts';
import type { Lease } from './lease.ts';

/** What {@link publish} stores. */
export function publishedFile(manifest: Manifest): StoredFile {
  const sha256 = createHash('sha256').update(serializeManifest(manifest)).digest('hex');
  return { file: manifestKey('', manifest.name), sha256 };
}

/**
 * Create-only. An answer may be lost after its effect, so on any error the bucket is asked what it
 * holds: when that is this very manifest, it is published. Otherwise rejects; see `cleanUp` for
 * what then becomes of the objects.
 */
export async function publish({ store, prefix }: Bucket, manifest: Manifest): Promise<void> {
  const key = manifestKey(prefix, manifest.name);
  const bytes = serializeManifest(manifest);
  let failure: { readonly error: unknown } | undefined;
  try {
    await store.put(key, bytes, { createOnly: true });
  } catch (error) {
    failure = { error };
  }
  const files = Object.values(manifest.objects).reduce((sum, object) => sum + object.bytes, 0);
  // One that no listing would read is none.
  const held = await readSmall(store, key, mostManifestBytes(files));
  if (held !== undefined && Buffer.compare(held, bytes) === 0) return;
  if (failure !== undefined) throw failure.error;
  throw new Error('the manifest that the bucket gives back is not the one it was given');
}

/**
 * After {@link publish}. A put may stall longer than the lease lives: another run takes over and
 * sweeps our objects, which had no manifest yet, and then the manifest lands. So the lease is
 * confirmed once more; where that fails, or where there is none (another deployment's dead run may
 * have had this very second, and its next run sweeps what has the name), the bucket has the last
 * word.
 * @throws why the lease could not be confirmed, unless the backup is whole all the same.
 */
export async function confirmPublished(bucket: Bucket, lease: Lease, name: BackupName): Promise<void> {
  let lost: { readonly cause?: unknown } = {};
  try {
    await lease.confirm();
    if (lease.fence !== null) return;
  } catch (cause) {
    lost = { cause };
  }
  const entry = await findBackup(bucket, name);
  if (entry?.usable.length === 2) return;
  const found = entry?.problem ?? 'nothing of it is there';
  throw new Error(`the manifest was put too late (${found})`, lost);
}
