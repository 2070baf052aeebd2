/** The bot: its stages, in the order in which they may answer an update. */
import { actionOf } from '../bot/asked.ts';
import { fallback } from '../bot/fallback.ts';
import { rateLimit } from '../bot/rate-limit.ts';
import { router } from '../bot/router.ts';
import type { Stage } from '../bot/step.ts';
import { adminStages } from './admin/index.ts';
import { browseFeature } from './viewer/browse.ts';
import { cardFeature } from './viewer/card.ts';
import { gate } from './viewer/gate.ts';
import { groups } from './viewer/groups.ts';
import { inline } from './viewer/inline.ts';
import { keepFeature } from './viewer/keep.ts';
import { languageFeature } from './viewer/language.ts';
import { membership } from './viewer/membership.ts';
import { partsFeature } from './viewer/parts.ts';
import { personalListsFeature } from './viewer/personal-lists.ts';
import { searchFeature } from './viewer/search.ts';
import { source, startFeature } from './viewer/start.ts';

const viewerFeatures = [
  startFeature,
  languageFeature,
  cardFeature,
  partsFeature,
  keepFeature,
  searchFeature,
  personalListsFeature,
  browseFeature,
];

export const stages: readonly Stage[] = [
  // What Telegram tells unasked: no viewer's limit may swallow it.
  membership,
  rateLimit,
  // Before the gate, which admins need not pass.
  ...adminStages,
  groups,
  source,
  gate,
  router(viewerFeatures, actionOf),
  inline,
  fallback,
];
