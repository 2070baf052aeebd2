/**
 * Whether the database file that a restore replaces can be saved first. What stops that may be the
 * database itself: damage, but also a whole file with a schema that no backup can be made of. Tried
 * on a copy without its journal: SQLite may remove a journal that it opens. Node only.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { openEmbeddedDatabase } from '../../db/file/embedded-database.ts';
import { journalDoubt } from '../../db/file/settle-journals.ts';
import { type Clock, explain } from '../../lib/clock.ts';
import { removeDatabaseFile } from '../../lib/disk/database-files.ts';
import { isLocalFault } from '../../lib/disk/local-fault.ts';
import { openForeignFile } from '../foreign/connection.ts';
import { runInProcess } from '../foreign/process.ts';
import { createBackupLedger } from '../run/backup-runs.ts';
import { runBackup } from '../run/run.ts';
import { openEmbeddedSnapshotSource } from '../snapshot/embedded.ts';
import { createDirectoryStore } from '../store/directory.ts';
import { requireIntact } from '../verify/file-integrity.ts';

const BROKEN_OPTION =
  'the database itself is the reason: with --replace --broken-database it is replaced without a backup of it, and the old file stays beside the new one as ….broken-<time> (docs/operations.md, "The database file is damaged")';

const LONGEST_TRIAL_MS = 6 * 3_600_000;

interface Unsaved {
  /** For people. */
  readonly reason: string;
  /** This machine is at fault (a full disk), so nothing was learned about the database. */
  readonly isLocal: boolean;
}

/**
 * @param directory scratch; nothing is left there.
 * @returns why no backup of the database at `path` can be made, wherever it is put; undefined when
 * one can be
 */
async function whyUnsaved(path: string, directory: string, clock: Clock): Promise<Unsaved | undefined> {
  const copy = join(directory, 'called-broken.db');
  const bucket = join(directory, 'called-broken');
  try {
    await runInProcess('copy', { from: path, to: copy });
    requireIntact(copy, path);
    return await failureOf(copy, bucket, clock);
  } catch (error) {
    // What its disk cannot read is broken.
    const reason = explain(error);
    return { reason, isLocal: isLocalFault(error) && !/\bEIO\b/.test(reason) };
  } finally {
    removeDatabaseFile(copy);
    rmSync(bucket, { recursive: true, force: true });
  }
}

/** A whole run, into a bucket that is thrown away. */
async function failureOf(path: string, bucket: string, clock: Clock): Promise<Unsaved | undefined> {
  const db = await openEmbeddedDatabase(path, undefined, () => {});
  try {
    const outcome = await runBackup(
      {
        source: openEmbeddedSnapshotSource({ path }),
        store: createDirectoryStore(bucket),
        prefix: '',
        ledger: createBackupLedger(db),
        clock,
        random: Math.random,
        holder: 'restore',
        appVersion: 'trial',
        libraries: { trial: '1' },
        encryption: undefined,
        keys: undefined,
        retention: { days: 1 },
        gzipLevel: 1,
        timeoutMs: LONGEST_TRIAL_MS,
        alert: async () => {},
      },
      { trigger: 'restore', scheduledAt: clock.now() },
    );
    if (outcome.kind !== 'failed') return undefined;
    const { reason, cause } = outcome;
    return { reason, isLocal: isLocalFault(cause) && !hasFullSequence(path) };
  } finally {
    db.close();
  }
}

/** SQLite calls a table without another number "full", as it calls a disk (SQLITE_FULL). */
function hasFullSequence(path: string): boolean {
  const { db, close } = openForeignFile(path);
  try {
    return (
      db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_sequence'").get() !== undefined &&
      db.prepare('SELECT 1 FROM sqlite_sequence WHERE seq = 9223372036854775807').get() !== undefined
    );
  } finally {
    close();
  }
}

/**
 * For a database that was called broken.
 * @returns why it cannot be saved before it is replaced, for people
 * @throws when it can be
 */
export async function requireBroken(path: string, directory: string, clock: Clock): Promise<string> {
  // The file alone may be whole, and its newest rows in a journal that nobody may replay.
  const doubt = journalDoubt(path);
  if (doubt !== undefined) return doubt;
  const found = await whyUnsaved(path, directory, clock);
  if (found?.isLocal === true)
    throw new Error(
      `whether a backup of ${path} can be made could not be tried, so nothing was restored: ${found.reason}`,
    );
  if (found !== undefined) return found.reason;
  throw new Error(
    `the database ${path} opens and is whole: leave --broken-database out, then it is backed up before it is replaced`,
  );
}

/**
 * The error of a copy or safety backup, with the way on where {@link requireBroken} lets it
 * through. No one has the file open.
 */
export async function withWayOn(
  error: unknown,
  path: string,
  directory: string,
  clock: Clock,
): Promise<Error> {
  const found = await whyUnsaved(path, directory, clock);
  if (found === undefined || found.isLocal) return error instanceof Error ? error : new Error(String(error));
  return new Error(`${explain(error)}; ${BROKEN_OPTION}`, { cause: error });
}
