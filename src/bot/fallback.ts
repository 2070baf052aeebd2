/** Answers what nobody else did. Last in the chain. */
import { Composer } from 'grammy';
import type { BotContext } from './context.ts';
import type { Feature } from './feature.ts';
import { show } from './show.ts';

const composer = new Composer<BotContext>();

composer.filter(
  (ctx) => ctx.incoming.kind === 'press',
  async (ctx) => {
    ctx.turn.handler = 'fallback';
    const isLabel = ctx.incoming.kind === 'press' && ctx.incoming.action?.kind === 'label';
    await (isLabel ? ctx.answerPress() : ctx.answerPress(ctx.t.frame.staleButton(), { alert: true }));
  },
);

composer.filter(
  (ctx) => ctx.chat?.type === 'private' && ctx.incoming.kind !== 'other' && ctx.incoming.kind !== 'inline',
  async (ctx) => {
    ctx.turn.handler = 'fallback';
    await show(ctx, { text: ctx.t.frame.notUnderstood() });
  },
);

export const fallbackFeature: Feature = { name: 'fallback', composer, prefetches: [] };
