/** The pace of messages to many: 25 a second, whatever the network costs, and never more. */
import { describe, expect, test } from 'vitest';
import { Pace } from '../../src/lib/pace.ts';

/** Begins so many slices of ten; after each, `costMs` pass until the next may begin. */
function startsOf(slices: number, costMs: (slice: number) => number, messages = 1): number[] {
  const pace = new Pace();
  const starts: number[] = [];
  let now = 1_000_000;
  for (let slice = 0; slice < slices; slice += 1) {
    const gap = pace.gapMs(now, 10, messages);
    for (let i = 0; i < 10; i += 1) {
      now += pace.take(now, messages, gap);
      starts.push(...Array.from({ length: messages }, () => now));
    }
    now += costMs(slice);
  }
  return starts;
}

const mostInASecond = (starts: readonly number[]): number =>
  Math.max(...starts.map((from) => starts.filter((at) => at >= from && at < from + 1_000).length));
const rate = (starts: readonly number[]): number =>
  (1000 * (starts.length - 1)) / ((starts.at(-1) ?? 0) - (starts[0] ?? 0));

describe('a slice after another', () => {
  test.each([
    ['nothing', () => 0],
    ['a quick network', () => 4],
    ['30 ms a call', () => 60],
    ['now and then a progress', (slice: number) => (slice % 7 === 0 ? 120 : 60)],
  ])('costs %s: 25 a second and never more', (_, costMs) => {
    const starts = startsOf(60, costMs);
    expect(mostInASecond(starts)).toBeLessThanOrEqual(25);
    expect(rate(starts)).toBeGreaterThan(24);
  });

  // The nearer one comes to bursts, the more of them the second that follows holds back.
  test.each([
    ['100 ms a call', () => 200],
    ['any time', (slice: number) => (slice * 7919) % 300],
  ])('costs %s: a little less, and never more', (_, costMs) => {
    const starts = startsOf(60, costMs);
    expect(mostInASecond(starts)).toBeLessThanOrEqual(25);
    expect(rate(starts)).toBeGreaterThan(22.5);
  });

  test.each([2, 3, 7, 10])('of albums of %i: their messages are counted', (messages) => {
    expect(mostInASecond(startsOf(12, () => 60, messages))).toBeLessThanOrEqual(25);
  });

  test('is even after a silence: nothing is caught up with', () => {
    const pace = new Pace();
    expect(pace.gapMs(5_000, 10, 1)).toBe(40);
    expect(pace.take(5_000, 1, 40)).toBe(0);
    expect(pace.gapMs(8_000, 10, 1)).toBe(40);
  });

  test('a clock that is put back stops nobody', () => {
    const pace = new Pace();
    for (let i = 0; i < 30; i += 1) pace.take(9_000_000 + 40 * i, 1, 40);
    expect(pace.take(1_000_000, 1, 40)).toBeLessThanOrEqual(1_000);
  });
});
