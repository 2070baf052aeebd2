/** The catalogue. */
import { one, type Query, type Statement, sql } from './database.ts';
import type { Row } from './row.ts';

export interface AnimeCard {
  readonly id: number;
  readonly code: number;
  readonly title: string | null;
  readonly description: string | null;
  readonly photoId: string | null;
  readonly parts: number;
}

const CARD = `SELECT a.id, a.code, a.title, a.description, a.photo_id,
  (SELECT COUNT(*) FROM anime_parts AS p WHERE p.anime_code = a.code) AS parts FROM anime AS a`;

export function animeByCode(code: number): Query<AnimeCard | undefined> {
  return one(card('a.code = ?', code), readCard);
}

export function animeById(id: number): Query<AnimeCard | undefined> {
  return one(card('a.id = ?', id), readCard);
}

function card(condition: string, value: number): Statement {
  return sql(`${CARD} WHERE ${condition} AND a.deleted_at IS NULL`, value);
}

function readCard(row: Row): AnimeCard {
  return {
    id: row.int('id'),
    code: row.int('code'),
    title: row.textOrNull('title'),
    description: row.textOrNull('description'),
    photoId: row.textOrNull('photo_id'),
    parts: row.int('parts'),
  };
}
