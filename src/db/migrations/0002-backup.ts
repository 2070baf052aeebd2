import type { Migration } from './migration.ts';

/**
 * The backup engine's own tables: the lease that two runs cannot both hold, the outcome of every
 * run, and the backups that admins asked for.
 */
export const backup: Migration = {
  version: 2,
  name: 'backup',
  up: () => [
    // One row. Milliseconds of the database's own clock, so that hosts with different clocks agree
    // about it.
    `CREATE TABLE backup_lease (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  fence INTEGER NOT NULL,
  holder TEXT NOT NULL,
  expires_ms INTEGER NOT NULL
)`,
    `INSERT INTO backup_lease (id, fence, holder, expires_ms) VALUES (1, 0, '', 0)`,
    `CREATE TABLE backup_runs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  fence INTEGER NOT NULL,
  "trigger" TEXT NOT NULL,
  scheduled_at TEXT NOT NULL,
  started_at TEXT NOT NULL,
  finished_at TEXT,
  state TEXT NOT NULL CHECK (state IN ('running', 'done', 'failed')),
  reason TEXT,
  rows INTEGER,
  bytes INTEGER
)`,
    `CREATE TABLE backup_requests (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  requested_by INTEGER NOT NULL,
  chat_id INTEGER NOT NULL,
  message_id INTEGER,
  requested_at TEXT NOT NULL,
  finished_at TEXT
)`,
  ],
};
