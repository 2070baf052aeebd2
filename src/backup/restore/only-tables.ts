/** `--only`: a copy of the living database, with the contents of some tables from the backup. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { removeDatabaseFile } from '../../lib/disk/database-files.ts';
import { limitsFor, runInProcess } from '../foreign/process.ts';
import type { SnapshotSource } from '../model/model.ts';
import { copyLive } from '../snapshot/copy-live.ts';
import type { RestoreSource } from './fetch-backup.ts';

type Backup = Pick<RestoreSource, 'path' | 'origin' | 'tables'>;

/**
 * Makes the copy at `fresh`. Returns what is to be told of it.
 * @throws when rows of other tables would point nowhere, or the living tables have no place for the
 * backup's.
 */
export async function withTablesOf(
  live: SnapshotSource,
  backup: Backup,
  only: readonly string[],
  fresh: string,
): Promise<string[]> {
  await copyLive(live, fresh);
  return bringTables(fresh, backup, only);
}

/** The same into a copy that is there already. */
export async function bringTables(
  fresh: string,
  { path, origin, tables }: Backup,
  only: readonly string[],
): Promise<string[]> {
  const limits = limitsFor(statSync(fresh).size + statSync(path).size);
  const wanted = tables.filter(({ table }) => only.includes(table));
  return [...(await runInProcess('only', { fresh, backup: path, origin, only, wanted }, { limits }))];
}

/** What would refuse it is known before anything is saved. */
export async function tryTables(
  live: SnapshotSource,
  backup: Backup,
  only: readonly string[],
  directory: string,
): Promise<void> {
  const trial = join(directory, 'trial.db');
  try {
    await withTablesOf(live, backup, only, trial);
  } finally {
    removeDatabaseFile(trial);
  }
}
