/**
 * What admins' features need: drafts that wait, what is to be posted and broadcast, the audit log,
 * and daily counters. Counters of the days before are taken from the views and users already
 * recorded.
 */
import { counterQueries, dailyViewsQuery, OWN_TABLES, totalQueries } from '../derived-numbers.ts';
import type { ExistingTables, Migration } from './migration.ts';

/**
 * Added only where an old file has not got a column of that name already (the baseline keeps such
 * columns).
 */
const COLUMNS: readonly (readonly [table: string, column: string, definition: string])[] = [
  // group, supergroup or channel; NULL for rows of the old bot until they are looked up again.
  ['groups', 'kind', 'TEXT'],
  ['groups', 'username', 'TEXT'],
  ['groups', 'position', 'INTEGER NOT NULL DEFAULT 0'],
  // Why the last post there failed; NULL when it did not.
  ['groups', 'problem', 'TEXT'],
];

const DRAFTS = [
  // kind: 'anime' (a new one), 'parts' (more parts for anime_id), or one question ('ask:…') whose
  // answer is the next message. resumes: the draft that was open when the question was asked; it
  // takes the admin's messages again afterwards. version: every step is a compare-and-set, so a
  // button of an earlier step changes nothing.
  `CREATE TABLE drafts (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  user_id INTEGER NOT NULL,
  kind TEXT NOT NULL,
  step TEXT NOT NULL,
  back_to TEXT,
  version INTEGER NOT NULL DEFAULT 1,
  is_open INTEGER NOT NULL DEFAULT 1,
  anime_id INTEGER REFERENCES anime(id) ON DELETE CASCADE,
  subject INTEGER,
  resumes INTEGER,
  code INTEGER,
  title TEXT,
  description TEXT,
  photo_id TEXT,
  photo_unique_id TEXT,
  repeated INTEGER NOT NULL DEFAULT 0,
  status_message_id INTEGER,
  status_parts INTEGER NOT NULL DEFAULT 0,
  status_ms INTEGER NOT NULL DEFAULT 0,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
)`,
  // An admin's messages go to one draft; the others wait.
  'CREATE UNIQUE INDEX drafts_open ON drafts (user_id) WHERE is_open = 1',
  'CREATE INDEX drafts_by_user ON drafts (user_id, updated_at)',
  // Order is message order, whatever order the updates came in; a video sent twice is stored once.
  `CREATE TABLE draft_parts (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  draft_id INTEGER NOT NULL REFERENCES drafts(id) ON DELETE CASCADE,
  message_id INTEGER NOT NULL,
  file_id TEXT NOT NULL,
  file_unique_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  name TEXT,
  UNIQUE (draft_id, message_id),
  UNIQUE (draft_id, file_unique_id)
)`,
  `CREATE TABLE draft_groups (
  draft_id INTEGER NOT NULL REFERENCES drafts(id) ON DELETE CASCADE,
  group_id INTEGER NOT NULL REFERENCES groups(id) ON DELETE CASCADE,
  PRIMARY KEY (draft_id, group_id)
) WITHOUT ROWID`,
];

const SENDING = [
  // One press of "post": a card sent to several chats.
  `CREATE TABLE postings (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  anime_id INTEGER NOT NULL REFERENCES anime(id) ON DELETE CASCADE,
  requested_by INTEGER NOT NULL,
  requested_at TEXT NOT NULL,
  report_message_id INTEGER,
  finished_at TEXT
)`,
  'CREATE INDEX postings_open ON postings (id) WHERE finished_at IS NULL',
  `CREATE TABLE posts (
  posting_id INTEGER NOT NULL REFERENCES postings(id) ON DELETE CASCADE,
  group_id INTEGER NOT NULL REFERENCES groups(id) ON DELETE CASCADE,
  state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sending', 'sent', 'failed')),
  claimed_ms INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0,
  message_id INTEGER,
  error TEXT,
  PRIMARY KEY (posting_id, group_id)
) WITHOUT ROWID`,
  // cursor: everybody up to and including this id (user, or row of groups) was dealt with.
  `CREATE TABLE broadcasts (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  requested_by INTEGER NOT NULL,
  album TEXT,
  reply_markup TEXT,
  audience TEXT CHECK (audience IN ('users', 'groups', 'group')),
  group_id INTEGER REFERENCES groups(id) ON DELETE SET NULL,
  state TEXT NOT NULL DEFAULT 'draft'
    CHECK (state IN ('draft', 'running', 'paused', 'cancelled', 'failed', 'done')),
  total INTEGER NOT NULL DEFAULT 0,
  cursor INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0,
  sent INTEGER NOT NULL DEFAULT 0,
  failed INTEGER NOT NULL DEFAULT 0,
  blocked INTEGER NOT NULL DEFAULT 0,
  not_before_ms INTEGER NOT NULL DEFAULT 0,
  progress_message_id INTEGER,
  problem TEXT,
  created_at TEXT NOT NULL,
  started_at TEXT,
  finished_at TEXT,
  reported_at TEXT
)`,
  'CREATE UNIQUE INDEX broadcasts_by_album ON broadcasts (requested_by, album) WHERE album IS NOT NULL',
  "CREATE INDEX broadcasts_running ON broadcasts (id) WHERE state = 'running'",
  `CREATE TABLE broadcast_messages (
  broadcast_id INTEGER NOT NULL REFERENCES broadcasts(id) ON DELETE CASCADE,
  message_id INTEGER NOT NULL,
  PRIMARY KEY (broadcast_id, message_id)
) WITHOUT ROWID`,
];

const RECORDS = [
  `CREATE TABLE audit_log (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  user_id INTEGER NOT NULL,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  at TEXT NOT NULL
)`,
  // Numbers a person asks for, counted when they happen: reading them costs the same after ten
  // years (period: a day, week, month, or name).
  `CREATE TABLE counters (
  metric TEXT NOT NULL,
  period TEXT NOT NULL,
  value INTEGER NOT NULL,
  PRIMARY KEY (metric, period)
) WITHOUT ROWID`,
  `CREATE TABLE anime_views (
  day TEXT NOT NULL,
  anime_id INTEGER NOT NULL REFERENCES anime(id) ON DELETE CASCADE,
  views INTEGER NOT NULL,
  PRIMARY KEY (day, anime_id)
) WITHOUT ROWID`,
  'CREATE INDEX anime_views_by_anime ON anime_views (anime_id)',
  'CREATE INDEX anime_trashed ON anime (deleted_at) WHERE deleted_at IS NOT NULL',
  'CREATE INDEX users_by_username ON users (username COLLATE NOCASE)',
  'CREATE INDEX users_blocked ON users (user_id) WHERE blocked_at IS NOT NULL',
  'CREATE INDEX users_banned ON users (user_id) WHERE banned_at IS NOT NULL',
];

const FILL = [
  'UPDATE groups SET position = id',
  ...counterQueries(OWN_TABLES).map(
    (query) => `INSERT INTO counters (metric, period, value)
   ${query}`,
  ),
  ...totalQueries(OWN_TABLES).map((query) => `INSERT INTO counters (metric, period, value) ${query}`),
  `INSERT INTO anime_views (day, anime_id, views)
   ${dailyViewsQuery(OWN_TABLES)}`,
];

export const admin: Migration = {
  version: 4,
  name: 'admin',
  up: (existing) => [
    ...COLUMNS.filter(([table, column]) => !has(existing, table, column)).map(
      ([table, column, definition]) => `ALTER TABLE ${table} ADD COLUMN ${column} ${definition}`,
    ),
    ...DRAFTS,
    ...SENDING,
    ...RECORDS,
    ...FILL,
  ],
};

function has(existing: ExistingTables, table: string, column: string): boolean {
  return existing.get(table)?.has(column) ?? false;
}
