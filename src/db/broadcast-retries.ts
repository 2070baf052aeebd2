/**
 * Recipients of broadcasts who could not be reached and are tried again by themselves: a row each,
 * until they are counted.
 */
import { LONGEST_PAUSE_MS, MAX_ATTEMPTS } from '../lib/recipient-wait.ts';
import { type Broadcast, type Delivery, type Place, REACHABLE, type Recipient } from './broadcasts.ts';
import { all, always, type Query, type Statement, sql } from './database.ts';
import { holding } from './time.ts';

export interface WaitingRecipient extends Recipient {
  /** Failed attempts so far. */
  readonly attempts: number;
  readonly isLast: boolean;
  /** False for a person who blocked the bot, or was banned or removed meanwhile. */
  readonly isReachable: boolean;
}

/** Recipients who are due for another try, the longest waiting first. */
export function dueRecipients(
  { id, audience }: Broadcast,
  limit: number,
  now: Date,
): Query<WaitingRecipient[]> {
  const { after, last } = holding(now, LONGEST_PAUSE_MS);
  const [columns, table] =
    audience === 'users'
      ? ["r.recipient AS chat_id, '' AS name", `users AS c ON c.user_id = r.recipient AND ${REACHABLE}`]
      : [
          "COALESCE(c.group_id, 0) AS chat_id, COALESCE(c.name, '') AS name",
          'groups AS c ON c.id = r.recipient',
        ];
  return all(
    sql(
      `SELECT r.recipient AS position, ${columns}, r.attempts, r.attempts >= ${MAX_ATTEMPTS} - 1 AS is_last,
         c.rowid IS NOT NULL AS reachable
       FROM broadcast_retries AS r LEFT JOIN ${table}
       WHERE r.broadcast_id = ? AND (r.retry_ms <= ? OR r.retry_ms > ?) ORDER BY r.retry_ms LIMIT ?`,
      id,
      after.getTime(),
      last.getTime(),
      limit,
    ),
    (row) => ({
      position: row.int('position'),
      chatId: row.int('chat_id'),
      name: row.text('name'),
      attempts: row.int('attempts'),
      isLast: row.bool('is_last'),
      isReachable: row.bool('reachable'),
    }),
  );
}

/** Whether any recipient still has to be tried again. */
export function isAnybodyWaiting(id: number): Query<boolean> {
  const text = 'SELECT EXISTS (SELECT 1 FROM broadcast_retries WHERE broadcast_id = ?) AS found';
  return always(sql(text, id), (row) => row.bool('found'));
}

/**
 * Keeps this recipient for another try while the others go on. Follows the record of its slice,
 * which moved the cursor to `to`; does nothing where another host had the slice.
 */
export function retryRecipient(
  { id, slice }: Place,
  to: number,
  recipient: number,
  retryMs: number,
): Statement {
  return sql(
    `INSERT INTO broadcast_retries (broadcast_id, recipient, attempts, retry_ms)
     SELECT b.id, ?, 1, ? FROM broadcasts AS b WHERE b.id = ? AND b.attempts = ? AND b.cursor = ?
     ON CONFLICT (broadcast_id, recipient) DO NOTHING`,
    recipient,
    retryMs,
    id,
    slice + 1,
    to,
  );
}

export function retryAgain(id: number, recipient: number, retryMs: number): Statement {
  return sql(
    `UPDATE broadcast_retries SET attempts = attempts + 1, retry_ms = ? WHERE broadcast_id = ? AND recipient = ?`,
    retryMs,
    id,
    recipient,
  );
}

/** Counts the outcome of one retried recipient, once. */
export function endRetry(id: number, recipient: number, delivery: Delivery): readonly [Statement, Statement] {
  const row = 'broadcast_id = ?1 AND recipient = ?2';
  return [
    sql(
      `UPDATE broadcasts SET ${delivery} = ${delivery} + 1
       WHERE id = ?1 AND EXISTS (SELECT 1 FROM broadcast_retries WHERE ${row})`,
      id,
      recipient,
    ),
    sql(`DELETE FROM broadcast_retries WHERE ${row}`, id, recipient),
  ];
}

/** Of broadcasts that ended early. */
export function forgetRetries(): Statement {
  return sql(
    `DELETE FROM broadcast_retries WHERE broadcast_id IN
       (SELECT id FROM broadcasts WHERE state IN ('cancelled', 'failed', 'done'))`,
  );
}
