/** A viewer's own lists: watched (one press to the next part), favourites, followed. */
import { PERSONAL_LISTS } from '../../bot/asked.ts';
import { type ActionOf, feature } from '../../bot/feature.ts';
import { Keyboard } from '../../bot/keyboard.ts';
import type { Screen } from '../../bot/show.ts';
import { kept } from '../../db/favourites.ts';
import { type WatchedAnime, watchedAnime } from '../../db/history.ts';
import type { ListedAnime, ListPage } from '../../db/listed-anime.ts';
import type { Texts } from '../../locales/index.ts';
import { animeButtons, menuRow, shortName } from './anime-buttons.ts';

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

/** Nobody turns so many pages; a made-up button must not make the database count that far. */
const MAX_PAGE = 1000;

function listScreen<T extends ListedAnime>(
  t: Texts,
  asked: AskedList,
  page: ListPage<T> = { items: [], hasMore: false },
  buttons: (items: readonly T[], t: Texts) => Keyboard,
): Screen {
  const list = PERSONAL_LISTS.indexOf(asked.name);
  const where = { page: asked.page, hasNext: page.hasMore };
  const keyboard = buttons(page.items, t).pages(t, where, (to) => ({ kind: 'list', list, page: to }));
  return {
    text: t.viewer.personalList(asked.name, page.items.length === 0 && asked.page === 0),
    keyboard: menuRow(keyboard, t),
  };
}

/** The anime and the part seen last; beside it the part to go on with. */
function historyButtons(items: readonly WatchedAnime[], t: Texts): Keyboard {
  const keyboard = new Keyboard();
  for (const anime of items) {
    const text = `${shortName(anime, t)} · ${t.viewer.part(anime.watched)}`;
    keyboard.button(text, { kind: 'pick', anime: anime.id });
    if (anime.next !== null)
      keyboard.button(`▶️ ${t.viewer.part(anime.next)}`, { kind: 'watch', anime: anime.id, part: anime.next });
    keyboard.row();
  }
  return keyboard;
}
