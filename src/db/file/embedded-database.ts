/** The embedded database file. Node only. */
import { closeSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import Sqlite from 'libsql';
import { makeDirectorySync } from '../../lib/disk/directories.ts';
import { giveFile } from '../../lib/disk/ownership.ts';
import { realPath } from '../../lib/disk/real-path.ts';
import { always, type Database, DatabaseUnavailable, fromClient, sql } from '../database.ts';
import { type FileClient, openFileClient } from './file-client.ts';
import { lockHolder } from './file-lock.ts';
import { HeldFile } from './held-file.ts';
import { isOpenHere, noteFree, requireInPlace } from './open-here.ts';
import type { LostFile } from './rescue.ts';
import { settleJournals } from './settle-journals.ts';
import { holdAlone } from './sole-use.ts';

/**
 * How long a statement waits for another process's lock (the CLI beside the bot) before `database
 * is locked`.
 */
const BUSY_TIMEOUT_MS = 5_000;
/**
 * Tries to become the only user at the end: the first garbage collection ends our own connections.
 */
const ALONE_TRIES = 5;
/** A log that holds only the page 1 of {@link beginLog}. */
const BEGUN_BYTES = 32 + 24 + 4096;

export interface EmbeddedDatabase extends Database {
  /** Whether the path now leads to another file: then nothing is read or written any more. */
  isLost(): boolean;
  /**
   * Checkpoints the write-ahead log into the file, so that a copy of the file alone is minutes old
   * at most. Waits for nobody: frames that a reader needs stay for the next time.
   */
  checkpoint(): Promise<void>;
  /**
   * Closes. The last one to close leaves one file without a log. A killed process leaves its log,
   * and the next start replays it.
   */
  closeWhole(): Promise<void>;
}

/**
 * Opens (and creates) the file with WAL, foreign keys (on by default in libSQL) and a busy timeout.
 * Another program's file gets WAL with our first commit. `synchronous` stays FULL, so a commit
 * survives SIGKILL and power loss. `say` gets a sentence for people when another file's journal was
 * set aside. `onLost` is called once when somebody took the file away and its content was rescued;
 * without `onLost` nothing is rescued.
 * @throws {@link JournalInDoubt}, {@link DatabaseUnavailable} when this process has another file of
 * that name open
 */
export async function openEmbeddedDatabase(
  path: string,
  busyTimeoutMs = BUSY_TIMEOUT_MS,
  say: (message: string) => void = console.error,
  onLost?: (lost: LostFile) => Promise<void>,
): Promise<EmbeddedDatabase> {
  makeDirectorySync(dirname(path));
  const file = realPath(path);
  requireInPlace(file);
  settleJournals(path, { say, now: () => new Date() });
  const isEmpty = statSync(file, { throwIfNoEntry: false })?.size === 0;
  makeFile(file);
  const client = openFileClient(path, busyTimeoutMs);
  // Another program's file, or an empty one, stays unchanged until our first commit: the start may
  // fail before that, and a command reads only.
  let isAnothers = isEmpty || (await holdsAnothers(client));
  const held = new HeldFile({ path, file, busyTimeoutMs, onLost, client });
  // After SQLITE_BUSY libsql leaves the statement half-started on its pooled connection: it would
  // acknowledge later writes and never commit them (seen with libsql 0.5.29). Fresh connections
  // have no such state.
  const db = fromClient(client, () => (held.isLost() ? undefined : client.reconnect()));
  const takeOver = async (): Promise<void> => {
    client.run('PRAGMA journal_mode = WAL');
    if (sizeOf(`${file}-wal`) === 0) await beginLog(db, file);
    held.hold();
  };
  const close = (): void => {
    held.close();
    db.close();
  };
  try {
    if (isAnothers) held.watch();
    else await takeOver();
  } catch (error) {
    close();
    throw error;
  }
  const requireOurs = (): void => {
    if (held.isLost())
      throw new DatabaseUnavailable(`database unavailable: ${path} is not the file that was opened`);
  };
  return {
    read: async (queries) => {
      requireOurs();
      return db.read(queries);
    },
    async write(statements) {
      requireOurs();
      const results = await db.write(statements);
      // A write into a file without a name is rescued, but not acknowledged.
      requireOurs();
      if (isAnothers) await takeOver();
      isAnothers = false;
      return results;
    },
    get roundTrips() {
      return db.roundTrips;
    },
    isLost: () => held.isLost(),
    async checkpoint() {
      if (held.isLost()) return held.told;
      if (!isAnothers && sizeOf(`${file}-wal`) > BEGUN_BYTES) await beginLog(db, file);
    },
    close() {
      if (!held.isLost()) close();
    },
    async closeWhole() {
      if (held.isLost()) return held.told;
      close();
      if (!isAnothers) await foldLog(file);
    },
  };
}

/** Brings the log into the file, unless somebody else still uses them. */
async function foldLog(file: string): Promise<void> {
  if (isOpenHere(file) || sizeOf(file) === 0 || lockHolder(file) !== undefined) return;
  try {
    (await holdAlone(file, ALONE_TRIES))();
    noteFree(file);
  } catch {
    // Another process has it open and closes later; or it is damaged, which was told when it
    // was used.
  }
}

/**
 * Ends one log and begins the next with a write to page 1, whose change counter then tells the two
 * files apart (journal-owner.ts). Needs a fresh connection: SQLite counts from what a connection
 * last read.
 */
async function beginLog(db: Database, file: string): Promise<void> {
  const [version] = await db.read([always(sql('PRAGMA user_version'), (row) => row.int('user_version'))]);
  const own = new Sqlite(file, { timeout: 0 });
  try {
    // `exec` leaves no statement that would hold the file.
    own.exec(`PRAGMA wal_checkpoint(TRUNCATE); PRAGMA user_version = ${version}`);
  } catch (error) {
    // Another process writes: the next checkpoint brings its commits home.
    if (!(error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_BUSY')))
      throw error;
  } finally {
    own.close();
  }
}

/**
 * SQLite gives its journals the rights of the file, so only the owner can read people's data from
 * the first byte on.
 */
function makeFile(file: string): void {
  if (statSync(file, { throwIfNoEntry: false }) !== undefined) return;
  try {
    const made = openSync(file, 'wx', 0o600);
    giveFile(made, dirname(file));
    closeSync(made);
  } catch (error) {
    // Another process has created it meanwhile.
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}

function sizeOf(name: string): number {
  return statSync(name, { throwIfNoEntry: false })?.size ?? 0;
}

/** Tables of others only: our own record of migrations is not among them. */
async function holdsAnothers(client: FileClient): Promise<boolean> {
  const question = sql(
    `SELECT COUNT(*) > 0 AND TOTAL(name = 'schema_migrations' AND sql LIKE '%applied_at%') = 0 AS anothers
     FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'`,
  );
  const [found] = await client.batch([{ ...question, args: [] }], 'read');
  return found?.rows[0]?.[0] === 1n;
}
