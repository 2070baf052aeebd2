/** Shipping of the change log as the tick does it, with the full backup that has to come first. */
import { ship } from '../../src/backup/changes/ship.ts';
import type { ShipContext, ShipOutcome } from '../../src/backup/changes/shipping.ts';
import { runBackup } from '../../src/backup/run/run.ts';
import type { Statement } from '../../src/db/database.ts';
import type { Chaos } from './chaos.ts';
import type { Scene } from './fault-scene.ts';
import type { ShippedHistory } from './shipped-history.ts';

/** More files than any log here fills. */
const MOST_FILES = 60;

/** Until the log is empty, or something stands in the way: how the last attempt ended. */
export async function shipAll(scene: Scene, shipping: ShipContext): Promise<ShipOutcome> {
  // A Worker's tick writes the end of the last file with its own last request.
  const atEnd: Statement[] | undefined = scene.random.chance(0.5) ? [] : undefined;
  for (let i = 0; i < MOST_FILES; i += 1) {
    const outcome = await ship({ ...shipping, atEnd });
    if (outcome.kind !== 'shipped' || outcome.isEnd) {
      if (atEnd !== undefined && atEnd.length > 0) await shipping.db.write(atEnd);
      scene.story.push(`  ${shipping.holder} ships: ${outcome.kind}`);
      return outcome;
    }
  }
  throw new Error('the change log has no end');
}

/** With the full backup that may have to come first; its name, if there is one. */
export async function keepShipping(
  scene: Scene,
  history: ShippedHistory,
  { chaos, holder = 'sim', ...change }: { readonly chaos?: Chaos } & Partial<ShipContext>,
): Promise<{ readonly outcome: ShipOutcome; readonly base: string | undefined }> {
  const shipping = await scene.shipping(chaos, { holder, ...change });
  const outcome = await shipAll(scene, shipping);
  if (outcome.kind !== 'needs-base' && outcome.kind !== 'fork') return { outcome, base: undefined };
  // It begins where the other one stood.
  await history.witness();
  const context = await scene.context(chaos, holder);
  const made = await runBackup(context, { trigger: 'changes', scheduledAt: scene.clock.now() });
  scene.story.push(`  ${holder} makes a base: ${made.kind}`);
  if (made.kind !== 'done') return { outcome, base: undefined };
  return { outcome: await shipAll(scene, shipping), base: chaos?.isDead === true ? undefined : made.name };
}
