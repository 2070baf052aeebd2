/** /start and /help. */
import { Composer } from 'grammy';
import { recordSource } from '../db/users.ts';
import { cardScreen, deepLinkOf, namedAnime } from './card.ts';
import type { BotContext } from './context.ts';
import type { Feature } from './feature.ts';
import { playNamedPart } from './parts.ts';
import { show } from './show.ts';

const composer = new Composer<BotContext>();

composer.filter(
  (ctx) => ctx.incoming.kind === 'command' && ctx.incoming.name === 'start',
  async (ctx) => {
    ctx.turn.handler = 'start';
    if (ctx.incoming.kind !== 'command') return;
    const link = deepLinkOf(ctx.incoming);
    if (link !== undefined) return openLinked(ctx, link.code);
    if (ctx.incoming.argument !== '' && ctx.viewer !== undefined)
      ctx.turn.stage(recordSource(ctx.viewer.id, ctx.incoming.argument.slice(0, 64)));
    await show(ctx, { text: ctx.t.viewer.greeting(ctx.from?.first_name ?? '') });
  },
);

composer.filter(
  (ctx) => ctx.incoming.kind === 'command' && ctx.incoming.name === 'help',
  async (ctx) => {
    ctx.turn.handler = 'help';
    await show(ctx, { text: ctx.t.viewer.help() });
  },
);

export const startFeature: Feature = { name: 'start', composer, prefetches: [] };

async function openLinked(ctx: BotContext, code: number): Promise<void> {
  const anime = ctx.turn.got(namedAnime);
  if (anime === undefined) return show(ctx, { text: ctx.t.viewer.unknownCode(code) });
  if (await playNamedPart(ctx, anime)) return;
  await show(ctx, cardScreen(anime, ctx.t));
}
