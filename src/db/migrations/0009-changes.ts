import type { Migration } from './migration.ts';

/**
 * The change log (docs/formats.md, "Change file"). Its triggers are no part of the schema: a start
 * makes them where the log is wanted, on tables of others too.
 */
export const changes: Migration = {
  version: 9,
  name: 'changes',
  up: () => [
    // key: the rowid, or the first column of the primary key of a WITHOUT ROWID table, with its
    // type (BLOB affinity converts nothing). rest: the key's further columns.
    `CREATE TABLE change_log (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  tbl TEXT NOT NULL,
  key BLOB,
  rest TEXT
)`,
    // One row. parent: JSON of timeline and seq. previous: JSON of the file or the backup that
    // comes right before the next file. attempt: names of files that were perhaps stored, the
    // newest first. waiting_since: when an entry was first seen that is in no file yet.
    // needs_base: why a full backup must come before the next file. told: what the admins know of
    // a log that grows.
    `CREATE TABLE change_state (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  timeline TEXT NOT NULL,
  parent TEXT,
  reason TEXT NOT NULL,
  since TEXT NOT NULL,
  shipped_seq INTEGER NOT NULL,
  previous TEXT,
  attempt TEXT,
  waiting_since TEXT,
  schema_cookie INTEGER,
  schema_sha256 TEXT,
  needs_base TEXT,
  told TEXT
)`,
  ],
};
