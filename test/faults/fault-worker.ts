/** A process of `run-faults.ts`. */
import { answerSeeds } from '../support/answer-seeds.ts';
import { simulate } from './fault-simulation.ts';
import { makeTemplates } from './templates.ts';

const templates = await makeTemplates();
answerSeeds(
  (seed) => simulate(seed, templates),
  () => templates.remove(),
);
