/** The catalogue by newest, most viewed, name, or at random. */
import { Composer, InlineKeyboard } from 'grammy';
import { actionOf, BROWSE_ORDERS, browseAction } from '../../bot/asked.ts';
import { type Action, encodeAction } from '../../bot/callback-data.ts';
import type { BotContext } from '../../bot/context.ts';
import type { Feature } from '../../bot/feature.ts';
import type { Incoming } from '../../bot/incoming.ts';
import { type Screen, show } from '../../bot/show.ts';
import { prefetch } from '../../bot/turn.ts';
import { randomAnime } from '../../db/anime.ts';
import { type BrowseQuery, browse, usedLetters } from '../../db/listed-anime.ts';
import { textsFor } from '../../locales/index.ts';
import { fold } from '../../text/uzbek-fold.ts';
import { animeButtons, menuRow, turnRow } from './anime-list.ts';
import { showCard } from './card.ts';

const page = prefetch((incoming) => {
  const asked = askedPage(incoming);
  return asked === undefined ? undefined : browse(asked);
});

/** The same beginnings in every language, under other labels. */
const LETTERS = Object.keys(textsFor('uz').viewer.alphabet());
const letters = prefetch((incoming) =>
  actionOf(incoming)?.kind === 'letters' ? usedLetters(LETTERS) : undefined,
);

const anyAnime = prefetch((incoming, { userId }) =>
  actionOf(incoming)?.kind === 'random' ? randomAnime(userId ?? 0) : undefined,
);

const composer = new Composer<BotContext>();

composer.filter(
  (ctx) => askedPage(ctx.incoming) !== undefined,
  async (ctx) => {
    ctx.turn.handler = 'browse';
    const asked = askedPage(ctx.incoming);
    if (asked === undefined) return;
    await Promise.all([ctx.answerPress(), show(ctx, pageScreen(ctx, asked))]);
  },
);

composer.filter(
  (ctx) => actionOf(ctx.incoming)?.kind === 'letters',
  async (ctx) => {
    ctx.turn.handler = 'letters';
    await Promise.all([ctx.answerPress(), show(ctx, lettersScreen(ctx))]);
  },
);

composer.filter(
  (ctx) => actionOf(ctx.incoming)?.kind === 'random',
  async (ctx) => {
    ctx.turn.handler = 'random';
    const anime = ctx.turn.got(anyAnime);
    if (anime === undefined) {
      await Promise.all([ctx.answerPress(), show(ctx, emptyScreen(ctx))]);
      return;
    }
    const extra = (keyboard: InlineKeyboard): void => {
      keyboard.row().text(ctx.t.viewer.another(), encodeAction({ kind: 'random' }));
    };
    await Promise.all([ctx.answerPress(), showCard(ctx, anime, { extra })]);
  },
);

export const browseFeature: Feature = { name: 'browse', composer, prefetches: [page, letters, anyAnime] };

function askedPage(incoming: Incoming): BrowseQuery | undefined {
  const action = actionOf(incoming);
  if (action?.kind === 'letter')
    return { order: 'name', anchor: 0, direction: 'after', from: fold(action.text) };
  if (action?.kind !== 'browse') return undefined;
  const order = BROWSE_ORDERS[action.order];
  if (order === undefined) return undefined;
  const anchor = Math.max(0, action.anchor);
  return { order, anchor, direction: action.direction === 1 && anchor > 0 ? 'before' : 'after' };
}

/** A page hangs on its first and last anime: see `db/listed-anime.ts`. */
function pageScreen(ctx: BotContext, asked: BrowseQuery): Screen {
  const { items, hasMore } = ctx.turn.got(page) ?? { items: [], hasMore: false };
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
  const keyboard = turnRow(animeButtons(items, ctx.t), ctx.t, {
    left: hasBefore ? turnTo(items[0]?.id, items.length > 0 ? 1 : 0) : undefined,
    right: !isForward || hasMore ? turnTo(items.at(-1)?.id, 0) : undefined,
  });
  if (asked.order === 'name') keyboard.text(ctx.t.viewer.letters(), encodeAction({ kind: 'letters' })).row();
  return { text: ctx.t.viewer.browseTitle(asked.order), keyboard: menuRow(keyboard, ctx.t) };
}

/** Telegram's apps show at most eight buttons in a row; six leave room for two letters on one. */
const LETTERS_PER_ROW = 6;

/** Without letters that lead nowhere. */
function lettersScreen(ctx: BotContext): Screen {
  const used = ctx.turn.got(letters) ?? new Set();
  if (!used.has('')) return emptyScreen(ctx);
  const offered = Object.entries(ctx.t.viewer.alphabet()).filter(([folded]) => used.has(folded));
  const keyboard = new InlineKeyboard();
  for (const [i, [folded, label]] of offered.entries()) {
    if (i > 0 && i % LETTERS_PER_ROW === 0) keyboard.row();
    keyboard.text(label, encodeAction({ kind: 'letter', text: folded }));
  }
  // Names in scripts that no letter stands for.
  if (offered.length === 0) keyboard.text(ctx.t.viewer.byName(), encodeAction(browseAction('name')));
  return { text: ctx.t.viewer.chooseLetter(), keyboard: menuRow(keyboard.row(), ctx.t) };
}

function emptyScreen(ctx: BotContext): Screen {
  return { text: ctx.t.viewer.emptyCatalogue(), keyboard: menuRow(new InlineKeyboard(), ctx.t) };
}
