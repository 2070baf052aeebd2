/** The list of parts, ten to a page, and the one-message player. */
import { Composer, InlineKeyboard } from 'grammy';
import { actionOf } from '../../bot/asked.ts';
import { encodeAction } from '../../bot/callback-data.ts';
import type { BotContext } from '../../bot/context.ts';
import type { Feature } from '../../bot/feature.ts';
import { isFileRefused, kindOfFileId, noticeFile } from '../../bot/file-trouble.ts';
import { pageOf } from '../../bot/pagination.ts';
import { type Screen, show } from '../../bot/show.ts';
import { prefetch } from '../../bot/turn.ts';
import type { AnimeCard } from '../../db/anime.ts';
import { recordView } from '../../db/history.ts';
import {
  correctKind,
  PARTS_PER_PAGE,
  type Part,
  type PartKind,
  partNumbers,
  partOf,
} from '../../db/parts.ts';
import { countView } from '../../db/statistics.ts';
import type { Texts } from '../../locales/index.ts';
import { cutText, html } from '../../text/html.ts';
import { animeName, turnRow } from './anime-list.ts';
import { onPhoto, showCard, showUnknownCode } from './card.ts';
import { keepButton } from './keep-buttons.ts';
import { namedAnime } from './named-anime.ts';

const PARTS_PER_ROW = 5;

const partsPage = prefetch((incoming) => {
  const action = actionOf(incoming);
  return action?.kind === 'parts' ? partNumbers(action.anime, action.page) : undefined;
});

/** The part an update names, by button or deep link. */
const namedPart = prefetch((incoming) => {
  const action = actionOf(incoming);
  if (action?.kind === 'play' || action?.kind === 'watch') return partOf({ id: action.anime }, action.part);
  return action?.kind === 'open' && action.part > 0 ? partOf({ code: action.code }, action.part) : undefined;
});

const composer = new Composer<BotContext>();

composer.filter(
  (ctx) => actionOf(ctx.incoming)?.kind === 'parts',
  async (ctx) => {
    ctx.turn.handler = 'parts';
    const action = actionOf(ctx.incoming);
    const anime = ctx.turn.got(namedAnime);
    if (anime === undefined || action?.kind !== 'parts')
      return ctx.answerPress(ctx.t.viewer.gone(), { alert: true });
    const screen = partsScreen(anime, ctx.turn.got(partsPage) ?? [], action.page, ctx.t);
    // On a photo card the photo stays (or comes back) and its caption becomes the list.
    await Promise.all([ctx.answerPress(), show(ctx, onPhoto(ctx, anime, screen))]);
  },
);

composer.filter(
  (ctx) => ['play', 'watch'].includes(actionOf(ctx.incoming)?.kind ?? ''),
  async (ctx) => {
    ctx.turn.handler = 'play';
    const action = actionOf(ctx.incoming);
    if (action?.kind !== 'play' && action?.kind !== 'watch') return;
    const anime = ctx.turn.got(namedAnime);
    if (anime === undefined) return ctx.answerPress(ctx.t.viewer.gone(), { alert: true });
    const part = ctx.turn.got(namedPart);
    if (part === undefined) return ctx.answerPress(ctx.t.viewer.partGone(action.part), { alert: true });
    const isNew = action.kind === 'watch' && ctx.incoming.viaGate !== true;
    await Promise.all([ctx.answerPress(), play(ctx, anime, part, isNew)]);
  },
);

/** A code, or a deep link: the part it names, else the card. */
composer.filter(
  (ctx) => actionOf(ctx.incoming)?.kind === 'open',
  async (ctx) => {
    ctx.turn.handler = 'open';
    const action = actionOf(ctx.incoming);
    if (action?.kind !== 'open') return;
    const anime = ctx.turn.got(namedAnime);
    const part = ctx.turn.got(namedPart);
    if (anime === undefined) await showUnknownCode(ctx, action.code);
    else await (part === undefined ? showCard(ctx, anime) : play(ctx, anime, part, false));
  },
);

export const partsFeature: Feature = { name: 'parts', composer, prefetches: [partsPage, namedPart] };

/** Shows the player and records the view; what Telegram refuses to send was not seen by anybody. */
async function play(ctx: BotContext, anime: AnimeCard, part: Part, isNew: boolean): Promise<void> {
  try {
    await showPlayer(ctx, anime, part, isNew);
  } catch (error) {
    if (!isFileRefused(error)) throw error;
    noticeFile(ctx, { code: anime.code, part: part.number }, error);
    const text = ctx.t.viewer.fileTrouble(cutText(animeName(anime, ctx.t), 256).text, part.number);
    await show(ctx, { text, keyboard: playerKeyboard(anime, part, ctx.t) }, { isNew: true });
    return;
  }
  if (ctx.viewer !== undefined)
    ctx.turn.stage(
      ...recordView(ctx.viewer.id, anime, part.number, ctx.now),
      ...countView(anime.id, ctx.now),
    );
}

/** The old bot kept no kinds: a file that is not the video it was taken for is sent as what it is. */
async function showPlayer(ctx: BotContext, anime: AnimeCard, part: Part, isNew: boolean): Promise<void> {
  try {
    await show(ctx, playerScreen(anime, part, part.kind, ctx.t), { isNew });
  } catch (error) {
    const kind = kindOfFileId(part.fileId);
    if (!isFileRefused(error) || kind === undefined || kind === part.kind) throw error;
    await show(ctx, playerScreen(anime, part, kind, ctx.t), { isNew });
    ctx.turn.stage(correctKind(anime.id, part.number, kind));
  }
}

function partsScreen(anime: AnimeCard, numbers: readonly number[], asked: number, t: Texts): Screen {
  const { page, pages, hasPrevious, hasNext } = pageOf(asked, anime.parts, PARTS_PER_PAGE);
  const turnTo = (to: number) => ({ kind: 'parts' as const, anime: anime.id, page: to });
  const keyboard = new InlineKeyboard();
  for (const [i, number] of numbers.entries()) {
    if (i > 0 && i % PARTS_PER_ROW === 0) keyboard.row();
    const label = number === anime.watched ? `👁 ${number}` : String(number);
    keyboard.text(label, encodeAction({ kind: 'play', anime: anime.id, part: number }));
  }
  keyboard.row();
  turnRow(keyboard, t, {
    left: hasPrevious ? turnTo(page - 1) : undefined,
    label: t.viewer.pageOf(page + 1, pages),
    right: hasNext ? turnTo(page + 1) : undefined,
  });
  keyboard.text(t.viewer.back(), encodeAction({ kind: 'card', anime: anime.id }));
  const title = cutText(animeName(anime, t), 256).text;
  const hint = anime.parts > 0 ? t.viewer.choosePart(anime.watched) : t.viewer.noPartsYet();
  return { text: html`<b>${title}</b>\n${hint}`, keyboard };
}

function playerScreen(anime: AnimeCard, part: Part, kind: PartKind, t: Texts): Screen {
  const title = cutText(animeName(anime, t), 256).text;
  return {
    text: html`<b>${title}</b>\n${t.viewer.playing(part.number, anime.code)}`,
    keyboard: playerKeyboard(anime, part, t),
    media: { kind, fileId: part.fileId },
  };
}

function playerKeyboard(anime: AnimeCard, part: Part, t: Texts): InlineKeyboard {
  const to = (number: number): string => encodeAction({ kind: 'play', anime: anime.id, part: number });
  const keyboard = new InlineKeyboard();
  if (part.previous !== null) keyboard.text(`⬅️ ${t.viewer.part(part.previous)}`, to(part.previous));
  if (part.next !== null) keyboard.text(`${t.viewer.part(part.next)} ➡️`, to(part.next));
  const page = Math.floor(part.position / PARTS_PER_PAGE);
  keyboard.row().text(t.viewer.allParts(), encodeAction({ kind: 'parts', anime: anime.id, page }));
  // After the last part there is nothing to press but this.
  if (part.next === null) keyboard.row().add(keepButton('follow', anime.id, anime.isFollowed, t));
  return keyboard;
}
