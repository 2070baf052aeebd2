/** What the listing says of a backup must come from its own manifest. */
import { expect, test } from 'vitest';
import { findBackup, listBackups, newestVerified } from '../../src/backup/list.ts';
import { manifestKey } from '../../src/backup/names.ts';
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
