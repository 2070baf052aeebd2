/**
 * What a Worker reads again of its change files, in turn, so that it hears of one that rots: at
 * Node's pace, four times an hour, on the paid plan. A tick of the free plan has no time for it
 * (docs/limits.md, "What is read again"). Node reads backups too (look-back.ts).
 */
import { lookBackAtChanges } from '../backup/copy/look-back.ts';
import { rememberedIn } from '../backup/copy/remembered.ts';
import { keepLookNote, lookNote } from '../db/bucket-notes.ts';
import type { Job } from './job.ts';
import type { LookBackParts } from './look-back.ts';
import { isDue, sliceBytes, turnAfter, turnsIn } from './look-turns.ts';
import { rottenNotice } from './rotten-notice.ts';

/** A tick of the free plan has 50. */
const LEAST_REQUESTS = 500;
const NOTE = lookNote();

export function readBackJob({ first, copy, keys, days }: LookBackParts): Job {
  return {
    name: 'read-back',
    everyMinutes: 15,
    asks: NOTE,
    async run({ db, now, log, requests }, answer = []) {
      const turns = turnsIn(NOTE.parse(answer), now());
      // Sealed bytes that nobody opens, and nothing to hold them against.
      const isBlind = first.isSealed === true && copy === undefined;
      if (isBlind || requests.left < LEAST_REQUESTS || !isDue(turns.changes, now())) return;
      const buckets = copy === undefined ? 1 : 2;
      const mended: string[] = [];
      const { after, bytes, damaged, problems } = await lookBackAtChanges(
        {
          ...{ first, copy, days, now: now(), keys, isRead: true },
          ...(await rememberedIn(db)),
          mostBytes: buckets * sliceBytes('changes'),
          slice: { most: requests.left, take: (count) => requests.take(count), check() {} },
          onMended: (file) => void mended.push(file),
        },
        turns.changes.after,
      );
      if (problems.length > 0)
        log.error('stored change files are damaged, lost or differ', { problem: problems[0] });
      const changes = turnAfter(turns.changes, { kind: 'changes', after, bytes, buckets, now: now() });
      await db.write([
        keepLookNote(JSON.stringify({ ...turns, changes })),
        ...rottenNotice(mended, true, now()),
        ...rottenNotice(damaged, false, now()),
      ]);
    },
  };
}
