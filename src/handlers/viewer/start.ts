/** /start, the menu, /help. */
import { Composer, InlineKeyboard } from 'grammy';
import type { BotCommand } from 'grammy/types';
import { actionOf, browseAction, listAction } from '../../bot/asked.ts';
import { encodeAction } from '../../bot/callback-data.ts';
import type { BotContext } from '../../bot/context.ts';
import type { Feature } from '../../bot/feature.ts';
import { type Screen, show } from '../../bot/show.ts';
import { prefetch } from '../../bot/turn.ts';
import { lastWatched } from '../../db/history.ts';
import { countSource } from '../../db/statistics.ts';
import { recordSource } from '../../db/users.ts';
import type { Texts } from '../../locales/index.ts';
import { shortName } from './anime-list.ts';

const watchedLast = prefetch((incoming, { userId }) =>
  userId !== undefined && actionOf(incoming)?.kind === 'menu' ? lastWatched(userId) : undefined,
);

/** Where a viewer came from is kept even if the gate holds him up. */
const source = new Composer<BotContext>();
source.use(async (ctx, next) => {
  const { incoming, viewer } = ctx;
  const isFirstStart = incoming.kind === 'command' && incoming.name === 'start' && viewer !== undefined;
  if (isFirstStart && incoming.argument !== '' && actionOf(incoming)?.kind === 'menu') {
    const from = incoming.argument.slice(0, 64);
    ctx.turn.stage(countSource(viewer.id, from), recordSource(viewer.id, from));
  }
  await next();
});

export const sourceFeature: Feature = { name: 'source', composer: source, prefetches: [] };

const composer = new Composer<BotContext>();

composer.filter(
  (ctx) => actionOf(ctx.incoming)?.kind === 'menu',
  async (ctx) => {
    ctx.turn.handler = ctx.incoming.kind === 'command' ? 'start' : 'menu';
    await Promise.all([ctx.answerPress(), show(ctx, menuScreen(ctx))]);
  },
);

composer.filter(
  (ctx) => actionOf(ctx.incoming)?.kind === 'help',
  async (ctx) => {
    ctx.turn.handler = 'help';
    const keyboard = new InlineKeyboard().text(ctx.t.viewer.menu(), encodeAction({ kind: 'menu' }));
    const text = ctx.t.viewer.help(viewerCommands(ctx.t), {
      isAdmin: ctx.viewer?.role !== undefined,
      inlineName: ctx.me.supports_inline_queries === true ? ctx.me.username : undefined,
    });
    await Promise.all([ctx.answerPress(), show(ctx, { text, keyboard })]);
  },
);

export const startFeature: Feature = { name: 'start', composer, prefetches: [watchedLast] };

/** The commands of Telegram's own menu (setMyCommands), in one language. */
export function viewerCommands(t: Texts): readonly BotCommand[] {
  return Object.entries(t.viewer.commands()).map(([command, description]) => ({ command, description }));
}

function menuScreen(ctx: BotContext): Screen {
  const { viewer } = ctx.t;
  const keyboard = new InlineKeyboard();
  const last = ctx.turn.got(watchedLast);
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
  return { text: viewer.greeting(ctx.from?.first_name ?? ''), keyboard };
}
