/**
 * Some seeds of the two buckets alone; more: `npm run test:faults -- --only two-buckets`.
 */
import { beforeAll, expect, test } from 'vitest';
import { describeBroken } from '../support/answer-seeds.ts';
import { simulateTwoBuckets } from './two-buckets/simulate.ts';
import { makeTemplates, type Templates } from './two-buckets/templates.ts';

const SEEDS = 16;
let templates: Templates;
beforeAll(async () => {
  templates = await makeTemplates();
});

test(`${SEEDS} seeds: whatever happens to either bucket, nothing is lost in both by us`, async () => {
  const broken: string[] = [];
  for (let seed = 0; seed < SEEDS; seed += 1)
    await simulateTwoBuckets(seed, templates).catch((error: unknown) => {
      broken.push(
        `${describeBroken(error)}\nReplay: npm run test:faults -- --only two-buckets --seed ${seed}`,
      );
    });
  expect(broken.join('\n\n')).toBe('');
});

test('a seed tells the same story again', async () => {
  const told = await simulateTwoBuckets(7, templates);
  expect(await simulateTwoBuckets(7, templates)).toEqual(told);
});
