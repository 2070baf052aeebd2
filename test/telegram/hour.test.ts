/** Some minutes of a bot under a hostile Telegram; hours of it: `npm run test:telegram`. */
import { expect, test } from 'vitest';
import { describeBroken } from '../support/answer-seeds.ts';
import { simulate } from './hour-simulation.ts';

const MINUTES = 8;

test.each([
  [0, 'Node with a webhook'],
  [1, 'Node that polls'],
  [2, 'the Worker'],
])(
  `${MINUTES} hostile minutes (seed %i: %s), and every promise holds`,
  { timeout: 600_000 },
  async (seed) => {
    const broken = await simulate(seed, MINUTES).then(
      () => '',
      (error: unknown) =>
        `${describeBroken(error)}\nReplay: npm run test:telegram -- --minutes ${MINUTES} --seed ${seed}`,
    );
    expect(broken).toBe('');
  },
);
