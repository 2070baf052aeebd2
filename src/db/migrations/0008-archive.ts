import type { Migration } from './migration.ts';

/**
 * What outlives the bot: copies of every file in a channel, the bot that the stored file ids belong
 * to, and the move to another one.
 */
export const archive: Migration = {
  version: 8,
  name: 'archive',
  up: () => [
    // Where each file lies, whatever bot asks. The unique id is the same for all bots.
    `CREATE TABLE archive (
  file_unique_id TEXT PRIMARY KEY,
  chat_id INTEGER NOT NULL,
  message_id INTEGER NOT NULL,
  kind TEXT NOT NULL,
  archived_at TEXT NOT NULL
) WITHOUT ROWID`,
    'CREATE INDEX archive_by_time ON archive (archived_at)',
    // One row: the channel. Cursors: rows of anime_parts and anime up to these ids were looked at
    // in this round; after a round without work the job rests.
    `CREATE TABLE archive_channel (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  chat_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  problem TEXT,
  part_cursor INTEGER NOT NULL DEFAULT 0,
  photo_cursor INTEGER NOT NULL DEFAULT 0,
  rest_until_ms INTEGER NOT NULL DEFAULT 0,
  added_by INTEGER NOT NULL,
  added_at TEXT NOT NULL
)`,
    // Files that Telegram would not copy.
    `CREATE TABLE archive_refusals (
  file_id TEXT PRIMARY KEY,
  reason TEXT NOT NULL,
  refused_at TEXT NOT NULL
) WITHOUT ROWID`,
    // Times of the last messages to a chat, ms since 1970, as JSON: 20 a minute is the limit.
    `CREATE TABLE chat_pace (
  chat_id INTEGER PRIMARY KEY,
  sent_ms TEXT NOT NULL
)`,
    // One row: the bot that file ids belong to which are not in foreign_files.
    `CREATE TABLE bot_identity (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  bot_id INTEGER NOT NULL,
  username TEXT NOT NULL,
  moved_from TEXT,
  moved_at TEXT,
  moved_ended_at TEXT,
  linked INTEGER NOT NULL DEFAULT 0,
  progress_chat_id INTEGER,
  progress_message_id INTEGER
)`,
    // File ids of another bot: this one can copy the archive's message, but not send the file.
    `CREATE TABLE foreign_files (
  file_id TEXT PRIMARY KEY,
  file_unique_id TEXT,
  bot_id INTEGER NOT NULL,
  views INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID`,
    'CREATE INDEX foreign_files_by_unique ON foreign_files (file_unique_id)',
    'CREATE INDEX foreign_files_by_views ON foreign_files (views)',
    // Forwards that gave their file id and are still to be deleted.
    `CREATE TABLE relink_forwards (
  chat_id INTEGER NOT NULL,
  message_id INTEGER NOT NULL,
  PRIMARY KEY (chat_id, message_id)
) WITHOUT ROWID`,
    // Posts of the old bot whose links are to lead to the new one.
    `CREATE TABLE post_moves (
  posting_id INTEGER NOT NULL,
  group_id INTEGER NOT NULL,
  state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'edited', 'posted', 'failed')),
  error TEXT,
  requested_by INTEGER NOT NULL,
  PRIMARY KEY (posting_id, group_id),
  FOREIGN KEY (posting_id, group_id) REFERENCES posts(posting_id, group_id) ON DELETE CASCADE
) WITHOUT ROWID`,
    'CREATE INDEX anime_parts_by_unique ON anime_parts (file_unique_id)',
    'CREATE INDEX anime_by_photo ON anime (photo_unique_id)',
  ],
};
