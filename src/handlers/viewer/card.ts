/** A code opens an anime's card; the card opens its parts. */
import type { BotContext } from '../../bot/context.ts';
import { feature } from '../../bot/feature.ts';
import { Keyboard } from '../../bot/keyboard.ts';
import { noticeFile } from '../../bot/notice-file.ts';
import { pageOf } from '../../bot/pagination.ts';
import { roomFor, type Screen } from '../../bot/show.ts';
import { type AnimeCard, animeById } from '../../db/anime.ts';
import type { ListedAnime } from '../../db/listed-anime.ts';
import type { Texts } from '../../locales/index.ts';
import { CAPTION_LIMIT, cutText, type Html, html } from '../../text/html.ts';
import { descriptionBelow } from '../../text/search-text.ts';
import { animeButtons, animeName, menuRow } from './anime-buttons.ts';
import { keepButtons } from './keep-buttons.ts';

export const cardFeature = feature('everybody')
  .on(
    ['card', 'pick'],
    { reads: ({ anime }, { id }) => [animeById(anime, id)], gone: (t) => t.viewer.gone() },
    (ctx, { kind }, [anime]) =>
      cardScreen(ctx, anime, { isNew: kind === 'pick' && ctx.incoming.viaGate !== true }),
  )
  .on(
    'more',
    { reads: ({ anime }, { id }) => [animeById(anime, id)], gone: (t) => t.viewer.gone() },
    (ctx, { page }, [anime]) => onPhoto(ctx, anime, moreScreen(ctx, anime, page)),
  );

/** The code or deep link names nothing: says so, and offers what is near. */
export function unknownCode({ t }: BotContext, code: number, near: readonly ListedAnime[]): Screen {
  const text = t.viewer.unknownCode(code, near.length > 0);
  return { text, keyboard: menuRow(animeButtons(near, t), t) };
}

function roomOn(ctx: BotContext, { photoId }: AnimeCard): number {
  return photoId === null ? roomFor(ctx) : CAPTION_LIMIT;
}

/** A photo that cannot be sent must not keep a screen from opening; the owners are told. */
export function onPhoto(ctx: BotContext, { code, photoId, photoAt }: AnimeCard, screen: Screen): Screen {
  if (photoId === null) return { ...screen, media: 'keep' };
  return {
    ...screen,
    media: { kind: 'photo', fileId: photoId, at: photoAt },
    onRefused: (error) => noticeFile(ctx, { code, part: null }, error),
  };
}

/** On the anime's photo, if it has one. */
export function cardScreen(
  ctx: BotContext,
  anime: AnimeCard,
  options: { readonly isNew?: boolean; readonly extra?: (keyboard: Keyboard) => void } = {},
): Screen {
  const { t } = ctx;
  const keyboard = new Keyboard();
  if (anime.next !== null) {
    keyboard.last(t.viewer.continueAt(anime.next), { kind: 'play', anime: anime.id, part: anime.next });
  }
  if (anime.parts > 0) keyboard.last(t.viewer.watch(), { kind: 'parts', anime: anime.id, page: 0 });
  const pages = pagesOf(anime, t, roomOn(ctx, anime));
  if (pages.length > 1) keyboard.last(t.viewer.more(), { kind: 'more', anime: anime.id, page: 1 });
  keepButtons(keyboard, anime, t);
  keyboard.row();
  if (ctx.me.supports_inline_queries === true) keyboard.switchInline(t.viewer.share(), String(anime.code));
  options.extra?.(keyboard);
  const screen = { text: cardText(anime, t, pages[0] ?? ''), keyboard: menuRow(keyboard, t) };
  return { ...onPhoto(ctx, anime, screen), isNew: options.isNew === true };
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

function moreScreen(ctx: BotContext, anime: AnimeCard, asked: number): Screen {
  const texts = pagesOf(anime, ctx.t, roomOn(ctx, anime));
  const { page, pages, hasNext } = pageOf(asked, texts.length, 1);
  const turnTo = (to: number) => ({ kind: 'more' as const, anime: anime.id, page: to });
  const keyboard = new Keyboard().turns(ctx.t, {
    left: page > 1 ? turnTo(page - 1) : undefined,
    label: ctx.t.viewer.pageOf(page + 1, pages),
    right: hasNext ? turnTo(page + 1) : undefined,
  });
  keyboard.button(ctx.t.viewer.back(), { kind: 'card', anime: anime.id });
  const title = cutText(animeName(anime, ctx.t), 64).text;
  return { text: html`<b>${title}</b>\n\n${texts[page] ?? ''}`, keyboard };
}
