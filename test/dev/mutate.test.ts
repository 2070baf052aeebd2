/** The named faults still fit the code: each text to break occurs exactly once. */
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { NAMED } from '../../dev/mutate/named.ts';
import { TARGETS } from '../../dev/mutate/targets.ts';

test.each(NAMED)('$fault', ({ file, find, tests }) => {
  expect(readFileSync(file, 'utf8').split(find)).toHaveLength(2);
  expect(tests.filter((name) => !existsSync(name))).toEqual([]);
});

test('every file that is broken at random exists, with its tests', () => {
  const names = TARGETS.flatMap(({ file, tests }) => [file, ...tests]);
  expect(names.filter((name) => !existsSync(name))).toEqual([]);
});
