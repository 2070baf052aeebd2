/** SQLite's own copy of a database, made in one read transaction. Node only. */
import { rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import Database from 'libsql';
import { PAGE_SIZE } from '../sqlite/format.ts';

/**
 * Copies the database at `path` to the file `copy`, which must not exist: no free pages, pages of
 * {@link PAGE_SIZE} bytes, a rollback journal. Rowids stay as they are (unlike those of a plain
 * VACUUM). Blocks until it is done. Throws what SQLite says, with its `code`.
 * @see https://sqlite.org/lang_vacuum.html
 */
export function vacuumInto(path: string, copy: string, busyTimeoutMs: number): void {
  const db = new Database(path, { timeout: busyTimeoutMs });
  try {
    // `exec` leaves no statement behind that would hold the file.
    db.exec(vacuumSql(copy));
  } finally {
    db.exec(SYNCED);
    db.close();
  }
}

/**
 * The same by Node's own SQLite, which makes tables again whose SQL has "literals" in double
 * quotes, as old programs wrote them: libsql opens such databases, but refuses such SQL. Only in a
 * process that has nothing else open (sqlite.org/howtocorrupt.html 2.2.1).
 */
export function vacuumOldIntoAlone(path: string, copy: string, busyTimeoutMs: number): void {
  const db = new DatabaseSync(path, { timeout: busyTimeoutMs, enableDoubleQuotedStringLiterals: true });
  try {
    db.exec(vacuumSql(copy));
  } finally {
    db.exec(SYNCED);
    db.close();
  }
}

/** Makes every index of a copy anew. */
export function reindexAlone(copy: string): void {
  const db = new DatabaseSync(copy, { enableDoubleQuotedStringLiterals: true });
  try {
    db.exec('REINDEX');
  } finally {
    db.close();
  }
}

/** Removes what there is of a copy, with the journal that a process killed in the middle leaves. */
export function removeCopy(copy: string): void {
  for (const suffix of ['', '-journal']) rmSync(copy + suffix, { force: true });
}

/** Whether libsql refused the SQL of a table, not the file. */
export function isRefusedSql(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'SQLITE_ERROR';
}

/** For the database itself: whoever closes it last writes its journal into it. */
const SYNCED = 'PRAGMA synchronous = FULL';

/**
 * The PRAGMAs are for the copy; the database itself keeps what it has. No copy outlives the process
 * that reads it, let alone the power: it is not forced to the disk. What the database's own journal
 * brings back is, before.
 */
function vacuumSql(copy: string): string {
  const unsynced = `SELECT 1 FROM sqlite_schema; PRAGMA synchronous = OFF; VACUUM INTO '${copy.replaceAll("'", "''")}'`;
  return `PRAGMA page_size = ${PAGE_SIZE}; PRAGMA auto_vacuum = NONE; ${unsynced}`;
}
