/** SQLite's own opinion of a copy of the database, made for the purpose. Blocks; Node only. */
import { DatabaseSync } from 'node:sqlite';
import { explain } from '../../lib/clock.ts';
import { isLocalFault } from '../../lib/disk/local-fault.ts';
import { sortFindings } from '../model/database-damage.ts';
import type { SourceCheck } from '../model/model.ts';

/**
 * The pages come from the system's cache: with SQLite's own small one, looking up every index entry
 * takes three times as long.
 */
const MMAP_BYTES = 2_000_000_000;

/** A copy that is open; it may lose its name meanwhile. */
export function openCopyCheck(path: string): { check(): SourceCheck; close(): void } {
  const db = new DatabaseSync(path, { readOnly: true, enableDoubleQuotedStringLiterals: true });
  db.exec(`PRAGMA mmap_size = ${MMAP_BYTES}`);
  db.prepare('SELECT 1 FROM sqlite_schema').get();
  return {
    check() {
      const { damage, notes } = sortFindings(integrityRows(db));
      return {
        damage,
        notes: [...notes, ...orphans(db)],
        proof: 'integrity_check and foreign_key_check of the copy that was read',
      };
    },
    close: () => db.close(),
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

/** Rows that refer to nothing: a restore brings them back as they are. */
function orphans(db: DatabaseSync): string[] {
  const counts = new Map<string, number>();
  try {
    for (const row of db.prepare('PRAGMA foreign_key_check').iterate()) {
      const table = String(row['table']);
      counts.set(table, (counts.get(table) ?? 0) + 1);
    }
  } catch (error) {
    // A foreign key that names no column that could be one.
    return [`foreign keys could not be checked: ${explain(error)}`];
  }
  return [...counts].map(([table, rows]) => `${rows} rows of ${table} refer to rows that do not exist`);
}
