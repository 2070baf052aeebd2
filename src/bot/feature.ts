/** One feature of the bot: its composer, and the questions it wants answered in the turn's one read batch. */
import type { Composer } from 'grammy';
import type { BotContext } from './context.ts';
import type { Prefetch } from './turn.ts';

export interface Feature {
  readonly name: string;
  readonly composer: Composer<BotContext>;
  readonly prefetches: readonly Prefetch<unknown>[];
}
