/** A real SQLite's opinion of a file; in the process for foreign files. Node only. */
import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { openForeignFile } from '../foreign/connection.ts';
import { Damaged } from '../foreign/errors.ts';
import { integrityFaults } from '../inspect-file.ts';
import { isLocalFault } from '../local-fault.ts';

/**
 * @param origin what to call it in messages: the file at `path` may be a scratch copy.
 * @throws {@link Damaged}; a fault of this machine's disk as itself, for it says nothing about the file.
 */
export function requireIntact(path: string, origin: string): void {
  try {
    const { db, close } = openForeignFile(path);
    try {
      const faults = integrityFaults(db);
      if (faults.length > 0)
        throw new Damaged(
          `${origin} is no whole SQLite database: integrity_check says ${faults.slice(0, 3).join('; ')}`,
        );
    } finally {
      close();
    }
  } catch (cause) {
    if (cause instanceof Damaged) throw cause;
    if (isLocalFault(cause)) throw new Error(`${origin} could not be looked into on this machine`, { cause });
    throw new Damaged(`${origin} is no whole SQLite database`, { cause });
  }
}

/**
 * A database called broken that is not: what it holds is to be saved first. Looked at as a copy below `directory`, without its journal:
 * SQLite may remove a journal that it opens, and a file that only its journal makes whole cannot be opened by the bot either.
 * @throws when the file at `path` is whole
 */
export function refuseWhole(path: string, directory: string): void {
  const copy = join(directory, 'called-broken.db');
  try {
    copyFileSync(path, copy);
    requireIntact(copy, path);
  } catch {
    return;
  } finally {
    for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(copy + suffix, { force: true });
  }
  throw new Error(
    `the database ${path} opens and is whole: leave --broken-database out, then it is backed up before it is replaced`,
  );
}
