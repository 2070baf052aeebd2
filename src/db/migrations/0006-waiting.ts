import type { Migration } from './migration.ts';

/**
 * Recipients of broadcasts and posts that Telegram asked to leave alone, and admins' long work that
 * an update began.
 */
export const waiting: Migration = {
  version: 6,
  name: 'waiting',
  up: () => [
    // recipient: what the broadcast's cursor counts (user id, or row of groups).
    `CREATE TABLE broadcast_retries (
  broadcast_id INTEGER NOT NULL REFERENCES broadcasts(id) ON DELETE CASCADE,
  recipient INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  retry_ms INTEGER NOT NULL,
  PRIMARY KEY (broadcast_id, recipient)
) WITHOUT ROWID`,
    'ALTER TABLE posts ADD COLUMN retry_ms INTEGER NOT NULL DEFAULT 0',
    // detail: JSON of what the work needs. claimed_ms: when a process was last seen at it. The row
    // ends with the work.
    `CREATE TABLE admin_work (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL,
  requested_by INTEGER NOT NULL,
  chat_id INTEGER NOT NULL,
  message_id INTEGER,
  detail TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  claimed_ms INTEGER NOT NULL DEFAULT 0,
  requested_at TEXT NOT NULL
)`,
  ],
};
