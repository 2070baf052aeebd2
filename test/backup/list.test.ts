/** What the listing says of a backup must come from its own manifest. */
import { expect, test } from 'vitest';
import { findBackup, listBackups, newestOf, newestVerified } from '../../src/backup/catalog/list.ts';
import { databaseKey, manifestKey } from '../../src/backup/catalog/names.ts';
import { createMemoryStore } from '../support/memory-store.ts';
import { putBackup } from '../support/sample-backup.ts';

const PREFIX = 'backups/';

test('a manifest of another backup under a name is not believed, although its seal holds', async () => {
  let now = new Date('2026-01-01T02:00:00Z');
  const store = createMemoryStore(() => now);
  const bucket = { store, prefix: PREFIX };
  const older = await putBackup(store, PREFIX, now);
  now = new Date('2026-01-02T02:00:00Z');
  const newer = await putBackup(store, PREFIX, now);
  const theirs = store.objects.get(manifestKey(PREFIX, older));
  await store.put(manifestKey(PREFIX, newer), theirs?.body ?? new Uint8Array());
  const entry = await findBackup(bucket, newer);
  expect(entry).toMatchObject({ state: 'unreadable', manifest: undefined });
  expect(entry?.problem).toContain(`of another backup: ${older}`);
  expect((await listBackups(bucket)).entries.map(({ state }) => state)).toEqual(['unreadable', 'verified']);
  expect((await newestVerified(bucket))?.name).toBe(older);
});

test('the newest of a list is verified and not from the future: what is damaged or dated ahead is passed over', async () => {
  const at = (day: number): Date => new Date(`2026-01-0${day}T02:00:00Z`);
  let now = at(1);
  const store = createMemoryStore(() => now);
  const bucket = { store, prefix: PREFIX, clock: { now: () => at(4) } };
  const good = await putBackup(store, PREFIX, now);
  now = at(2);
  const damaged = await putBackup(store, PREFIX, now);
  await store.delete([databaseKey(PREFIX, damaged, false)]);
  now = new Date('2027-01-01T02:00:00Z');
  const ahead = await putBackup(store, PREFIX, now);
  const { entries } = await listBackups(bucket);
  const newest = await newestOf(bucket, entries);
  expect(newest.entry?.name).toBe(good);
  expect(newest.newer.map(({ name }) => name)).toEqual([ahead, damaged]);
});

test('a manifest far longer than its files explain is not read', async () => {
  const now = new Date('2026-01-01T02:00:00Z');
  const store = createMemoryStore(() => now);
  const name = await putBackup(store, PREFIX, now);
  const own = store.objects.get(manifestKey(PREFIX, name))?.body ?? new Uint8Array();
  await store.put(manifestKey(PREFIX, name), Buffer.concat([own, Buffer.alloc(1_100_000, ' ')]));
  expect(await findBackup({ store, prefix: PREFIX }, name)).toMatchObject({
    state: 'unreadable',
    problem: expect.stringContaining('too many for such a file'),
  });
});
