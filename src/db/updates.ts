/** Which updates were handled, and which could not be. */
import { one, type Query, type Statement, sql } from './database.ts';
import { toSqlTime } from './time.ts';

/** Telegram redelivers for up to 24 h (spec/platform-facts.md); a mark older than this protects nothing. */
const MARK_LIFETIME_HOURS = 72;

/** The mark that an update was handled; a second one is refused by the primary key. */
export function markHandled(updateId: number, now: Date): Statement {
  return sql('INSERT INTO handled_updates (update_id, handled_at) VALUES (?, ?)', updateId, toSqlTime(now));
}

export function isHandled(updateId: number): Query<boolean> {
  const query = one(
    sql('SELECT 1 AS handled FROM handled_updates WHERE update_id = ?', updateId),
    () => true,
  );
  return { ...query, parse: (rows) => query.parse(rows) ?? false };
}

/**
 * The oldest marks have the lowest ids: only `count` rows are looked at, however many there are. The second statement yields a row
 * while old ones are left: repeat.
 */
export function forgetOldMarks(now: Date, count: number): readonly [Statement, Statement] {
  const limit = toSqlTime(new Date(now.getTime() - MARK_LIFETIME_HOURS * 3_600_000));
  const oldest = 'SELECT update_id FROM handled_updates ORDER BY update_id LIMIT ?';
  const old = `handled_at < ? AND update_id IN (${oldest})`;
  return [
    sql(`DELETE FROM handled_updates WHERE ${old}`, limit, count),
    sql(`SELECT 1 FROM handled_updates WHERE ${old} LIMIT 1`, limit, count),
  ];
}

/** One more failed attempt; RETURNING attempts. The update itself is kept: nothing acknowledged is lost. */
export function recordFailure(updateId: number, payload: string, error: string, now: Date): Statement {
  const at = toSqlTime(now);
  return sql(
    `INSERT INTO failed_updates (update_id, payload, error, failed_at) VALUES (?, ?, ?, ?)
     ON CONFLICT (update_id) DO UPDATE SET attempts = attempts + 1, error = excluded.error, failed_at = excluded.failed_at
     RETURNING attempts`,
    updateId,
    payload,
    error,
    at,
  );
}

/** It is never handled again. Its mark may stand already: what failed can be the answer, after its effects were written. */
export function giveUp(updateId: number, now: Date): readonly Statement[] {
  return [
    sql('UPDATE failed_updates SET given_up_at = ? WHERE update_id = ?', toSqlTime(now), updateId),
    sql(
      'INSERT INTO handled_updates (update_id, handled_at) VALUES (?, ?) ON CONFLICT DO NOTHING',
      updateId,
      toSqlTime(now),
    ),
  ];
}

/** Part of every mark: an earlier failed attempt at this update is mended. */
export function forgetFailure(updateId: number): Statement {
  return sql('DELETE FROM failed_updates WHERE update_id = ?', updateId);
}

/** Claims the right to tell admins of something once; RETURNING nothing when it was told before. */
export function claimAlert(key: string, now: Date): Statement {
  return sql(
    'INSERT INTO alerts (key, told_at) VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING key',
    key,
    toSqlTime(now),
  );
}
