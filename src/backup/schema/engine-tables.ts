/** The engine's record of itself: it tells of the bucket and of what runs now, not of the bot. */
export const ENGINE_TABLES: readonly string[] = [
  'backup_lease',
  'backup_runs',
  'backup_requests',
  'change_log',
  'change_state',
  'bucket_notes',
];

export const RUN_COLUMNS: readonly string[] =
  'name, fence, "trigger", scheduled_at, started_at, finished_at, state, reason, rows, bytes'.split(', ');

/** Another version of the program may keep its record otherwise: then there is nothing to carry. */
export function isLedger(columns: readonly unknown[]): boolean {
  return RUN_COLUMNS.every((column) => columns.includes(column.replaceAll('"', '')));
}

export function isLease(columns: readonly unknown[]): boolean {
  return ['id', 'fence', 'holder', 'expires_ms'].every((column) => columns.includes(column));
}
