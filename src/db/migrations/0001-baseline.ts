/**
 * The schema of docs/spec/bot.md "Data". A takeover (src/takeover/) runs these statements for the
 * old Python bot's file, too.
 */
import type { Migration } from './migration.ts';

const NOW = `(strftime('%Y-%m-%d %H:%M:%S', 'now'))`;

const CREATE = {
  users: `CREATE TABLE users (
  user_id INTEGER PRIMARY KEY,
  username TEXT,
  first_name TEXT,
  last_name TEXT,
  created_at TEXT DEFAULT ${NOW},
  last_seen TEXT,
  language TEXT,
  source TEXT,
  blocked_at TEXT,
  banned_at TEXT
)`,
  anime: `CREATE TABLE anime (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  code INTEGER UNIQUE NOT NULL,
  description TEXT,
  photo_id TEXT,
  created_at TEXT DEFAULT ${NOW},
  updated_at TEXT DEFAULT ${NOW},
  title TEXT,
  photo_unique_id TEXT,
  deleted_at TEXT
)`,
  anime_parts: `CREATE TABLE anime_parts (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  anime_code INTEGER NOT NULL REFERENCES anime(code) ON UPDATE CASCADE ON DELETE CASCADE,
  part_number INTEGER NOT NULL,
  file_id TEXT NOT NULL,
  created_at TEXT DEFAULT ${NOW},
  kind TEXT NOT NULL DEFAULT 'video',
  file_unique_id TEXT,
  UNIQUE (anime_code, part_number)
)`,
  groups: `CREATE TABLE groups (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  group_id INTEGER UNIQUE NOT NULL,
  link TEXT,
  name TEXT NOT NULL,
  created_at TEXT DEFAULT ${NOW}
)`,
  anime_groups: `CREATE TABLE anime_groups (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  anime_code INTEGER NOT NULL REFERENCES anime(code) ON UPDATE CASCADE ON DELETE CASCADE,
  group_id INTEGER NOT NULL REFERENCES groups(id) ON DELETE CASCADE,
  added_at TEXT DEFAULT ${NOW},
  UNIQUE (anime_code, group_id)
)`,
  mandatory_channels: `CREATE TABLE mandatory_channels (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  channel_id TEXT UNIQUE NOT NULL,
  link TEXT,
  name TEXT NOT NULL,
  created_at TEXT DEFAULT ${NOW}
)`,
  user_history: `CREATE TABLE user_history (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  user_id INTEGER NOT NULL REFERENCES users(user_id) ON DELETE CASCADE,
  anime_code INTEGER,
  part_number INTEGER,
  viewed_at TEXT DEFAULT ${NOW}
)`,
};

/**
 * Tables of the frame: what was handled, what could not be, who is an admin, what was already told.
 */
const FRAME = [
  `CREATE TABLE handled_updates (
  update_id INTEGER PRIMARY KEY,
  handled_at TEXT NOT NULL
)`,
  `CREATE TABLE failed_updates (
  update_id INTEGER PRIMARY KEY,
  payload TEXT NOT NULL,
  error TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 1,
  failed_at TEXT NOT NULL,
  given_up_at TEXT
)`,
  `CREATE TABLE admins (
  user_id INTEGER PRIMARY KEY,
  role TEXT NOT NULL DEFAULT 'admin',
  added_by INTEGER,
  added_at TEXT NOT NULL
)`,
  `CREATE TABLE job_leases (
  name TEXT PRIMARY KEY,
  holder TEXT NOT NULL,
  expires_at TEXT NOT NULL
)`,
  `CREATE TABLE alerts (
  key TEXT PRIMARY KEY,
  told_at TEXT NOT NULL
)`,
];

const INDEXES = [
  'CREATE INDEX anime_groups_by_group ON anime_groups (group_id)',
  'CREATE INDEX user_history_by_user ON user_history (user_id, viewed_at)',
];

export const baseline: Migration = {
  version: 1,
  name: 'baseline',
  up: () => [...Object.values(CREATE), ...FRAME, ...INDEXES],
};
