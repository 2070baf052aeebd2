/** The catalogue: one anime as a viewer sees it. */
import { one, type Query, type Statement, sql } from './database.ts';
import type { Row } from './row.ts';
import { shown } from './shown-text.ts';
import { readWhereabouts, type Whereabouts, whereaboutsColumns } from './whereabouts.ts';

export interface AnimeCard {
  readonly id: number;
  readonly code: number;
  readonly title: string | null;
  readonly description: string | null;
  readonly photoId: string | null;
  readonly photoAt: Whereabouts;
  readonly year: number | null;
  readonly genres: string | null;
  readonly views: number;
  readonly parts: number;
  /** Of the viewer who asks. */
  readonly isFavourite: boolean;
  readonly isFollowed: boolean;
  /** The part this viewer saw last, and the one after it; null when there is none. */
  readonly watched: number | null;
  readonly next: number | null;
}

/** A card's columns beyond those of a list. `?1` is the viewer. */
export const CARD_COLUMNS = `a.photo_id, ${whereaboutsColumns('a.photo_id', 'a.photo_unique_id')}, a.year, ${shown('a.genres')}, a.views,
  (SELECT COUNT(*) FROM anime_parts AS p WHERE p.anime_code = a.code) AS parts,
  EXISTS (SELECT 1 FROM favourites AS f WHERE f.user_id = ?1 AND f.anime_id = a.id) AS favourite,
  EXISTS (SELECT 1 FROM follows AS f WHERE f.user_id = ?1 AND f.anime_id = a.id) AS followed,
  COALESCE(seen.part_number, w.part_number) AS watched,
  (SELECT MIN(part_number) FROM anime_parts AS n
   WHERE n.anime_code = a.code AND n.part_number > COALESCE(seen.part_number, w.part_number)) AS next`;

/** Named by its row, so that the number is today's. */
export const CARD_JOINS = `LEFT JOIN watch_progress AS w ON w.user_id = ?1 AND w.anime_id = a.id
  LEFT JOIN anime_parts AS seen ON seen.id = w.part_id AND seen.anime_code = a.code`;

const CARD = `SELECT a.id, a.code, ${shown('a.title', 'a.description')}, ${CARD_COLUMNS} FROM anime AS a ${CARD_JOINS}`;

/** `viewerId`: whose favourites and progress to read; 0 for nobody's. */
export function animeByCode(code: number, viewerId = 0): Query<AnimeCard | undefined> {
  return one(card('a.code = ?2', viewerId, code), readCard);
}

export function animeById(id: number, viewerId = 0): Query<AnimeCard | undefined> {
  return one(card('a.id = ?2', viewerId, id), readCard);
}

/**
 * Any anime. Ids are few and dense, so the first one from a random id on is fair enough. The cost
 * does not grow with the catalogue.
 */
export function randomAnime(viewerId: number): Query<AnimeCard | undefined> {
  const chosen = `COALESCE(
    (SELECT id FROM anime WHERE deleted_at IS NULL AND id >=
      (SELECT 1 + (random() & 9223372036854775807) % (SELECT id FROM anime ORDER BY id DESC LIMIT 1))
     ORDER BY id LIMIT 1),
    (SELECT id FROM anime WHERE deleted_at IS NULL ORDER BY id LIMIT 1))`;
  return one(card(`a.id = ${chosen}`, viewerId), readCard);
}

function card(condition: string, ...args: readonly number[]): Statement {
  return sql(`${CARD} WHERE ${condition} AND a.deleted_at IS NULL`, ...args);
}

export function readCard(row: Row): AnimeCard {
  return {
    id: row.int('id'),
    code: row.int('code'),
    title: row.textOrNull('title'),
    description: row.textOrNull('description'),
    photoId: row.textOrNull('photo_id'),
    photoAt: readWhereabouts(row),
    year: row.intIfReadable('year'),
    genres: row.textOrNull('genres'),
    views: row.figure('views'),
    parts: row.int('parts'),
    isFavourite: row.bool('favourite'),
    isFollowed: row.bool('followed'),
    watched: row.intIfReadable('watched'),
    next: row.intIfReadable('next'),
  };
}
