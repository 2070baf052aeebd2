/**
 * Parts of a draft, stored as their messages come, and the one message that tells how many there
 * are.
 */
import { one, type Query, type Statement, sql } from './database.ts';
import { type DraftKey, openOrWaiting } from './drafts.ts';
import type { PartKind } from './parts.ts';
import type { Draft } from './read-drafts.ts';
import { holdingSince, toSqlTime } from './time.ts';

export interface SentPart {
  readonly messageId: number;
  readonly fileId: string;
  readonly fileUniqueId: string;
  readonly kind: PartKind;
  readonly name: string | null;
}

/**
 * Stores one part in the open draft, and opens one when there is none. 100 of these may run at
 * once, in any order, some twice: parts keep the order of the messages, and a repeated video is
 * counted, not stored. A question that opens meanwhile does not lose the part: it goes to the draft
 * that waits for the answer. The second statement RETURNs a row when the video was there, the third
 * when it is stored now; neither: it was not stored.
 */
export function collectPart(userId: number, part: SentPart, now: Date): readonly Statement[] {
  const at = toSqlTime(now);
  const mine = openOrWaiting('?1');
  return [
    sql(
      `INSERT INTO drafts (user_id, kind, step, created_at, updated_at) SELECT ?1, 'anime', 'description', ?2, ?2
       WHERE NOT EXISTS (SELECT 1 FROM admin_questions WHERE user_id = ?1) ON CONFLICT DO NOTHING`,
      userId,
      at,
    ),
    sql(
      `UPDATE draft_parts SET message_id = MIN(message_id, ?2) WHERE draft_id = ${mine} AND file_unique_id = ?3 RETURNING id`,
      userId,
      part.messageId,
      part.fileUniqueId,
    ),
    sql(
      `INSERT INTO draft_parts (draft_id, message_id, file_id, file_unique_id, kind, name)
       SELECT id, ?2, ?3, ?4, ?5, ?6 FROM drafts WHERE id = ${mine} ON CONFLICT DO NOTHING RETURNING id`,
      userId,
      part.messageId,
      part.fileId,
      part.fileUniqueId,
      part.kind,
      part.name,
    ),
    sql(
      `UPDATE drafts SET updated_at = ?2, repeated = repeated + (changes() = 0) WHERE id = ${mine}`,
      userId,
      at,
    ),
  ];
}

/** The first part of the anime whose number a part of the draft would get, counted from `first`. */
export function numberAmong(draft: Draft, first: number): Query<number | undefined> {
  return one(
    sql(
      `SELECT MIN(p.part_number) AS number FROM anime_parts AS p JOIN anime AS a ON a.code = p.anime_code
       WHERE a.id = ? AND p.part_number >= ?
         AND p.part_number < ? + MAX(1, (SELECT COUNT(*) FROM draft_parts AS s WHERE s.draft_id = ?)) HAVING COUNT(*) > 0`,
      draft.anime?.id ?? 0,
      first,
      first,
      draft.id,
    ),
    (row) => row.int('number'),
  );
}

/** Removes the newest part. */
export function dropLastPart(draft: DraftKey): Statement {
  return sql(
    `DELETE FROM draft_parts WHERE id = (SELECT p.id FROM draft_parts AS p JOIN drafts AS d ON d.id = p.draft_id
       WHERE d.id = ? AND d.user_id = ? ORDER BY p.message_id DESC LIMIT 1)`,
    draft.id,
    draft.userId,
  );
}

/** Claims the right to refresh the draft's status message: RETURNING a row to one of many. */
export function claimStatus(
  condition: { userId: number } | { id: number },
  now: Date,
  everyMs: number,
): Statement {
  const byUser = 'userId' in condition;
  const { after, last } = holdingSince(now, everyMs);
  return sql(
    `UPDATE drafts SET status_ms = ? WHERE ${byUser ? 'user_id' : 'id'} = ? AND is_open = 1
       AND (status_ms <= ? OR status_ms > ?)
     RETURNING id`,
    now.getTime(),
    byUser ? condition.userId : condition.id,
    after.getTime(),
    last.getTime(),
  );
}

export function statusShown(draftId: number, messageId: number | null, parts: number): Statement {
  return sql(
    'UPDATE drafts SET status_message_id = ?, status_parts = ? WHERE id = ?',
    messageId,
    parts,
    draftId,
  );
}

/**
 * The message now shows the draft's present step: where the step says the number of parts, it is
 * the status message, else it is none any more. A message above the last part stays as it was: the
 * step is shown below. Goes behind the change of the step.
 */
export function statusMoved(draftId: number, messageId: number): Statement {
  const saysNumber = `step IN ('parts', 'description')`;
  return sql(
    `UPDATE drafts SET status_message_id = CASE WHEN ${saysNumber} THEN ?2 END,
       status_parts = (SELECT COUNT(*) FROM draft_parts AS p WHERE p.draft_id = drafts.id)
     WHERE id = ?1 AND is_open = 1 AND (${saysNumber} OR status_message_id = ?2)
       AND ?2 > COALESCE((SELECT MAX(message_id) FROM draft_parts AS p WHERE p.draft_id = drafts.id), 0)`,
    draftId,
    messageId,
  );
}

/** Open drafts whose status message tells a wrong number. */
export function staleStatuses(now: Date, quietMs: number): Query<number[]> {
  const { after, last } = holdingSince(now, quietMs);
  const statement = sql(
    `SELECT d.id FROM drafts AS d WHERE d.is_open = 1 AND (d.status_ms BETWEEN 1 AND ? OR d.status_ms > ?)
       AND d.status_parts <> (SELECT COUNT(*) FROM draft_parts AS p WHERE p.draft_id = d.id) LIMIT 20`,
    after.getTime(),
    last.getTime(),
  );
  return { ...statement, parse: (rows) => rows.map((row) => row.int('id')) };
}
