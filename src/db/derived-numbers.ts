/**
 * Numbers that follow from the history and the people: statistics, views by day, and every viewer's
 * last part. Migrations count an old bot's rows with them once; imports count the rows of a file
 * together with those that are there. The texts for the tables are part of released migrations:
 * test/db/immutable.test.ts turns red when one changes.
 */

/**
 * The relations that are counted, as SQL after FROM: tables, or queries in parentheses with their
 * columns.
 */
export interface Counted {
  readonly history: string;
  readonly users: string;
  readonly anime: string;
  readonly parts: string;
}

export const OWN_TABLES: Counted = {
  history: 'user_history',
  users: 'users',
  anime: 'anime',
  parts: 'anime_parts',
};

/** Times that begin like a date; old files sometimes hold other things. */
const DATED = "GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*'";

/** Queries that give rows of `counters` (metric, period, value): by day, week, month and source. */
export function counterQueries({ history, users }: Counted): string[] {
  return [
    `SELECT 'views', substr(viewed_at, 1, 10), COUNT(*) FROM ${history} WHERE viewed_at ${DATED} GROUP BY 2`,
    `SELECT 'new', substr(created_at, 1, 10), COUNT(*) FROM ${users} WHERE created_at ${DATED} GROUP BY 2`,
    // Before the bot kept counters, an active user is one who watched.
    `SELECT 'day', substr(viewed_at, 1, 10), COUNT(DISTINCT user_id) FROM ${history} WHERE viewed_at ${DATED} GROUP BY 2`,
    `SELECT 'month', substr(viewed_at, 1, 7), COUNT(DISTINCT user_id) FROM ${history} WHERE viewed_at ${DATED} GROUP BY 2`,
    `SELECT 'week', date(substr(viewed_at, 1, 10), '-6 days', 'weekday 1'), COUNT(DISTINCT user_id) FROM ${history}
   WHERE viewed_at ${DATED} AND date(substr(viewed_at, 1, 10)) IS NOT NULL GROUP BY 2`,
    `SELECT 'source', source, COUNT(*) FROM ${users} WHERE source IS NOT NULL GROUP BY source`,
  ];
}

/** Queries that give rows of `counters`: of all times. */
export function totalQueries({ history, users }: Counted): string[] {
  return [`SELECT 'users', 'all', COUNT(*) FROM ${users}`, `SELECT 'views', 'all', COUNT(*) FROM ${history}`];
}

/** Gives rows of `anime_views` (day, anime_id, views). */
export function dailyViewsQuery({ history, anime }: Counted): string {
  return `SELECT substr(h.viewed_at, 1, 10), a.id, COUNT(*) FROM ${history} AS h JOIN ${anime} AS a ON a.code = h.anime_code
   WHERE h.viewed_at ${DATED} GROUP BY 1, 2`;
}

/** Gives rows of `watch_progress` (user_id, anime_id, part_id, part_number, viewed_at). */
export function progressQuery({ history, anime, parts }: Counted): string {
  // The bare columns beside MAX come from the row that holds the maximum (SQLite: lang_select,
  // "bare columns in an aggregate query").
  return `SELECT h.user_id, a.id, p.id, h.part_number, MAX(COALESCE(h.viewed_at, ''))
   FROM ${history} AS h JOIN ${anime} AS a ON a.code = h.anime_code
     JOIN ${parts} AS p ON p.anime_code = h.anime_code AND p.part_number = h.part_number
   GROUP BY h.user_id, a.id`;
}
