/** Backups that lie beside where the settings look: a directory too deep, or under other names. */
import { dirname } from 'node:path';
import type { Bucket } from '../backup/catalog/bucket.ts';
import { parseKey } from '../backup/catalog/names.ts';

/** What to do about it; undefined where none is seen. Only of a directory without backups. */
export async function lyingNear({ store, prefix, isCopy }: Bucket): Promise<string | undefined> {
  if (store.pathOf === undefined) return undefined;
  // A directory below it that this user may not read.
  const keys = await store.list('').catch(() => []);
  const found = keys.flatMap(({ key }) => {
    const directory = key.slice(0, key.lastIndexOf('/') + 1);
    const parsed = parseKey(directory, directory + key.slice(directory.length).toLowerCase());
    return parsed?.role === 'manifest' ? [{ key, directory, name: parsed.name }] : [];
  });
  const newest = found.toSorted((a, b) => (a.name < b.name ? 1 : -1))[0];
  if (newest === undefined) return undefined;
  const { key, directory, name } = newest;
  const setting = isCopy === true ? 'COPY_DIR' : 'BACKUP_DIR';
  const file = key.slice(directory.length);
  const path = dirname(store.pathOf(key));
  if (file !== file.toLowerCase())
    return `${path} has ${name} under names that are not as they were made, like ${file}: rename its files to small letters, like ${file.toLowerCase()}`;
  if (directory === prefix) return undefined;
  const without = prefix === '' ? '' : ', without BACKUP_PREFIX';
  return `${path} has ${name}: set ${setting}=${path}${without}`;
}
