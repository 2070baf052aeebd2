/** How often changes may ask for a full backup: at once after a restore, and never in a flood. */
import { expect, test } from 'vitest';
import { BASES_LOOKED_AT, mayMakeBase } from '../../src/jobs/base-pace.ts';

const MINUTE = 60_000;
const START = Date.parse('2026-11-28T08:00:00Z');

/** Minutes in which one is made, if it is asked for in every one of them. */
function minutesOf(hours: number, sinceAt: (minute: number) => number): number[] {
  const made: number[] = [];
  for (let minute = 0; minute < hours * 60; minute += 1) {
    const tries = made
      .toReversed()
      .slice(0, BASES_LOOKED_AT)
      .map((at) => new Date(START + at * MINUTE));
    const now = new Date(START + minute * MINUTE);
    if (mayMakeBase(tries, new Date(START + sinceAt(minute) * MINUTE), now)) made.push(minute);
  }
  return made;
}

test('of one timeline the first comes at once, the others at growing pauses', () => {
  expect(minutesOf(5, () => 0)).toEqual([0, 5, 20, 80, 140, 200, 260]);
});

test('a restore that follows has its own at once', () => {
  const since = (minute: number): number => (minute < 7 ? 0 : minute < 9 ? 7 : 9);
  expect(minutesOf(1, since).filter((minute) => minute < 10)).toEqual([0, 5, 7, 9]);
});

test('timelines that begin every minute make no flood', () => {
  expect(minutesOf(3, (minute) => minute).length).toBeLessThanOrEqual(3 * 6);
});

test('tries of a clock that was ahead do not hold it back; a timeline of such a clock does not free it', () => {
  const now = new Date(START);
  expect(mayMakeBase([new Date(START + 60 * MINUTE)], new Date(START), now)).toBe(true);
  const often = Array.from({ length: 6 }, (_, i) => new Date(START - i * MINUTE));
  expect(mayMakeBase(often, new Date(START + 60 * MINUTE), now)).toBe(false);
});
