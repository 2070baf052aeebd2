/**
 * Hours of a bot under a hostile Telegram, in simulated time, both hosts, webhook and polling:
 *   npm run test:telegram                          as many hours of 60 minutes as fit into 3 minutes, at least 3
 *   npm run test:telegram -- --seed 17             one again, with its story
 *   npm run test:telegram -- --minutes 10 --seeds 300 --seconds 3600
 * Exit code 1 when a promise was broken; how to see it again is printed.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { runSeeds, wholeNumber } from '../support/run-seeds.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    from: { type: 'string', default: '0' },
    seeds: { type: 'string', default: '1000' },
    least: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '180' },
    minutes: { type: 'string', default: '60' },
    broken: { type: 'string', default: '5' },
    workers: { type: 'string', default: String(availableParallelism()) },
  },
});
const isOne = values.seed !== undefined;
const most = isOne ? 1 : wholeNumber(values.seeds);

const hasHeld = await runSeeds({
  command: `npm run test:telegram -- --minutes ${wholeNumber(values.minutes)}`,
  worker: new URL('./hour-worker.ts', import.meta.url),
  workerArgs: [values.minutes],
  isOne,
  from: wholeNumber(values.seed ?? values.from),
  most,
  least: Math.min(most, wholeNumber(values.least)),
  seconds: wholeNumber(values.seconds),
  broken: wholeNumber(values.broken),
  workers: wholeNumber(values.workers),
  // An hour takes half a minute of a processor; machines are shared.
  hangMs: 20 * 60_000,
  seedsAWorker: 10,
});
if (!hasHeld) process.exitCode = 1;
