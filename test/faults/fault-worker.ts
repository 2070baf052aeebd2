/** A process of `run-faults.ts`. */
import { registerHooks } from 'node:module';
import { answerSeeds } from '../support/answer-seeds.ts';

const KEPT = new URL('./kept-processes.ts', import.meta.url).href;
registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context);
    return found.url.endsWith('/src/backup/foreign/process.ts') ? { ...found, url: KEPT } : found;
  },
});

const { simulate } = await import('./fault-simulation.ts');
const { makeTemplates } = await import('./templates.ts');
const templates = await makeTemplates();
answerSeeds(
  (seed) => simulate(seed, templates),
  () => templates.remove(),
);
