/** A code opens an anime's card; the card opens its parts. */
import { Composer, InlineKeyboard } from 'grammy';
import { actionOf } from '../../bot/asked.ts';
import { encodeAction } from '../../bot/callback-data.ts';
import type { BotContext } from '../../bot/context.ts';
import type { Feature } from '../../bot/feature.ts';
import { noticeFile } from '../../bot/file-trouble.ts';
import { pageOf } from '../../bot/pagination.ts';
import { roomFor, type Screen, show } from '../../bot/show.ts';
import type { AnimeCard } from '../../db/anime.ts';
import type { Texts } from '../../locales/index.ts';
import { CAPTION_LIMIT, cutText, type Html, html } from '../../text/html.ts';
import { descriptionBelow } from '../../text/search-text.ts';
import { animeButtons, animeName, menuRow, turnRow } from './anime-list.ts';
import { keepButtons } from './keep-buttons.ts';
import { codesNearby, namedAnime } from './named-anime.ts';

const composer = new Composer<BotContext>();

composer.filter(
  (ctx) => ctx.incoming.kind === 'code' && ctx.incoming.code === null,
  async (ctx) => {
    ctx.turn.handler = 'card';
    await show(ctx, { text: ctx.t.viewer.badCode() });
  },
);

composer.filter(
  (ctx) => ['card', 'pick'].includes(actionOf(ctx.incoming)?.kind ?? ''),
  async (ctx) => {
    ctx.turn.handler = 'card';
    const anime = ctx.turn.got(namedAnime);
    if (anime === undefined) return ctx.answerPress(ctx.t.viewer.gone(), { alert: true });
    const isNew = actionOf(ctx.incoming)?.kind === 'pick' && ctx.incoming.viaGate !== true;
    await Promise.all([ctx.answerPress(), showCard(ctx, anime, { isNew })]);
  },
);

composer.filter(
  (ctx) => actionOf(ctx.incoming)?.kind === 'more',
  async (ctx) => {
    ctx.turn.handler = 'more';
    const action = actionOf(ctx.incoming);
    const anime = ctx.turn.got(namedAnime);
    if (anime === undefined || action?.kind !== 'more')
      return ctx.answerPress(ctx.t.viewer.gone(), { alert: true });
    await Promise.all([
      ctx.answerPress(),
      showOrWithoutPhoto(ctx, anime, (room) => moreScreen(ctx, anime, action.page, room)),
    ]);
  },
);

export const cardFeature: Feature = { name: 'card', composer, prefetches: [namedAnime, codesNearby] };

export async function showCard(
  ctx: BotContext,
  anime: AnimeCard,
  options: { readonly isNew?: boolean; readonly extra?: (keyboard: InlineKeyboard) => void } = {},
): Promise<void> {
  await showOrWithoutPhoto(ctx, anime, (room) => cardScreen(ctx, anime, room, options.extra), options);
}

/** The code or deep link names nothing: say so, and offer what is near. */
export async function showUnknownCode(ctx: BotContext, code: number): Promise<void> {
  const near = ctx.turn.got(codesNearby) ?? [];
  const text = ctx.t.viewer.unknownCode(code, near.length > 0);
  await show(ctx, { text, keyboard: menuRow(animeButtons(near, ctx.t), ctx.t) });
}

/** On the anime's photo, if it has one. */
function showOrWithoutPhoto(
  ctx: BotContext,
  anime: AnimeCard,
  screen: (room: number) => Screen,
  options: { readonly isNew?: boolean } = {},
): Promise<void> {
  const room = anime.photoId === null ? roomFor(ctx) : CAPTION_LIMIT;
  return show(ctx, onPhoto(ctx, anime, screen(room)), options);
}

/** A photo that cannot be sent must not keep a screen from opening; the admins are told. */
export function onPhoto(ctx: BotContext, { code, photoId }: AnimeCard, screen: Screen): Screen {
  if (photoId === null) return { ...screen, media: 'keep' };
  return {
    ...screen,
    media: { kind: 'photo', fileId: photoId },
    onRefused: (error) => noticeFile(ctx, { code, part: null }, error),
  };
}

function cardScreen(
  ctx: BotContext,
  anime: AnimeCard,
  room: number,
  extra: (keyboard: InlineKeyboard) => void = () => {},
): Screen {
  const { t } = ctx;
  const keyboard = new InlineKeyboard();
  if (anime.next !== null) {
    const data = encodeAction({ kind: 'play', anime: anime.id, part: anime.next });
    keyboard.text(t.viewer.continueAt(anime.next), data).row();
  }
  if (anime.parts > 0)
    keyboard.text(t.viewer.watch(), encodeAction({ kind: 'parts', anime: anime.id, page: 0 })).row();
  const pages = pagesOf(anime, t, room);
  if (pages.length > 1)
    keyboard.text(t.viewer.more(), encodeAction({ kind: 'more', anime: anime.id, page: 1 })).row();
  keepButtons(keyboard, anime, t);
  keyboard.row();
  if (ctx.me.supports_inline_queries === true) keyboard.switchInline(t.viewer.share(), String(anime.code));
  extra(keyboard);
  return { text: cardText(anime, t, pages[0] ?? ''), keyboard: menuRow(keyboard, t) };
}

/** As much as admins may write; imported rows may hold more, and a caption takes 1024. */
const GENRES_LIMIT = 300;

/** What of a card changes by itself. A message that nobody will edit does not say it. */
const UNSAID = { parts: null, views: 0 };

/** The card's text with as much of a description as is given. */
export function cardText(anime: AnimeCard, t: Texts, description: string, isPost = false): Html {
  const genres = anime.genres === null ? null : cutText(anime.genres, GENRES_LIMIT).text;
  const facts = t.viewer.cardFacts({ ...anime, genres, ...(isPost ? UNSAID : {}) });
  const head = html`${headOf(anime, t)}${facts}`;
  return description === '' ? head : html`${head}\n\n${description}`;
}

/** An anime without a title is named by its description, which follows anyway. */
function headOf(anime: AnimeCard, t: Texts): Html {
  const isNamed = (anime.title ?? '').trim() !== '' || (anime.description ?? '').trim() === '';
  return isNamed ? html`<b>${cutText(animeName(anime, t), 256).text}</b>\n` : html``;
}

/** Pages a description is read on: the first is the card's own. */
function pagesOf(anime: AnimeCard, t: Texts, room: number): readonly string[] {
  const pages: string[] = [];
  let rest = descriptionBelow(anime);
  while (rest !== '' || pages.length === 0) {
    const taken = pages.length === 0 ? cardText(anime, t, '').length : MORE_HEAD;
    const cut = cutText(rest, room - taken - 2);
    pages.push(cut.text);
    rest = cut.rest;
  }
  return pages;
}

/** Characters of a further page's title and the line below it, at most. */
const MORE_HEAD = 70;

function moreScreen(ctx: BotContext, anime: AnimeCard, asked: number, room: number): Screen {
  const texts = pagesOf(anime, ctx.t, room);
  const { page, pages, hasPrevious, hasNext } = pageOf(asked, texts.length, 1);
  const turnTo = (to: number) => ({ kind: 'more' as const, anime: anime.id, page: to });
  const keyboard = turnRow(new InlineKeyboard(), ctx.t, {
    left: hasPrevious && page > 1 ? turnTo(page - 1) : undefined,
    label: ctx.t.viewer.pageOf(page + 1, pages),
    right: hasNext ? turnTo(page + 1) : undefined,
  });
  keyboard.text(ctx.t.viewer.back(), encodeAction({ kind: 'card', anime: anime.id }));
  const title = cutText(animeName(anime, ctx.t), 64).text;
  return { text: html`<b>${title}</b>\n\n${texts[page] ?? ''}`, keyboard };
}
