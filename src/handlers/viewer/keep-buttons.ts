/** Favourite and follow buttons: each offers the opposite of what is. */
import type { InlineKeyboard } from 'grammy';
import type { InlineKeyboardButton } from 'grammy/types';
import { encodeAction } from '../../bot/callback-data.ts';
import type { Texts } from '../../locales/index.ts';

export function keepButton(
  kind: 'favourite' | 'follow',
  animeId: number,
  isOn: boolean,
  t: Texts,
): InlineKeyboardButton {
  const text = t.viewer[kind === 'favourite' ? 'favourite' : 'follow'](isOn);
  return { text, callback_data: encodeAction({ kind, anime: animeId, on: isOn ? 0 : 1 }) };
}

export function keepButtons(
  keyboard: InlineKeyboard,
  anime: { readonly id: number; readonly isFavourite: boolean; readonly isFollowed: boolean },
  t: Texts,
): void {
  // "Stop following" is too long for half a row.
  keyboard
    .add(keepButton('favourite', anime.id, anime.isFavourite, t))
    .row()
    .add(keepButton('follow', anime.id, anime.isFollowed, t));
}
