/**
 * Somebody with the first bucket's key puts whole backups of their own there, and takes the bot's
 * away: what becomes of those in the second bucket. A backup under a name of its own is copied, for
 * the database cannot know all that are the bot's (before a restore, of an earlier version).
 */
import { expect, test } from 'vitest';
import type { Bucket } from '../../../src/backup/catalog/bucket.ts';
import type { RetentionPolicy } from '../../../src/backup/catalog/calendar-places.ts';
import { readGroups } from '../../../src/backup/catalog/list.ts';
import { catchUp } from '../../../src/backup/copy/catch-up.ts';
import type { CopyContext } from '../../../src/backup/copy/context.ts';
import { NO_MEMORY } from '../../../src/backup/copy/memory.ts';
import { NO_LIMIT } from '../../../src/backup/copy/proven.ts';
import { testClock } from '../../support/backup-world.ts';
import { createMemoryStore } from '../../support/memory-store.ts';
import { putBackup } from '../../support/sample-backup.ts';

const DAY = 86_400_000;
const HOUR = 3_600_000;

/** By day: how many of the bot's backups were taken from the first bucket, and are in the copy. */
async function daysOfForging(policy: RetentionPolicy, days: number): Promise<number[]> {
  const clock = testClock();
  const stores = [createMemoryStore(clock.now), createMemoryStore(clock.now)] as const;
  const [first, copy]: readonly Bucket[] = stores.map((store) => ({ store, prefix: '', clock }));
  if (first === undefined || copy === undefined) throw new Error('two buckets');
  const made = new Set<string>();
  const context: CopyContext = {
    ...{ first, copy, clock, policy },
    triggers: async (names) =>
      new Map(names.filter((name) => made.has(name)).map((name) => [name, 'schedule'])),
  };
  let memory = NO_MEMORY;
  const counts: number[] = [];
  for (let day = 0; day < days; day += 1) {
    const ours = await putBackup(first.store, '', clock.now());
    made.add(ours);
    memory = await catchUp(context, memory, NO_LIMIT);
    clock.advance(HOUR);
    await putBackup(first.store, '', clock.now());
    for (const key of [...stores[0].objects.keys()]) if (key.includes(ours)) stores[0].objects.delete(key);
    memory = await catchUp(context, memory, NO_LIMIT);
    const there = (await readGroups(copy)).map(({ name }) => name);
    counts.push([...made].filter((name) => there.includes(name)).length);
    clock.advance(DAY - HOUR);
  }
  return counts;
}

test('where age alone counts, all of the bot’s stay', async () => {
  expect((await daysOfForging({ days: 90 }, 12)).at(-1)).toBe(12);
});

test('where a number of days counts, those of a week stay: a forgery may take the place of its day', async () => {
  const counts = await daysOfForging({ daily: 3 }, 12);
  expect(counts.slice(0, 7)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(Math.min(...counts.slice(7))).toBeGreaterThanOrEqual(7);
  expect(counts.at(-1)).toBeLessThan(12);
});
