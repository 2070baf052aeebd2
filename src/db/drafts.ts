/**
 * Drafts: what an admin has begun and not finished. Drafts are rows, so they survive restarts.
 * Every step is a compare-and-set on `version`. At most one draft of each admin is open, that is,
 * takes their messages.
 */
import { one, type Query, type Statement, sql } from './database.ts';
import type { Row } from './row.ts';
import { toSqlTime } from './time.ts';
import { readWhereabouts, type Whereabouts, whereaboutsColumns } from './whereabouts.ts';

/** `anime`: a new anime; `parts`: parts for one that exists. */
export type DraftKind = 'anime' | 'parts';
export const STEPS = [
  'description',
  'parts',
  'code',
  'groups',
  'preview',
  'title',
  'photo',
  'number',
] as const;
export type Step = (typeof STEPS)[number];

export interface DraftGroup {
  readonly id: number;
  readonly name: string;
  readonly isChosen: boolean;
}

/** A draft with all that its screen needs. */
export interface Draft {
  readonly id: number;
  readonly userId: number;
  readonly kind: DraftKind;
  readonly step: Step;
  readonly version: number;
  readonly isOpen: boolean;
  readonly code: number | null;
  readonly title: string | null;
  readonly description: string | null;
  readonly photoId: string | null;
  readonly photoAt: Whereabouts;
  readonly parts: number;
  /** Videos sent more than once; each is stored once. */
  readonly repeated: number;
  readonly lastPartMessage: number | null;
  readonly statusMessage: number | null;
  readonly groups: readonly DraftGroup[];
  /** A code that no anime has, not even in the trash. */
  readonly freeCode: number;
  /** Of a `parts` draft: the anime, and the number the first part gets. */
  readonly anime: { readonly id: number; readonly code: number; readonly title: string | null } | undefined;
  readonly firstNumber: number | null;
  readonly language: string | null;
}

const NEXT_CODE = `(SELECT CASE
  WHEN COALESCE(MAX(code), 0) < 999999 THEN MAX(COALESCE(MAX(code), 0), 0) + 1
  ELSE (SELECT MIN(a.code) + 1 FROM anime AS a WHERE a.code BETWEEN 1 AND 999998
        AND NOT EXISTS (SELECT 1 FROM anime AS b WHERE b.code = a.code + 1)) END FROM anime)`;

const DRAFT = `SELECT d.*, ${whereaboutsColumns('d.photo_id', 'd.photo_unique_id')},
  (SELECT COUNT(*) FROM draft_parts AS p WHERE p.draft_id = d.id) AS parts,
  (SELECT MAX(p.message_id) FROM draft_parts AS p WHERE p.draft_id = d.id) AS last_part_message,
  (SELECT json_group_array(json_object('id', g.id, 'name', g.name, 'on', g.chosen)) FROM (
     SELECT g.id, g.name, EXISTS (SELECT 1 FROM draft_groups AS c WHERE c.draft_id = d.id AND c.group_id = g.id) AS chosen
     FROM groups AS g ORDER BY g.position, g.id) AS g) AS chats,
  ${NEXT_CODE} AS free_code,
  a.code AS anime_code, a.title AS anime_title,
  CASE WHEN d.kind = 'parts' THEN COALESCE(d.subject,
    (SELECT COALESCE(MAX(part_number), 0) + 1 FROM anime_parts WHERE anime_code = a.code)) END AS first_number,
  (SELECT u.language FROM users AS u WHERE u.user_id = d.user_id) AS language
FROM drafts AS d LEFT JOIN anime AS a ON a.id = d.anime_id`;

/**
 * SQL: the draft that takes an admin's parts: the open one, or the one that waits for an answer.
 */
export function openOrWaiting(userId: string): string {
  return `COALESCE((SELECT id FROM drafts WHERE user_id = ${userId} AND is_open = 1),
    (SELECT resumes FROM admin_questions WHERE user_id = ${userId}))`;
}

export function draftById(id: number, userId: number): Query<Draft | undefined> {
  return one(sql(`${DRAFT} WHERE d.id = ? AND d.user_id = ?`, id, userId), readDraft);
}

/** The draft that takes the admin's messages now, if it collects parts. */
export function openDraft(userId: number): Query<Draft | undefined> {
  return one(sql(`${DRAFT} WHERE d.user_id = ? AND d.is_open = 1`, userId), readDraft);
}

/** Any admin's draft whose status message is out of date. */
export function anyDraft(id: number): Query<Draft | undefined> {
  return one(sql(`${DRAFT} WHERE d.id = ?`, id), readDraft);
}

export interface WaitingDraft {
  readonly id: number;
  readonly kind: DraftKind;
  readonly title: string | null;
  readonly parts: number;
  readonly updatedAt: string;
  readonly isOpen: boolean;
}

/** An admin's unfinished drafts, the last touched first. */
export function draftsOf(userId: number): Query<WaitingDraft[]> {
  const statement = sql(
    `SELECT d.id, d.kind, COALESCE(d.title, a.title) AS title, d.updated_at, d.is_open,
       (SELECT COUNT(*) FROM draft_parts AS p WHERE p.draft_id = d.id) AS parts
     FROM drafts AS d LEFT JOIN anime AS a ON a.id = d.anime_id
     WHERE d.user_id = ? ORDER BY d.updated_at DESC, d.id DESC LIMIT 20`,
    userId,
  );
  return {
    ...statement,
    parse: (rows) =>
      rows.map((row) => ({
        id: row.int('id'),
        kind: readKind(row),
        title: row.textOrNull('title'),
        parts: row.int('parts'),
        updatedAt: row.text('updated_at'),
        isOpen: row.bool('is_open'),
      })),
  };
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

export interface DraftKey {
  readonly id: number;
  readonly userId: number;
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

function readDraft(row: Row): Draft {
  const animeId = row.intOrNull('anime_id');
  return {
    id: row.int('id'),
    userId: row.int('user_id'),
    kind: readKind(row),
    step: STEPS.find((step) => step === row.text('step')) ?? 'description',
    version: row.int('version'),
    isOpen: row.bool('is_open'),
    code: row.intOrNull('code'),
    title: row.textOrNull('title'),
    description: row.textOrNull('description'),
    photoId: row.textOrNull('photo_id'),
    photoAt: readWhereabouts(row),
    parts: row.int('parts'),
    repeated: row.int('repeated'),
    lastPartMessage: row.intOrNull('last_part_message'),
    statusMessage: row.intOrNull('status_message_id'),
    groups: readGroups(row.text('chats')),
    freeCode: row.int('free_code'),
    anime:
      animeId === null
        ? undefined
        : { id: animeId, code: row.int('anime_code'), title: row.textOrNull('anime_title') },
    firstNumber: row.intOrNull('first_number'),
    language: row.textOrNull('language'),
  };
}

function readKind(row: Row): DraftKind {
  return row.text('kind') === 'parts' ? 'parts' : 'anime';
}

/** json_group_array above made this JSON. */
function readGroups(json: string): DraftGroup[] {
  const rows = JSON.parse(json) as readonly { id: number; name: string; on: number }[];
  return rows.map(({ id, name, on }) => ({ id, name, isChosen: on === 1 }));
}
