/** A file a minute for three months, a full backup a day: nothing grows with the square of it. */
import { expect, test } from 'vitest';
import type { BackupEntry } from '../../../src/backup/catalog/entry.ts';
import type { Base, StoredChange } from '../../../src/backup/changes/listed.ts';
import { lostFrom } from '../../../src/backup/changes/living.ts';
import { inOrder } from '../../../src/backup/changes/order.ts';
import { ChangeIndex, historyOf, timelinesOf } from '../../../src/backup/changes/spans.ts';

const DAYS = 90;
const A_DAY = 1_440;
const TIMELINE = 'a'.repeat(32);
const BEGIN = Date.parse('2026-06-15T02:00:00Z');
const time = (seq: number): Date => new Date(BEGIN + seq * 60_000);

const files = Array.from({ length: DAYS * A_DAY }, (_, at): StoredChange => {
  const seq = at + 1;
  const place = { timeline: TIMELINE, first: seq, last: seq, time: time(seq), encrypted: false };
  return { ...place, file: String(seq).padStart(16, '0'), bytes: 900, modified: time(seq) };
});
const bases = Array.from({ length: DAYS }, (_, day): Base => {
  const seq = day * A_DAY;
  const schema = { parent: null, reason: 'new', schema_sha256: null } as const;
  const changes = { timeline: TIMELINE, seq, previous: null, since: time(0).toISOString(), ...schema };
  return { entry: { name: `day ${day}` } as BackupEntry, time: time(seq), changes };
});
const state = { timeline: TIMELINE, shippedSeq: DAYS * A_DAY, previous: null, needsBase: null };

test('the files behind each backup are walked through once for all of them', () => {
  const index = new ChangeIndex(files);
  let walked = 0;
  index.from = (timeline, first) => {
    walked += 1;
    return ChangeIndex.prototype.from.call(index, timeline, first);
  };
  for (const base of bases) expect(index.endBehind(base)?.last).toBe(files.at(-1));
  expect(walked).toBeLessThan(files.length + 5 * bases.length);
});

test('what the bucket leads to, its history and its timelines', () => {
  expect(lostFrom({ state } as never, bases, files)).toBeUndefined();
  const ordered = inOrder({ bases, files }, time(DAYS * A_DAY));
  const { spans, gaps } = historyOf(ordered.bases, ordered.files);
  expect(gaps).toEqual([]);
  expect(spans).toEqual([{ timeline: TIMELINE, from: time(0), to: time(DAYS * A_DAY) }]);
  expect(timelinesOf(ordered.bases, ordered.files)).toMatchObject([{ files: DAYS * A_DAY, backups: DAYS }]);
});
