/** A real SQLite's opinion of a file; in the process for foreign files. Node only. */
import type { DatabaseSync } from 'node:sqlite';

import { isLocalFault } from '../../lib/disk/local-fault.ts';
import { type ForeignDatabase, openForeignFile } from '../foreign/connection.ts';
import { Damaged } from '../foreign/errors.ts';
import { sortFindings } from '../model/database-damage.ts';

/**
 * `PRAGMA integrity_check`: what is wrong. A search index out of step is no fault of a file: it is
 * made of other rows.
 */
export function integrityFaults(db: DatabaseSync): string[] {
  const rows = db.prepare('PRAGMA integrity_check').all();
  return [...sortFindings(rows.map((row) => String(row['integrity_check']))).damage];
}

/** {@link openIntact}, and closes it again. */
export function requireIntact(path: string, origin: string): void {
  openIntact(path, origin).close();
}

/**
 * Opens a file for reading that `integrity_check` finds nothing in.
 * @param origin what to call it in messages: the file at `path` may be a scratch copy.
 * @throws {@link Damaged}; a fault of this machine's disk as itself, for it says nothing about the
 * file.
 */
export function openIntact(path: string, origin: string): ForeignDatabase {
  try {
    const opened = openForeignFile(path);
    try {
      const faults = integrityFaults(opened.db);
      if (faults.length > 0)
        throw new Damaged(
          `${origin} is no whole SQLite database: integrity_check says ${faults.slice(0, 3).join('; ')}`,
        );
      return opened;
    } catch (error) {
      opened.close();
      throw error;
    }
  } catch (cause) {
    if (cause instanceof Damaged) throw cause;
    if (isLocalFault(cause)) throw new Error(`${origin} could not be looked into on this machine`, { cause });
    throw new Damaged(`${origin} is no whole SQLite database`, { cause });
  }
}
