/** Composes the bot: every feature in the order it is asked, the fallback last. */
import { Composer } from 'grammy';
import { adminFeatures } from '../handlers/admin/index.ts';
import { browseFeature } from '../handlers/viewer/browse.ts';
import { cardFeature } from '../handlers/viewer/card.ts';
import { gateFeature } from '../handlers/viewer/gate.ts';
import { groupsFeature } from '../handlers/viewer/groups.ts';
import { inlineFeature } from '../handlers/viewer/inline.ts';
import { keepFeature } from '../handlers/viewer/keep.ts';
import { languageFeature } from '../handlers/viewer/language.ts';
import { membershipFeature } from '../handlers/viewer/membership.ts';
import { partsFeature } from '../handlers/viewer/parts.ts';
import { personalListsFeature } from '../handlers/viewer/personal-lists.ts';
import { searchFeature } from '../handlers/viewer/search.ts';
import { sourceFeature, startFeature } from '../handlers/viewer/start.ts';
import type { BotContext } from './context.ts';
import { fallbackFeature } from './fallback.ts';
import type { Feature } from './feature.ts';
import { rateFeature } from './rate-limit.ts';

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
