/** A process of `run-faults.ts`. */
import { answerSeeds } from '../support/answer-seeds.ts';
import { standInFor } from '../support/stand-in-module.ts';

standInFor('/src/backup/foreign/process.ts', new URL('./kept-processes.ts', import.meta.url));

const { simulate } = await import('./fault-simulation.ts');
const { makeTemplates } = await import('./templates.ts');
const templates = await makeTemplates();
answerSeeds(
  (seed) => simulate(seed, templates),
  () => templates.remove(),
);
