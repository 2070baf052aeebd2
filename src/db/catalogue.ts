/** Writers of the catalogue: publishing a draft, editing an anime, changing its code. */
import { wakeArchive } from './archive.ts';
import { one, type Query, type Statement, sql } from './database.ts';
import type { DraftKey } from './drafts.ts';
import type { Draft } from './read-drafts.ts';
import type { Row } from './row.ts';
import { shown } from './shown-text.ts';
import { toSqlTime } from './time.ts';

/** An anime as admins see it, in the trash or not. */
export interface CatalogueAnime {
  readonly id: number;
  readonly code: number;
  readonly title: string | null;
  readonly description: string | null;
  readonly photoId: string | null;
  readonly aliases: string | null;
  readonly genres: string | null;
  readonly year: number | null;
  readonly views: number;
  readonly parts: number;
  readonly highestPart: number;
  readonly deletedAt: string | null;
}

/** Columns of {@link CatalogueAnime}, from a table named `a`. */
export const CATALOGUE_COLUMNS = `a.id, a.code, ${shown('a.title', 'a.description', 'a.aliases', 'a.genres')}, a.photo_id, a.year, a.views, a.deleted_at,
  (SELECT COUNT(*) FROM anime_parts AS p WHERE p.anime_code = a.code) AS parts,
  (SELECT COALESCE(MAX(part_number), 0) FROM anime_parts AS p WHERE p.anime_code = a.code) AS highest_part`;

export function catalogueAnime(id: number): Query<CatalogueAnime | undefined> {
  return one(sql(`SELECT ${CATALOGUE_COLUMNS} FROM anime AS a WHERE a.id = ?`, id), readCatalogueAnime);
}

/** The anime that has the code, in the trash too: a purge alone frees a code. */
export function holderOf(code: number): Query<CatalogueAnime | undefined> {
  return one(sql(`SELECT ${CATALOGUE_COLUMNS} FROM anime AS a WHERE a.code = ?`, code), readCatalogueAnime);
}

/**
 * The last owner of a code that is free now, as far as the audit log remembers (a year): the last
 * change away from it, and that anime's code changes since. The log's subject ends in `: 12 → 34`.
 */
export function formerHolder(code: number): Query<CatalogueAnime | undefined> {
  return one(
    sql(
      `WITH RECURSIVE
         cut AS MATERIALIZED (SELECT id, subject, rtrim(subject, '0123456789') AS head FROM audit_log
           WHERE action = 'code-changed' AND NOT EXISTS (SELECT 1 FROM anime WHERE code = ?1)),
         pair AS MATERIALIZED (SELECT id, substr(head, 1, length(head) - 3) AS head, substr(subject, length(head) + 1) AS later FROM cut),
         changes AS MATERIALIZED (SELECT id, CAST(substr(head, length(rtrim(head, '0123456789')) + 1) AS INTEGER) AS earlier,
           CAST(later AS INTEGER) AS later FROM pair),
         steps AS (SELECT id, later FROM changes WHERE id = (SELECT MAX(id) FROM changes WHERE earlier = ?1)
           UNION ALL
           SELECT c.id, c.later FROM steps AS s JOIN changes AS c
             ON c.id = (SELECT MIN(n.id) FROM changes AS n WHERE n.earlier = s.later AND n.id > s.id))
       SELECT ${CATALOGUE_COLUMNS} FROM anime AS a
       WHERE a.code = (SELECT later FROM steps ORDER BY id DESC LIMIT 1) AND a.deleted_at IS NULL`,
      code,
    ),
    readCatalogueAnime,
  );
}

/** Newest first; one more than a page when another page follows. */
export function cataloguePage(page: number, perPage: number): Query<CatalogueAnime[]> {
  const statement = sql(
    `SELECT ${CATALOGUE_COLUMNS} FROM anime AS a WHERE a.deleted_at IS NULL ORDER BY a.id DESC LIMIT ? OFFSET ?`,
    perPage + 1,
    page * perPage,
  );
  return { ...statement, parse: (rows) => rows.map(readCatalogueAnime) };
}

export function readCatalogueAnime(row: Row): CatalogueAnime {
  return {
    id: row.int('id'),
    code: row.int('code'),
    title: row.textOrNull('title'),
    description: row.textOrNull('description'),
    photoId: row.textOrNull('photo_id'),
    aliases: row.textOrNull('aliases'),
    genres: row.textOrNull('genres'),
    year: row.intIfReadable('year'),
    views: row.figure('views'),
    parts: row.int('parts'),
    highestPart: row.int('highest_part'),
    deletedAt: row.textOrNull('deleted_at'),
  };
}

/**
 * Every statement of a publication checks the same draft in the same state, so all of them act, or
 * none.
 */
const READY =
  "d.id = ? AND d.user_id = ? AND d.version = ? AND d.kind = 'anime' AND d.step = 'preview' AND d.code IS NOT NULL";

/**
 * Makes a draft an anime, with its parts in message order and its chats, in one batch. The first
 * result RETURNs the new id and is empty when the draft has moved on; the second has a row for each
 * part. The batch fails with ConstraintFailed (`anime.code`), and writes nothing, when the code was
 * taken meanwhile.
 */
export function publish(draft: Pick<Draft, 'id' | 'userId' | 'version'>, now: Date): readonly Statement[] {
  const at = toSqlTime(now);
  const key = [draft.id, draft.userId, draft.version];
  return [
    sql(
      `INSERT INTO anime (code, title, description, photo_id, photo_unique_id, created_at, updated_at)
       SELECT d.code, d.title, d.description, d.photo_id, d.photo_unique_id, ?, ? FROM drafts AS d WHERE ${READY} RETURNING id`,
      at,
      at,
      ...key,
    ),
    sql(
      `INSERT INTO anime_parts (anime_code, part_number, file_id, kind, file_unique_id, created_at)
       SELECT d.code, ROW_NUMBER() OVER (ORDER BY p.message_id), p.file_id, p.kind, p.file_unique_id, ?
       FROM drafts AS d JOIN draft_parts AS p ON p.draft_id = d.id WHERE ${READY} RETURNING part_number`,
      at,
      ...key,
    ),
    sql(
      `INSERT INTO anime_groups (anime_code, group_id, added_at)
       SELECT d.code, c.group_id, ? FROM drafts AS d JOIN draft_groups AS c ON c.draft_id = d.id WHERE ${READY}`,
      at,
      ...key,
    ),
    sql(
      `INSERT INTO postings (anime_id, requested_by, requested_at)
       SELECT a.id, d.user_id, ? FROM drafts AS d JOIN anime AS a ON a.code = d.code
       WHERE ${READY} AND EXISTS (SELECT 1 FROM draft_groups AS c WHERE c.draft_id = d.id) RETURNING id`,
      at,
      ...key,
    ),
    sql(
      `INSERT INTO posts (posting_id, group_id)
       SELECT last_insert_rowid(), c.group_id FROM drafts AS d JOIN draft_groups AS c ON c.draft_id = d.id WHERE ${READY}`,
      ...key,
    ),
    sql(`DELETE FROM drafts AS d WHERE ${READY}`, ...key),
    wakeArchive(),
  ];
}

/**
 * Adds a `parts` draft's parts to its anime, in message order from the draft's first number on, and
 * removes the draft. RETURNING part_number; empty when the draft has moved on; ConstraintFailed
 * when a number is taken.
 */
export function publishParts(
  draft: DraftKey & { readonly version: number },
  now: Date,
): readonly Statement[] {
  const key = [draft.id, draft.userId, draft.version];
  const ready = "d.id = ? AND d.user_id = ? AND d.version = ? AND d.kind = 'parts'";
  return [
    sql(
      `INSERT INTO anime_parts (anime_code, part_number, file_id, kind, file_unique_id, created_at)
       SELECT a.code,
         COALESCE(d.subject, (SELECT COALESCE(MAX(part_number), 0) + 1 FROM anime_parts WHERE anime_code = a.code)) - 1
           + ROW_NUMBER() OVER (ORDER BY p.message_id),
         p.file_id, p.kind, p.file_unique_id, ?
       FROM drafts AS d JOIN draft_parts AS p ON p.draft_id = d.id JOIN anime AS a ON a.id = d.anime_id WHERE ${ready}
       ORDER BY p.message_id RETURNING part_number`,
      toSqlTime(now),
      ...key,
    ),
    sql(
      `UPDATE anime SET updated_at = ? WHERE id = (SELECT d.anime_id FROM drafts AS d WHERE ${ready})`,
      toSqlTime(now),
      ...key,
    ),
    sql(`DELETE FROM drafts AS d WHERE ${ready}`, ...key),
    wakeArchive(),
  ];
}

export interface AnimeChange {
  readonly title?: string;
  readonly description?: string;
  readonly photo?: { readonly fileId: string; readonly uniqueId: string } | null;
  readonly aliases?: string | null;
  readonly genres?: string | null;
  readonly year?: number | null;
}

/** Changes the given fields only; 0 changes when the anime is gone or in the trash. */
export function editAnime(id: number, change: AnimeChange, now: Date): Statement {
  const { photo } = change;
  const columns: (readonly [string, string | number | null | undefined])[] = [
    ['title', change.title],
    ['description', change.description],
    ['photo_id', photo === undefined ? undefined : (photo?.fileId ?? null)],
    ['photo_unique_id', photo === undefined ? undefined : (photo?.uniqueId ?? null)],
    ['aliases', change.aliases],
    ['genres', change.genres],
    ['year', change.year],
    ['updated_at', toSqlTime(now)],
  ];
  const given = columns.filter(([, value]) => value !== undefined);
  return sql(
    `UPDATE anime SET ${given.map(([column]) => `${column} = ?`).join(', ')} WHERE id = ? AND deleted_at IS NULL`,
    ...given.map(([, value]) => value ?? null),
    id,
  );
}

/**
 * Gives an anime another code. Parts and chats follow by foreign key, the history by a statement
 * here. The last statement's changes are 0 when the code is taken (in the trash too) or the anime
 * is gone; then nothing changed.
 */
export function changeCode(id: number, code: number, now: Date): readonly Statement[] {
  const isFree = 'NOT EXISTS (SELECT 1 FROM anime AS other WHERE other.code = ?)';
  return [
    sql(
      `UPDATE user_history SET anime_code = ?
       WHERE anime_code = (SELECT code FROM anime WHERE id = ? AND deleted_at IS NULL) AND ${isFree}`,
      code,
      id,
      code,
    ),
    sql(
      `UPDATE anime SET code = ?, updated_at = ? WHERE id = ? AND deleted_at IS NULL AND ${isFree}`,
      code,
      toSqlTime(now),
      id,
      code,
    ),
  ];
}
