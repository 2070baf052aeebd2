/** Database, snapshot source and bucket of host and CLI from settings. Node only. */
import { dirname } from 'node:path';
import type { SnapshotSource } from '../../backup/model/model.ts';
import { openEmbeddedSnapshotSource } from '../../backup/snapshot/embedded.ts';
import { openRemoteSnapshotSource } from '../../backup/snapshot/remote.ts';
import { checkServer } from '../../backup/snapshot/server-check.ts';
import { createDirectoryStore } from '../../backup/store/directory.ts';
import { createKnownPlace } from '../../backup/store/known-place.ts';
import type { Store } from '../../backup/store/types.ts';
import type { Database } from '../../db/database.ts';
import { openEmbeddedDatabase } from '../../db/file/embedded-database.ts';
import type { LostFile } from '../../db/file/rescue.ts';
import { unfitPlace } from '../../lib/disk/directories.ts';
import { isWithin } from '../../lib/disk/own-places.ts';
import { realPath } from '../../lib/disk/real-path.ts';
import { placesOnDisk } from '../../settings/buckets.ts';
import {
  type BucketSettings,
  type Config,
  ConfigError,
  type CopySettings,
  type DatabaseSettings,
} from '../../settings/config.ts';
import { type AskDatabase, type Place, placeOptions } from './known-places.ts';

export interface OpenDatabase {
  readonly db: Database;
  /** For a file: checkpoints what is committed into the file itself. */
  checkpoint(): Promise<void>;
  /** Whether another file, or none, stands in place of the opened one. */
  isLost(): boolean;
  /** Leaves one file, if nobody else has it open. */
  close(): Promise<void>;
}

/** `say`: told when another file's journal was set aside; `onLost`: openEmbeddedDatabase. */
export async function openDatabase(
  settings: DatabaseSettings,
  say?: (message: string) => void,
  onLost?: (lost: LostFile) => Promise<void>,
): Promise<OpenDatabase> {
  if (settings.kind === 'file') {
    const db = await openEmbeddedDatabase(settings.path, undefined, say, onLost);
    const { isLost } = db;
    return { db, isLost, checkpoint: () => db.checkpoint(), close: () => db.closeWhole() };
  }
  // On demand, as the S3 client below: its library is as large as all else that a command loads.
  const { openRemoteDatabase } = await import('../../db/remote-database.ts');
  const db = openRemoteDatabase({ url: settings.url, authToken: settings.authToken, fetch });
  return { db, isLost: () => false, checkpoint: async () => {}, close: async () => db.close() };
}

export function openSnapshotSource(settings: DatabaseSettings): SnapshotSource {
  if (settings.kind === 'file') return openEmbeddedSnapshotSource({ path: settings.path });
  const { url, authToken } = settings;
  return openRemoteSnapshotSource({
    url,
    ...(authToken === undefined ? {} : { authToken }),
    fetch,
    checkServer,
  });
}

/**
 * @throws ConfigError when the settings put database or bucket where the system keeps no files
 * (below /proc, below a file), or the second copy into the first bucket
 */
export function requirePlaces({
  database,
  bucket,
  copy,
}: Pick<Config, 'database' | 'bucket' | 'copy'>): void {
  const [first] = placesOnDisk(bucket);
  const [second] = placesOnDisk(copy?.bucket);
  const places = [
    ...(database.kind === 'file' ? [['DATABASE_URL', dirname(database.path)] as const] : []),
    ...(first === undefined ? [] : [['BACKUP_DIR', first] as const]),
    ...(second === undefined ? [] : [['COPY_DIR', second] as const]),
  ];
  const problems = places.flatMap(([name, path]) => {
    const problem = unfitPlace(path);
    return problem === undefined ? [] : [`${name}: ${problem}`];
  });
  if (
    second !== undefined &&
    first !== undefined &&
    (isWithin(realPath(second), first) || isWithin(realPath(first), second))
  )
    problems.push(
      `COPY_DIR: ${second} is the directory of the first bucket, or one lies within the other; a second copy stands elsewhere, on another disk`,
    );
  if (problems.length > 0) throw new ConfigError(problems);
}

/**
 * A directory is held against what the database remembers of it, where `known` says whom to ask.
 * Loads the S3 client on demand: it takes a third of a command's start.
 */
export async function openStore(
  settings: BucketSettings,
  known?: Pick<Place, 'role' | 'prefix'> & { readonly ask: AskDatabase },
): Promise<Store> {
  if (settings.kind === 'directory') {
    const { path } = settings;
    const store = createDirectoryStore(path);
    return known === undefined ? store : createKnownPlace(store, placeOptions({ ...known, path }, known.ask));
  }
  const { createS3Store } = await import('../../backup/store/s3-store.ts');
  return createS3Store(settings);
}

/** The second bucket of host and commands. */
export function openCopy({ bucket, prefix }: CopySettings, ask: AskDatabase): Promise<Store> {
  return openStore(bucket, { role: 'copy', prefix, ask });
}
