/** The catalogue by newest, most viewed, name, or at random. */
import { BROWSE_ORDERS, browseAction } from '../../bot/asked.ts';
import type { Action } from '../../bot/callback-data.ts';
import type { BotContext } from '../../bot/context.ts';
import { type ActionOf, feature } from '../../bot/feature.ts';
import { Keyboard } from '../../bot/keyboard.ts';
import type { Screen } from '../../bot/show.ts';
import { randomAnime } from '../../db/anime.ts';
import { type BrowseQuery, browse, type ListPage, usedLetters } from '../../db/listed-anime.ts';
import { textsFor } from '../../locales/index.ts';
import { fold } from '../../text/uzbek-fold.ts';
import { animeButtons, menuRow } from './anime-buttons.ts';
import { cardScreen } from './card.ts';

/** The same beginnings in every language, under other labels. */
const LETTERS = Object.keys(textsFor('uz').viewer.alphabet());

export const browseFeature = feature('everybody')
  .on(
    ['browse', 'letter'],
    {
      reads: (action) => {
        const asked = askedPage(action);
        return [asked && browse(asked)];
      },
    },
    (ctx, action, [page]) => {
      const asked = askedPage(action);
      if (asked === undefined || page === undefined) return { alert: ctx.t.frame.staleButton() };
      return pageScreen(ctx, asked, page);
    },
  )
  .on('letters', { reads: () => [usedLetters(LETTERS)] }, (ctx, _, [used]) => lettersScreen(ctx, used))
  .on('random', { reads: (_, { id }) => [randomAnime(id)] }, (ctx, _, [anime]) => {
    if (anime === undefined) return emptyScreen(ctx);
    return cardScreen(ctx, anime, {
      extra: (keyboard) => {
        keyboard.row().button(ctx.t.viewer.another(), { kind: 'random' });
      },
    });
  });

/** Undefined for an order that nobody has offered. */
function askedPage(action: ActionOf<'browse' | 'letter'>): BrowseQuery | undefined {
  if (action.kind === 'letter')
    return { order: 'name', anchor: 0, direction: 'after', from: fold(action.text) };
  const order = BROWSE_ORDERS[action.order];
  if (order === undefined) return undefined;
  const anchor = Math.max(0, action.anchor);
  return { order, anchor, direction: action.direction === 1 && anchor > 0 ? 'before' : 'after' };
}

/** A page hangs on its first and last anime: see `db/listed-anime.ts`. */
function pageScreen(ctx: BotContext, asked: BrowseQuery, { items, hasMore }: ListPage): Screen {
  if (items.length === 0 && asked.anchor === 0 && asked.from === undefined) return emptyScreen(ctx);
  const order = BROWSE_ORDERS.indexOf(asked.order);
  const turnTo = (anchor: number | undefined, direction: number): Action => ({
    kind: 'browse',
    order,
    anchor: anchor ?? 0,
    direction,
  });
  const isForward = asked.direction === 'after';
  const hasBefore = isForward ? asked.anchor > 0 || asked.from !== undefined : hasMore;
  const keyboard = animeButtons(items, ctx.t).turns(ctx.t, {
    left: hasBefore ? turnTo(items[0]?.id, items.length > 0 ? 1 : 0) : undefined,
    right: !isForward || hasMore ? turnTo(items.at(-1)?.id, 0) : undefined,
  });
  if (asked.order === 'name') keyboard.last(ctx.t.viewer.letters(), { kind: 'letters' });
  return { text: ctx.t.viewer.browseTitle(asked.order), keyboard: menuRow(keyboard, ctx.t) };
}

/** Telegram's apps show at most eight buttons in a row; six leave room for two letters on one. */
const LETTERS_PER_ROW = 6;

/** Without letters that lead nowhere. */
function lettersScreen(ctx: BotContext, used: ReadonlySet<string>): Screen {
  if (!used.has('')) return emptyScreen(ctx);
  const offered = Object.entries(ctx.t.viewer.alphabet()).filter(([folded]) => used.has(folded));
  const keyboard = new Keyboard();
  for (const [i, [folded, label]] of offered.entries()) {
    if (i > 0 && i % LETTERS_PER_ROW === 0) keyboard.row();
    keyboard.button(label, { kind: 'letter', text: folded });
  }
  // Names in scripts that no letter stands for.
  if (offered.length === 0) keyboard.button(ctx.t.viewer.byName(), browseAction('name'));
  return { text: ctx.t.viewer.chooseLetter(), keyboard: menuRow(keyboard.row(), ctx.t) };
}

function emptyScreen(ctx: BotContext): Screen {
  return { text: ctx.t.viewer.emptyCatalogue(), keyboard: menuRow(new Keyboard(), ctx.t) };
}
