/** Composes the bot: every feature in the order it is asked, the fallback last. */
import { Composer } from 'grammy';
import { adminFeatures } from './handlers/admin/index.ts';
import { browseFeature } from './handlers/browse.ts';
import { cardFeature } from './handlers/card.ts';
import type { BotContext } from './handlers/context.ts';
import { fallbackFeature } from './handlers/fallback.ts';
import type { Feature } from './handlers/feature.ts';
import { gateFeature } from './handlers/gate.ts';
import { groupsFeature } from './handlers/groups.ts';
import { inlineFeature } from './handlers/inline.ts';
import { keepFeature } from './handlers/keep.ts';
import { languageFeature } from './handlers/language.ts';
import { membershipFeature } from './handlers/membership.ts';
import { partsFeature } from './handlers/parts.ts';
import { personalListsFeature } from './handlers/personal-lists.ts';
import { rateFeature } from './handlers/rate-limit.ts';
import { searchFeature } from './handlers/search.ts';
import { sourceFeature, startFeature } from './handlers/start.ts';

/** Before anything else: what Telegram tells unasked (no viewer's limit may swallow it), and who writes too much. Admins' features come next. */
const doorkeepers: readonly Feature[] = [membershipFeature, rateFeature];

const viewers: readonly Feature[] = [
  groupsFeature,
  sourceFeature,
  gateFeature,
  startFeature,
  languageFeature,
  cardFeature,
  partsFeature,
  keepFeature,
  searchFeature,
  personalListsFeature,
  browseFeature,
  inlineFeature,
];

export const features: readonly Feature[] = [...doorkeepers, ...adminFeatures, ...viewers, fallbackFeature];

/** One middleware of all the features' composers. */
export function composeFeatures(list: readonly Feature[]): Composer<BotContext> {
  return new Composer<BotContext>(...list.map((feature) => feature.composer));
}
