/** Lists of anime as buttons, one a row. */
import { Keyboard } from '../../bot/keyboard.ts';
import type { ListedAnime } from '../../db/listed-anime.ts';
import type { Texts } from '../../locales/index.ts';
import { cutText } from '../../text/html.ts';
import { nameOf } from '../../text/search-text.ts';

/** Characters of a name on a button; phones show about 30 and cut the rest themselves. */
const NAME_LIMIT = 48;

export function animeName(anime: Pick<ListedAnime, 'title' | 'description' | 'code'>, t: Texts): string {
  return nameOf(anime) ?? t.viewer.untitled(anime.code);
}

export function shortName(anime: Pick<ListedAnime, 'title' | 'description' | 'code'>, t: Texts): string {
  return cutText(animeName(anime, t), NAME_LIMIT).text;
}

/** Each opens its card as a new message, so that the list stays. */
export function animeButtons(items: readonly ListedAnime[], t: Texts): Keyboard {
  const keyboard = new Keyboard();
  for (const anime of items)
    keyboard.last(`${shortName(anime, t)} · ${anime.code}`, { kind: 'pick', anime: anime.id });
  return keyboard;
}

export function menuRow(keyboard: Keyboard, t: Texts): Keyboard {
  return keyboard.button(t.viewer.menu(), { kind: 'menu' });
}
