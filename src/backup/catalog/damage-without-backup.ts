/**
 * Records that a run found the database damaged: one small object beside the backups, since a
 * damaged database may take no record. It counts until a later backup is verified, so nobody has to
 * remove it.
 */
import * as v from 'valibot';
import { explain, systemClock } from '../../lib/clock.ts';
import { visible } from '../../text/visible.ts';
import { type Bucket, nowOf } from './bucket.ts';
import type { BackupEntry } from './entry.ts';
import type { BackupHealth } from './health.ts';
import { putNote, readNote } from './json-note.ts';
import { isAhead } from './true-time.ts';

const schema = v.object({
  format: v.literal('anime-bot-damaged-run'),
  at: v.pipe(v.string(), v.isoTimestamp()),
  problem: v.string(),
});

const MOST_CHARACTERS = 600;

/** Not the key of a backup: retention and listings skip it. */
function keyOf({ prefix }: Bucket): string {
  return `${prefix}damaged-run.json`;
}

/** Never rejects: the run has failed already. @returns why it could not be kept, for people */
export async function keepDamagedRun(bucket: Bucket, problem: string): Promise<string | undefined> {
  const { store, clock = systemClock } = bucket;
  const kept: v.InferInput<typeof schema> = {
    format: 'anime-bot-damaged-run',
    at: clock.now().toISOString(),
    problem: visible(problem.slice(0, MOST_CHARACTERS)),
  };
  try {
    await putNote(store, keyOf(bucket), kept);
    return undefined;
  } catch (error) {
    return `that the database is damaged could not be kept in ${store.description}, so \`list\` does not know of it: ${explain(error)}`;
  }
}

/**
 * The run that found the database damaged, when no backup was verified since; named by its time,
 * for it made no backup. A record that the store dates ahead as well, and an unreadable one, count
 * as none.
 */
export async function damagedRun(
  bucket: Bucket,
  newest: Pick<BackupEntry, 'time'> | undefined,
): Promise<BackupHealth['damaged']> {
  const kept = await readNote(bucket.store, keyOf(bucket), schema);
  if (kept === undefined) return undefined;
  const claimed = new Date(kept.at);
  const now = nowOf(bucket);
  // A record dated ahead would outlive the good run before its time, so the store's time bounds it.
  const put = claimed > now ? (await bucket.store.head(keyOf(bucket)))?.modified : undefined;
  const at = put !== undefined && put < claimed ? put : claimed;
  if (isAhead(at, now)) return undefined;
  if (newest !== undefined && newest.time >= at) return undefined;
  return {
    name: `the run of ${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`,
    problem: visible(kept.problem.slice(0, MOST_CHARACTERS)),
    isRun: true,
  };
}
