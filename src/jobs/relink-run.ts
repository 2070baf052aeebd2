/**
 * Linking at a terminal, until all that has a copy is linked or somebody has to do something first:
 * it never goes on where nothing can come of it.
 */
import { type JobHolder, LONGEST_MINUTES, releaseJob, takeJob } from '../db/job-leases.ts';
import { type MoveProgress, moveProgress } from '../db/relinking.ts';
import { RELINK_MINUTE, retry } from '../lib/retry.ts';
import { RequestBudget } from './job.ts';
import { type RelinkContext, type RelinkEnd, relink, relinkJob } from './relink-files.ts';

/** A minute is the unit of Telegram's limit, and of the bot's tick. */
const SLICE_MS = 60_000;
/** How often to ask whether another process is done. */
const WAIT_MS = 2_000;
const REQUESTS = 1_000;

export interface RelinkRun extends Omit<RelinkContext, 'deadline' | 'requests'> {
  /** Names this process. */
  readonly holder: string;
  readonly isDead: (holder: string) => boolean;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: MoveProgress) => void;
  /** Another process is at it. */
  readonly onWait: (other: JobHolder) => void;
  /** Nothing could be linked; it tries again in a minute. */
  readonly onLater: (reason: string) => void;
}

/** Why it ended. */
export type RelinkStop =
  /** All that has a copy is linked. */
  { readonly kind: 'linked' } | Exclude<RelinkEnd, { readonly kind: 'done' }>;

/** @throws the signal's reason when it aborts */
export async function relinkToTheEnd(run: RelinkRun): Promise<RelinkStop> {
  const { now, sleep, signal } = run;
  let told = '';
  for (;;) {
    const progress = await progressOf(run);
    if (progress === undefined) return { kind: 'linked' };
    const line = `${progress.linked} ${progress.left} ${progress.minutes}`;
    if (line !== told) run.onProgress(progress);
    told = line;
    const until = now().getTime() + SLICE_MS;
    const end = await minuteOf(run, progress.linked);
    signal.throwIfAborted();
    if (
      end.kind === 'token' ||
      end.kind === 'later' ||
      (end.kind === 'closed' && (await isStuck(run, progress)))
    )
      return end;
    if ((await progressOf(run)) === undefined) return { kind: 'linked' };
    await sleep(Math.max(0, until - now().getTime()));
    signal.throwIfAborted();
  }
}

async function progressOf({ db, now }: RelinkRun): Promise<MoveProgress | undefined> {
  const [progress] = await db.read([moveProgress(now())]);
  return progress;
}

/** Files of another channel may have been linked. */
async function isStuck(run: RelinkRun, before: MoveProgress): Promise<boolean> {
  return (await progressOf(run))?.linked === before.linked;
}

/** A slice; while Telegram has no time in which nothing was linked, another a minute later. */
async function minuteOf(run: RelinkRun, linkedBefore: number): Promise<RelinkEnd> {
  const { now, sleep, signal, onLater } = run;
  try {
    return await retry(
      RELINK_MINUTE,
      { sleep, signal, isPassing: (error) => error instanceof Later },
      async () => {
        const end = await withLease(run, now().getTime() + SLICE_MS);
        if (end.kind !== 'later') return end;
        if (((await progressOf(run))?.linked ?? linkedBefore) > linkedBefore) return { kind: 'done' };
        onLater(end.reason);
        throw new Later(end.reason);
      },
    );
  } catch (error) {
    if (!(error instanceof Later)) throw error;
    return { kind: 'later', reason: error.message };
  }
}

class Later extends Error {
  override readonly name = 'Later';
}

/** Waits for whoever is at it, which is most often the bot itself. */
async function withLease(run: RelinkRun, until: number): Promise<RelinkEnd> {
  const { db, now, sleep, signal, holder, isDead } = run;
  const lease = { name: relinkJob.name, holder, minutes: LONGEST_MINUTES };
  let waitedFor: JobHolder | undefined;
  for (;;) {
    const other = await takeJob(db, lease, now(), isDead);
    if (other === undefined) break;
    if (other.holder !== waitedFor?.holder) run.onWait(other);
    waitedFor = other;
    await sleep(WAIT_MS);
    signal.throwIfAborted();
  }
  const requests = new RequestBudget(REQUESTS, signal);
  try {
    return await relink({ ...run, deadline: new Date(until), requests });
  } finally {
    await db.write([releaseJob(relinkJob.name, holder)]);
  }
}
