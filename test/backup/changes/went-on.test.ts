/** Changes of a bucket that the database does not have: which those are, and which are its own. */
import { expect, test } from 'vitest';
import { changeKey, parseChangeKey } from '../../../src/backup/changes/change-names.ts';
import type { StoredChange } from '../../../src/backup/changes/listed.ts';
import { goneOnUntil, missedUntil } from '../../../src/backup/changes/went-on.ts';

const OWN = 'a'.repeat(32);
const OTHER = 'b'.repeat(32);

function file(timeline: string, first: number, last: number, second: number): StoredChange {
  const time = new Date(Date.UTC(2026, 5, 15, 2, 0, second));
  const name = changeKey('', { timeline, first, last, time, encrypted: false, mark: '0123abcd' });
  const parsed = parseChangeKey('', name);
  if (parsed === undefined) throw new Error(name);
  return { ...parsed, file: name, bytes: 1, modified: time };
}

const at = (second: number): Date => new Date(Date.UTC(2026, 5, 15, 2, 0, second));
const state = { timeline: OWN, parent: null, reason: 'new', shippedSeq: 10, attempts: [] } as const;
const files = [file(OWN, 1, 10, 1), file(OTHER, 11, 90, 9)];

test('what the database has stored, and what is of another history, is nothing further', () => {
  expect(goneOnUntil(state, files)).toBeUndefined();
});

test('the last of several is named, also one that begins before the database’s own end', () => {
  expect(goneOnUntil(state, [...files, file(OWN, 11, 12, 3), file(OWN, 13, 14, 2)])).toEqual(at(3));
  expect(goneOnUntil(state, [...files, file(OWN, 9, 11, 4)])).toEqual(at(4));
});

test('an attempt of its own that nobody has looked at is nothing further', () => {
  const attempts = ['0000000000000012_20260615T020003000Z_0123abcd'];
  expect(goneOnUntil({ ...state, attempts }, [...files, file(OWN, 11, 12, 3)])).toBeUndefined();
});

test('behind a fork it is what the history that was left has further', () => {
  const forked = { ...state, timeline: OTHER, reason: 'fork', parent: { timeline: OWN, seq: 10 } } as const;
  expect(goneOnUntil({ ...forked, shippedSeq: 90 }, files)).toBeUndefined();
  expect(goneOnUntil({ ...forked, shippedSeq: 90 }, [...files, file(OWN, 11, 12, 3)])).toEqual(at(3));
  // A restore has decided.
  expect(
    goneOnUntil({ ...forked, reason: 'restore', shippedSeq: 90 }, [...files, file(OWN, 11, 12, 3)]),
  ).toBeUndefined();
});

test('whoever put it back is reminded for a week of the new history, or until they say enough', () => {
  const left = { ...state, timeline: OTHER, reason: 'fork', parent: { timeline: OWN, seq: 10 } } as const;
  const forked = { ...left, shippedSeq: 90, since: at(10).toISOString() };
  const further = [...files, file(OWN, 11, 12, 3)];
  const later = (days: number): Date => new Date(at(10).getTime() + days * 86_400_000);
  const missed = (days: number, meant?: Date) =>
    missedUntil(forked, further, { now: later(days), meant: meant?.toISOString() });
  expect(missed(6)).toEqual(at(3));
  expect(missed(8)).toBeUndefined();
  expect(missed(1, at(3))).toBeUndefined();
  expect(missed(1, at(2))).toEqual(at(3));
  // Before the database has gone on, there is no end.
  const idle = { ...state, since: at(0).toISOString() };
  expect(missedUntil(idle, further, { now: later(30), meant: undefined })).toEqual(at(3));
  expect(missedUntil(idle, further, { now: later(30), meant: at(3).toISOString() })).toBeUndefined();
});
