import type { Migration } from './migration.ts';

/**
 * Trouble with Telegram: updates that wait until it is over, chats that Telegram asked to leave
 * alone, notices that count, and followers who could not be told yet.
 */
export const trouble: Migration = {
  version: 5,
  name: 'trouble',
  up: () => [
    'ALTER TABLE failed_updates ADD COLUMN chat_id INTEGER',
    'ALTER TABLE failed_updates ADD COLUMN since_ms INTEGER NOT NULL DEFAULT 0',
    // When it is handled again by itself; NULL: only when an admin says so.
    'ALTER TABLE failed_updates ADD COLUMN retry_ms INTEGER',
    `CREATE INDEX failed_updates_waiting ON failed_updates (chat_id, update_id) WHERE retry_ms IS NOT NULL`,
    // 0 stands for the bot as a whole.
    `CREATE TABLE floods (
  chat_id INTEGER PRIMARY KEY,
  until_ms INTEGER NOT NULL
)`,
    'ALTER TABLE admin_notices ADD COLUMN count INTEGER NOT NULL DEFAULT 1',
    'ALTER TABLE admin_notices ADD COLUMN told_count INTEGER NOT NULL DEFAULT 0',
    // Admin -> id of the message that says it, so that a higher count is an edit.
    "ALTER TABLE admin_notices ADD COLUMN messages TEXT NOT NULL DEFAULT '{}'",
    `CREATE TABLE news_retries (
  news_id INTEGER NOT NULL REFERENCES part_news(id) ON DELETE CASCADE,
  user_id INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  retry_ms INTEGER NOT NULL,
  PRIMARY KEY (news_id, user_id)
) WITHOUT ROWID`,
  ],
};
