/** A real SQLite's opinion of a file. Node only. */
import { DatabaseSync } from 'node:sqlite';
import { integrityFaults } from '../inspect-file.ts';
import { isLocalFault } from '../local-fault.ts';

/** What was looked at is at fault: another copy of it may do. */
export class Damaged extends Error {
  override readonly name = 'Damaged';
}

/**
 * @param origin what to call it in messages: the file at `path` may be a scratch copy.
 * @throws {@link Damaged}; a fault of this machine's disk as itself, for it says nothing about the file.
 */
export function requireIntact(path: string, origin: string): void {
  try {
    const db = new DatabaseSync(path, { readOnly: true });
    try {
      const faults = integrityFaults(db);
      if (faults.length > 0)
        throw new Damaged(
          `${origin} is no whole SQLite database: integrity_check says ${faults.slice(0, 3).join('; ')}`,
        );
    } finally {
      db.close();
    }
  } catch (cause) {
    if (cause instanceof Damaged) throw cause;
    if (isLocalFault(cause)) throw new Error(`${origin} could not be looked into on this machine`, { cause });
    throw new Damaged(`${origin} is no whole SQLite database`, { cause });
  }
}
