/** Puts the manifest: the moment a backup begins to exist. */
import { Buffer } from 'node:buffer';
import type { Bucket } from './list.ts';
import { readSmall } from './list.ts';
import { type Manifest, serializeManifest } from './manifest.ts';
import { manifestKey } from './names.ts';

/**
 * Create-only. An answer may be lost after its effect, so on any error the bucket is asked what it holds: when that is this very
 * manifest, it is published. Otherwise rejects; see `cleanUp` for what then becomes of the objects.
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
  const held = await readSmall(store, key);
  if (held !== undefined && Buffer.compare(held, bytes) === 0) return;
  if (failure !== undefined) throw failure.error;
  throw new Error('the manifest that the bucket gives back is not the one it was given');
}
