/** How long the gate believes what it was told. */
import { BELIEF_MS, type Membership } from '../../db/gate-channels.ts';
import { holdingSince, isHolding } from '../../db/time.ts';

/** How long a channel that could not be checked lets everybody pass before it is tried again. */
const BROKEN_MS = 2 * 60_000;

export function believedUntil(state: Membership, now: Date): Date {
  return new Date(now.getTime() + BELIEF_MS[state]);
}

/** `checkedAt` as in the database, or null when it must be tried at once. */
export function isStillBroken(checkedAt: string | null, now: Date): boolean {
  if (checkedAt === null) return false;
  const at = Date.parse(`${checkedAt.replace(' ', 'T')}Z`);
  return Number.isFinite(at) && isHolding(new Date(at), holdingSince(now, BROKEN_MS));
}
