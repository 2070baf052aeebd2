/**
 * Posts of the old bot lead to the old bot. Each anime's latest post in a chat is led to the new
 * one when an owner asks for it.
 */
import { all, always, type Query, type Statement, sql } from './database.ts';
import { shown } from './shown-text.ts';

/** Of every anime and chat the last post that was sent before the move, unless it was led on. */
const OLD_POSTS = `SELECT MAX(p.posting_id) AS posting_id, p.group_id FROM posts AS p JOIN postings AS t ON t.id = p.posting_id
    JOIN anime AS a ON a.id = t.anime_id
  WHERE p.state = 'sent' AND p.message_id IS NOT NULL AND a.deleted_at IS NULL
    AND t.requested_at <= (SELECT moved_at FROM bot_identity)
  GROUP BY t.anime_id, p.group_id`;
/** What failed may go well once the bot was added to the chat. */
const UNTOUCHED = `NOT EXISTS (SELECT 1 FROM post_moves AS m
  WHERE m.posting_id = o.posting_id AND m.group_id = o.group_id AND m.state <> 'failed')`;

export function oldPosts(): Query<number> {
  return always(sql(`SELECT COUNT(*) AS n FROM (${OLD_POSTS}) AS o WHERE ${UNTOUCHED}`), (row) =>
    row.int('n'),
  );
}

/** RETURNING a row for each post that begins to move. */
export function movePosts(userId: number): Statement {
  return sql(
    `INSERT INTO post_moves (posting_id, group_id, requested_by) SELECT o.posting_id, o.group_id, ?
     FROM (${OLD_POSTS}) AS o WHERE ${UNTOUCHED}
     ON CONFLICT (posting_id, group_id) DO UPDATE SET state = 'waiting', error = NULL, requested_by = excluded.requested_by
     RETURNING posting_id`,
    userId,
  );
}

export interface PostMove {
  readonly postingId: number;
  readonly groupId: number;
  readonly chatId: number;
  readonly chatName: string;
  readonly isChannel: boolean;
  readonly messageId: number;
  readonly animeId: number;
  readonly requestedBy: number;
}

export function postsToMove(limit: number): Query<PostMove[]> {
  return all(
    sql(
      `SELECT m.posting_id, m.group_id, m.requested_by, g.group_id AS chat_id, ${shown('g.name')}, g.kind, p.message_id, t.anime_id
       FROM post_moves AS m JOIN posts AS p ON p.posting_id = m.posting_id AND p.group_id = m.group_id
         JOIN postings AS t ON t.id = m.posting_id JOIN groups AS g ON g.id = m.group_id
       WHERE m.state = 'waiting' ORDER BY m.posting_id DESC, m.group_id LIMIT ?`,
      limit,
    ),
    (row) => ({
      postingId: row.int('posting_id'),
      groupId: row.int('group_id'),
      chatId: row.int('chat_id'),
      chatName: row.text('name'),
      isChannel: row.textOrNull('kind') === 'channel',
      messageId: row.int('message_id'),
      animeId: row.int('anime_id'),
      requestedBy: row.int('requested_by'),
    }),
  );
}

/** @param messageId of the new card; absent: the old one was edited */
export function postMoved({ postingId, groupId }: PostMove, messageId?: number): readonly Statement[] {
  return [
    sql(
      'UPDATE post_moves SET state = ?, error = NULL WHERE posting_id = ? AND group_id = ?',
      messageId === undefined ? 'edited' : 'posted',
      postingId,
      groupId,
    ),
    ...(messageId === undefined
      ? []
      : [
          sql(
            'UPDATE posts SET message_id = ? WHERE posting_id = ? AND group_id = ?',
            messageId,
            postingId,
            groupId,
          ),
        ]),
  ];
}

export function postStayed({ postingId, groupId }: PostMove, error: string): Statement {
  return sql(
    `UPDATE post_moves SET state = 'failed', error = ? WHERE posting_id = ? AND group_id = ?`,
    error,
    postingId,
    groupId,
  );
}

export interface PostMoveCounts {
  readonly edited: number;
  readonly posted: number;
  readonly failed: number;
  readonly left: number;
}

export function postMoveCounts(): Query<PostMoveCounts> {
  const count = (state: string): string => `COALESCE(SUM(state = '${state}'), 0) AS ${state}`;
  return always(
    sql(
      `SELECT ${count('edited')}, ${count('posted')}, ${count('failed')}, ${count('waiting')} FROM post_moves`,
    ),
    (row): PostMoveCounts => ({
      edited: row.int('edited'),
      posted: row.int('posted'),
      failed: row.int('failed'),
      left: row.int('waiting'),
    }),
  );
}
