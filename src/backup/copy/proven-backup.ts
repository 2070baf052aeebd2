/** What a backup consists of, with the proof of each object: its manifest has it. */
import { createHash } from 'node:crypto';
import type { Bucket } from '../catalog/bucket.ts';
import { loadEntry, type ObjectGroup } from '../catalog/entry.ts';
import { type Manifest, parseManifest } from '../catalog/manifest.ts';
import { manifestKey } from '../catalog/names.ts';
import { readSmall } from '../catalog/small-object.ts';
import type { ProvenObject } from './proven.ts';

/** Its manifest last. A text: why it is not copied; undefined: it is gone. */
export async function provenObjects(
  bucket: Bucket,
  group: ObjectGroup,
): Promise<readonly ProvenObject[] | string | undefined> {
  let entry = await loadEntry(bucket, group);
  // One reading that was cut on its way proves nothing.
  if (entry.state === 'unreadable') entry = await loadEntry(bucket, group);
  if (entry.state === 'unfinished') return undefined;
  if (entry.manifest === undefined || entry.usable.length < 2)
    return `${group.name} is not whole in ${bucket.store.description} and was not copied: ${entry.problem}`;
  const manifest = await manifestOf(bucket, entry.manifest);
  return manifest && [...filesOf(entry.manifest), manifest];
}

function filesOf({ objects }: Manifest): ProvenObject[] {
  return [objects.database, objects.document].map(({ file, bytes, sha256 }) => ({ file, bytes, sha256 }));
}

/** As it is stored; its own seal is its proof. */
async function manifestOf({ store, prefix }: Bucket, { name }: Manifest): Promise<ProvenObject | undefined> {
  const bytes = await readSmall(store, manifestKey(prefix, name));
  if (bytes === undefined) return undefined;
  parseManifest(bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { file: manifestKey('', name), bytes: bytes.byteLength, sha256 };
}
