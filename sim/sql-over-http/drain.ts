/** Node only: ends libsql statements early. */

/**
 * Ends a statement before its last row. The binding cannot finalize it before the garbage collector
 * does, and until then it would keep its read lock. So this interrupts it and reads on until SQLite
 * says so.
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
