/**
 * A viewer's own lists: watched (one press to the next part), favourites, followed.
 */
import { InlineKeyboard } from 'grammy';
import { PERSONAL_LISTS } from '../../bot/asked.ts';
import { type Action, encodeAction } from '../../bot/callback-data.ts';
import { type ActionOf, feature } from '../../bot/feature.ts';
import type { Screen } from '../../bot/show.ts';
import { kept } from '../../db/favourites.ts';
import { type WatchedAnime, watchedAnime } from '../../db/history.ts';
import type { ListedAnime, ListPage } from '../../db/listed-anime.ts';
import type { Texts } from '../../locales/index.ts';
import { animeButtons, menuRow, shortName, turnRow } from './anime-buttons.ts';

export const personalListsFeature = feature('everybody').on(
  'list',
  {
    reads: (action, { id }) => {
      const asked = askedList(action);
      if (asked?.name === 'history') return [watchedAnime(id, asked.page), undefined];
      return [undefined, asked && kept(asked.name, id, asked.page)];
    },
  },
  ({ t }, action, [watched, keptOnes]) => {
    const asked = askedList(action);
    if (asked === undefined) return { alert: t.frame.staleButton() };
    return watched === undefined
      ? listScreen(t, asked, keptOnes, animeButtons)
      : listScreen(t, asked, watched, historyButtons);
  },
);

interface AskedList {
  readonly name: (typeof PERSONAL_LISTS)[number];
  readonly page: number;
}

function askedList(action: ActionOf<'list'>): AskedList | undefined {
  const name = PERSONAL_LISTS[action.list];
  return name === undefined ? undefined : { name, page: Math.min(Math.max(0, action.page), MAX_PAGE) };
}

/**
 * Nobody turns so many pages by hand; a made-up button must not make the database count to its
 * number.
 */
const MAX_PAGE = 1000;

function listScreen<T extends ListedAnime>(
  t: Texts,
  asked: AskedList,
  page: ListPage<T> = { items: [], hasMore: false },
  buttons: (items: readonly T[], t: Texts) => InlineKeyboard,
): Screen {
  const list = PERSONAL_LISTS.indexOf(asked.name);
  const turnTo = (to: number): Action => ({ kind: 'list', list, page: to });
  const keyboard = turnRow(buttons(page.items, t), t, {
    left: asked.page > 0 ? turnTo(asked.page - 1) : undefined,
    right: page.hasMore ? turnTo(asked.page + 1) : undefined,
  });
  return {
    text: t.viewer.personalList(asked.name, page.items.length === 0 && asked.page === 0),
    keyboard: menuRow(keyboard, t),
  };
}

/** The anime and the part seen last; beside it the part to go on with. */
function historyButtons(items: readonly WatchedAnime[], t: Texts): InlineKeyboard {
  const keyboard = new InlineKeyboard();
  for (const anime of items) {
    const text = `${shortName(anime, t)} · ${t.viewer.part(anime.watched)}`;
    keyboard.text(text, encodeAction({ kind: 'pick', anime: anime.id }));
    if (anime.next !== null)
      keyboard.text(
        `▶️ ${t.viewer.part(anime.next)}`,
        encodeAction({ kind: 'watch', anime: anime.id, part: anime.next }),
      );
    keyboard.row();
  }
  return keyboard;
}
