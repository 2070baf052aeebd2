import { expect, test } from 'vitest';
import { tickWhileBusy } from '../../src/hosts/node/busy-ticks.ts';

/** Ticks that take the given seconds each; gives how many there were. */
async function ticksOf(took: readonly number[], stopAfter = Number.POSITIVE_INFINITY): Promise<number> {
  let time = 0;
  let count = 0;
  await tickWhileBusy({
    tick: async () => {
      time += 1000 * (took[count] ?? 0);
      count += 1;
    },
    now: () => new Date(time),
    seconds: 50,
    isStopped: () => count >= stopAfter,
  });
  return count;
}

test('a tick that had no time left is followed by another at once; a stopped host begins none', async () => {
  expect(await ticksOf([3, 50])).toBe(1);
  expect(await ticksOf([50.2, 51, 49, 50])).toBe(3);
  expect(await ticksOf([60, 60, 60, 60], 2)).toBe(2);
  expect(await ticksOf([60], 0)).toBe(0);
});
