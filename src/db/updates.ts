/** Which updates were handled, and which could not be. */
import { DAY_MS, daysBefore } from '../text/times.ts';
import { all, always, type Query, type Statement, sql } from './database.ts';
import { holding, toSqlTime } from './time.ts';

/** Telegram redelivers for up to 24 h; an older mark protects nothing. */
const MARK_LIFETIME_HOURS = 72;

/** The mark that an update was handled; the primary key refuses a second one. */
export function markHandled(updateId: number, now: Date): Statement {
  return sql('INSERT INTO handled_updates (update_id, handled_at) VALUES (?, ?)', updateId, toSqlTime(now));
}

/** The state of an update that arrives: what was done with it before, and what it waits for. */
export interface Standing {
  /** Handled, or set aside: another delivery changes nothing. */
  readonly isKnown: boolean;
  /** Until Telegram takes calls for this chat again, ms since 1970; null: now. */
  readonly floodEndMs: number | null;
  /** Earlier updates of the chat wait for their replay. */
  readonly isBehind: boolean;
}

/**
 * No flood wait is believed beyond this, and no update retried: the longest waits in public reports
 * are some hours.
 */
export const LONGEST_WAIT_MS = DAY_MS;

/** Always one row. @param isReplay the update itself was set aside */
export function standingOf(updateId: number, chatId: number, now: Date, isReplay: boolean): Query<Standing> {
  const { after, last } = holding(now, LONGEST_WAIT_MS);
  const aside = `SELECT 1 FROM failed_updates WHERE update_id = ?1 AND given_up_at IS NOT NULL`;
  return always(
    sql(
      `SELECT EXISTS (SELECT 1 FROM handled_updates WHERE update_id = ?1) OR (?5 = 0 AND EXISTS (${aside})) AS known,
         (SELECT MAX(until_ms) FROM floods WHERE chat_id IN (?2, 0) AND until_ms > ?3 AND until_ms <= ?4) AS flood,
         EXISTS (SELECT 1 FROM failed_updates WHERE chat_id = ?2 AND retry_ms IS NOT NULL AND update_id < ?1) AS behind`,
      updateId,
      chatId,
      after.getTime(),
      last.getTime(),
      isReplay ? 1 : 0,
    ),
    (row): Standing => ({
      isKnown: row.bool('known'),
      floodEndMs: row.intOrNull('flood'),
      isBehind: row.bool('behind'),
    }),
  );
}

/** Telegram asked for silence in a chat (0: everywhere). */
export function recordFlood(chatId: number, untilMs: number): Statement {
  return sql(
    `INSERT INTO floods (chat_id, until_ms) VALUES (?, ?)
     ON CONFLICT (chat_id) DO UPDATE SET until_ms = excluded.until_ms`,
    chatId,
    untilMs,
  );
}

/**
 * The oldest marks have the lowest ids, so only `count` rows are read, however many there are. The
 * second statement yields a row while old ones are left: repeat.
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

/** An update that failed is kept this long for an admin. */
const FAILURE_DAYS = 30;

export function forgetOldFailures(now: Date): readonly Statement[] {
  return [
    sql(
      'DELETE FROM failed_updates WHERE retry_ms IS NULL AND failed_at < ?',
      toSqlTime(daysBefore(now, FAILURE_DAYS)),
    ),
    sql('DELETE FROM floods WHERE until_ms < ?', now.getTime()),
  ];
}

export interface FailedUpdate {
  readonly updateId: number;
  /** Undefined for an update without a chat. */
  readonly chatId: number | undefined;
  readonly payload: string;
  readonly error: string;
}

/**
 * Records one more failed attempt; RETURNING attempts, and since_ms, the time of the first failure.
 * Keeps the update itself: nothing acknowledged is lost. No row when another attempt succeeded
 * meanwhile, unless that one wrote its effects and only owes the answer.
 */
export function recordFailure(update: FailedUpdate, isCommitted: boolean, now: Date): Statement {
  return sql(
    `INSERT INTO failed_updates (update_id, chat_id, payload, error, failed_at, since_ms) SELECT ?1, ?2, ?3, ?4, ?5, ?6
     WHERE ?7 = 1 OR NOT EXISTS (SELECT 1 FROM handled_updates WHERE update_id = ?1)
     ON CONFLICT (update_id) DO UPDATE SET attempts = attempts + 1, error = excluded.error, failed_at = excluded.failed_at
     RETURNING attempts, since_ms`,
    update.updateId,
    update.chatId ?? null,
    update.payload,
    update.error,
    toSqlTime(now),
    now.getTime(),
    isCommitted ? 1 : 0,
  );
}

/**
 * Telegram need not deliver it again. @param retryMs when the tick handles it again, ms since 1970;
 * null: when an admin says so
 */
export function setAside(updateId: number, retryMs: number | null, now: Date): Statement {
  return sql(
    'UPDATE failed_updates SET given_up_at = COALESCE(given_up_at, ?), retry_ms = ? WHERE update_id = ?',
    toSqlTime(now),
    retryMs,
    updateId,
  );
}

/** Part of every mark: closes an earlier failed attempt at this update. */
export function forgetFailure(updateId: number): Statement {
  return sql('DELETE FROM failed_updates WHERE update_id = ?', updateId);
}

/** One message tells a chat that its owed answers are lost. */
export function forgetOwed(chatId: number): Statement {
  return sql(
    `DELETE FROM failed_updates WHERE chat_id = ?
       AND EXISTS (SELECT 1 FROM handled_updates AS h WHERE h.update_id = failed_updates.update_id)`,
    chatId,
  );
}

export interface WaitingUpdate {
  readonly updateId: number;
  readonly chatId: number;
  readonly payload: string;
}

/**
 * Updates whose time has come, in the order in which they came; of one chat (whatever their time),
 * or of all.
 */
export function waitingUpdates(now: Date, limit: number, chatId?: number): Query<WaitingUpdate[]> {
  const { after, last } = holding(now, LONGEST_WAIT_MS);
  const condition = chatId === undefined ? '(retry_ms <= ?1 OR retry_ms > ?2)' : 'chat_id = ?4';
  const order = `ORDER BY update_id LIMIT ?3`;
  const text = `SELECT update_id, COALESCE(chat_id, 0) AS chat_id, payload FROM failed_updates
    WHERE retry_ms IS NOT NULL AND ${condition} ${order}`;
  const bounds = [after.getTime(), last.getTime(), limit];
  return all(sql(text, ...bounds, ...(chatId === undefined ? [] : [chatId])), (row) => ({
    updateId: row.int('update_id'),
    chatId: row.int('chat_id'),
    payload: row.text('payload'),
  }));
}

/** What an admin sees of updates that were set aside: one line for each reason. */
export interface FailureLine {
  readonly error: string;
  readonly count: number;
  /** How many of them are retried without an admin. */
  readonly waiting: number;
  readonly lastAt: string;
}

export function failureLines(limit: number): Query<FailureLine[]> {
  return all(
    sql(
      `SELECT error, COUNT(*) AS n, COUNT(retry_ms) AS waiting, MAX(failed_at) AS last FROM failed_updates
       WHERE given_up_at IS NOT NULL GROUP BY error ORDER BY n DESC LIMIT ?`,
      limit,
    ),
    (row) => ({
      error: row.text('error'),
      count: row.int('n'),
      waiting: row.int('waiting'),
      lastAt: row.text('last'),
    }),
  );
}

/** The next tick tries everything again that was set aside. */
export function retryFailures(now: Date): Statement {
  return sql(
    'UPDATE failed_updates SET retry_ms = ?, since_ms = ? WHERE given_up_at IS NOT NULL',
    now.getTime(),
    now.getTime(),
  );
}

/** Removes what is not retried by itself. RETURNING a row for each. */
export function dropFailures(): Statement {
  return sql(
    'DELETE FROM failed_updates WHERE given_up_at IS NOT NULL AND retry_ms IS NULL RETURNING update_id',
  );
}
