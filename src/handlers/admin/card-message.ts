/** The card as it is posted to chats and previewed: a viewer's card without the buttons that belong to one viewer. */
import type { AnimeCard } from '../../db/anime.ts';
import { CAPTION_LIMIT, cutText, type Html, TEXT_LIMIT } from '../../html.ts';
import type { Texts } from '../../locales/index.ts';
import { cardText } from '../card.ts';

export interface CardMessage {
  readonly text: Html;
  readonly photoId: string | null;
}

export function cardMessage(anime: AnimeCard, t: Texts): CardMessage {
  const limit = anime.photoId === null ? TEXT_LIMIT : CAPTION_LIMIT;
  const room = limit - cardText(anime, t, '').length - 2;
  const description = cutText((anime.description ?? '').trim(), room).text;
  return { text: cardText(anime, t, description), photoId: anime.photoId };
}
