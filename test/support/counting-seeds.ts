/** The runner and the worker of `test/faults/run-seeds.test.ts`: seeds that only count. */
import { setTimeout } from 'node:timers/promises';
import { answerSeeds } from './answer-seeds.ts';
import { runSeeds, seedOptions } from './run-seeds.ts';

if (process.argv.includes('worker'))
  answerSeeds(async (seed) => {
    await setTimeout(seed < 1000 ? 0 : 100);
    if (seed % 100 === 13) throw new Error('thirteen');
    return [];
  });
else {
  const { minutes: _, ...options } = seedOptions({ seeds: 10, least: 1 });
  const hasHeld = await runSeeds({
    ...options,
    command: 'npm run count',
    worker: new URL(import.meta.url),
    workerArgs: ['worker'],
    hangMs: 60_000,
    seedsAWorker: 7,
  });
  if (!hasHeld) process.exitCode = 1;
}
