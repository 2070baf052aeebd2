/**
 * The schema of spec/bot.md "Data", from nothing or from the old Python bot's file.
 *
 * Old tables are set aside, the tables are made anew with their constraints, and the rows copied parents first; foreign keys hold
 * throughout. What the old file lacks stays NULL; columns we do not know are kept beside ours. Parts whose anime is gone and history
 * whose viewer is gone get a placeholder parent, so that no row is dropped for a fault of the old bot.
 */
import type { ExistingTables, Migration } from './types.ts';

const OLD_TABLES = [
  'users',
  'anime',
  'anime_parts',
  'groups',
  'anime_groups',
  'mandatory_channels',
  'user_history',
] as const;
type OldTable = (typeof OLD_TABLES)[number];

const NOW = `(strftime('%Y-%m-%d %H:%M:%S', 'now'))`;

const CREATE: Record<OldTable, string> = {
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

/** Tables of the frame: what was handled, what could not be, who is an admin, what was already told. */
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
  up: (existing) => {
    const old = OLD_TABLES.filter((table) => existing.has(table));
    return [
      // Views and triggers of an old file would follow the rename; the old bot had none.
      ...old.map((table) => `ALTER TABLE "${table}" RENAME TO "old_${table}"`),
      ...OLD_TABLES.map((table) => CREATE[table]),
      ...FRAME,
      ...old.flatMap((table) => copy(table, existing)),
      // Children first, so that dropping a parent leaves no dangling reference.
      ...[...old].reverse().map((table) => `DROP TABLE "old_${table}"`),
      ...INDEXES,
    ];
  },
};

function copy(table: OldTable, existing: ExistingTables): string[] {
  const has = existing.get(table) ?? new Set();
  const known = columnsOf(table);
  const extra = [...has].filter((column) => !known.has(column));
  const shared = [...known].filter((column) => has.has(column));
  const columns = [...shared, ...extra].map(quote);
  const values = [...shared, ...extra].map((column) => repaired(table, column));
  return [
    ...extra.map((column) => `ALTER TABLE ${table} ADD COLUMN ${quote(column)}`),
    ...placeholders(table, has),
    `INSERT ${table === 'anime_groups' ? 'OR IGNORE ' : ''}INTO ${table} (${columns.join(', ')}) SELECT ${values.join(', ')} FROM "old_${table}" AS old${where(table, has)}`,
  ];
}

function columnsOf(table: OldTable): Set<string> {
  return new Set([...CREATE[table].matchAll(/^ {2}([a-z_]+) /gm)].map((match) => match[1] ?? ''));
}

/** Parents for rows whose parent the old bot lost. Nobody knows since when they exist: they are not today's. */
function placeholders(table: OldTable, has: ReadonlySet<string>): string[] {
  if (table === 'anime_parts' && has.has('anime_code'))
    return [
      `INSERT INTO anime (code, created_at) SELECT DISTINCT CAST(anime_code AS INTEGER), NULL FROM old_anime_parts
       WHERE anime_code IS NOT NULL AND CAST(anime_code AS INTEGER) NOT IN (SELECT code FROM anime)`,
    ];
  if (table === 'user_history' && has.has('user_id'))
    return [
      `INSERT INTO users (user_id, created_at) SELECT DISTINCT CAST(user_id AS INTEGER), NULL FROM old_user_history
       WHERE user_id IS NOT NULL AND CAST(user_id AS INTEGER) NOT IN (SELECT user_id FROM users)`,
    ];
  return [];
}

/** The old bot could leave these empty or, in anime_groups, hold the chat id instead of the row id. */
function repaired(table: OldTable, column: string): string {
  const value = `old.${quote(column)}`;
  if (table === 'anime_parts' && column === 'part_number')
    return `COALESCE(${value}, (SELECT COALESCE(MAX(part_number), 0) FROM old_anime_parts) + old.rowid)`;
  if (table === 'anime_groups' && column === 'group_id')
    return `COALESCE((SELECT id FROM groups WHERE id = ${value}), (SELECT id FROM groups WHERE group_id = ${value}))`;
  if (column === 'name') return `COALESCE(${value}, '')`;
  return value;
}

/**
 * Links to a group or an anime that no longer exists say nothing, nor does a link said twice (by row id and by chat id), a part of no
 * anime or a view by nobody; the backup taken before the migration keeps them.
 */
function where(table: OldTable, has: ReadonlySet<string>): string {
  if (table === 'anime_parts' && has.has('anime_code')) return ' WHERE old.anime_code IS NOT NULL';
  if (table === 'user_history' && has.has('user_id')) return ' WHERE old.user_id IS NOT NULL';
  if (table !== 'anime_groups') return '';
  return ` WHERE EXISTS (SELECT 1 FROM groups WHERE id = old.group_id OR group_id = old.group_id)
    AND EXISTS (SELECT 1 FROM anime WHERE code = old.anime_code)`;
}

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
