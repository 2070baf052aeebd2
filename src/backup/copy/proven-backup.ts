/** What a backup consists of, with the proof of each object: its manifest has it. */
import { createHash } from 'node:crypto';
import { readTwice } from '../../lib/retry.ts';
import type { Bucket } from '../catalog/bucket.ts';
import { UNRECORDED } from '../catalog/doubts.ts';
import { loadEntry, type ObjectGroup } from '../catalog/entry.ts';
import { type Manifest, parseManifest } from '../catalog/manifest.ts';
import { manifestKey } from '../catalog/names.ts';
import { readSmall } from '../catalog/small-object.ts';
import { alteredText } from './change-proof.ts';
import type { ProvenObject } from './proven.ts';

export type Proven =
  /** Its manifest last. */
  | { readonly kind: 'proven'; readonly objects: readonly ProvenObject[] }
  | { readonly kind: 'refused'; readonly problem: string; readonly isAltered?: true }
  | { readonly kind: 'gone' };

/** @param sha256 of the manifest as the bot has stored it; undefined: not known */
export async function provenObjects(
  bucket: Bucket,
  group: ObjectGroup,
  sha256: string | undefined,
): Promise<Proven> {
  const entry = await readTwice(
    () => loadEntry(bucket, group),
    ({ state }) => state === 'unreadable',
  );
  if (entry.state === 'unfinished') return { kind: 'gone' };
  if (entry.manifest === undefined || entry.usable.length < 2) {
    const problem = `${group.name} is not whole in ${bucket.store.description} and was not copied: ${entry.problem}`;
    return { kind: 'refused', problem };
  }
  const doubt = await bucket.doubt?.(entry);
  if (doubt !== undefined) {
    const problem = `${group.name} in ${bucket.store.description} was not copied: ${doubt.kind === 'unrecorded' ? UNRECORDED : doubt.problem}`;
    return { kind: 'refused', problem };
  }
  const stated = entry.manifest;
  const isAltered = (found: ProvenObject | undefined): boolean =>
    found !== undefined && sha256 !== undefined && found.sha256 !== sha256;
  const manifest = await readTwice(() => manifestOf(bucket, stated), isAltered);
  if (manifest === undefined) return { kind: 'gone' };
  if (isAltered(manifest))
    return { kind: 'refused', problem: alteredText(bucket, manifest.file), isAltered: true };
  return { kind: 'proven', objects: [...filesOf(stated), manifest] };
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
