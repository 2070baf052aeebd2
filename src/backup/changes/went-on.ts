/**
 * Whether a bucket has changes of the database's history that the database itself does not have: an
 * older file or journal was put back, or another bot goes on with a copy.
 */
import { greatest } from '../../lib/extremes.ts';
import { DAY_MS } from '../../text/times.ts';
import type { Bucket } from '../catalog/bucket.ts';
import type { Position } from '../catalog/change-position.ts';
import type { ChangeState } from '../catalog/change-state.ts';
import { fromNumber } from './change-names.ts';
import { listChangesFrom } from './list-changes.ts';
import type { StoredChange } from './listed.ts';
import { keyBefore } from './previous.ts';

type Left = Pick<ChangeState, 'timeline' | 'parent' | 'reason' | 'shippedSeq' | 'attempts'>;

type Missing = Left & Pick<ChangeState, 'previous' | 'since'>;

/** Where the database left the history: a fork has begun another since. */
function leftAt({ timeline, parent, reason, shippedSeq }: Left): Position {
  return reason === 'fork' && parent !== null ? parent : { timeline, seq: shippedSeq };
}

/**
 * When the last of the changes was stored that the database does not have; undefined: it has all.
 * @param state read after `files` were listed: what the database itself stores meanwhile is no
 * other's
 */
export function goneOnUntil(state: Left, files: readonly StoredChange[]): Date | undefined {
  const { timeline, seq } = leftAt(state);
  const isOwn = ({ file }: StoredChange): boolean =>
    state.attempts.some((name) => file.includes(`-${name}.`));
  const beyond = files.filter((file) => file.timeline === timeline && file.last > seq && !isOwn(file));
  return beyond.length === 0 ? undefined : new Date(greatest(beyond.map(({ time }) => time.getTime())));
}

/** So long an owner is reminded of what the living database may lack. */
export const REMINDED_MS = 7 * DAY_MS;

/** By which an owner says that nothing is missed. */
export const ACCEPT = 'npm run backup -- accept database';

export interface Reminder {
  readonly now: Date;
  /** ISO time: what was lost up to then the owner does not miss. */
  readonly meant: string | undefined;
}

/** {@link goneOnUntil}, as long as the owner is to be reminded of it. */
export function missedUntil(
  state: Left & Pick<ChangeState, 'since'>,
  files: readonly StoredChange[],
  { now, meant }: Reminder,
): Date | undefined {
  const until = goneOnUntil(state, files);
  if (until === undefined || until.toISOString() <= (meant ?? '')) return undefined;
  const isOver = state.reason === 'fork' && now.getTime() - Date.parse(state.since) > REMINDED_MS;
  return isOver ? undefined : until;
}

export type AskedMissed = [state: Missing, reminder: Reminder, again?: () => Promise<Missing | undefined>];

/**
 * The same, of a bucket. `again` reads the state once more where something is missed, for the bot
 * may have stored it itself meanwhile.
 */
export async function missedIn(
  bucket: Bucket,
  ...[state, reminder, again = async () => state]: AskedMissed
): Promise<Date | undefined> {
  const { timeline, seq } = leftAt(state);
  // A file of another may begin before the end of the last one.
  const last = keyBefore(state.previous)?.first;
  const files: StoredChange[] = [];
  let after = fromNumber(bucket.prefix, timeline, Math.min(last ?? seq + 1, seq + 1));
  for (;;) {
    const page = await listChangesFrom(bucket, timeline, after);
    files.push(...page.files);
    const end = page.files.at(-1);
    if (page.isLast || end === undefined) break;
    after = `${bucket.prefix}${end.file}`;
  }
  const later = missedUntil(state, files, reminder) === undefined ? undefined : await again();
  return later && missedUntil(later, files, reminder);
}
