/**
 * Groups, and messages sent by way of inline mode: there the bot answers commands addressed to it with a way into the private chat.
 * Cards with callback buttons stay out of groups: whoever presses would turn everybody's page.
 */
import { Composer, GrammyError, InlineKeyboard } from 'grammy';
import { actionOf } from '../../bot/asked.ts';
import type { BotContext } from '../../bot/context.ts';
import type { Feature } from '../../bot/feature.ts';
import { type Screen, show } from '../../bot/show.ts';
import { describeError } from '../../lib/log.ts';
import { cutText } from '../../text/html.ts';
import { descriptionBelow } from '../../text/search-text.ts';
import { cardText } from './card.ts';
import { namedAnime } from './named-anime.ts';

const composer = new Composer<BotContext>();

composer
  .filter((ctx) => ctx.chat?.type !== 'private' && ctx.incoming.kind === 'command')
  .use(async (ctx) => {
    ctx.turn.handler = 'group';
    try {
      await show(ctx, groupScreen(ctx));
    } catch (error) {
      // A group may forbid the bot to write: nobody's trouble but that group's.
      if (!(error instanceof GrammyError) || error.error_code >= 429) throw error;
      ctx.services.log.warn('group not answered', { error: describeError(error) });
    }
  });

composer
  .filter((ctx) => ctx.chat?.type !== 'private' && ctx.callbackQuery !== undefined)
  .use(async (ctx) => {
    ctx.turn.handler = 'group';
    if (ctx.incoming.kind === 'press' && ctx.incoming.action?.kind === 'label') return ctx.answerPress();
    const anime = ctx.turn.got(namedAnime);
    await ctx.answerPress(undefined, {
      url: deepLink(ctx.me.username, anime === undefined ? 'group' : String(anime.code)),
    });
  });

export const groupsFeature: Feature = { name: 'groups', composer, prefetches: [] };

export function deepLink(username: string, payload: string): string {
  return `https://t.me/${username}?start=${payload}`;
}

/** Description shown in a group; the rest is read in the private chat. */
const GROUP_DESCRIPTION = 300;

function groupScreen(ctx: BotContext): Screen {
  const action = actionOf(ctx.incoming);
  const anime = ctx.turn.got(namedAnime);
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
      : { media: { kind: 'photo', fileId: anime.photoId }, onRefused: () => {} }),
  };
}
