/** What the database of a {@link ChangeWorld} says of its own change log. */
import type { ChangeState } from '../../src/backup/catalog/change-state.ts';
import type { Living } from '../../src/backup/changes/living.ts';
import type { ChangeWorld } from './change-world.ts';

export function livingOf(
  { place }: Pick<ChangeWorld, 'place'>,
  change: Partial<ChangeState> = {},
  more: Partial<Living> = {},
): Living {
  const { timeline, shipped, previous, parent, reason, since } = place;
  const state: ChangeState = {
    timeline,
    parent,
    reason,
    since: since.toISOString(),
    shippedSeq: shipped,
    previous,
    attempts: [],
    waitingSince: null,
    schemaCookie: 1,
    schemaSha256: null,
    needsBase: null,
    told: null,
    ...change,
  };
  return { state, last: state.shippedSeq, isSchemaMoved: false, ...more };
}
