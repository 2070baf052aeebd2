/** Composes the bot: every feature in the order it is asked, the fallback last. */
import { Composer } from 'grammy';
import { cardFeature } from './handlers/card.ts';
import type { BotContext } from './handlers/context.ts';
import { fallbackFeature } from './handlers/fallback.ts';
import type { Feature } from './handlers/feature.ts';
import { partsFeature } from './handlers/parts.ts';
import { startFeature } from './handlers/start.ts';

export const features: readonly Feature[] = [startFeature, cardFeature, partsFeature, fallbackFeature];

/** One middleware of all the features' composers. */
export function composeFeatures(list: readonly Feature[]): Composer<BotContext> {
  return new Composer<BotContext>(...list.map((feature) => feature.composer));
}
