/** The list of parts, ten to a page, and the one-message player. */
import { Composer, InlineKeyboard } from 'grammy';
import type { AnimeCard } from '../db/anime.ts';
import { recordView } from '../db/history.ts';
import { PARTS_PER_PAGE, type Part, partNumbers, partOf } from '../db/parts.ts';
import { cutText, html } from '../html.ts';
import type { Texts } from '../locales/index.ts';
import { encodeAction } from './callback-data.ts';
import { deepLinkOf, namedAnime, titleOf } from './card.ts';
import type { BotContext } from './context.ts';
import type { Feature } from './feature.ts';
import { pageOf } from './pagination.ts';
import { type Screen, show } from './show.ts';
import { prefetch } from './turn.ts';

const PARTS_PER_ROW = 5;

const partsPage = prefetch((incoming) =>
  incoming.kind === 'press' && incoming.action?.kind === 'parts'
    ? partNumbers(incoming.action.anime, Math.max(0, incoming.action.page))
    : undefined,
);

/** The part an update names, by button or deep link. */
const namedPart = prefetch((incoming) => {
  if (incoming.kind === 'press' && incoming.action?.kind === 'play')
    return partOf({ id: incoming.action.anime }, incoming.action.part);
  const link = deepLinkOf(incoming);
  return link?.part === undefined ? undefined : partOf({ code: link.code }, link.part);
});

const composer = new Composer<BotContext>();

composer.filter(
  (ctx) => ctx.incoming.kind === 'press' && ctx.incoming.action?.kind === 'parts',
  async (ctx) => {
    ctx.turn.handler = 'parts';
    if (ctx.incoming.kind !== 'press' || ctx.incoming.action?.kind !== 'parts') return;
    const anime = ctx.turn.got(namedAnime);
    if (anime === undefined) return ctx.answerPress(ctx.t.viewer.gone(), { alert: true });
    const screen = partsScreen(anime, ctx.turn.got(partsPage) ?? [], ctx.incoming.action.page, ctx.t);
    await Promise.all([ctx.answerPress(), show(ctx, screen)]);
  },
);

composer.filter(
  (ctx) => ctx.incoming.kind === 'press' && ctx.incoming.action?.kind === 'play',
  async (ctx) => {
    ctx.turn.handler = 'play';
    if (ctx.incoming.kind !== 'press' || ctx.incoming.action?.kind !== 'play') return;
    const anime = ctx.turn.got(namedAnime);
    if (anime === undefined) return ctx.answerPress(ctx.t.viewer.gone(), { alert: true });
    if (ctx.turn.got(namedPart) === undefined)
      return ctx.answerPress(ctx.t.viewer.partGone(ctx.incoming.action.part), { alert: true });
    await Promise.all([ctx.answerPress(), playNamedPart(ctx, anime)]);
  },
);

/** Plays the part the update names and records the view; false when there is no such part. */
export async function playNamedPart(ctx: BotContext, anime: AnimeCard): Promise<boolean> {
  const part = ctx.turn.got(namedPart);
  if (part === undefined) return false;
  if (ctx.viewer !== undefined) ctx.turn.stage(...recordView(ctx.viewer.id, anime, part.number, ctx.now));
  await show(ctx, playerScreen(anime, part, ctx.t));
  return true;
}

export const partsFeature: Feature = { name: 'parts', composer, prefetches: [partsPage, namedPart] };

/** On a photo card the photo stays and its caption becomes the list. */
function partsScreen(anime: AnimeCard, numbers: readonly number[], asked: number, t: Texts): Screen {
  const page = pageOf(asked, anime.parts, PARTS_PER_PAGE);
  const keyboard = new InlineKeyboard();
  for (const [i, number] of numbers.entries()) {
    if (i > 0 && i % PARTS_PER_ROW === 0) keyboard.row();
    keyboard.text(String(number), encodeAction({ kind: 'play', anime: anime.id, part: number }));
  }
  if (page.pages > 1) {
    keyboard.row();
    if (page.hasPrevious)
      keyboard.text(t.viewer.left(), encodeAction({ kind: 'parts', anime: anime.id, page: page.page - 1 }));
    keyboard.text(t.viewer.pageOf(page.page + 1, page.pages), encodeAction({ kind: 'label' }));
    if (page.hasNext)
      keyboard.text(t.viewer.right(), encodeAction({ kind: 'parts', anime: anime.id, page: page.page + 1 }));
  }
  keyboard.row().text(t.viewer.back(), encodeAction({ kind: 'card', anime: anime.id }));
  const title = cutText(titleOf(anime, t), 256).text;
  return {
    text: html`<b>${title}</b>\n${anime.parts > 0 ? t.viewer.choosePart() : t.viewer.noPartsYet()}`,
    keyboard,
    ...(anime.photoId === null ? {} : { media: { kind: 'photo', fileId: anime.photoId } }),
  };
}

function playerScreen(anime: AnimeCard, part: Part, t: Texts): Screen {
  const play = (number: number): string => encodeAction({ kind: 'play', anime: anime.id, part: number });
  const keyboard = new InlineKeyboard();
  if (part.previous !== null) keyboard.text(`⬅️ ${part.previous}`, play(part.previous));
  if (part.next !== null) keyboard.text(`${part.next} ➡️`, play(part.next));
  keyboard.row().text(t.viewer.allParts(), encodeAction({ kind: 'parts', anime: anime.id, page: 0 }));
  const title = cutText(titleOf(anime, t), 256).text;
  return {
    text: html`<b>${title}</b>\n${t.viewer.part(part.number)}`,
    keyboard,
    media: { kind: part.kind, fileId: part.fileId },
  };
}
