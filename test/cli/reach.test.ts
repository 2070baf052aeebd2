/** How far back one can go, in one line that is true to the second. */
import { expect, test } from 'vitest';
import type { History } from '../../src/backup/changes/spans.ts';
import { askedBy, timelineOf } from '../../src/cli/moment-options.ts';
import { sayReach } from '../../src/cli/reach.ts';

const NOW = new Date('2026-06-15T03:00:00.000Z');
const at = (day: number, time = '02:00:10.000'): Date =>
  new Date(Date.parse(`2026-06-15T${time}Z`) - day * 86_400_000);

function saidOf(history: History, files: readonly unknown[] = []): string[] {
  const said: string[] = [];
  const plain = (text: string): string => text;
  const say = (line: string): void => void said.push(line);
  const terminal = { say, warn: say, colors: { dim: plain } };
  sayReach(
    terminal as unknown as Parameters<typeof sayReach>[0],
    { history, files: files as never, closed: undefined },
    { zone: 'UTC', now: NOW, days: 14 },
  );
  return said;
}

test.each([
  ['02:00:10.000', /^Point in time: from 2026-06-15 02:00:10 on; no change has been stored since$/],
  ['02:00:40.000', /^Point in time: from 2026-06-15 02:00:10 to 2026-06-15 02:00:40: restore --at <time>$/],
  ['02:03:40.000', /^Point in time: any minute from 2026-06-15 02:00:10 to 2026-06-15 02:03:40: restore/],
])('the last change at %s', (to, wanted) => {
  const span = { timeline: 'a', from: at(0), to: at(0, to) };
  expect(saidOf({ spans: [span], gaps: [] })).toEqual([expect.stringMatching(wanted)]);
});

test('what retention left of old months is no gap: their full backups are told in a line', () => {
  const moment = (day: number) => ({ timeline: 'a', from: at(day), to: at(day) });
  const old = [91, 61, 30, 20].map(moment);
  const recent = [
    { timeline: 'a', from: at(14, '02:30:00.000'), to: at(3) },
    { timeline: 'a', from: at(2), to: at(0) },
  ];
  const spans = [...old, ...recent];
  const gaps = spans.slice(1).map(({ from }, i) => ({
    from: spans[i]?.to ?? from,
    to: from,
    reason: 'changes 1 to 2 are in no file',
  }));
  const [line, before, gap, ...more] = saidOf({ spans, gaps }, [{}]);
  expect(line).toBe(
    'Point in time: any minute from 2026-06-01 02:30:00 to 2026-06-15 02:00:10 (1 gap): restore --at <time>',
  );
  expect(before).toBe(
    '  before it, from 2026-03-16 02:00:10 on, the moments of full backups (changes are kept for 14 days)',
  );
  expect(gap).toBe('  not from 2026-06-12 02:00:10 to 2026-06-13 02:00:10: changes 1 to 2 are in no file');
  expect(more).toEqual([]);
  // A bot that has stood still for a month: what there is, is told.
  expect(saidOf({ spans: old, gaps: gaps.slice(0, 3) }, [{}])[0]).toMatch(/from 2026-03-16 .* \(3 gaps\)/);
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
