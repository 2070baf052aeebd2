/** Drafts as screens need them: with their parts, chats and the anime they belong to. */
import { one, type Query, sql } from './database.ts';
import type { Row } from './row.ts';
import { beginning, shown } from './shown-text.ts';
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

const DRAFT = `SELECT ${shown('d.title', 'd.description')}, d.*, ${whereaboutsColumns('d.photo_id', 'd.photo_unique_id')},
  (SELECT COUNT(*) FROM draft_parts AS p WHERE p.draft_id = d.id) AS parts,
  (SELECT MAX(p.message_id) FROM draft_parts AS p WHERE p.draft_id = d.id) AS last_part_message,
  (SELECT json_group_array(json_object('id', g.id, 'name', ${beginning('g.name')}, 'on', g.chosen)) FROM (
     SELECT g.id, g.name, EXISTS (SELECT 1 FROM draft_groups AS c WHERE c.draft_id = d.id AND c.group_id = g.id) AS chosen
     FROM groups AS g ORDER BY g.position, g.id) AS g) AS chats,
  ${NEXT_CODE} AS free_code,
  a.code AS anime_code, ${beginning('a.title')} AS anime_title,
  CASE WHEN d.kind = 'parts' THEN COALESCE(d.subject,
    (SELECT COALESCE(MAX(part_number), 0) + 1 FROM anime_parts WHERE anime_code = a.code)) END AS first_number,
  (SELECT u.language FROM users AS u WHERE u.user_id = d.user_id) AS language
FROM drafts AS d LEFT JOIN anime AS a ON a.id = d.anime_id`;

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
    `SELECT d.id, d.kind, COALESCE(${beginning('d.title')}, ${beginning('a.title')}) AS title, d.updated_at, d.is_open,
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
