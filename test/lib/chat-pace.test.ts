/** Messages to one chat: the limit, and the one estimate of what is left. */
import { expect, test } from 'vitest';
import { MOST_A_MINUTE, minutesFor, nextSlot, withSlot } from '../../src/lib/chat-pace.ts';

const BEGAN = Date.UTC(2026, 10, 28);

/** Every minute a tick that sends so many; what is told at each message and pause. */
function work(messages: number, aTick: readonly number[]) {
  const told: { readonly at: number; readonly minutes: number }[] = [];
  let slots: readonly number[] = [];
  let left = messages;
  let at = BEGAN;
  const tell = (when: number): void => {
    told.push({ at: when, minutes: minutesFor(left, slots, when) });
  };
  for (let tick = 0; left > 0; tick += 1) {
    at = Math.max(at, BEGAN + tick * 60_000);
    tell(at);
    for (let i = 0; i < (aTick[Math.min(tick, aTick.length - 1)] ?? 0) && left > 0; i += 1) {
      at = nextSlot(slots, at);
      slots = withSlot(slots, at, at);
      left -= 1;
      tell(at);
    }
    tell(at + 20_000);
  }
  const end = told.findLast(({ minutes }) => minutes > 0)?.at ?? at;
  return told.map((one) => ({ ...one, left: (end - one.at) / 60_000 }));
}

test('at the full pace the estimate is never a minute off, from the first message to the last', () => {
  for (const one of work(105, [MOST_A_MINUTE]))
    expect(Math.abs(one.minutes - one.left), JSON.stringify(one)).toBeLessThanOrEqual(1);
});

test.each([3, 8, 14])('a host that sends %i a tick says so after two minutes', (aTick) => {
  for (const one of work(aTick * 12, [aTick]).filter(({ at }) => at > BEGAN + 120_000))
    expect(Math.abs(one.minutes - one.left), JSON.stringify(one)).toBeLessThanOrEqual(1 + one.left / 8);
});

test('a pace that changed is believed after two minutes', () => {
  const told = work(20 + 8 * 10, [20, 8]).filter(({ at }) => at > BEGAN + 3.5 * 60_000);
  for (const one of told)
    expect(Math.abs(one.minutes - one.left), JSON.stringify(one)).toBeLessThanOrEqual(1 + one.left / 8);
});

test('what was sent an hour ago, or by a wrong clock, says nothing of today', () => {
  const old = Array.from({ length: 8 }, (_, i) => BEGAN - 3_600_000 + i * 1_100);
  expect(minutesFor(45, old, BEGAN)).toBe(3);
  expect(minutesFor(45, [...old, BEGAN - 500], BEGAN)).toBe(3);
  expect(minutesFor(45, [BEGAN + 3_600_000], BEGAN)).toBe(3);
  expect(minutesFor(45, [BEGAN - 75_000], BEGAN)).toBe(3);
  expect(minutesFor(0, [], BEGAN)).toBe(0);
});
