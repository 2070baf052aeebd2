/** The engine's record of itself: it tells of the bucket and of what runs now, not of the bot. */
export const ENGINE_TABLES: readonly string[] = [
  'backup_lease',
  'backup_runs',
  'backup_requests',
  'change_log',
  'change_state',
  'bucket_notes',
];
