/** A process of `run-faults.ts --only two-buckets`. */
import { answerSeeds } from '../../support/answer-seeds.ts';
import { standInFor } from '../../support/stand-in-module.ts';

standInFor('/src/backup/envelope/gunzip.ts', new URL('./quick-gunzip.ts', import.meta.url));

const { simulateTwoBuckets } = await import('./simulate.ts');
const { makeTemplates } = await import('./templates.ts');
const templates = await makeTemplates();
answerSeeds((seed) => simulateTwoBuckets(seed, templates));
