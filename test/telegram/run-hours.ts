/**
 * Hours of a bot under a hostile Telegram, in simulated time, both hosts, webhook and polling:
 *   npm run test:telegram                          as many hours of 60 minutes as fit into 3 minutes, at least 3
 *   npm run test:telegram -- --seed 17             one again, with its story
 *   npm run test:telegram -- --minutes 10 --count 300 --seconds 3600
 * Exit code 1 when a promise was broken; how to see it again is printed.
 */
import { runSeeds, seedOptions } from '../support/run-seeds.ts';

const { minutes, ...options } = seedOptions({ seeds: 1000, least: 3 });

const hasHeld = await runSeeds({
  ...options,
  ...(options.isOne && { most: 1 }),
  command: `npm run test:telegram -- --minutes ${minutes}`,
  worker: new URL('./hour-worker.ts', import.meta.url),
  workerArgs: [String(minutes)],
  // An hour takes half a minute of a processor; machines are shared.
  hangMs: 20 * 60_000,
  seedsAWorker: 10,
});
if (!hasHeld) process.exitCode = 1;
