/** A backup damaged in the first bucket and whole in the copy: its file is put back. */
import { expect, test } from 'vitest';
import type { Bucket } from '../../../src/backup/catalog/bucket.ts';
import { loadEntry } from '../../../src/backup/catalog/entry.ts';
import { readGroups } from '../../../src/backup/catalog/list.ts';
import { createManifest, parseManifest, serializeManifest } from '../../../src/backup/catalog/manifest.ts';
import { databaseKey, manifestKey, verdictKey } from '../../../src/backup/catalog/names.ts';
import { catchUp } from '../../../src/backup/copy/catch-up.ts';
import { NO_MEMORY } from '../../../src/backup/copy/memory.ts';
import { NO_LIMIT } from '../../../src/backup/copy/proven.ts';
import { testClock } from '../../support/backup-world.ts';
import { createMemoryStore } from '../../support/memory-store.ts';
import { putBackup } from '../../support/sample-backup.ts';

async function world() {
  const clock = testClock();
  const [a, b] = [createMemoryStore(clock.now), createMemoryStore(clock.now)];
  const first = { store: a, prefix: 'backups/', clock };
  const copy: Bucket = { store: b, prefix: '', clock, isCopy: true };
  const name = await putBackup(a, 'backups/', clock.now());
  let memory = await catchUp({ first, copy, clock, policy: { days: 90 } }, NO_MEMORY, NO_LIMIT);
  const database = databaseKey('backups/', name, false);
  const original = a.objects.get(database)?.body ?? new Uint8Array();
  return {
    ...{ a, b, name, database, original, manifest: manifestKey('backups/', name) },
    async look() {
      clock.advance(3_600_000);
      const mended: string[] = [];
      const context = { first, copy, clock, policy: { days: 90 } };
      const onMended = (file: string): void => void mended.push(file);
      memory = await catchUp({ ...context, onMended }, memory, NO_LIMIT);
      const [group] = await readGroups(first);
      const entry = group && (await loadEntry(first, group));
      const { problem, left } = memory;
      return { problem, left, mended, state: entry?.state };
    },
  };
}

test.each(['cut', 'gone', 'known to be rotten'])('its file is %s', async (how) => {
  const { a, name, database, original, look } = await world();
  if (how === 'cut') await a.put(database, original.subarray(0, 9));
  if (how === 'gone') a.objects.delete(database);
  if (how === 'known to be rotten') {
    a.rot(database, 0.5);
    await a.put(verdictKey('backups/', name), Buffer.from('{}'));
  }
  expect(await look()).toEqual({
    problem: null,
    left: 0,
    mended: [databaseKey('', name, false)],
    state: 'verified',
  });
  expect(a.objects.get(database)?.body).toEqual(original);
});

test('the copy’s is damaged as well: nothing is replaced', async () => {
  const { a, b, name, database, original, look } = await world();
  const cut = original.subarray(0, 9);
  await a.put(database, cut);
  b.rot(databaseKey('', name, false), 0.5);
  const { problem, mended } = await look();
  expect(mended).toEqual([]);
  expect(problem).toContain(name);
  expect(a.objects.get(database)?.body).toEqual(cut);
});

test('the manifest of the copy is another one: nothing is taken from it', async () => {
  const { a, b, name, database, original, look } = await world();
  const cut = original.subarray(0, 9);
  await a.put(database, cut);
  const key = manifestKey('', name);
  const {
    state: _,
    format: __,
    version: ___,
    ...draft
  } = parseManifest(b.objects.get(key)?.body ?? new Uint8Array());
  await b.put(key, serializeManifest(createManifest({ ...draft, app_version: '9.9.9' })));
  const { mended } = await look();
  expect(mended).toEqual([]);
  expect(a.objects.get(database)?.body).toEqual(cut);
});

test('the manifest of the first is cut, and nobody remembers it: the copy is not believed', async () => {
  const { a, manifest, look } = await world();
  const cut = (a.objects.get(manifest)?.body ?? new Uint8Array()).subarray(0, 40);
  await a.put(manifest, cut);
  expect((await look()).mended).toEqual([]);
  expect(a.objects.get(manifest)?.body).toEqual(cut);
});

test('it is known to be damaged, and nothing proves the copy’s: that is told', async () => {
  const { a, name, manifest, look } = await world();
  a.rot(manifest, 0.5);
  await a.put(verdictKey('backups/', name), Buffer.from('{}'));
  const { problem, mended } = await look();
  expect(mended).toEqual([]);
  expect(problem).toContain(`${name} is damaged in memory, and nothing proves the one in memory`);
});
