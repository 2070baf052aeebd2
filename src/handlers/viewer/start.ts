/** /start, the menu, /help. */
import { actionOf, browseAction, listAction } from '../../bot/asked.ts';
import type { BotContext } from '../../bot/context.ts';
import { feature } from '../../bot/feature.ts';
import { Keyboard } from '../../bot/keyboard.ts';
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
    const keyboard = new Keyboard().button(ctx.t.viewer.menu(), { kind: 'menu' });
    const text = ctx.t.viewer.help(viewerCommands(ctx.t), {
      isAdmin: ctx.viewer?.role !== undefined,
      inlineName: ctx.me.supports_inline_queries === true ? ctx.me.username : undefined,
    });
    return { text, keyboard };
  });

function menuScreen(ctx: BotContext, last: WatchedAnime | undefined): Screen {
  const { viewer } = ctx.t;
  const keyboard = new Keyboard();
  if (last !== undefined && last.next !== null) {
    const goOn = { kind: 'watch', anime: last.id, part: last.next } as const;
    keyboard.last(viewer.continueTitle(shortName(last, ctx.t), last.next), goOn);
  }
  keyboard
    .button(viewer.newest(), browseAction('newest'))
    .last(viewer.mostViewed(), browseAction('viewed'))
    .button(viewer.byName(), { kind: 'letters' })
    .last(viewer.random(), { kind: 'random' })
    .button(viewer.favourites(), listAction('favourites'))
    .last(viewer.history(), listAction('history'))
    .last(viewer.following(), listAction('follows'))
    .button(viewer.language(), { kind: 'languages' });
  // A new owner knows no command yet.
  if (ctx.viewer?.role !== undefined) keyboard.row().button(ctx.t.admin.system.panel(), { kind: 'panel' });
  return { text: viewer.greeting(ctx.from?.first_name ?? ''), keyboard };
}
