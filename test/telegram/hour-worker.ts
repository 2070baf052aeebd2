/** A process of `run-hours.ts`; its argument is the minutes of each seed. */
import { answerSeeds } from '../support/answer-seeds.ts';
import { simulate } from './hour-simulation.ts';

const minutes = Number(process.argv[2]);
answerSeeds(async (seed) => {
  const { story, summary } = await simulate(seed, minutes);
  console.log(`seed ${seed}, ${summary}`);
  return story;
});
