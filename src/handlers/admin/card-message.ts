/** The card as posted to chats and previewed: without the buttons that belong to one viewer. */
import type { AnimeCard } from '../../db/anime.ts';
import type { Texts } from '../../locales/index.ts';
import { CAPTION_LIMIT, cutText, type Html, TEXT_LIMIT } from '../../text/html.ts';
import { descriptionBelow } from '../../text/search-text.ts';
import { cardText } from '../viewer/card.ts';

export interface CardMessage {
  readonly text: Html;
  readonly photoId: string | null;
}

/**
 * @param reserved characters that something else in the same message needs
 * @param isPost for a chat, where it stays as it is: without the number of parts and views
 */
export function cardMessage(
  anime: AnimeCard,
  t: Texts,
  { reserved = 0, isPost = false }: { readonly reserved?: number; readonly isPost?: boolean },
): CardMessage {
  const limit = anime.photoId === null ? TEXT_LIMIT : CAPTION_LIMIT;
  const room = limit - reserved - cardText(anime, t, '', isPost).length - 2;
  const description = cutText(descriptionBelow(anime), room).text;
  return { text: cardText(anime, t, description, isPost), photoId: anime.photoId };
}
