/**
 * Backups of both buckets from a name on, read to their last byte and held against their manifests;
 * what is wrong is remembered beside them, and the next look of the second copy mends it.
 */
import type { Bucket } from '../catalog/bucket.ts';
import { loadEntry } from '../catalog/entry.ts';
import { readGroups } from '../catalog/list.ts';
import { isWhole, type Manifest, parseManifest } from '../catalog/manifest.ts';
import { type BackupName, manifestKey } from '../catalog/names.ts';
import { readSmall } from '../catalog/small-object.ts';
import { type DamageProof, keepVerdict } from '../catalog/verdicts.ts';
import { verifyByHash } from '../verify/prove-objects.ts';
import { isSound } from './places.ts';

export interface BackupLook {
  readonly buckets: readonly Bucket[];
  /** Ends a look that has read so much. */
  readonly mostBytes: number;
  /** Larger ones are left to `verify`. */
  readonly largest: number;
  /** Looks at this one alone. */
  readonly only?: BackupName | undefined;
  /** @throws when work under way has to stop, too */
  check(): void;
}

export interface LookedAtBackups {
  /** The last name that was looked at; null: the end was reached. */
  readonly after: string | null;
  readonly bytes: number;
  /** Found damaged; `isWhole` where another bucket has it whole. */
  readonly damaged: readonly { readonly name: string; readonly isWhole: boolean }[];
}

/** @throws errors of the stores */
export async function lookBackAtBackups(look: BackupLook, after: string): Promise<LookedAtBackups> {
  // What is known to be damaged, the list tells.
  const lists = await Promise.all(
    look.buckets.map(async (bucket) => ({ bucket, groups: (await readGroups(bucket)).filter(isSound) })),
  );
  const names = new Set(lists.flatMap(({ groups }) => groups.map(({ name }) => name)));
  const damaged: LookedAtBackups['damaged'][number][] = [];
  let bytes = 0;
  let last = after;
  const isNext = (name: BackupName): boolean => (look.only === undefined ? name > after : name === look.only);
  for (const name of [...names].filter(isNext).toSorted()) {
    if (bytes >= look.mostBytes) return { after: last, bytes, damaged };
    let [bad, good] = [0, 0];
    for (const { bucket, groups } of lists) {
      const group = groups.find((one) => one.name === name);
      if (group === undefined) continue;
      const { manifest } = await loadEntry(bucket, group);
      const size = manifest === undefined ? 0 : bytesOf(manifest);
      if (size > look.largest) continue;
      bytes += size;
      if (manifest === undefined && !(await isTorn(bucket, name))) continue;
      if (manifest === undefined || (await isDamaged(bucket, manifest, look))) bad += 1;
      else good += 1;
    }
    if (bad > 0) damaged.push({ name, isWhole: good > 0 });
    last = name;
  }
  return { after: null, bytes, damaged };
}

function bytesOf({ objects: { database, document } }: Manifest): number {
  return database.bytes + document.bytes;
}

/** Whether its manifest is none, or another backup's; a newer program's is one. Remembers it. */
async function isTorn(bucket: Bucket, name: BackupName): Promise<boolean> {
  const read = async (): Promise<string | undefined> => {
    const bytes = await readSmall(bucket.store, manifestKey(bucket.prefix, name)).catch(() => undefined);
    try {
      return bytes === undefined || parseManifest(bytes).name === name ? undefined : 'is another’s';
    } catch {
      return bytes === undefined || isWhole(bytes) ? undefined : 'is damaged';
    }
  };
  if ((await read()) === undefined) return false;
  const found = await read();
  if (found === undefined) return false;
  const finding = `the manifest of ${name} ${found}`;
  const proofs = (['database', 'document'] as const).map((file) => ({ file, finding }));
  await keepVerdict(bucket, { name, findings: undefined }, 'check', proofs);
  return true;
}

async function isDamaged(bucket: Bucket, manifest: Manifest, { check }: BackupLook): Promise<boolean> {
  const read = async (): Promise<readonly DamageProof[]> => {
    const onBytes = async (): Promise<void> => check();
    return (await verifyByHash(bucket, manifest, { keys: undefined, onBytes })).proofs;
  };
  // One reading that was cut or altered on its way proves nothing.
  if ((await read()).length === 0) return false;
  const proofs = await read();
  await keepVerdict(bucket, manifest, 'check', proofs);
  return proofs.length > 0;
}
