/**
 * Fault runs, many seeds on all cores:
 *   npm run test:faults                          as many of 3000 seeds as fit into 3 minutes, at least 200
 *   npm run test:faults -- --seed 17             one again, with its story; up to ten times, for what runs side by side
 *   npm run test:faults -- --count 10000         all of them, however long it takes
 *   npm run test:faults -- --from 50000 --count 20000 --seconds 3600
 *   npm run test:faults -- --only two-buckets --count 10000    the two buckets alone: a tenth of the time a seed
 * Exit code 1 when a promise was broken; how to see it again is printed. A run that was stopped
 * ends with the command that goes on.
 */
import { runSeeds, seedOptions } from '../support/run-seeds.ts';

/** Two processes of one seed may meet otherwise the next time. */
const TRIES_OF_ONE = 10;
const TWO_BUCKETS = 'two-buckets';
const { minutes: _, only, ...options } = seedOptions({ seeds: 3000, least: 200 });
if (only !== undefined && only !== TWO_BUCKETS) throw new Error(`--only ${only}: there is ${TWO_BUCKETS}`);

const hasHeld = await runSeeds({
  ...options,
  ...(options.isOne && { most: TRIES_OF_ONE }),
  command: only === undefined ? 'npm run test:faults' : `npm run test:faults -- --only ${only}`,
  worker: new URL(only === undefined ? './fault-worker.ts' : './two-buckets/worker.ts', import.meta.url),
  // A seed takes a second of a processor, which a busy machine may not have.
  hangMs: 600_000,
  seedsAWorker: 400,
});
if (!hasHeld) process.exitCode = 1;
