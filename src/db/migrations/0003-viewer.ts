/**
 * What viewers' features need: the search index, the subscription gate, where everybody stopped
 * watching, favourites, follows, the per-viewer limit, and notices to admins. Rows from before are
 * taken along: views counted from the history, every viewer's last part, and every anime queued for
 * indexing (folding is done in TypeScript, `src/jobs/index-search.ts`).
 */
import { OWN_TABLES, progressQuery } from '../derived-numbers.ts';
import type { ExistingTables, Migration } from './migration.ts';

/**
 * Added only where an old file has not got a column of that name already (the baseline keeps such
 * columns).
 */
const COLUMNS: readonly (readonly [table: string, column: string, definition: string])[] = [
  // Other names, one a line. Found by search, not shown in full.
  ['anime', 'aliases', 'TEXT'],
  ['anime', 'genres', 'TEXT'],
  ['anime', 'year', 'INTEGER'],
  ['anime', 'views', 'INTEGER NOT NULL DEFAULT 0'],
  // The viewer's updates since `rate_since` (seconds since 1970), and whether they were told that
  // these are too many.
  ['users', 'rate_since', 'INTEGER NOT NULL DEFAULT 0'],
  ['users', 'rate_count', 'INTEGER NOT NULL DEFAULT 0'],
  ['users', 'rate_told', 'INTEGER NOT NULL DEFAULT 0'],
  ['mandatory_channels', 'position', 'INTEGER NOT NULL DEFAULT 0'],
  // public: open by @username; private: by invite link; request: an invite link whose joins an
  // admin approves.
  ['mandatory_channels', 'kind', "TEXT NOT NULL DEFAULT 'public'"],
  ['mandatory_channels', 'username', 'TEXT'],
  ['mandatory_channels', 'invite_link', 'TEXT'],
  // unknown, ok, broken: whether memberships there could be looked up the last time.
  ['mandatory_channels', 'check_state', "TEXT NOT NULL DEFAULT 'unknown'"],
  ['mandatory_channels', 'check_error', 'TEXT'],
  ['mandatory_channels', 'checked_at', 'TEXT'],
];

/**
 * Folded text (src/text/uzbek-fold.ts) and the two FTS5 indexes over it, kept in step by triggers.
 */
const SEARCH = [
  `CREATE TABLE anime_search (
  anime_id INTEGER PRIMARY KEY REFERENCES anime(id) ON DELETE CASCADE,
  title TEXT NOT NULL,
  names TEXT NOT NULL,
  about TEXT NOT NULL,
  sound TEXT NOT NULL
)`,
  'CREATE INDEX anime_search_by_title ON anime_search (title, anime_id)',
  `CREATE VIRTUAL TABLE anime_words USING fts5 (title, names, about, sound,
  content = 'anime_search', content_rowid = 'anime_id', tokenize = 'unicode61', prefix = '1 2 3')`,
  `CREATE VIRTUAL TABLE anime_grams USING fts5 (title, names,
  content = 'anime_search', content_rowid = 'anime_id', tokenize = 'trigram', detail = none)`,
  // How many anime have a gram: the search looks the rare ones up and leaves the common ones.
  `CREATE VIRTUAL TABLE anime_gram_terms USING fts5vocab (anime_grams, row)`,
  // Anime whose folded text is missing or out of date, whoever wrote them.
  `CREATE TABLE anime_stale (anime_id INTEGER PRIMARY KEY REFERENCES anime(id) ON DELETE CASCADE)`,
  `CREATE TRIGGER anime_added AFTER INSERT ON anime BEGIN
  INSERT OR IGNORE INTO anime_stale (anime_id) VALUES (new.id);
END`,
  `CREATE TRIGGER anime_renamed AFTER UPDATE OF title, aliases, genres, description ON anime BEGIN
  INSERT OR IGNORE INTO anime_stale (anime_id) VALUES (new.id);
END`,
  `CREATE TRIGGER anime_search_added AFTER INSERT ON anime_search BEGIN
  INSERT INTO anime_words (rowid, title, names, about, sound)
    VALUES (new.anime_id, new.title, new.names, new.about, new.sound);
  INSERT INTO anime_grams (rowid, title, names) VALUES (new.anime_id, new.title, new.names);
  DELETE FROM anime_stale WHERE anime_id = new.anime_id;
END`,
  `CREATE TRIGGER anime_search_removed AFTER DELETE ON anime_search BEGIN
  INSERT INTO anime_words (anime_words, rowid, title, names, about, sound)
    VALUES ('delete', old.anime_id, old.title, old.names, old.about, old.sound);
  INSERT INTO anime_grams (anime_grams, rowid, title, names) VALUES ('delete', old.anime_id, old.title, old.names);
END`,
  `CREATE TRIGGER anime_search_changed AFTER UPDATE ON anime_search BEGIN
  INSERT INTO anime_words (anime_words, rowid, title, names, about, sound)
    VALUES ('delete', old.anime_id, old.title, old.names, old.about, old.sound);
  INSERT INTO anime_grams (anime_grams, rowid, title, names) VALUES ('delete', old.anime_id, old.title, old.names);
  INSERT INTO anime_words (rowid, title, names, about, sound)
    VALUES (new.anime_id, new.title, new.names, new.about, new.sound);
  INSERT INTO anime_grams (rowid, title, names) VALUES (new.anime_id, new.title, new.names);
  DELETE FROM anime_stale WHERE anime_id = new.anime_id;
END`,
];

const TABLES = [
  // What Telegram said of a viewer in a mandatory channel: in, out, or asked (a join request
  // waits), believed until `fresh_until`.
  `CREATE TABLE gate_answers (
  channel_id INTEGER NOT NULL REFERENCES mandatory_channels(id) ON DELETE CASCADE,
  user_id INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('in', 'out', 'asked')),
  fresh_until TEXT NOT NULL,
  PRIMARY KEY (channel_id, user_id)
) WITHOUT ROWID`,
  'CREATE INDEX gate_answers_by_age ON gate_answers (fresh_until)',
  // The last part a viewer saw of each anime. The part is named by its row, so that renumbering
  // needs no change here.
  `CREATE TABLE watch_progress (
  user_id INTEGER NOT NULL REFERENCES users(user_id) ON DELETE CASCADE,
  anime_id INTEGER NOT NULL,
  part_id INTEGER,
  part_number INTEGER NOT NULL,
  viewed_at TEXT NOT NULL,
  PRIMARY KEY (user_id, anime_id)
) WITHOUT ROWID`,
  'CREATE INDEX watch_progress_by_time ON watch_progress (user_id, viewed_at)',
  `CREATE TABLE favourites (
  user_id INTEGER NOT NULL REFERENCES users(user_id) ON DELETE CASCADE,
  anime_id INTEGER NOT NULL,
  added_at TEXT NOT NULL,
  PRIMARY KEY (user_id, anime_id)
) WITHOUT ROWID`,
  'CREATE INDEX favourites_by_time ON favourites (user_id, added_at)',
  `CREATE TABLE follows (
  anime_id INTEGER NOT NULL REFERENCES anime(id) ON DELETE CASCADE,
  user_id INTEGER NOT NULL REFERENCES users(user_id) ON DELETE CASCADE,
  since TEXT NOT NULL,
  PRIMARY KEY (anime_id, user_id)
) WITHOUT ROWID`,
  'CREATE INDEX follows_by_user ON follows (user_id, since)',
  // New parts to be told to followers. One row gathers parts until `ready_at`; `cursor` is the last
  // follower told.
  `CREATE TABLE part_news (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  anime_id INTEGER NOT NULL REFERENCES anime(id) ON DELETE CASCADE,
  first_part INTEGER NOT NULL,
  last_part INTEGER NOT NULL,
  parts INTEGER NOT NULL,
  ready_at TEXT NOT NULL,
  started_at TEXT,
  cursor INTEGER NOT NULL DEFAULT 0,
  sent INTEGER NOT NULL DEFAULT 0,
  failed INTEGER NOT NULL DEFAULT 0,
  finished_at TEXT
)`,
  'CREATE UNIQUE INDEX part_news_gathering ON part_news (anime_id) WHERE started_at IS NULL',
  'CREATE INDEX part_news_open ON part_news (ready_at) WHERE finished_at IS NULL',
  // Told to the admins by the tick, once a key; `detail` is JSON for the text of `kind`.
  `CREATE TABLE admin_notices (
  key TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  detail TEXT NOT NULL,
  created_at TEXT NOT NULL,
  sent_at TEXT
)`,
  'CREATE INDEX admin_notices_waiting ON admin_notices (created_at) WHERE sent_at IS NULL',
  'CREATE INDEX anime_by_views ON anime (views, id)',
  'CREATE INDEX user_history_by_anime ON user_history (anime_code, part_number)',
];

const FILL = [
  'UPDATE mandatory_channels SET position = id',
  `UPDATE anime SET views = MAX(COALESCE(views, 0),
     (SELECT COUNT(*) FROM user_history AS h WHERE h.anime_code = anime.code))`,
  `INSERT INTO watch_progress (user_id, anime_id, part_id, part_number, viewed_at)
   ${progressQuery(OWN_TABLES)}`,
  'INSERT OR IGNORE INTO anime_stale (anime_id) SELECT id FROM anime',
];

export const viewer: Migration = {
  version: 3,
  name: 'viewer',
  up: (existing) => [
    ...COLUMNS.filter(([table, column]) => !has(existing, table, column)).map(
      ([table, column, definition]) => `ALTER TABLE ${table} ADD COLUMN ${column} ${definition}`,
    ),
    ...SEARCH,
    ...TABLES,
    ...FILL,
  ],
};

function has(existing: ExistingTables, table: string, column: string): boolean {
  return existing.get(table)?.has(column) ?? false;
}
