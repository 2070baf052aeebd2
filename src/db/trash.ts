/** Deleted anime: hidden from viewers at once, restorable for 30 days, then purged by the tick. */
import { all, listed, type Query, type Statement, sql } from './database.ts';
import { shown } from './shown-text.ts';
import { holdingSince, toSqlTime } from './time.ts';

/** docs/spec/bot.md "Admin" 3. */
export const TRASH_DAYS = 30;
/**
 * History rows that one statement frees, so that purging a popular anime holds no long write lock.
 */
const HISTORY_SLICE = 5_000;

/**
 * Everything of the anime stays, its code too; changes nothing when it was in the trash already.
 */
export function trashAnime(id: number, now: Date): Statement {
  return sql('UPDATE anime SET deleted_at = ? WHERE id = ? AND deleted_at IS NULL', toSqlTime(now), id);
}

export function restoreAnime(id: number): Statement {
  return sql('UPDATE anime SET deleted_at = NULL WHERE id = ? AND deleted_at IS NOT NULL', id);
}

export interface Trashed {
  readonly id: number;
  readonly code: number;
  readonly title: string | null;
  readonly parts: number;
  readonly deletedAt: string;
}

export function trashPage(page: number, perPage: number): Query<Trashed[]> {
  return listed(
    sql(
      `SELECT a.id, a.code, ${shown('a.title')}, a.deleted_at,
         (SELECT COUNT(*) FROM anime_parts AS p WHERE p.anime_code = a.code) AS parts
       FROM anime AS a WHERE a.deleted_at IS NOT NULL ORDER BY a.deleted_at DESC, a.id DESC LIMIT ? OFFSET ?`,
      perPage + 1,
      page * perPage,
    ),
    (row) => ({
      id: row.int('id'),
      code: row.int('code'),
      title: row.textOrNull('title'),
      parts: row.int('parts'),
      deletedAt: row.text('deleted_at'),
    }),
  );
}

/**
 * What a clock that ran ahead put into the trash counts from now on: otherwise it would stay until
 * time catches up.
 */
export function redateTrash(now: Date): Statement {
  return sql(
    `UPDATE anime SET deleted_at = ?1 WHERE deleted_at > ?2 AND ${IS_CLOCK_TRUSTED}`,
    toSqlTime(now),
    toSqlTime(holdingSince(now, 0).last),
  );
}

export interface Expired {
  readonly id: number;
  readonly code: number;
  readonly title: string | null;
}

/**
 * A clock that is a year ahead would empty the trash in an hour. So it is believed only when at
 * least three of the last ten backup runs (all, where there are fewer) began in the hundred days
 * before `?1`: three backups must agree with a clock that jumped.
 */
const IS_CLOCK_TRUSTED = `(SELECT COALESCE(SUM(started_at BETWEEN datetime(?1, '-100 days') AND datetime(?1, '+1 minute')), 0)
  >= MIN(3, COUNT(*)) FROM (SELECT started_at FROM backup_runs ORDER BY id DESC LIMIT 10))`;

/** Anime whose days in the trash are over; none while the clock is in doubt. */
export function expiredAnime(now: Date, limit: number): Query<Expired[]> {
  return all(
    sql(
      `SELECT id, code, ${shown('title')} FROM anime WHERE deleted_at < datetime(?1, '-${TRASH_DAYS} days') AND ${IS_CLOCK_TRUSTED}
       ORDER BY deleted_at LIMIT ?2`,
      toSqlTime(now),
      limit,
    ),
    (row) => ({ id: row.int('id'), code: row.int('code'), title: row.textOrNull('title') }),
  );
}

/**
 * Takes the code from a slice of the views of an anime before its purge, since another anime may
 * get the code. The second statement yields a row while more are left: repeat.
 */
export function releaseHistory(code: number): readonly [Statement, Statement] {
  return [
    sql(
      `UPDATE user_history SET anime_code = NULL, part_number = NULL
       WHERE id IN (SELECT id FROM user_history WHERE anime_code = ? LIMIT ${HISTORY_SLICE})`,
      code,
    ),
    sql('SELECT 1 FROM user_history WHERE anime_code = ? LIMIT 1', code),
  ];
}

/** Ends an anime's days in the trash: the next tick purges it. */
export function expireTrashed(id: number, now: Date): Statement {
  return sql(
    `UPDATE anime SET deleted_at = datetime(?, '-${TRASH_DAYS + 1} days') WHERE id = ? AND deleted_at IS NOT NULL`,
    toSqlTime(now),
    id,
  );
}

/** Gone for good, with parts, chats and counters; only what is in the trash can go. */
export function purgeAnime(id: number): Statement {
  return sql('DELETE FROM anime WHERE id = ? AND deleted_at IS NOT NULL', id);
}
