/** Since when the first bucket lacks a backup of the copy. */
import { expect, test } from 'vitest';
import { readGroups } from '../../../src/backup/catalog/list.ts';
import { goneSince } from '../../../src/backup/copy/copy-retention.ts';
import { testClock } from '../../support/backup-world.ts';
import { createMemoryStore } from '../../support/memory-store.ts';
import { putBackup } from '../../support/sample-backup.ts';

test('a first bucket without a whole backup, a disk that is away, starts no week, and ends one', async () => {
  const clock = testClock();
  const [a, b] = [createMemoryStore(clock.now), createMemoryStore(clock.now)];
  const name = await putBackup(b, '', clock.now());
  const listings = async () => ({
    first: { bucket: { store: a, prefix: '' }, groups: await readGroups({ store: a, prefix: '' }) },
    copy: { bucket: { store: b, prefix: '' }, groups: await readGroups({ store: b, prefix: '' }) },
  });
  const at = clock.now().toISOString();
  expect(goneSince(await listings(), {}, clock.now())).toEqual({});
  expect(goneSince(await listings(), { [name]: at }, clock.now())).toEqual({});
  clock.advance(86_400_000);
  await putBackup(a, '', clock.now());
  expect(goneSince(await listings(), {}, clock.now())).toEqual({ [name]: clock.now().toISOString() });
});
