/**
 * A restore over the living database, disturbed or not: afterwards the old data is served or the
 * new, to the last value.
 */
import { restore } from '../../src/backup/restore/restore.ts';
import type { Chaos } from './chaos.ts';
import type { Scene, State } from './fault-scene.ts';
import type { GoodBackups } from './good-backups.ts';

export interface Restored {
  /** States that are right afterwards. */
  readonly right: readonly State[];
  readonly isDone: boolean;
}

export async function restoreSomething(
  scene: Scene,
  good: GoodBackups,
  chaos: Chaos | undefined,
): Promise<Restored> {
  const before = await scene.state();
  const entries = await good.verified();
  const entry = scene.random.chance(0.5) ? entries[0] : entries.at(-1);
  if (entry === undefined) throw new Error('no backup is left to restore');
  const wanted = good.stateOf(entry.name);
  const context = await scene.context(chaos);
  let safety: string | undefined;
  try {
    safety = (
      await restore(
        {
          bucket: context,
          keys: scene.keys,
          context,
          clock: scene.clock,
          random: () => 0.5,
          // The bucket of these runs alters what is read from it, for as long as a call is tried.
          isForgetful: true,
          ...context.reached.restoreParts,
        },
        { from: { kind: 'backup', entry } },
      )
    ).safety;
  } catch (error) {
    if (chaos === undefined) throw error;
    const said = error instanceof Error ? error.message : '';
    scene.story.push(`  restore of ${entry.name}: ${said.slice(0, 160)}`);
    // What is said of it is what happened.
    const isSure = /nothing was|as it was/.test(said) && !chaos.isDead;
    return { right: isSure ? [before] : [before, wanted], isDone: false };
  } finally {
    context.reached.restoreParts.closeTarget();
  }
  if (safety === undefined) throw new Error('a restore without a safety backup');
  if (chaos?.isDead !== true) await good.mustBeListed(safety);
  return { right: [wanted], isDone: true };
}
