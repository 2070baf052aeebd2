/**
 * Cards on their way to groups and channels: one write asks for them, they go out one by one, each
 * result is kept.
 */
import { LONGEST_PAUSE_MS, MAX_ATTEMPTS } from '../lib/recipient-wait.ts';
import { all, one, type Query, type Statement, sql } from './database.ts';
import type { Row } from './row.ts';
import { beginning, shown } from './shown-text.ts';
import { holding, holdingSince, toSqlTime } from './time.ts';

/**
 * Another host takes over the post of one that died while sending, after this time. Longer than any
 * Bot API call may last (src/bot/telegram.ts).
 */
const CLAIM_MS = 120_000;

/** One press of "post" for the chosen chats; RETURNING id. Followed by {@link postTo}. */
export function beginPosting(animeId: number, userId: number, now: Date): Statement {
  return sql(
    `INSERT INTO postings (anime_id, requested_by, requested_at)
     SELECT id, ?, ? FROM anime WHERE id = ? AND deleted_at IS NULL RETURNING id`,
    userId,
    toSqlTime(now),
    animeId,
  );
}

/** The anime's chosen chats become the posts of the posting that the same batch has just begun. */
export function postToChosen(animeId: number): Statement {
  return sql(
    `INSERT INTO posts (posting_id, group_id)
     SELECT last_insert_rowid(), c.group_id FROM anime_groups AS c JOIN anime AS a ON a.code = c.anime_code
     WHERE a.id = ? AND a.deleted_at IS NULL`,
    animeId,
  );
}

export interface Choice {
  readonly id: number;
  readonly name: string;
  readonly isChosen: boolean;
  readonly postedAt: string | null;
}

/** Every chat, whether the anime goes there, and when it last did. */
export function postingChoices(animeId: number): Query<Choice[]> {
  return all(
    sql(
      `SELECT g.id, ${shown('g.name')},
         EXISTS (SELECT 1 FROM anime_groups AS c JOIN anime AS a ON a.code = c.anime_code WHERE a.id = ?1 AND c.group_id = g.id) AS chosen,
         (SELECT MAX(t.requested_at) FROM posts AS p JOIN postings AS t ON t.id = p.posting_id
          WHERE p.group_id = g.id AND t.anime_id = ?1 AND p.state = 'sent') AS posted_at
       FROM groups AS g ORDER BY g.position, g.id`,
      animeId,
    ),
    (row) => ({
      id: row.int('id'),
      name: row.text('name'),
      isChosen: row.bool('chosen'),
      postedAt: row.textOrNull('posted_at'),
    }),
  );
}

/** It says which, so a second press changes nothing. */
export function choose(animeId: number, groupId: number, isChosen: boolean, now: Date): Statement {
  return isChosen
    ? sql(
        `INSERT INTO anime_groups (anime_code, group_id, added_at)
         SELECT a.code, g.id, ? FROM anime AS a, groups AS g WHERE a.id = ? AND g.id = ? ON CONFLICT DO NOTHING`,
        toSqlTime(now),
        animeId,
        groupId,
      )
    : sql(
        'DELETE FROM anime_groups WHERE group_id = ? AND anime_code = (SELECT code FROM anime WHERE id = ?)',
        groupId,
        animeId,
      );
}

export interface Post {
  readonly postingId: number;
  readonly groupId: number;
  readonly chatId: number;
  readonly name: string;
  readonly attempts: number;
}

/** Claims up to `limit` posts of a posting, those of a dead host included; RETURNING them. */
export function claimPosts(postingId: number, limit: number, now: Date): Statement {
  return sql(
    `UPDATE posts SET state = 'sending', claimed_ms = ?, attempts = attempts + 1
     WHERE posting_id = ? AND group_id IN (SELECT group_id FROM posts WHERE posting_id = ? AND ${isDue(now)} LIMIT ?)
     RETURNING posting_id, group_id, attempts, (SELECT g.group_id FROM groups AS g WHERE g.id = posts.group_id) AS chat_id,
       (SELECT ${beginning('g.name')} FROM groups AS g WHERE g.id = posts.group_id) AS name`,
    now.getTime(),
    postingId,
    postingId,
    limit,
  );
}

/** Posts to send now: those that wait for nothing, and those of a dead host. */
function isDue(now: Date): string {
  const pause = holding(now, LONGEST_PAUSE_MS);
  const claim = holdingSince(now, CLAIM_MS);
  return `((state = 'waiting' AND (retry_ms <= ${pause.after.getTime()} OR retry_ms > ${pause.last.getTime()}))
    OR (state = 'sending' AND (claimed_ms <= ${claim.after.getTime()} OR claimed_ms > ${claim.last.getTime()})))`;
}

export function readPosts(result: { readonly rows: readonly Row[] } | undefined): Post[] {
  return (result?.rows ?? []).map((row) => ({
    postingId: row.int('posting_id'),
    groupId: row.int('group_id'),
    chatId: row.int('chat_id'),
    name: row.text('name'),
    attempts: row.int('attempts'),
  }));
}

export function postSent(post: Post, messageId: number): readonly Statement[] {
  return [
    sql(
      `UPDATE posts SET state = 'sent', message_id = ?, error = NULL WHERE posting_id = ? AND group_id = ?`,
      messageId,
      post.postingId,
      post.groupId,
    ),
  ];
}

/**
 * @param retryMs a passing fault: when to try again, unless it was tried often enough; null: no
 * further try
 */
export function postFailed(post: Post, error: string, retryMs: number | null): readonly Statement[] {
  return [
    sql(
      `UPDATE posts SET state = CASE WHEN ?1 IS NOT NULL AND attempts < ${MAX_ATTEMPTS} THEN 'waiting' ELSE 'failed' END,
         retry_ms = COALESCE(?1, 0), error = ?2 WHERE posting_id = ?3 AND group_id = ?4`,
      retryMs,
      error,
      post.postingId,
      post.groupId,
    ),
  ];
}

/** Claimed, but not sent. */
export function postUntried(post: Post, retryMs: number): Statement {
  return sql(
    `UPDATE posts SET state = 'waiting', attempts = attempts - 1, retry_ms = ?
     WHERE posting_id = ? AND group_id = ? AND state = 'sending'`,
    retryMs,
    post.postingId,
    post.groupId,
  );
}

export interface PostResult {
  readonly name: string;
  readonly state: 'waiting' | 'sending' | 'sent' | 'failed';
  readonly error: string | null;
}

export function postResults(postingId: number): Query<PostResult[]> {
  return all(
    sql(
      `SELECT ${shown('g.name')}, p.state, p.error FROM posts AS p JOIN groups AS g ON g.id = p.group_id
       WHERE p.posting_id = ? ORDER BY g.position, g.id`,
      postingId,
    ),
    (row) => {
      const state = row.text('state');
      return {
        name: row.text('name'),
        state: state === 'sent' || state === 'failed' || state === 'sending' ? state : 'waiting',
        error: row.textOrNull('error'),
      };
    },
  );
}

export interface Posting {
  readonly id: number;
  readonly animeId: number;
  readonly requestedBy: number;
  readonly reportMessageId: number | null;
  readonly language: string | null;
}

const POSTING = `SELECT t.id, t.anime_id, t.requested_by, t.report_message_id,
  (SELECT u.language FROM users AS u WHERE u.user_id = t.requested_by) AS language FROM postings AS t`;

/** Those with something to send now, or with nothing left. */
export function openPostings(limit: number, now: Date): Query<Posting[]> {
  const posts = 'SELECT 1 FROM posts AS p WHERE p.posting_id = t.id';
  const text = `${POSTING} WHERE t.finished_at IS NULL AND (EXISTS (${posts} AND ${isDue(now)})
    OR NOT EXISTS (${posts} AND state IN ('waiting', 'sending'))) ORDER BY t.id LIMIT ?`;
  return all(sql(text, limit), readPosting);
}

export function postingById(id: number): Query<Posting | undefined> {
  return one(sql(`${POSTING} WHERE t.id = ?`, id), readPosting);
}

function readPosting(row: Row): Posting {
  return {
    id: row.int('id'),
    animeId: row.int('anime_id'),
    requestedBy: row.int('requested_by'),
    reportMessageId: row.intOrNull('report_message_id'),
    language: row.textOrNull('language'),
  };
}

/** Closes a posting that has nothing left to send. */
export function finishPosting(id: number, now: Date): Statement {
  return sql(
    `UPDATE postings SET finished_at = ? WHERE id = ? AND finished_at IS NULL
       AND NOT EXISTS (SELECT 1 FROM posts WHERE posting_id = postings.id AND state IN ('waiting', 'sending'))`,
    toSqlTime(now),
    id,
  );
}

export function postingReported(id: number, messageId: number): Statement {
  return sql('UPDATE postings SET report_message_id = ? WHERE id = ?', messageId, id);
}
