/** Puts the manifest, the moment at which a backup begins to exist, and makes sure of it. */
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import type { StoredFile } from '../../db/stored-files.ts';
import type { Bucket } from '../catalog/bucket.ts';
import { type Manifest, serializeManifest } from '../catalog/manifest.ts';
import { manifestKey } from '../catalog/names.ts';
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
 * After {@link publish}: the bucket has the last word. A put may stall longer than the lease lives:
 * another run takes over and sweeps our objects, which had no manifest yet, and then the manifest
 * lands. Another deployment, with a database and a lease of its own, may have had a run of this
 * very second that died, and its next run sweeps what has the name.
 * @throws why it is no backup; a bucket that does not answer leaves that to the lease
 */
export async function confirmPublished(bucket: Bucket, lease: Lease, manifest: Manifest): Promise<void> {
  const gone = await lostObjects(bucket, manifest).catch(async (cause: unknown) => {
    await lease.confirm();
    if (lease.fence === null) throw cause;
    return [];
  });
  if (gone.length > 0) throw new Error(`the manifest was put too late (${gone.join(' and ')} gone)`);
}

async function lostObjects({ store, prefix }: Bucket, { objects }: Manifest): Promise<readonly string[]> {
  const heads = await Promise.all(
    Object.values(objects).map(async ({ file, bytes }) => {
      const held = await store.head(`${prefix}${file}`);
      return held?.bytes === bytes ? [] : [file];
    }),
  );
  return heads.flat();
}
