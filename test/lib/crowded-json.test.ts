/** JSON that is cheap to send and dear to read is known before it is parsed. */
import { expect, test } from 'vitest';
import { isCrowded, MOST_PARTS } from '../../src/lib/crowded-json.ts';

const both = (text: string): boolean[] => [isCrowded(text), isCrowded(new TextEncoder().encode(text))];

test.each(['{},', '[],', '[', '0,', '"",', '{"a":1},'])('nothing but %s', (one) => {
  expect(both(one.repeat(MOST_PARTS + 1))).toEqual([true, true]);
  expect(both(one.repeat(1_000))).toEqual([false, false]);
});

test('texts may hold what they like, and end where JSON says so', () => {
  for (const text of ['{[,', '"', '\\', '\\"{', 'ў{,"']) {
    const long = JSON.stringify([text.repeat(2_000_000 / text.length), 1]);
    expect(both(long)).toEqual([false, false]);
    // Behind the text everything counts again.
    expect(both(`[${long}${',{}'.repeat(MOST_PARTS / 2 + 1)}]`)).toEqual([true, true]);
  }
  expect(both(`["${'x'.repeat(2_000_000)}`)).toEqual([false, false]);
});

test('500 rows of 2,000 values are an answer', () => {
  const row = `[${Array.from({ length: 2_000 }, () => '{"type":"integer","value":"1"}').join()}]`;
  expect(both(`{"results":[${Array.from({ length: 500 }, () => row).join()}]}`)).toEqual([false, false]);
});
