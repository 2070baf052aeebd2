/** A process of `run.ts`. */
import { answerSeeds } from '../support/seed-worker.ts';
import { simulate } from './simulation.ts';
import { makeTemplates } from './templates.ts';

const templates = await makeTemplates();
answerSeeds(
  (seed) => simulate(seed, templates),
  () => templates.remove(),
);
