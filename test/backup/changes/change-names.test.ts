import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type ChangeKey,
  changeKey,
  changesPrefix,
  firstPrefix,
  parseChangeKey,
} from '../../../src/backup/changes/change-names.ts';

const TIMELINE = '0123456789abcdef0123456789abcdef';
const KEY: ChangeKey = {
  timeline: TIMELINE,
  first: 7,
  last: 12,
  time: new Date('2026-11-27T14:32:05.006Z'),
  encrypted: false,
};
const TEXT = `bot/changes/${TIMELINE}/0000000000000007-0000000000000012_20261127T143205006Z.ndjson.gz`;

test('a key is what docs/formats.md says', () => {
  expect(changeKey('bot/', KEY)).toBe(TEXT);
  expect(changeKey('bot/', { ...KEY, encrypted: true })).toBe(`${TEXT}.age`);
  expect(TEXT.startsWith(firstPrefix('bot/', TIMELINE, 7))).toBe(true);
  expect(TEXT.startsWith(changesPrefix('bot/', TIMELINE))).toBe(true);
  expect(TEXT.startsWith(changesPrefix('bot/'))).toBe(true);
});

test('what is made is read back, and keys of a timeline sort as its changes do', () => {
  const keys = fc.record({
    timeline: fc.constant(TIMELINE),
    first: fc.integer({ min: 1, max: 2 ** 53 - 1 }),
    time: fc.date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true }),
    encrypted: fc.boolean(),
  });
  fc.assert(
    fc.property(keys, keys, (one, two) => {
      const [a, b] = [one, two].map((key) => ({ ...key, last: Math.min(key.first + 3, 2 ** 53 - 1) }));
      if (a === undefined || b === undefined) return;
      expect(parseChangeKey('p/', changeKey('p/', a))).toEqual(a);
      if (a.first < b.first) expect(changeKey('', a) < changeKey('', b)).toBe(true);
    }),
  );
});

test.each([
  ['another prefix', TEXT.replace('bot/', 'cat/')],
  ['no timeline', TEXT.replace(TIMELINE, 'main')],
  ['last before first', TEXT.replace('0012_', '0006_')],
  ['first is nothing', TEXT.replace('0007-', '0000-')],
  ['no day', TEXT.replace('20261127', '20260231')],
  ['no hour', TEXT.replace('T14', 'T25')],
  ['beyond 2^53', TEXT.replace('0000000000000012', '9007199254740993')],
  ['another end', `${TEXT}.tmp`],
  ['a folder below', TEXT.replace('_2026', '_/2026')],
  ['a backup', 'bot/anime_backup_20240101_120000.manifest.json'],
])('a foreign object: %s', (_, key) => {
  expect(parseChangeKey('bot/', key)).toBeUndefined();
});
