/** A process of `run-faults.ts --only two-buckets`. */
import { registerHooks } from 'node:module';
import { answerSeeds } from '../../support/answer-seeds.ts';

const QUICK = new URL('./quick-gunzip.ts', import.meta.url).href;
registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context);
    return found.url.endsWith('/src/backup/envelope/gunzip.ts') ? { ...found, url: QUICK } : found;
  },
});

const { simulateTwoBuckets } = await import('./simulate.ts');
const { makeTemplates } = await import('./templates.ts');
const templates = await makeTemplates();
answerSeeds((seed) => simulateTwoBuckets(seed, templates));
