/**
 * Whether a bucket has changes of the database's history that the database itself does not have: an
 * older file or journal was put back, or another bot goes on with a copy.
 */
import { greatest } from '../../lib/extremes.ts';
import type { Bucket } from '../catalog/bucket.ts';
import type { Position } from '../catalog/change-position.ts';
import type { ChangeState } from '../catalog/change-state.ts';
import { fromNumber, parseChangeKey } from './change-names.ts';
import { listChangesFrom } from './list-changes.ts';
import type { StoredChange } from './listed.ts';

type Left = Pick<ChangeState, 'timeline' | 'parent' | 'reason' | 'shippedSeq' | 'attempts'>;

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

/** The same, of a bucket. Nobody may ship meanwhile. */
export async function wentOnUntil(
  bucket: Bucket,
  state: Left & Pick<ChangeState, 'previous'>,
): Promise<Date | undefined> {
  const { timeline, seq } = leftAt(state);
  const { previous } = state;
  // A file of another may begin before the end of the last one.
  const last = previous !== null && 'file' in previous ? parseChangeKey('', previous.file)?.first : undefined;
  const files: StoredChange[] = [];
  let after = fromNumber(bucket.prefix, timeline, Math.min(last ?? seq + 1, seq + 1));
  for (;;) {
    const page = await listChangesFrom(bucket, timeline, after);
    files.push(...page.files);
    const end = page.files.at(-1);
    if (page.isLast || end === undefined) return goneOnUntil(state, files);
    after = `${bucket.prefix}${end.file}`;
  }
}
