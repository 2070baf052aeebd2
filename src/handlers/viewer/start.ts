/** /start, the menu, /help. */
import { InlineKeyboard } from 'grammy';
import { actionOf, browseAction, listAction } from '../../bot/asked.ts';
import { encodeAction } from '../../bot/callback-data.ts';
import type { BotContext } from '../../bot/context.ts';
import { feature } from '../../bot/feature.ts';
import type { Screen } from '../../bot/show.ts';
import { type Stage, step } from '../../bot/step.ts';
import { lastWatched, type WatchedAnime } from '../../db/history.ts';
import { countSource } from '../../db/statistics.ts';
import { recordSource } from '../../db/users.ts';
import { viewerCommands } from '../commands-menu.ts';
import { shortName } from './anime-buttons.ts';

/** Where a viewer came from is kept even if the gate holds them up. */
export const source: Stage = (incoming) => {
  if (incoming.kind !== 'command' || incoming.name !== 'start' || incoming.argument === '') return undefined;
  if (actionOf(incoming)?.kind !== 'menu') return undefined;
  const from = incoming.argument.slice(0, 64);
  return step([], ({ turn, viewer }, _, next) => {
    if (viewer !== undefined) turn.stage(countSource(viewer.id, from), recordSource(viewer.id, from));
    return next();
  });
};

export const startFeature = feature('everybody')
  .on('menu', { reads: (_, { id }) => [lastWatched(id)] }, (ctx, _, [last]) => menuScreen(ctx, last))
  .on('help', (ctx) => {
    const keyboard = new InlineKeyboard().text(ctx.t.viewer.menu(), encodeAction({ kind: 'menu' }));
    const text = ctx.t.viewer.help(viewerCommands(ctx.t), {
      isAdmin: ctx.viewer?.role !== undefined,
      inlineName: ctx.me.supports_inline_queries === true ? ctx.me.username : undefined,
    });
    return { text, keyboard };
  });

function menuScreen(ctx: BotContext, last: WatchedAnime | undefined): Screen {
  const { viewer } = ctx.t;
  const keyboard = new InlineKeyboard();
  if (last !== undefined && last.next !== null) {
    const data = encodeAction({ kind: 'watch', anime: last.id, part: last.next });
    keyboard.text(viewer.continueTitle(shortName(last, ctx.t), last.next), data).row();
  }
  keyboard
    .text(viewer.newest(), encodeAction(browseAction('newest')))
    .text(viewer.mostViewed(), encodeAction(browseAction('viewed')))
    .row()
    .text(viewer.byName(), encodeAction({ kind: 'letters' }))
    .text(viewer.random(), encodeAction({ kind: 'random' }))
    .row()
    .text(viewer.favourites(), encodeAction(listAction('favourites')))
    .text(viewer.history(), encodeAction(listAction('history')))
    .row()
    .text(viewer.following(), encodeAction(listAction('follows')))
    .row()
    .text(viewer.language(), encodeAction({ kind: 'languages' }));
  // A new owner knows no command yet.
  if (ctx.viewer?.role !== undefined)
    keyboard.row().text(ctx.t.admin.system.panel(), encodeAction({ kind: 'panel' }));
  return { text: viewer.greeting(ctx.from?.first_name ?? ''), keyboard };
}
