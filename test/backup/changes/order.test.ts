/** The order of what is stored: the chain's, whatever a clock said. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { settled } from '../../../src/backup/changes/settle-times.ts';

const HOUR = 60;
/** Minutes of a day of 2026. */
const at = (...minutes: number[]): number[] =>
  minutes.map((minute) => Date.UTC(2026, 5, 15) + minute * 60_000);

test.each([
  ['nothing wrong', at(0, 5, 9), at(0, 5, 9)],
  ['ahead for a while', at(0, 5, 25, 26, 8, 9), at(0, 5, 8, 8, 8, 9)],
  ['ahead from the beginning', at(20, 21, 2, 3, 30), at(2, 2, 2, 3, 30)],
  ['ahead twice', at(0, 300, 301, 2, 600, 601, 4, 700), at(0, 2, 2, 2, 4, 4, 4, 700)],
  [
    'behind for a while',
    at(0, HOUR, 2 * HOUR, 3 * HOUR, 4 * HOUR, 5 * HOUR, 30, 31, 5 * HOUR + 9),
    at(0, HOUR, 2 * HOUR, 3 * HOUR, 4 * HOUR, 5 * HOUR, 5 * HOUR, 5 * HOUR, 5 * HOUR + 9),
  ],
  ['a clock without a battery', [...at(0, 5), 0, 60_000, ...at(9)], at(0, 5, 5, 5, 9)],
  [
    'a year behind for a while',
    [...at(0, 5), Date.UTC(2025, 5, 15), Date.UTC(2025, 5, 15, 1), ...at(90)],
    at(0, 5, 5, 5, 90),
  ],
])('%s', (_, times, wanted) => {
  expect(settled(times)).toEqual(wanted);
});

test('whatever the times are: they rise, and where they rose they stay', () => {
  const times = fc.array(fc.integer({ min: 0, max: 500 }), { maxLength: 40 });
  fc.assert(
    fc.property(times, (minutes) => {
      const found = settled(at(...minutes));
      expect(found).toEqual(found.toSorted((a, b) => a - b));
      const rising = minutes.toSorted((a, b) => a - b);
      expect(settled(at(...rising))).toEqual(at(...rising));
    }),
  );
});
