/** Database, snapshot source and bucket of a Node process (host and CLI) from settings. Node only. */
import type { SnapshotSource } from './backup/model.ts';
import { openEmbeddedSnapshotSource } from './backup/snapshot/embedded.ts';
import { openRemoteSnapshotSource } from './backup/snapshot/remote.ts';
import { createDirectoryStore } from './backup/store/directory.ts';
import type { Store } from './backup/store/types.ts';
import type { BucketSettings, DatabaseSettings } from './config.ts';
import type { Database } from './db/database.ts';
import { openEmbeddedDatabase } from './db/embedded.ts';
import { openRemoteDatabase } from './db/remote.ts';

export interface OpenDatabase {
  readonly db: Database;
  close(): void;
}

export async function openDatabase(settings: DatabaseSettings): Promise<OpenDatabase> {
  const db =
    settings.kind === 'file'
      ? await openEmbeddedDatabase(settings.path)
      : openRemoteDatabase({ url: settings.url, authToken: settings.authToken, fetch });
  return { db, close: () => db.close() };
}

export function openSnapshotSource(settings: DatabaseSettings): SnapshotSource {
  if (settings.kind === 'file') return openEmbeddedSnapshotSource({ path: settings.path });
  const { url, authToken } = settings;
  return openRemoteSnapshotSource({ url, ...(authToken === undefined ? {} : { authToken }), fetch });
}

/** The S3 client is loaded where it is wanted: it takes a third of a command's start. */
export async function openStore(settings: BucketSettings): Promise<Store> {
  if (settings.kind === 'directory') return createDirectoryStore(settings.path);
  const { createS3Store } = await import('./backup/store/s3.ts');
  return createS3Store(settings);
}
