/**
 * Backups without their manifests (a copy of the bucket or a sync program left those out): their
 * files are restored one by one.
 */
import { fileWord } from '../../lib/shell-word.ts';
import type { Bucket } from './bucket.ts';
import type { BackupEntry } from './entry.ts';

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
      : `npm run backup -- restore ${fileWord(path)}`;
  }
  return undefined;
}

/**
 * The newest file that a person unpacked in the bucket itself (`gunzip`, `age -d`), where the
 * packed one is gone; only of a directory.
 */
export async function unpackedFile(
  { store, prefix }: Bucket,
  entries: readonly BackupEntry[],
): Promise<string | undefined> {
  if (store.pathOf === undefined || entries.length === 0) return undefined;
  const keys = new Set((await store.list(prefix)).map(({ key }) => key));
  const names = entries.flatMap(({ manifest }) =>
    manifest === undefined ? [] : [manifest.objects.database.file, manifest.objects.document.file],
  );
  const found = names
    .map((file) => `${prefix}${file}`)
    .filter((key) => !keys.has(key))
    .flatMap((key) => [key.replace(/\.age$/, ''), key.replace(/\.gz(\.age)?$/, '')])
    .find((key) => keys.has(key));
  return found && `npm run backup -- restore ${fileWord(store.pathOf(found))}`;
}
