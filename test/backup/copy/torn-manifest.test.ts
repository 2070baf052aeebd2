/** A manifest that rots in its place, in the same length: found by the look, and put back. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Bucket } from '../../../src/backup/catalog/bucket.ts';
import { findBackup } from '../../../src/backup/catalog/list.ts';
import { manifestKey } from '../../../src/backup/catalog/names.ts';
import { sha256Of } from '../../../src/backup/changes/stored-change.ts';
import { catchUp } from '../../../src/backup/copy/catch-up.ts';
import { lookBackAtBackups } from '../../../src/backup/copy/look-back-backups.ts';
import { NO_MEMORY } from '../../../src/backup/copy/memory.ts';
import { NO_LIMIT } from '../../../src/backup/copy/proven.ts';
import { runBackup } from '../../../src/backup/run/run.ts';
import { createWorld, type World } from '../../support/backup-world.ts';
import { createMemoryStore } from '../../support/memory-store.ts';

let made: World;
beforeAll(async () => {
  made = await createWorld({}, 'small');
});
afterAll(() => made.close());

/** Two backups, in both buckets. */
async function world() {
  const { clock, context } = made;
  const [a, b] = [createMemoryStore(clock.now), createMemoryStore(clock.now)];
  const first: Bucket = { store: a, prefix: 'backups/', clock };
  const copy: Bucket = { store: b, prefix: '', clock, isCopy: true };
  const backUp = async (): Promise<string> => {
    clock.advance(86_400_000);
    const outcome = await runBackup(
      { ...context, store: a },
      { trigger: 'schedule', scheduledAt: clock.now() },
    );
    if (outcome.kind !== 'done') throw new Error(outcome.kind);
    return outcome.name;
  };
  const [other, name] = [await backUp(), await backUp()];
  const file = manifestKey('', name);
  const good = a.objects.get(`backups/${file}`)?.body ?? new Uint8Array();
  let memory = NO_MEMORY;
  const copyAll = async (): Promise<string | null> => {
    const stored = async () => new Map([[file, sha256Of(good)]]);
    const context = { first, copy, clock, policy: { days: 90 }, stored };
    memory = await catchUp(context, memory, NO_LIMIT);
    return memory.problem;
  };
  await copyAll();
  const look = { buckets: [first, copy], mostBytes: 1e9, largest: 1e9, check: () => {} };
  return {
    ...{ a, b, first, copy, name, other, file, good, copyAll },
    look: async () => (await lookBackAtBackups(look, '')).damaged,
  };
}

test.each(['first', 'copy'] as const)(
  'a bit of it, in the %s: put back from the other bucket',
  async (where) => {
    const { a, b, first, copy, name, file, good, look, copyAll } = await world();
    const [store, key, bucket] = where === 'first' ? [a, `backups/${file}`, first] : [b, file, copy];
    store.rot(key, 0.5);
    expect(await look()).toEqual([{ name, isWhole: true }]);
    expect(await copyAll()).toBeNull();
    expect(store.objects.get(key)?.body).toEqual(good);
    expect((await findBackup(bucket, name))?.state).toBe('verified');
  },
);

test('the answer to the removal of the bad one is lost: the next look ends it', async () => {
  const { b, copy, name, file, look, copyAll } = await world();
  b.rot(file, 0.5);
  await look();
  const { delete: remove } = b;
  b.delete = async (keys) => {
    await remove(keys);
    throw new Error('no answer');
  };
  expect(await copyAll()).toContain('no answer');
  b.delete = remove;
  expect(await copyAll()).toBeNull();
  expect((await findBackup(copy, name))?.state).toBe('verified');
});

test('another backup’s in its place counts as damaged', async () => {
  const { b, name, other, file, look } = await world();
  await b.put(file, b.objects.get(manifestKey('', other))?.body ?? new Uint8Array());
  expect(await look()).toEqual([{ name, isWhole: true }]);
});

test('one that a newer program wrote is no damage', async () => {
  const { a, file, good, look } = await world();
  const newer = Buffer.from(good)
    .toString()
    .replace(/"version": \d/, '"version": 9');
  const body = newer.slice(0, newer.lastIndexOf(',\n  "sha256"'));
  await a.put(`backups/${file}`, Buffer.from(`${body},\n  "sha256": "${sha256Of(Buffer.from(body))}"\n}\n`));
  expect(await look()).toEqual([]);
});

test('rotten in both: each is known to be damaged', async () => {
  const { a, b, first, copy, name, file, look } = await world();
  a.rot(`backups/${file}`, 0.5);
  b.rot(file, 0.5);
  expect(await look()).toEqual([{ name, isWhole: false }]);
  for (const bucket of [first, copy]) expect((await findBackup(bucket, name))?.state).toBe('unreadable');
  // Told once.
  expect(await look()).toEqual([]);
});
