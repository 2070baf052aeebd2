/**
 * Some seeds of the fault runs; more: `npm run test:faults`.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { simulate } from './fault-simulation.ts';
import { makeTemplates, type Templates } from './templates.ts';

const SEEDS = 13;
let templates: Templates;
beforeAll(async () => {
  templates = await makeTemplates();
});
afterAll(() => templates.remove());

test(`${SEEDS} seeds: whatever breaks, every promise holds`, { timeout: 600_000 }, async () => {
  const broken: string[] = [];
  for (let seed = 0; seed < SEEDS; seed += 1) {
    await simulate(seed, templates).catch((error: unknown) => {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause.stack : '';
      broken.push(`${String(error)}\n${cause}\nReplay: npm run test:faults -- --seed ${seed}`);
    });
  }
  expect(broken.join('\n\n')).toBe('');
});
