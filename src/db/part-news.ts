/** New parts on their way to the people who follow an anime. */
import { LONGEST_PAUSE_MS, MAX_ATTEMPTS } from '../lib/recipient-wait.ts';
import { all, one, type Query, type Statement, sql } from './database.ts';
import type { Row } from './row.ts';
import { NAMING } from './shown-text.ts';
import { holding, toSqlTime } from './time.ts';
import { LARGEST_USER_ID } from './users.ts';

/** One message tells parts that were added within this time of each other. */
const GATHER_SECONDS = 60;

/**
 * Goes with the write that adds parts to an anime viewers can see, after their rows: tells all
 * parts with that created_at. Without followers it writes nothing.
 */
export function announceParts(animeId: number, addedAt: Date): Statement {
  return sql(
    `INSERT INTO part_news (anime_id, first_part, last_part, parts, ready_at)
     SELECT a.id, MIN(p.part_number), MAX(p.part_number), COUNT(*), ?3
     FROM anime AS a JOIN anime_parts AS p ON p.anime_code = a.code AND p.created_at = ?2
     WHERE a.id = ?1 AND EXISTS (SELECT 1 FROM follows AS f WHERE f.anime_id = a.id) GROUP BY a.id
     ON CONFLICT (anime_id) WHERE started_at IS NULL DO UPDATE SET
       first_part = MIN(first_part, excluded.first_part), last_part = MAX(last_part, excluded.last_part),
       parts = parts + excluded.parts, ready_at = excluded.ready_at`,
    animeId,
    toSqlTime(addedAt),
    toSqlTime(new Date(addedAt.getTime() + GATHER_SECONDS * 1000)),
  );
}

export interface PartNews {
  readonly id: number;
  readonly animeId: number;
  readonly code: number;
  readonly title: string | null;
  readonly description: string | null;
  readonly firstPart: number;
  readonly lastPart: number;
  readonly parts: number;
  /** The last follower who was told. */
  readonly cursor: number;
}

/** The oldest news due. News of an anime in the trash waits for its return. */
export function dueNews(now: Date): Query<PartNews | undefined> {
  const { after, last } = holding(now, GATHER_SECONDS * 1000);
  return one(
    sql(
      `SELECT n.id, n.anime_id, a.code, ${NAMING}, n.first_part, n.last_part, n.parts, n.cursor
       FROM part_news AS n JOIN anime AS a ON a.id = n.anime_id AND a.deleted_at IS NULL
       WHERE n.finished_at IS NULL AND (n.ready_at <= ? OR n.ready_at > ?) ORDER BY n.ready_at, n.id LIMIT 1`,
      toSqlTime(after),
      toSqlTime(last),
    ),
    readNews,
  );
}

function readNews(row: Row): PartNews {
  return {
    id: row.int('id'),
    animeId: row.int('anime_id'),
    code: row.int('code'),
    title: row.textOrNull('title'),
    description: row.textOrNull('description'),
    firstPart: row.int('first_part'),
    lastPart: row.int('last_part'),
    parts: row.int('parts'),
    cursor: row.int('cursor'),
  };
}

function readFollower(row: Row): Follower {
  return {
    userId: row.int('user_id'),
    language: row.textOrNull('language'),
    isReachable: row.bool('reachable'),
  };
}

/** Later parts begin a news of their own. */
export function startNews(newsId: number, now: Date): Statement {
  return sql(
    'UPDATE part_news SET started_at = ? WHERE id = ? AND started_at IS NULL',
    toSqlTime(now),
    newsId,
  );
}

export interface Follower {
  readonly userId: number;
  readonly language: string | null;
  /** Skipped: the follower blocked the bot or was banned. */
  readonly isReachable: boolean;
}

/** The next followers after `cursor`, by id. */
export function followersAfter(animeId: number, cursor: number, limit: number): Query<Follower[]> {
  return all(
    sql(
      `SELECT f.user_id, u.language, u.blocked_at IS NULL AND u.banned_at IS NULL AS reachable
       FROM follows AS f JOIN users AS u ON u.user_id = f.user_id
       WHERE f.anime_id = ? AND f.user_id > ? AND f.user_id <= ${LARGEST_USER_ID} ORDER BY f.user_id LIMIT ?`,
      animeId,
      cursor,
      limit,
    ),
    readFollower,
  );
}

/** RETURNING nothing when another runner moved on meanwhile: then stop. */
export function moveCursor(
  news: { readonly id: number; readonly from: number },
  to: number,
  counts: { readonly sent: number; readonly failed: number },
): Statement {
  return sql(
    'UPDATE part_news SET cursor = ?, sent = sent + ?, failed = failed + ? WHERE id = ? AND cursor = ? RETURNING id',
    to,
    counts.sent,
    counts.failed,
    news.id,
    news.from,
  );
}

export function finishNews(newsId: number, now: Date): Statement {
  return sql('UPDATE part_news SET finished_at = ? WHERE id = ?', toSqlTime(now), newsId);
}

/** Keeps a follower for another try while the others go on. In the end counted as failed. */
export function retryFollower(newsId: number, userId: number, retryMs: number): Statement {
  return sql(
    `INSERT INTO news_retries (news_id, user_id, attempts, retry_ms) VALUES (?, ?, 1, ?)
     ON CONFLICT (news_id, user_id) DO UPDATE SET attempts = attempts + 1, retry_ms = excluded.retry_ms`,
    newsId,
    userId,
    retryMs,
  );
}

/** Ends the retries of a follower, told or not. */
export function endRetry(newsId: number, userId: number, outcome: 'sent' | 'failed'): readonly Statement[] {
  return [
    sql(`UPDATE part_news SET ${outcome} = ${outcome} + 1 WHERE id = ?`, newsId),
    sql('DELETE FROM news_retries WHERE news_id = ? AND user_id = ?', newsId, userId),
  ];
}

export interface Retry {
  readonly news: PartNews;
  readonly follower: Follower;
  /** Failed attempts so far. */
  readonly attempts: number;
  readonly isLast: boolean;
}

/**
 * Followers who are due for another try, the longest waiting first, without those who stopped
 * following.
 */
export function dueRetries(now: Date, limit: number): Query<Retry[]> {
  const { after, last } = holding(now, LONGEST_PAUSE_MS);
  return all(
    sql(
      `SELECT n.id, n.anime_id, a.code, ${NAMING}, n.first_part, n.last_part, n.parts, n.cursor,
         r.user_id, r.attempts, r.attempts >= ${MAX_ATTEMPTS} - 1 AS is_last, u.language,
         u.blocked_at IS NULL AND u.banned_at IS NULL AND a.deleted_at IS NULL AND EXISTS
           (SELECT 1 FROM follows AS f WHERE f.anime_id = n.anime_id AND f.user_id = r.user_id) AS reachable
       FROM news_retries AS r JOIN part_news AS n ON n.id = r.news_id JOIN anime AS a ON a.id = n.anime_id
       JOIN users AS u ON u.user_id = r.user_id
       WHERE r.retry_ms <= ? OR r.retry_ms > ? ORDER BY r.retry_ms LIMIT ?`,
      after.getTime(),
      last.getTime(),
      limit,
    ),
    (row) => ({
      news: readNews(row),
      follower: readFollower(row),
      attempts: row.int('attempts'),
      isLast: row.bool('is_last'),
    }),
  );
}
