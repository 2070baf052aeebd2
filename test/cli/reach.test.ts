/** How far back one can go, in one line that is true to the second. */
import { expect, test } from 'vitest';
import { askedBy, timelineOf } from '../../src/cli/moment-options.ts';
import { sayReach } from '../../src/cli/reach.ts';

test.each([
  ['2026-06-15T02:00:10.000Z', /^Point in time: from .*02:00:10.* on, UTC; no change has been stored since$/],
  ['2026-06-15T02:00:40.000Z', /^Point in time: from .*02:00:10.* to .*02:00:40.*: restore --at <time>$/],
  ['2026-06-15T02:03:40.000Z', /^Point in time: any minute from /],
])('the last change at %s', (to, wanted) => {
  const said: string[] = [];
  const span = { timeline: 'a', from: new Date('2026-06-15T02:00:10.000Z'), to: new Date(to) };
  const terminal = { say: (line: string) => void said.push(line), colors: {} };
  sayReach(
    terminal as unknown as Parameters<typeof sayReach>[0],
    { history: { spans: [span], gaps: [] }, files: [], closed: undefined },
    'UTC',
  );
  expect(said).toEqual([expect.stringMatching(wanted)]);
});

test('a moment of two words is one word of the command that is printed', () => {
  const asked = askedBy('restore --at', '2026-11-27 14:32', { timeline: 'b0000000' }, ' --replace');
  expect(asked.again(asked.text, timelineOf(asked))).toBe(
    'npm run backup -- restore --at "2026-11-27 14:32" --replace --timeline b0000000',
  );
  expect(asked.again('2026-11-27T14:32:05.678Z', '')).toBe(
    'npm run backup -- restore --at 2026-11-27T14:32:05.678Z --replace',
  );
});
