/**
 * Numbers about the bot's use. The batch that records a thing also counts it, so the numbers are
 * true, and reading them costs the same however long the history is.
 */

import { readLimit } from '../text/text-limits.ts';
import { daysBefore } from '../text/times.ts';
import { always, listed, type Query, type Statement, sql } from './database.ts';
import { shown } from './shown-text.ts';
import { toSqlTime } from './time.ts';

/** `week` is named by its Monday. All periods are in UTC, as all times are. */
export type Metric = 'views' | 'new' | 'day' | 'week' | 'month' | 'source' | 'users';

const ADD = 'ON CONFLICT (metric, period) DO UPDATE SET value = value + excluded.value';

/**
 * Counts a person's visit once a day, week and month, and a newcomer once. Must stand before
 * `seePerson` in the batch: it reads the last visit.
 */
export function countVisit(userId: number, now: Date): Statement {
  const day = dayOf(now);
  const monday = mondayOf(now);
  const month = day.slice(0, 7);
  return sql(
    `INSERT INTO counters (metric, period, value)
     SELECT p.metric, p.period, 1
     FROM (SELECT 'day' AS metric, ? AS period, ? AS start UNION ALL SELECT 'week', ?, ? UNION ALL SELECT 'month', ?, ?) AS p
     WHERE NOT EXISTS (SELECT 1 FROM users AS u WHERE u.user_id = ? AND u.last_seen >= p.start)
     UNION ALL
     SELECT n.metric, n.period, 1 FROM (SELECT 'new' AS metric, ? AS period UNION ALL SELECT 'users', 'all') AS n
     WHERE NOT EXISTS (SELECT 1 FROM users AS u WHERE u.user_id = ?)
     ${ADD}`,
    day,
    day,
    monday,
    monday,
    month,
    `${month}-01`,
    userId,
    day,
    userId,
  );
}

/** Goes with every recorded view. */
export function countView(animeId: number, now: Date): readonly Statement[] {
  const day = dayOf(now);
  return [
    sql(
      `INSERT INTO counters (metric, period, value) VALUES ('views', ?, 1), ('views', 'all', 1)
       ON CONFLICT (metric, period) DO UPDATE SET value = value + 1`,
      day,
    ),
    sql(
      `INSERT INTO anime_views (day, anime_id, views) VALUES (?, ?, 1)
       ON CONFLICT (day, anime_id) DO UPDATE SET views = views + 1`,
      day,
      animeId,
    ),
  ];
}

/**
 * Where a person came from; before `recordSource` in the batch, since only the first time counts.
 */
export function countSource(userId: number, source: string): Statement {
  return sql(
    `INSERT INTO counters (metric, period, value) SELECT 'source', ?, 1
     WHERE NOT EXISTS (SELECT 1 FROM users WHERE user_id = ? AND source IS NOT NULL)
     ON CONFLICT (metric, period) DO UPDATE SET value = value + 1`,
    source,
    userId,
  );
}

export interface Totals {
  readonly users: number;
  readonly blocked: number;
  readonly banned: number;
  readonly anime: number;
  readonly parts: number;
  readonly views: number;
  readonly groups: number;
  readonly channels: number;
  readonly trashed: number;
  readonly activeDay: number;
  readonly activeWeek: number;
  readonly activeMonth: number;
  readonly viewsToday: number;
  readonly newToday: number;
}

/** Counters hold users, views and active people; anime, parts and chats are few enough to count. */
export function totals(now: Date): Query<Totals> {
  const day = dayOf(now);
  const counter = (metric: Metric, period: string): string =>
    `COALESCE((SELECT value FROM counters WHERE metric = '${metric}' AND period = '${period}'), 0)`;
  return always(
    sql(`SELECT ${counter('users', 'all')} AS users, ${counter('views', 'all')} AS views,
      ${counter('views', day)} AS views_today, ${counter('new', day)} AS new_today,
      ${counter('day', day)} AS active_day, ${counter('week', mondayOf(now))} AS active_week,
      ${counter('month', day.slice(0, 7))} AS active_month,
      (SELECT COUNT(*) FROM users WHERE blocked_at IS NOT NULL) AS blocked,
      (SELECT COUNT(*) FROM users WHERE banned_at IS NOT NULL) AS banned,
      (SELECT COUNT(*) FROM anime WHERE deleted_at IS NULL) AS anime,
      (SELECT COUNT(*) FROM anime WHERE deleted_at IS NOT NULL) AS trashed,
      (SELECT COUNT(*) FROM anime_parts) AS parts,
      (SELECT COUNT(*) FROM groups) AS groups,
      (SELECT COUNT(*) FROM mandatory_channels) AS channels`),
    (row) => ({
      users: row.figure('users'),
      blocked: row.figure('blocked'),
      banned: row.figure('banned'),
      anime: row.figure('anime'),
      parts: row.figure('parts'),
      views: row.figure('views'),
      groups: row.figure('groups'),
      channels: row.figure('channels'),
      trashed: row.figure('trashed'),
      activeDay: row.figure('active_day'),
      activeWeek: row.figure('active_week'),
      activeMonth: row.figure('active_month'),
      viewsToday: row.figure('views_today'),
      newToday: row.figure('new_today'),
    }),
  );
}

export interface Counted {
  readonly period: string;
  readonly value: number;
}

/** The last `count` days with today, oldest first; days without anything are 0. */
export function perDay(metric: Metric, now: Date, count: number): Query<Counted[]> {
  const days = Array.from({ length: count }, (_, i) => dayOf(daysBefore(now, count - 1 - i)));
  const query = listed(
    sql(
      'SELECT period, value FROM counters WHERE metric = ? AND period BETWEEN ? AND ?',
      metric,
      days[0] ?? '',
      days.at(-1) ?? '',
    ),
    (row) => ({ period: row.text('period'), value: row.figure('value') }),
  );
  return {
    ...query,
    parse: (rows) => {
      const found = new Map(query.parse(rows).map(({ period, value }) => [period, value]));
      return days.map((period) => ({ period, value: found.get(period) ?? 0 }));
    },
  };
}

/** The commonest sources. */
export function topSources(count: number): Query<Counted[]> {
  return listed(
    sql(
      `SELECT substr(period, 1, ${readLimit('source')}) AS period, value FROM counters WHERE metric = 'source' ORDER BY value DESC, period LIMIT ?`,
      count,
    ),
    (row) => ({ period: row.text('period'), value: row.figure('value') }),
  );
}

export interface TopAnime {
  readonly id: number;
  readonly code: number;
  readonly title: string | null;
  readonly views: number;
}

/** Most viewed in the last `days` days with today, or ever (`undefined`). */
export function topAnime(now: Date, days: number | undefined, count: number): Query<TopAnime[]> {
  const statement =
    days === undefined
      ? sql(
          `SELECT id, code, ${shown('title')}, views FROM anime WHERE deleted_at IS NULL AND views > 0
           ORDER BY views DESC, id DESC LIMIT ?`,
          count,
        )
      : sql(
          `SELECT a.id, a.code, ${shown('a.title')}, TOTAL(v.views) AS views
           FROM anime_views AS v JOIN anime AS a ON a.id = v.anime_id
           WHERE v.day >= ? AND a.deleted_at IS NULL GROUP BY a.id ORDER BY 4 DESC, a.id DESC LIMIT ?`,
          dayOf(daysBefore(now, days - 1)),
          count,
        );
  return listed(statement, (row) => ({
    id: row.int('id'),
    code: row.int('code'),
    title: row.textOrNull('title'),
    views: row.figure('views'),
  }));
}

function dayOf(date: Date): string {
  return toSqlTime(date).slice(0, 10);
}

function mondayOf(date: Date): string {
  return dayOf(daysBefore(date, (date.getUTCDay() + 6) % 7));
}
