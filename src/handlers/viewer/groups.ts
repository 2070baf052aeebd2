/**
 * Groups, and messages sent by way of inline mode: there the bot answers commands addressed to it
 * with a way into the private chat. Cards with callback buttons stay out of groups: whoever presses
 * would turn everybody's page.
 */
import { GrammyError, InlineKeyboard } from 'grammy';
import { actionOf } from '../../bot/asked.ts';
import type { Action } from '../../bot/callback-data.ts';
import type { BotContext } from '../../bot/context.ts';
import { type Screen, show } from '../../bot/show.ts';
import { type Stage, step } from '../../bot/step.ts';
import { type AnimeCard, animeByCode, animeById } from '../../db/anime.ts';
import type { Query } from '../../db/database.ts';
import { describeError } from '../../lib/log.ts';
import { cutText } from '../../text/html.ts';
import { descriptionBelow } from '../../text/search-text.ts';
import { cardText } from './card.ts';

export const groups: Stage = (incoming, { id, isPrivate }) => {
  const isCommand = incoming.kind === 'command';
  if (isPrivate || (!isCommand && incoming.kind !== 'press')) return undefined;
  const action = actionOf(incoming);
  return step([namedAnime(action, id)], async (ctx, [anime]) => {
    ctx.turn.handler = 'group';
    if (isCommand) return showInGroup(ctx, groupScreen(ctx, action, anime));
    if (action?.kind === 'label') return {};
    const payload = anime === undefined ? 'group' : String(anime.code);
    return ctx.answerPress(undefined, { url: deepLink(ctx.me.username, payload) });
  });
};

/** A group may forbid the bot to write: nobody's trouble but that group's. */
async function showInGroup(ctx: BotContext, screen: Screen): Promise<void> {
  try {
    await show(ctx, screen);
  } catch (error) {
    if (!(error instanceof GrammyError) || error.error_code >= 429) throw error;
    ctx.services.log.warn('group not answered', { error: describeError(error) });
  }
}

export function deepLink(username: string, payload: string): string {
  return `https://t.me/${username}?start=${payload}`;
}

/** Description shown in a group; the rest is read in the private chat. */
const GROUP_DESCRIPTION = 300;

function groupScreen(ctx: BotContext, action: Action | undefined, anime: AnimeCard | undefined): Screen {
  const button = (payload: string): InlineKeyboard =>
    new InlineKeyboard().url(ctx.t.viewer.openInBot(), deepLink(ctx.me.username, payload));
  if (action?.kind !== 'open') return { text: ctx.t.viewer.groupHint(), keyboard: button('group') };
  if (anime === undefined)
    return { text: ctx.t.viewer.unknownCode(action.code, false), keyboard: button('group') };
  const payload = action.part > 0 ? `${action.code}_${action.part}` : String(action.code);
  const description = cutText(descriptionBelow(anime), GROUP_DESCRIPTION).text;
  return {
    text: cardText(anime, ctx.t, description),
    keyboard: button(payload),
    ...(anime.photoId === null
      ? {}
      : { media: { kind: 'photo', fileId: anime.photoId, at: anime.photoAt }, onRefused: () => {} }),
  };
}

/** Which anime it is about: by its code (text, deep link) or by its id (button). */
function namedAnime(action: Action | undefined, userId: number): Query<AnimeCard | undefined> | undefined {
  if (action?.kind === 'open') return animeByCode(action.code, userId);
  return action !== undefined && 'anime' in action ? animeById(action.anime, userId) : undefined;
}
