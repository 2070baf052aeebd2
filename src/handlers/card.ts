/** A code opens an anime's card; the card opens its parts. */
import { Composer, InlineKeyboard } from 'grammy';
import { type AnimeCard, animeByCode, animeById } from '../db/anime.ts';
import { CAPTION_LIMIT, cutText, type Html, html, TEXT_LIMIT } from '../html.ts';
import type { Texts } from '../locales/index.ts';
import { encodeAction } from './callback-data.ts';
import type { BotContext } from './context.ts';
import type { Feature } from './feature.ts';
import type { Incoming } from './incoming.ts';
import { type Screen, show } from './show.ts';
import { prefetch } from './turn.ts';

/** The anime an update names by its code (text, deep link) or by its id (button). */
export const namedAnime = prefetch((incoming) => {
  if (incoming.kind === 'code' && incoming.code !== null) return animeByCode(incoming.code);
  const link = deepLinkOf(incoming);
  if (link !== undefined) return animeByCode(link.code);
  if (incoming.kind === 'press' && incoming.action !== undefined && 'anime' in incoming.action)
    return animeById(incoming.action.anime);
  return undefined;
});

const composer = new Composer<BotContext>();

composer.filter(
  (ctx) => ctx.incoming.kind === 'code',
  async (ctx) => {
    ctx.turn.handler = 'card';
    if (ctx.incoming.kind !== 'code') return;
    const anime = ctx.turn.got(namedAnime);
    if (anime !== undefined) return show(ctx, cardScreen(anime, ctx.t));
    const { code } = ctx.incoming;
    await show(ctx, { text: code === null ? ctx.t.viewer.badCode() : ctx.t.viewer.unknownCode(code) });
  },
);

composer.filter(
  (ctx) => ctx.incoming.kind === 'press' && ctx.incoming.action?.kind === 'card',
  async (ctx) => {
    ctx.turn.handler = 'card';
    const anime = ctx.turn.got(namedAnime);
    if (anime === undefined) return ctx.answerPress(ctx.t.viewer.gone(), { alert: true });
    await Promise.all([ctx.answerPress(), show(ctx, cardScreen(anime, ctx.t))]);
  },
);

export const cardFeature: Feature = { name: 'card', composer, prefetches: [namedAnime] };

/** `/start 12` opens anime 12, `/start 12_5` its part 5; any other payload names no anime. */
export function deepLinkOf(
  incoming: Incoming,
): { readonly code: number; readonly part: number | undefined } | undefined {
  if (incoming.kind !== 'command' || incoming.name !== 'start') return undefined;
  const match = /^([1-9]\d{0,5})(?:_(\d{1,6}))?$/.exec(incoming.argument);
  if (match === null) return undefined;
  return { code: Number(match[1]), part: match[2] === undefined ? undefined : Number(match[2]) };
}

export function titleOf(anime: Pick<AnimeCard, 'title' | 'code'>, t: Texts): string {
  return anime.title ?? t.viewer.untitled(anime.code);
}

export function cardScreen(anime: AnimeCard, t: Texts): Screen {
  const keyboard = new InlineKeyboard();
  if (anime.parts > 0)
    keyboard.text(t.viewer.watch(), encodeAction({ kind: 'parts', anime: anime.id, page: 0 }));
  const limit = anime.photoId === null ? TEXT_LIMIT : CAPTION_LIMIT;
  return {
    text: cardText(anime, t, limit),
    keyboard,
    ...(anime.photoId === null ? {} : { media: { kind: 'photo', fileId: anime.photoId } }),
  };
}

function cardText(anime: AnimeCard, t: Texts, limit: number): Html {
  const facts = t.viewer.cardFacts(anime.code, anime.parts);
  const title = cutText(titleOf(anime, t), 256).text;
  const room = limit - facts.length - title.length - 8;
  const description = cutText(anime.description ?? '', room).text;
  const head = html`<b>${title}</b>\n${facts}`;
  return description === '' ? head : html`${head}\n\n${description}`;
}
