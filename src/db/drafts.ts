/**
 * Drafts: what an admin has begun and not finished. Drafts are rows, so they survive restarts.
 * Every step is a compare-and-set on `version`. At most one draft of each admin is open, that is,
 * takes their messages.
 */
import { type Statement, sql } from './database.ts';
import type { Step } from './read-drafts.ts';
import { toSqlTime } from './time.ts';

export interface DraftKey {
  readonly id: number;
  readonly userId: number;
}

/**
 * SQL: the draft that takes an admin's parts: the open one, or the one that waits for an answer.
 */
export function openOrWaiting(userId: string): string {
  return `COALESCE((SELECT id FROM drafts WHERE user_id = ${userId} AND is_open = 1),
    (SELECT resumes FROM admin_questions WHERE user_id = ${userId}))`;
}

/**
 * The open draft waits from now on; a mere question is dropped. Goes before every statement that
 * opens something.
 */
export function closeOpen(userId: number): readonly Statement[] {
  return [
    forgetQuestion(userId),
    sql('UPDATE drafts SET is_open = 0, version = version + 1 WHERE user_id = ? AND is_open = 1', userId),
  ];
}

/** The question is not open any more. */
export function forgetQuestion(userId: number): Statement {
  return sql('DELETE FROM admin_questions WHERE user_id = ?', userId);
}

/** A new, open draft; RETURNING id. After {@link closeOpen}. */
export function beginAnime(userId: number, now: Date): Statement {
  const at = toSqlTime(now);
  return sql(
    `INSERT INTO drafts (user_id, kind, step, created_at, updated_at) VALUES (?, 'anime', 'description', ?, ?) RETURNING id`,
    userId,
    at,
    at,
  );
}

/** Collects more parts for an anime; RETURNING id. After {@link closeOpen}. */
export function beginParts(userId: number, animeId: number, now: Date): Statement {
  const at = toSqlTime(now);
  return sql(
    `INSERT INTO drafts (user_id, kind, step, anime_id, created_at, updated_at)
     SELECT ?, 'parts', 'parts', id, ?, ? FROM anime WHERE id = ? AND deleted_at IS NULL RETURNING id`,
    userId,
    at,
    at,
    animeId,
  );
}

/** Takes the admin's messages again. After {@link closeOpen}. */
export function reopen(draft: DraftKey, now: Date): Statement {
  return sql(
    'UPDATE drafts SET is_open = 1, version = version + 1, updated_at = ? WHERE id = ? AND user_id = ?',
    toSqlTime(now),
    draft.id,
    draft.userId,
  );
}

/** Throws the draft away with its parts; they are still in the admin's chat. */
export function dropDraft(draft: DraftKey): Statement {
  return sql('DELETE FROM drafts WHERE id = ? AND user_id = ?', draft.id, draft.userId);
}

/**
 * What a step changes. `step` is the wizard's next step; a draft that came here from another step
 * returns to that one.
 */
export interface StepChange {
  readonly step: Step;
  readonly title?: string;
  readonly description?: string;
  readonly photo?: { readonly fileId: string; readonly uniqueId: string } | null;
  readonly code?: number;
  readonly firstNumber?: number;
}

/**
 * Compare-and-set: 0 changes when another press or message was quicker, or when the code, or a
 * number that a part of the draft would get, is taken.
 * @param from the draft as it was read
 */
export function changeStep(
  from: DraftKey & { readonly version: number },
  change: StepChange,
  now: Date,
): Statement {
  const { title, description, photo, code, firstNumber } = change;
  return sql(
    `UPDATE drafts SET step = COALESCE(back_to, ?), back_to = NULL, version = version + 1, updated_at = ?,
       title = COALESCE(?, title), description = COALESCE(?, description), code = COALESCE(?, code), subject = COALESCE(?, subject),
       photo_id = CASE WHEN ? THEN ? ELSE photo_id END, photo_unique_id = CASE WHEN ? THEN ? ELSE photo_unique_id END
     WHERE id = ? AND user_id = ? AND version = ? AND (? IS NULL OR NOT EXISTS (SELECT 1 FROM anime WHERE anime.code = ?))
       AND (? IS NULL OR NOT EXISTS (SELECT 1 FROM anime_parts AS p JOIN anime AS a ON a.code = p.anime_code
         WHERE a.id = drafts.anime_id AND p.part_number >= ?
           AND p.part_number < ? + MAX(1, (SELECT COUNT(*) FROM draft_parts AS s WHERE s.draft_id = drafts.id))))`,
    change.step,
    toSqlTime(now),
    title ?? null,
    description ?? null,
    code ?? null,
    firstNumber ?? null,
    photo === undefined ? 0 : 1,
    photo?.fileId ?? null,
    photo === undefined ? 0 : 1,
    photo?.uniqueId ?? null,
    from.id,
    from.userId,
    from.version,
    code ?? null,
    code ?? null,
    firstNumber ?? null,
    firstNumber ?? null,
    firstNumber ?? null,
  );
}

/** Goes to another step to change something; the step returns here afterwards. */
export function detour(
  from: DraftKey & { readonly version: number },
  step: Step,
  backTo: Step | null,
  now: Date,
): Statement {
  return sql(
    `UPDATE drafts SET step = ?, back_to = ?, version = version + 1, updated_at = ? WHERE id = ? AND user_id = ? AND version = ?`,
    step,
    backTo,
    toSqlTime(now),
    from.id,
    from.userId,
    from.version,
  );
}

/** Chooses or drops a chat. It says which, so a second press changes nothing. */
export function chooseGroup(draft: DraftKey, groupId: number, isChosen: boolean): Statement {
  return isChosen
    ? sql(
        `INSERT INTO draft_groups (draft_id, group_id) SELECT d.id, g.id FROM drafts AS d, groups AS g
         WHERE d.id = ? AND d.user_id = ? AND g.id = ? ON CONFLICT DO NOTHING`,
        draft.id,
        draft.userId,
        groupId,
      )
    : sql(
        `DELETE FROM draft_groups WHERE group_id = ? AND draft_id IN (SELECT id FROM drafts WHERE id = ? AND user_id = ?)`,
        groupId,
        draft.id,
        draft.userId,
      );
}
