/** Lists of anime as buttons, one a row. */
import { InlineKeyboard } from 'grammy';
import { type Action, encodeAction } from '../../bot/callback-data.ts';
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
export function animeButtons(items: readonly ListedAnime[], t: Texts): InlineKeyboard {
  const keyboard = new InlineKeyboard();
  for (const anime of items)
    keyboard
      .text(`${shortName(anime, t)} · ${anime.code}`, encodeAction({ kind: 'pick', anime: anime.id }))
      .row();
  return keyboard;
}

/** Chap / O‘ng, with a label between them where the number of pages is known. */
export function turnRow(
  keyboard: InlineKeyboard,
  t: Texts,
  turns: { readonly left?: Action | undefined; readonly label?: string; readonly right?: Action | undefined },
): InlineKeyboard {
  if (turns.left === undefined && turns.right === undefined) return keyboard;
  if (turns.left !== undefined) keyboard.text(t.viewer.left(), encodeAction(turns.left));
  if (turns.label !== undefined) keyboard.text(turns.label, encodeAction({ kind: 'label' }));
  if (turns.right !== undefined) keyboard.text(t.viewer.right(), encodeAction(turns.right));
  return keyboard.row();
}

export function menuRow(keyboard: InlineKeyboard, t: Texts): InlineKeyboard {
  return keyboard.text(t.viewer.menu(), encodeAction({ kind: 'menu' }));
}
