/** SQLite's own copy of a database, made in one read transaction. Node only. */
import Database from 'libsql';
import { PAGE_SIZE } from '../sqlite/format.ts';

/**
 * Copies the database at `path` to the file `copy`, which must not exist: no free pages, pages of {@link PAGE_SIZE} bytes, a rollback
 * journal. Rowids stay as they are (unlike those of a plain VACUUM). Blocks until it is done. Throws what SQLite says, with its `code`.
 * @see https://sqlite.org/lang_vacuum.html
 */
export function vacuumInto(path: string, copy: string, busyTimeoutMs: number): void {
  const db = new Database(path, { timeout: busyTimeoutMs });
  try {
    // For the copy; the database itself keeps what it has. `exec` leaves no statement behind that would hold the file.
    db.exec(
      `PRAGMA page_size = ${PAGE_SIZE}; PRAGMA auto_vacuum = NONE; VACUUM INTO '${copy.replaceAll("'", "''")}'`,
    );
  } finally {
    db.close();
  }
}
