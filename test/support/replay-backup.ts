/** What somebody with the bucket's key can do to a directory: an old backup under a new name. */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  createManifest,
  type Manifest,
  parseManifest,
  serializeManifest,
} from '../../src/backup/catalog/manifest.ts';
import { backupName, manifestKey } from '../../src/backup/catalog/names.ts';

/**
 * The files of `old` as those of a run of the time `at`, with a manifest that agrees with itself.
 * @param claims further lies
 */
export function replayed(
  directory: string,
  old: string,
  at: Date,
  claims: (manifest: Manifest) => Partial<Manifest> = () => ({}),
): string {
  const name = backupName(at);
  const manifest = manifestIn(directory, old);
  const objects = structuredClone(manifest.objects);
  for (const object of Object.values(objects)) {
    const file = object.file.replace(old, name);
    copyFileSync(join(directory, object.file), join(directory, file));
    object.file = file;
  }
  const time = at.toISOString();
  const {
    format: _,
    version: __,
    state: ___,
    ...draft
  } = {
    ...manifest,
    name,
    scheduled_at: time,
    started_at: time,
    finished_at: time,
    objects,
  };
  writeFileSync(
    join(directory, manifestKey('', name)),
    serializeManifest(createManifest({ ...draft, ...claims(manifest) })),
  );
  return name;
}

export function manifestIn(directory: string, name: string): Manifest {
  return parseManifest(readFileSync(join(directory, manifestKey('', name as never))));
}
