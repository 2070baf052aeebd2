/** Which anime an action is about. */
import type { Action } from '../../bot/callback-data.ts';
import { type AnimeCard, animeByCode, animeById } from '../../db/anime.ts';
import type { Query } from '../../db/database.ts';

/** By its code (text, deep link) or by its id (button). */
export function namedAnime(
  action: Action | undefined,
  userId: number,
): Query<AnimeCard | undefined> | undefined {
  if (action?.kind === 'open') return animeByCode(action.code, userId);
  return action !== undefined && 'anime' in action ? animeById(action.anime, userId) : undefined;
}
