/**
 * A restore over the living database, disturbed or not: afterwards the old data is served or the
 * new, to the last value.
 */
import type { Bucket } from '../../src/backup/catalog/bucket.ts';
import { restore } from '../../src/backup/restore/restore.ts';
import type { RestoreFrom } from '../../src/backup/restore/source.ts';
import type { Chaos } from './chaos.ts';
import type { State } from './contents.ts';
import { type Look, PREFIX } from './fault-scene.ts';
import type { Promises } from './operations.ts';

export interface Restored {
  /** What is right afterwards. */
  readonly right: readonly Right[];
  readonly isDone: boolean;
}

/** Of a moment search tables are made anew: then the point alone is compared. */
export type Right = { readonly state: State } | { readonly point: State };

export function mustBe({ state, point }: Look, right: readonly Right[]): void {
  const isRight = right.some((one) => ('state' in one ? one.state === state : one.point === point));
  if (!isRight) throw new Error('the database does not hold what was acknowledged');
}

interface Wanted {
  readonly from: RestoreFrom;
  readonly bucket: Bucket;
  readonly what: string;
  readonly right: Right;
}

/** A moment as often as a backup, where there is one; at times from the second bucket. */
async function something(
  { scene, good, history, second }: Promises,
  chaos: Chaos | undefined,
  first: Bucket,
): Promise<Wanted> {
  const there = history.points.filter(
    ({ base, files }) =>
      good.good.has(base.entry.name) &&
      files.every(({ file }) => scene.store.objects.has(`${PREFIX}${file}`)),
  );
  if (there.length > 0 && scene.random.chance(0.5)) {
    const { base, files, stop, point } = scene.random.pick(there);
    const { time, timeline, last: seq } = stop;
    const way = { base, files, stop };
    return {
      from: {
        kind: 'point',
        point: { at: time, time, timeline, seq, ways: [way], short: undefined, isBestEffort: false },
      },
      bucket: first,
      what: `${stop.file} behind ${base.entry.name}`,
      right: { point },
    };
  }
  const copies = await second.verified(good);
  const isCopy = copies.length > 0 && scene.random.chance(0.3);
  const entries = isCopy ? copies : await good.verified();
  const entry = scene.random.chance(0.5) ? entries[0] : entries.at(-1);
  if (entry === undefined) throw new Error('no backup is left to restore');
  return {
    from: { kind: 'backup', entry },
    bucket: isCopy ? second.reached(chaos) : first,
    what: `${entry.name}${isCopy ? ' of the second bucket' : ''}`,
    right: { state: good.stateOf(entry.name) },
  };
}

export async function restoreSomething(promises: Promises, chaos: Chaos | undefined): Promise<Restored> {
  const { scene, good } = promises;
  const before = { state: await scene.state() };
  const context = await scene.context(chaos);
  const { from, bucket, what, right: wanted } = await something(promises, chaos, context);
  let safety: string | undefined;
  try {
    safety = (
      await restore(
        {
          bucket,
          keys: scene.keys,
          context,
          clock: scene.clock,
          random: () => 0.5,
          // The bucket of these runs alters what is read from it, for as long as a call is tried.
          isForgetful: true,
          ...context.reached.restoreParts,
        },
        { from },
      )
    ).safety;
  } catch (error) {
    if (chaos === undefined) throw error;
    const said = error instanceof Error ? error.message : '';
    scene.story.push(`  restore of ${what}: ${said.slice(0, 160)}`);
    // What is said of it is what happened.
    const isSure = /nothing was|as it was/.test(said) && !chaos.isDead;
    return { right: isSure ? [before] : [before, wanted], isDone: false };
  } finally {
    context.reached.restoreParts.closeTarget();
  }
  scene.story.push(`  restored: ${what}`);
  if (safety === undefined) throw new Error('a restore without a safety backup');
  if (chaos?.isDead !== true) await good.mustBeListed(safety);
  return { right: [wanted], isDone: true };
}
