/**
 * One seed of the two buckets alone: real copying, retention in both, looks, change files and runs
 * on record, with neither a database's rows nor a restore: a fiftieth of a seed of
 * fault-simulation.ts.
 */
import { DAY_MS } from '../../../src/text/times.ts';
import { createRandom } from '../../backup/sqlite/random-values.ts';
import { Events } from './events.ts';
import { mustAgree } from './finale.ts';
import { takeStep } from './steps.ts';
import type { Templates } from './templates.ts';
import { World } from './world.ts';

const MINUTE_MS = 60_000;
const PAUSES = [1, 15, 61, 360, 1440, 1440, 2880, 5760, 11_520].map((minutes) => minutes * MINUTE_MS);

/** The story of the seed. Rejects with what was broken, and where the seed stood. */
export async function simulateTwoBuckets(
  seed: number,
  { small, get }: Templates,
): Promise<readonly string[]> {
  const random = createRandom(seed);
  const isSealed = random.chance(0.15);
  const kind = () => (random.chance(0.5) ? 's3' : 'directory');
  const isDaily = random.chance(0.2);
  const options = {
    ...{ name: String(seed), random, small, template: get(isSealed) },
    kinds: { first: kind(), copy: kind() },
    days: isDaily ? undefined : 2 + random.int(4),
    daily: isDaily ? 2 + random.int(3) : undefined,
    changeDays: 2 + random.int(3),
    isNode: random.chance(0.75),
    hasKey: random.chance(0.6),
    remembers: random.chance(0.8),
    mayJump: random.chance(0.2),
  } as const;
  const world = new World(options);
  const { name: _, random: __, small: ___, template: ____, ...told } = options;
  world.story.push(`${isSealed ? 'encrypted' : 'plain'}, ${JSON.stringify(told)}`);
  if (random.chance(0.2)) world.places.copy.replace(new Map());
  world.watch.accountLosses();
  world.watch.isBlind = isSealed && !options.hasKey;
  const events = new Events(world);
  try {
    await events.begin();
    const steps = 8 + random.int(8);
    for (let i = 0; i < steps; i += 1) {
      world.pass(random.pick(PAUSES));
      if (random.chance(0.4)) await events.happen();
      await takeStep(world, i);
      await world.check();
    }
    await events.end();
    world.pass(DAY_MS);
    world.story.push('nothing breaks any more');
    await mustAgree(world);
    return world.story;
  } catch (error) {
    throw new Error(`seed ${seed} broke a promise after:\n  ${world.story.join('\n  ')}`, { cause: error });
  }
}
