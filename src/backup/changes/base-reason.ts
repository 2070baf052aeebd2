/** Why a full backup has to come before further changes. Pure. */
import type { TimelineReason } from '../catalog/change-position.ts';
import { REASONS } from './spans.ts';

/** What `needs_base` may hold; a newer program may have written another word. */
export type BaseReason = TimelineReason | 'lost' | 'off' | 'large' | 'key' | 'unread' | 'sealed';

const WHY: Readonly<Record<BaseReason, string>> = {
  ...REASONS,
  lost: 'entries of the change log, or files that were stored, are gone',
  off: 'no change log was kept, CHANGES=off',
  large: 'a change was too large for a file',
  key: 'a row changed whose key the change log cannot hold',
  unread: 'stored files did not read back',
  sealed: 'backups are sealed with another key than before',
};

/** For people. */
export function whyBase(reason: string): string {
  return isKnown(reason) ? WHY[reason] : reason;
}

function isKnown(reason: string): reason is BaseReason {
  return Object.hasOwn(WHY, reason);
}
