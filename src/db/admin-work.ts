/**
 * Long work that an admin asked for in an update. The update's own write stores it; it stays until
 * its outcome was told.
 */
import { DAY_MS } from '../text/times.ts';
import { all, type Query, type Statement, sql } from './database.ts';
import type { Row } from './row.ts';
import { holdingSince, toSqlTime } from './time.ts';

/** `report`: the work is done, and its outcome is still to be told. */
export type WorkKind = 'check' | 'send' | 'look' | 'import' | 'moment' | 'report';

export interface AdminWork {
  readonly id: number;
  readonly kind: WorkKind;
  readonly requestedBy: number;
  readonly chatId: number;
  /** The message that shows the progress; null: a new message tells the outcome. */
  readonly messageId: number | null;
  /** JSON, of a shape of its kind. */
  readonly detail: string;
  /** How many processes began it and fell silent, this one included. */
  readonly attempts: number;
  readonly requestedAt: string;
  /** The admin who asked. */
  readonly language: string | null;
  /** By the admins table; the owners are in the settings. */
  readonly isAdmin: boolean;
}

/** A process that was silent for this long is dead. A living one reports four times as often. */
const CLAIM_MS = 120_000;
export const RENEW_MS = CLAIM_MS / 4;
/** Work that could not be done for this long is given up. */
const LONGEST_MS = DAY_MS;

/** So costly that there is one at a time, whoever asked. */
const ALONE: readonly WorkKind[] = ['moment'];

/**
 * RETURNING id; no row when the same work is already under way at that message, or anywhere where
 * it is done alone.
 */
export function addWork(
  work: Pick<AdminWork, 'kind' | 'requestedBy' | 'chatId' | 'messageId' | 'detail'>,
  now: Date,
): Statement {
  const isThere = ALONE.includes(work.kind) ? 'kind = ?1' : 'kind = ?1 AND chat_id = ?3 AND message_id = ?4';
  return sql(
    `INSERT INTO admin_work (kind, requested_by, chat_id, message_id, detail, requested_at)
     SELECT ?1, ?2, ?3, ?4, ?5, ?6
     WHERE NOT EXISTS (SELECT 1 FROM admin_work WHERE ${isThere}) RETURNING id`,
    work.kind,
    work.requestedBy,
    work.chatId,
    work.messageId,
    work.detail,
    toSqlTime(now),
  );
}

export function workShown(id: number, messageId: number): Statement {
  return sql('UPDATE admin_work SET message_id = ? WHERE id = ?', messageId, id);
}

/** No living process works on it. */
function isFree(now: Date): string {
  const { after, last } = holdingSince(now, CLAIM_MS);
  return `(claimed_ms <= ${after.getTime()} OR claimed_ms > ${last.getTime()})`;
}

/** Ids of work that no process holds, the longest untried first. */
export function freeWork(limit: number, now: Date): Query<number[]> {
  const text = `SELECT id FROM admin_work WHERE ${isFree(now)} ORDER BY claimed_ms, id LIMIT ?`;
  return all(sql(text, limit), (row) => row.int('id'));
}

/** RETURNING the work, unless another process holds it. */
export function claimWork(id: number, now: Date): Statement {
  return sql(
    `UPDATE admin_work SET claimed_ms = ?, attempts = attempts + 1 WHERE id = ? AND ${isFree(now)}
     RETURNING *, (SELECT u.language FROM users AS u WHERE u.user_id = requested_by) AS language,
       EXISTS (SELECT 1 FROM admins AS a WHERE a.user_id = requested_by) AS is_admin`,
    now.getTime(),
    id,
  );
}

export function readWork(row: Row): AdminWork {
  return {
    id: row.int('id'),
    // Only addWork and workDone write this column.
    kind: row.text('kind') as WorkKind,
    requestedBy: row.int('requested_by'),
    chatId: row.int('chat_id'),
    messageId: row.intOrNull('message_id'),
    detail: row.text('detail'),
    attempts: row.int('attempts'),
    requestedAt: row.text('requested_at'),
    language: row.textOrNull('language'),
    isAdmin: row.bool('is_admin'),
  };
}

export function isTooOld({ requestedAt }: AdminWork, now: Date): boolean {
  return requestedAt <= toSqlTime(holdingSince(now, LONGEST_MS).after);
}

/** Shows that the process lives. */
export function renewWork(id: number, now: Date): Statement {
  return sql('UPDATE admin_work SET claimed_ms = ? WHERE id = ?', now.getTime(), id);
}

/** Leaves it to another process, or for later: this attempt was no death. */
export function freeAgain(id: number): Statement {
  return sql('UPDATE admin_work SET claimed_ms = 1, attempts = attempts - 1 WHERE id = ?', id);
}

/** Keeps the progress, so that a later attempt does not repeat what was done. */
export function keepDetail(id: number, detail: string): Statement {
  return sql('UPDATE admin_work SET detail = ? WHERE id = ?', detail, id);
}

/** Only the telling is left. @param outcome JSON of what is told */
export function workDone(id: number, outcome: string): Statement {
  return sql(`UPDATE admin_work SET kind = 'report', detail = ? WHERE id = ?`, outcome, id);
}

export function endWork(id: number): Statement {
  return sql('DELETE FROM admin_work WHERE id = ?', id);
}

/** Cancelled before any process began it. RETURNING its id. */
export function dropWork(chatId: number, messageId: number, now: Date): Statement {
  return sql(
    `DELETE FROM admin_work WHERE chat_id = ? AND message_id = ? AND kind IN ('import', 'moment') AND ${isFree(now)} RETURNING id`,
    chatId,
    messageId,
  );
}
