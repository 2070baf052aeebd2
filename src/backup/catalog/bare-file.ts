/**
 * Backups without their manifests (a copy of the bucket or a sync program left those out): their
 * files are restored one by one.
 */
import type { BackupEntry, Bucket } from './list.ts';

/**
 * How to bring in the newest file without a manifest, a command or a sentence; undefined where
 * there is none. `entries`: newest first.
 */
export function bareFile({ store }: Bucket, entries: readonly BackupEntry[]): string | undefined {
  for (const { manifest, objects } of entries) {
    if (manifest !== undefined) continue;
    const object =
      objects.find(({ role }) => role === 'database') ?? objects.find(({ role }) => role === 'document');
    if (object === undefined) continue;
    const path = store.pathOf?.(object.key);
    return path === undefined
      ? `fetch ${object.key} from ${store.description}, then: npm run backup -- restore FILE`
      : `npm run backup -- restore ${path}`;
  }
  return undefined;
}
