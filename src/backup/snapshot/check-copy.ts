/** SQLite's own opinion of a copy of the database, made for the purpose. Blocks; Node only. */
import { DatabaseSync } from 'node:sqlite';
import { explain } from '../../lib/clock.ts';
import { isLocalFault } from '../../lib/disk/local-fault.ts';
import { sortFindings } from '../model/database-damage.ts';
import type { SourceCheck } from '../model/model.ts';
import { openForKeys, orphansOf } from './references.ts';
import type { StoredFile } from './stored-rows.ts';

/**
 * Looking up every index entry takes up to twice as long by SQLite's own cache as by pages of the
 * system's. Those count as memory of the process: so many are mapped, however large the file is.
 */
const MMAP_BYTES = 48_000_000;
const CACHE_KIB = 8 * 1024;

/** A copy that is open; it may lose its name meanwhile. */
export function openCopyCheck(path: string): { check(): SourceCheck; close(): void } {
  const db = new DatabaseSync(path, { readOnly: true, enableDoubleQuotedStringLiterals: true });
  db.exec(`PRAGMA mmap_size = ${MMAP_BYTES}; PRAGMA cache_size = -${CACHE_KIB}`);
  db.prepare('SELECT 1 FROM sqlite_schema').get();
  const file = openForKeys(db, path);
  return {
    check() {
      const { damage, notes } = sortFindings(integrityRows(db));
      // Room for the keys.
      db.exec('PRAGMA mmap_size = 0; PRAGMA shrink_memory');
      return {
        damage,
        notes: [...notes, ...orphans(db, damage.length === 0 ? file?.stored : undefined)],
        proof: 'integrity_check and foreign keys of the copy that was read',
      };
    },
    close() {
      file?.close();
      db.close();
    },
  };
}

/** What it cannot look at, it throws: that is a finding as well. */
function integrityRows(db: DatabaseSync): string[] {
  try {
    const rows = db.prepare('PRAGMA integrity_check').all();
    return rows.map((row) => String(row['integrity_check']));
  } catch (error) {
    if (isLocalFault(error)) throw error;
    return [explain(error)];
  }
}

/** A restore brings them back as they are. */
function orphans(db: DatabaseSync, stored: StoredFile | undefined): string[] {
  try {
    return [...orphansOf(db, stored)].map(
      ([table, rows]) => `${rows} rows of ${table} refer to rows that do not exist`,
    );
  } catch (error) {
    if (isLocalFault(error)) throw error;
    // A foreign key that names no column that could be one.
    return [`foreign keys could not be checked: ${explain(error)}`];
  }
}
