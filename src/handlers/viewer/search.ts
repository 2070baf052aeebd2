/** Any other text searches by name; results come as pages of buttons. */
import { browseAction } from '../../bot/asked.ts';
import type { BotContext } from '../../bot/context.ts';
import { feature } from '../../bot/feature.ts';
import { Keyboard } from '../../bot/keyboard.ts';
import { pageOf } from '../../bot/pagination.ts';
import type { Screen } from '../../bot/show.ts';
import { LIST_PAGE } from '../../db/listed-anime.ts';
import { type Candidate, searchAnime } from '../../db/search.ts';
import { searchTerms } from '../../db/search-query.ts';
import { rankFound } from '../../db/search-rank.ts';
import { cutText } from '../../text/html.ts';
import { animeButtons, menuRow } from './anime-buttons.ts';
import { cardScreen } from './card.ts';

/** Text and page buttons carry the same folded query: every page is cut from the same list. */
export const searchFeature = feature('everybody').on(
  'search',
  { reads: ({ text }, { id }) => [searchAnime(searchTerms(text), id)] },
  (ctx, action, [found]) => {
    const ranked = rankFound(action.text, found);
    const [first] = ranked;
    const { incoming } = ctx;
    const isAsked = incoming.kind === 'text' || incoming.viaGate === true;
    if (isAsked && ranked.length === 1 && first?.card !== undefined) return cardScreen(ctx, first.card);
    const typed = incoming.kind === 'text' ? incoming.text : action.text;
    return ranked.length > 0 ? resultsScreen(ctx, ranked, action) : nothingScreen(ctx, typed);
  },
);

function resultsScreen(
  ctx: BotContext,
  ranked: readonly Candidate[],
  asked: { readonly page: number; readonly text: string },
): Screen {
  const where = pageOf(asked.page, ranked.length, LIST_PAGE);
  const from = where.page * LIST_PAGE;
  const keyboard = animeButtons(ranked.slice(from, from + LIST_PAGE), ctx.t);
  keyboard.pages(ctx.t, where, (page) => ({ kind: 'search', page, text: asked.text }));
  return { text: ctx.t.viewer.found(ranked.length), keyboard: menuRow(keyboard, ctx.t) };
}

function nothingScreen(ctx: BotContext, typed: string): Screen {
  const keyboard = new Keyboard()
    .button(ctx.t.viewer.mostViewed(), browseAction('viewed'))
    .last(ctx.t.viewer.byName(), { kind: 'letters' });
  return { text: ctx.t.viewer.nothingFound(cutText(typed, 64).text), keyboard: menuRow(keyboard, ctx.t) };
}
