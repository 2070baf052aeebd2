/**
 * Fault runs, many seeds on all cores:
 *   npm run test:faults                          as many of 3000 seeds as fit into 3 minutes, at least 200
 *   npm run test:faults -- --seed 17             one again, with its story; up to ten times, for what runs side by side
 *   npm run test:faults -- --from 50000 --seeds 20000 --seconds 3600
 * Exit code 1 when a promise was broken; how to see it again is printed.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { runSeeds, wholeNumber } from '../support/run-seeds.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    from: { type: 'string', default: '0' },
    seeds: { type: 'string', default: '3000' },
    least: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '180' },
    broken: { type: 'string', default: '5' },
    workers: { type: 'string', default: String(availableParallelism()) },
  },
});
/** Two processes of one seed may meet otherwise the next time. */
const TRIES_OF_ONE = 10;
const isOne = values.seed !== undefined;
const most = isOne ? TRIES_OF_ONE : wholeNumber(values.seeds);

const hasHeld = await runSeeds({
  command: 'npm run test:faults',
  worker: new URL('./fault-worker.ts', import.meta.url),
  isOne,
  from: wholeNumber(values.seed ?? values.from),
  most,
  least: Math.min(most, wholeNumber(values.least)),
  seconds: wholeNumber(values.seconds),
  broken: wholeNumber(values.broken),
  workers: wholeNumber(values.workers),
  // A seed takes a quarter of a second.
  hangMs: 120_000,
  seedsAWorker: 400,
});
if (!hasHeld) process.exitCode = 1;
