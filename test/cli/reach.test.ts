/** How far back one can go, in one line that is true to the second. */
import { expect, test } from 'vitest';
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
    { history: { spans: [span], gaps: [] }, files: [] },
    'UTC',
  );
  expect(said).toEqual([expect.stringMatching(wanted)]);
});
