/**
 * Keeps the search index in step with the catalogue (tables of migration 3; triggers carry
 * `anime_search` into FTS5).
 */
import type { SearchText } from '../text/search-text.ts';
import { listed, type Query, type Statement, sql } from './database.ts';
import { shown } from './shown-text.ts';

export interface StaleAnime {
  readonly id: number;
  readonly title: string | null;
  readonly aliases: string | null;
  readonly genres: string | null;
  readonly description: string | null;
}

/**
 * Goes with every write of an anime's title, aliases, genres or description. An anime that is gone
 * is no error.
 */
export function indexAnime(
  anime: { readonly id: number } | { readonly code: number },
  text: SearchText,
): Statement {
  return sql(
    `INSERT INTO anime_search (anime_id, title, names, about, sound)
     SELECT id, ?, ?, ?, ? FROM anime WHERE ${'id' in anime ? 'id' : 'code'} = ?
     ON CONFLICT (anime_id) DO UPDATE SET title = excluded.title, names = excluded.names,
       about = excluded.about, sound = excluded.sound`,
    text.title,
    text.names,
    text.about,
    text.sound,
    'id' in anime ? anime.id : anime.code,
  );
}

/** Anime whose folded text is missing or older than they are (triggers note them). */
export function staleAnime(limit: number): Query<StaleAnime[]> {
  return listed(
    sql(
      `SELECT a.id, ${shown('a.title', 'a.aliases', 'a.genres', 'a.description')}
       FROM anime_stale AS s JOIN anime AS a ON a.id = s.anime_id ORDER BY s.anime_id LIMIT ?`,
      limit,
    ),
    (row) => ({
      id: row.int('id'),
      title: row.textOrNull('title'),
      aliases: row.textOrNull('aliases'),
      genres: row.textOrNull('genres'),
      description: row.textOrNull('description'),
    }),
  );
}
