/** How long the gate believes what it was told. */
import type { Membership } from '../db/channels.ts';

const MINUTE = 60_000;
/** Somebody who left is noticed sooner by a chat_member update; this is for channels that send none. */
const IN_MS = 10 * MINUTE;
/** He is on his way to subscribe: do not keep him waiting, and do not ask Telegram at every message either. */
const OUT_MS = 1 * MINUTE;
/** Telegram tells when a request is granted (chat_member), never when it is refused. */
const ASKED_MS = 30 * 24 * 60 * MINUTE;
/** How long a channel that could not be checked lets everybody pass before it is tried again. */
const BROKEN_MS = 2 * MINUTE;

export function believedUntil(state: Membership, now: Date): Date {
  const life = state === 'in' ? IN_MS : state === 'asked' ? ASKED_MS : OUT_MS;
  return new Date(now.getTime() + life);
}

/** `checkedAt` as in the database, or null when it must be tried at once. */
export function isStillBroken(checkedAt: string | null, now: Date): boolean {
  if (checkedAt === null) return false;
  const at = Date.parse(`${checkedAt.replace(' ', 'T')}Z`);
  return Number.isFinite(at) && now.getTime() - at < BROKEN_MS;
}
