/** Which anime an update is about. */

import { actionOf } from '../../bot/asked.ts';
import { prefetch } from '../../bot/turn.ts';
import { animeByCode, animeById } from '../../db/anime.ts';
import { nearestCodes } from '../../db/search.ts';

/** The anime an update names by its code (text, deep link) or by its id (button). */
export const namedAnime = prefetch((incoming, { userId }) => {
  const action = actionOf(incoming);
  if (action === undefined) return undefined;
  if (action.kind === 'open') return animeByCode(action.code, userId);
  return 'anime' in action ? animeById(action.anime, userId) : undefined;
});

/** What to offer when nobody has the code. */
export const codesNearby = prefetch((incoming) => {
  const action = actionOf(incoming);
  return action?.kind === 'open' ? nearestCodes(action.code) : undefined;
});
