/** Node only: for libsql statements left before their end. */

/**
 * Ends a statement that was not read to its end. The binding cannot finalize one before the garbage collector does, and until
 * then it would keep its read lock, so it is interrupted and read on until SQLite says so.
 */
export function drainStatement(db: object, rows: Iterator<unknown>): void {
  if (canInterrupt(db)) db.interrupt();
  try {
    while (!rows.next().done);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'SQLITE_INTERRUPT')) throw error;
  }
}

/** libsql's types leave `interrupt` out. */
function canInterrupt(db: object): db is { interrupt(): void } {
  return 'interrupt' in db && typeof db.interrupt === 'function';
}
