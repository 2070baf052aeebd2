/**
 * Which tables an import merges, by which keys, and what it leaves aside (docs/spec/backup.md,
 * "Import"). Data only.
 */
import { ownSchema } from '../../db/own-tables.ts';

export interface ImportTable {
  readonly name: string;
  /** Staged columns (`c_…`) that make a row the same row. */
  readonly key: readonly string[];
  /**
   * SQL: is living row `t` the one of staged row `s`? By a unique index; empty for events, which
   * have none.
   */
  readonly match: string;
  /** Living column -> SQL over `s`, where the file's value would be an id of its own database. */
  readonly mapped?: Readonly<Record<string, string>>;
  /** The column that says which of two is newer. */
  readonly time?: string;
  /** Rows are events or links: they are added, never changed. */
  readonly addOnly?: boolean;
  /** Rows have no unique key, but an `id` that only grows. */
  readonly events?: boolean;
  /** Columns that stay empty where the file does not say, whatever the table's default. */
  readonly unknown?: readonly string[];
  /** Counters: the higher of both. */
  readonly highest?: readonly string[];
  /** Never taken from a file: ids of its own, passing states. */
  readonly skip: readonly string[];
  /** Found when the file has none (`judge`), although a row must have one. */
  readonly derived?: readonly string[];
  /** Taken for new rows, never over an old one's. */
  readonly fixed: readonly string[];
}

const LOCAL_ANIME = '(SELECT id FROM anime WHERE code = s.c_code)';
const LOCAL_GROUP = '(SELECT id FROM groups WHERE group_id = s.c_chat)';

/** A viewer and an anime. */
const LINK = {
  key: ['c_user_id', 'c_code'],
  match: `t.user_id = s.c_user_id AND t.anime_id = ${LOCAL_ANIME}`,
  mapped: { anime_id: LOCAL_ANIME },
  addOnly: true,
  skip: [],
  fixed: [],
} satisfies Omit<ImportTable, 'name'>;

/** In an order in which parents come first. */
export const IMPORT_TABLES: readonly ImportTable[] = [
  {
    name: 'users',
    key: ['c_user_id'],
    match: 't.user_id = s.c_user_id',
    time: 'last_seen',
    unknown: ['created_at'],
    skip: ['rate_since', 'rate_count', 'rate_told', 'blocked_at'],
    fixed: ['created_at', 'banned_at'],
  },
  {
    name: 'anime',
    key: ['c_code'],
    match: 't.code = s.c_code',
    time: 'updated_at',
    highest: ['views'],
    skip: ['id'],
    // A row that is in the other bot's trash is not thrown away here.
    fixed: ['created_at', 'deleted_at'],
  },
  {
    name: 'anime_parts',
    key: ['c_anime_code', 'c_part_number'],
    match: 't.anime_code = s.c_anime_code AND t.part_number = s.c_part_number',
    derived: ['part_number'],
    skip: ['id'],
    fixed: ['created_at'],
  },
  {
    name: 'groups',
    key: ['c_group_id'],
    match: 't.group_id = s.c_group_id',
    skip: ['id', 'position', 'problem'],
    fixed: ['created_at'],
  },
  {
    name: 'mandatory_channels',
    key: ['c_channel_id'],
    match: 't.channel_id = s.c_channel_id',
    skip: ['id', 'position', 'check_state', 'check_error', 'checked_at'],
    fixed: ['created_at'],
  },
  {
    name: 'anime_groups',
    key: ['c_anime_code', 'c_chat'],
    match: `t.anime_code = s.c_anime_code AND t.group_id = ${LOCAL_GROUP}`,
    mapped: { group_id: LOCAL_GROUP },
    addOnly: true,
    skip: ['id'],
    fixed: [],
  },
  {
    name: 'user_history',
    key: ['c_user_id', 'c_anime_code', 'c_part_number', 'c_viewed_at'],
    match: '',
    addOnly: true,
    events: true,
    unknown: ['viewed_at'],
    skip: ['id'],
    fixed: [],
  },
  { name: 'favourites', ...LINK },
  { name: 'follows', ...LINK },
  {
    name: 'watch_progress',
    key: ['c_user_id', 'c_code'],
    match: `t.user_id = s.c_user_id AND t.anime_id = ${LOCAL_ANIME}`,
    mapped: {
      anime_id: LOCAL_ANIME,
      part_id: '(SELECT id FROM anime_parts WHERE anime_code = s.c_code AND part_number = s.c_part_number)',
    },
    time: 'viewed_at',
    skip: [],
    fixed: [],
  },
  {
    name: 'anime_views',
    key: ['c_day', 'c_code'],
    match: `t.day = s.c_day AND t.anime_id = ${LOCAL_ANIME}`,
    mapped: { anime_id: LOCAL_ANIME },
    highest: ['views'],
    skip: [],
    fixed: [],
  },
  {
    name: 'counters',
    key: ['c_metric', 'c_period'],
    match: 't.metric = s.c_metric AND t.period = s.c_period',
    highest: ['value'],
    skip: [],
    fixed: [],
  },
  {
    name: 'audit_log',
    key: ['c_user_id', 'c_action', 'c_subject', 'c_at'],
    match: '',
    addOnly: true,
    events: true,
    skip: ['id'],
    fixed: [],
  },
];

/** What the column of a kind may say; another word would go to Telegram as a method's name. */
export const KINDS: Readonly<Record<string, readonly string[]>> = {
  'anime_parts.kind': ['video', 'document', 'animation'],
  'groups.kind': ['group', 'supergroup', 'channel'],
  'mandatory_channels.kind': ['public', 'private', 'request'],
};

/** Why rows of other tables, and values of other columns (`anime.rating`), stay where they are. */
export function whyLeftAside(table: string): { readonly reason: string; readonly isState?: true } {
  if (table.includes('.')) return { reason: 'not a column of this bot' };
  if (table === 'admins') return { reason: 'rights are given by a person, not by a file' };
  if (/^(anime_(search|words|grams|stale)|sqlite_)/.test(table))
    return { reason: 'made anew from the rows', isState: true };
  if (/^(draft|post|broadcast|part_news|news_retries|floods|admin_(notices|questions|work))/.test(table))
    return { reason: 'work under way, not data' };
  if (
    /^(schema_migrations|backup_|change_(log|state)|job_leases|alerts|handled_updates|failed_updates|gate_answers|restoring_|importing_)/.test(
      table,
    )
  )
    return { reason: 'what a bot keeps for itself', isState: true };
  // Of a table that nobody has put into these lists yet, at least no untruth is told.
  if (ownSchema().tables.has(table)) return { reason: 'what a bot keeps for itself', isState: true };
  return { reason: 'not a table of this bot' };
}
