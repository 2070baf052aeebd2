/** The list of parts, ten to a page, and the one-message player. */
import type { Action } from '../../bot/callback-data.ts';
import type { BotContext } from '../../bot/context.ts';
import { feature } from '../../bot/feature.ts';
import { isFileRefused, kindOfFileId } from '../../bot/file-trouble.ts';
import { Keyboard } from '../../bot/keyboard.ts';
import { noticeFile } from '../../bot/notice-file.ts';
import { pageOf } from '../../bot/pagination.ts';
import { type Screen, show } from '../../bot/show.ts';
import { type AnimeCard, animeByCode, animeById } from '../../db/anime.ts';
import { recordView } from '../../db/history.ts';
import {
  correctKind,
  PARTS_PER_PAGE,
  type Part,
  type PartKind,
  partNumbers,
  partOf,
} from '../../db/parts.ts';
import { nearestCodes } from '../../db/search.ts';
import { countView } from '../../db/statistics.ts';
import type { Texts } from '../../locales/index.ts';
import { cutText, html } from '../../text/html.ts';
import { animeName, menuRow } from './anime-buttons.ts';
import { cardScreen, onPhoto, unknownCode } from './card.ts';
import { keepButton } from './keep-buttons.ts';

const PARTS_PER_ROW = 5;

export const partsFeature = feature('everybody')
  .on(
    'parts',
    {
      reads: (a, { id }) => [animeById(a.anime, id), partNumbers(a.anime, a.page)],
      gone: (t) => t.viewer.gone(),
    },
    // On a photo card the photo stays (or comes back) and its caption becomes the list.
    (ctx, a, [anime, numbers]) => onPhoto(ctx, anime, partsScreen(anime, numbers, a.page, ctx.t)),
  )
  .on(
    ['play', 'watch'],
    {
      reads: (a, { id }) => [animeById(a.anime, id), partOf({ id: a.anime }, a.part)],
    },
    async (ctx, a, [anime, part]) => {
      if (anime === undefined) return { alert: ctx.t.viewer.gone() };
      if (part === undefined) return { alert: ctx.t.viewer.partGone(a.part) };
      const isNew = a.kind === 'watch' && ctx.incoming.viaGate !== true;
      await Promise.all([ctx.answerPress(), play(ctx, anime, part, isNew)]);
      return undefined;
    },
  )
  /** A code, or a deep link: the part that it names, or the card. */
  .on(
    'open',
    {
      reads: (a, { id }) => [
        animeByCode(a.code, id),
        a.part > 0 ? partOf({ code: a.code }, a.part) : undefined,
        nearestCodes(a.code),
      ],
    },
    (ctx, a, [anime, part, near]) => {
      if (anime === undefined) return unknownCode(ctx, a.code, near);
      if (part !== undefined) return play(ctx, anime, part, false);
      return a.part > 0 && anime.parts > 0 ? noSuchPart(ctx, anime, a.part) : cardScreen(ctx, anime);
    },
  );

/** The card alone would leave it open whether the part is there. */
function noSuchPart({ t }: BotContext, anime: AnimeCard, asked: number): Screen {
  const title = cutText(animeName(anime, t), 256).text;
  const keyboard = new Keyboard().last(t.viewer.watch(), { kind: 'parts', anime: anime.id, page: 0 });
  return { text: t.viewer.noSuchPart(title, asked, anime.parts), keyboard: menuRow(keyboard, t) };
}

/** Another bot's file, and the archive has no copy: no call could bring it. */
class NoCopy extends Error {
  readonly description = 'wrong file identifier: another bot’s file without a copy in the archive';
}

/** Shows the player and records the view; what Telegram refuses to send was not seen by anybody. */
async function play(ctx: BotContext, anime: AnimeCard, part: Part, isNew: boolean): Promise<void> {
  try {
    if (part.at.isAway && part.at.copy === null) throw new NoCopy();
    await showPlayer(ctx, anime, part, isNew);
  } catch (error) {
    if (!(error instanceof NoCopy) && !isFileRefused(error)) throw error;
    noticeFile(ctx, { code: anime.code, part: part.number }, error);
    const text = ctx.t.viewer.fileTrouble(cutText(animeName(anime, ctx.t), 256).text, part.number);
    await show(ctx, { text, keyboard: playerKeyboard(anime, part, ctx.t), isNew: true });
    return;
  }
  if (ctx.viewer !== undefined)
    ctx.turn.stage(
      ...recordView(ctx.viewer.id, anime, part.number, ctx.now),
      ...countView(anime.id, ctx.now),
    );
}

/** The old bot kept no kinds: a file that is no video is sent as what it is. */
async function showPlayer(ctx: BotContext, anime: AnimeCard, part: Part, isNew: boolean): Promise<void> {
  try {
    await show(ctx, { ...playerScreen(anime, part, part.kind, ctx.t), isNew });
  } catch (error) {
    if (!isFileRefused(error) || part.at.isAway) throw error;
    // The archive has it, whatever is wrong with the file id.
    if (part.at.copy !== null)
      return showPlayer(ctx, anime, { ...part, at: { ...part.at, isAway: true } }, isNew);
    const kind = kindOfFileId(part.fileId);
    if (kind === undefined || kind === part.kind) throw error;
    await show(ctx, { ...playerScreen(anime, part, kind, ctx.t), isNew });
    ctx.turn.stage(correctKind(anime.id, part.number, kind));
  }
}

function partsScreen(anime: AnimeCard, numbers: readonly number[], asked: number, t: Texts): Screen {
  const keyboard = new Keyboard();
  for (const [i, number] of numbers.entries()) {
    if (i > 0 && i % PARTS_PER_ROW === 0) keyboard.row();
    const label = number === anime.watched ? `👁 ${number}` : String(number);
    keyboard.button(label, { kind: 'play', anime: anime.id, part: number });
  }
  const where = pageOf(asked, anime.parts, PARTS_PER_PAGE);
  keyboard
    .row()
    .pages(t, where, (page) => ({ kind: 'parts', anime: anime.id, page }))
    .button(t.viewer.back(), { kind: 'card', anime: anime.id });
  const title = cutText(animeName(anime, t), 256).text;
  const hint = anime.parts > 0 ? t.viewer.choosePart(anime.watched) : t.viewer.noPartsYet();
  return { text: html`<b>${title}</b>\n${hint}`, keyboard };
}

function playerScreen(anime: AnimeCard, part: Part, kind: PartKind, t: Texts): Screen {
  const title = cutText(animeName(anime, t), 256).text;
  return {
    text: html`<b>${title}</b>\n${t.viewer.playing(part.number, anime.code)}`,
    keyboard: playerKeyboard(anime, part, t),
    media: { kind, fileId: part.fileId, at: part.at },
  };
}

function playerKeyboard(anime: AnimeCard, part: Part, t: Texts): Keyboard {
  const to = (number: number): Action => ({ kind: 'play', anime: anime.id, part: number });
  const keyboard = new Keyboard();
  if (part.previous !== null) keyboard.button(`⬅️ ${t.viewer.part(part.previous)}`, to(part.previous));
  if (part.next !== null) keyboard.button(`${t.viewer.part(part.next)} ➡️`, to(part.next));
  const page = Math.floor(part.position / PARTS_PER_PAGE);
  keyboard.row().button(t.viewer.allParts(), { kind: 'parts', anime: anime.id, page });
  // After the last part there is nothing to press but this.
  if (part.next === null) keyboard.row().add(keepButton('follow', anime.id, anime.isFollowed, t));
  return keyboard;
}
