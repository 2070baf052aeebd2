/**
 * The beginning of a run on record, and word to the admins of those before it that died without a
 * word.
 */
import { toSqlTime } from '../../db/time.ts';
import { explain } from '../../lib/clock.ts';
import { DIED, type RunStart } from '../catalog/ledger.ts';
import type { BackupName } from '../catalog/names.ts';
import type { BackupContext } from './context.ts';
import { endOf, publishedBy } from './published.ts';

const ENDED = { state: 'failed', reason: DIED, rows: null, bytes: null } as const;

export interface Begun {
  readonly dead: readonly BackupName[];
  readonly problems: readonly string[];
}

/**
 * Records the run, and tells the owners of each that died before it could; one whose backup is in
 * the bucket is done. Rejects never: a beginning whose answer was lost is recorded, so it has to
 * end like any other.
 */
export async function begin(
  context: BackupContext,
  run: RunStart,
): Promise<Begun | { readonly error: unknown }> {
  const { ledger, clock } = context;
  try {
    const { dead, died } = await ledger.begin(run);
    const problems: string[] = [];
    for (const one of died) {
      const alert = { kind: 'failed', message: wordsOn(one), isEarlier: true } as const;
      try {
        // Where the bucket does not answer, the next run asks: one that was published did not fail.
        const manifest = await publishedBy(context, one);
        if (manifest !== undefined) {
          await ledger.end(one.name, endOf(manifest, new Date(manifest.finished_at)));
          continue;
        }
        await context.alert(alert);
        // Only now: whoever could not be told of it, or dies here, leaves that to the next run.
        await ledger.end(one.name, { ...ENDED, finishedAt: clock.now() });
      } catch (error) {
        problems.push(`telling the admins of ${one.name}: ${explain(error)}`);
      }
    }
    return { dead, problems };
  } catch (error) {
    return { error };
  }
}

function wordsOn({ name, trigger, startedAt }: RunStart): string {
  return `the run ${name} (${trigger}), begun ${toSqlTime(startedAt)} UTC, never ended: its process died or stalled. Another run has begun since and removes what it left.`;
}
