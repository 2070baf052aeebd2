/** A process of `run.ts`; its argument is the minutes of each seed. */
import { answerSeeds } from '../support/seed-worker.ts';
import { simulate } from './simulation.ts';

const minutes = Number(process.argv[2]);
answerSeeds(async (seed) => {
  const { story, summary } = await simulate(seed, minutes);
  console.log(`seed ${seed}, ${summary}`);
  return story;
});
