/** Change files in the second bucket: behind the backups, in order, proved, asked for once. */
import { expect, test } from 'vitest';
import type { Bucket } from '../../../src/backup/catalog/bucket.ts';
import { changeKey } from '../../../src/backup/changes/change-names.ts';
import { type CopyContext, catchUp } from '../../../src/backup/copy/catch-up.ts';
import { placeOf } from '../../../src/backup/copy/copy-changes.ts';
import { type CopyMemory, copyHealth, hasNewChanges, NO_MEMORY } from '../../../src/backup/copy/memory.ts';
import { NO_LIMIT, type Slice } from '../../../src/backup/copy/proven.ts';
import type { Store } from '../../../src/backup/store/types.ts';
import { testClock } from '../../support/backup-world.ts';
import { Faults, faultyStore } from '../../support/faulty-edges.ts';
import { createMemoryStore } from '../../support/memory-store.ts';
import { putBackup } from '../../support/sample-backup.ts';

const DAY = 86_400_000;
const OLD = 'f'.repeat(32);
const NOW = '0'.repeat(32);

function pair() {
  const clock = testClock();
  const [a, b] = [createMemoryStore(clock.now), createMemoryStore(clock.now)];
  const first: Bucket = { store: a, prefix: 'backups/', clock };
  const copy: Bucket = { store: b, prefix: '', clock };
  let memory: CopyMemory = NO_MEMORY;
  const calls = new Faults(undefined);
  return {
    clock,
    a,
    b,
    /** Of both buckets. */
    calls: calls.log,
    async put(first: number, last: number, timeline = NOW): Promise<string> {
      const file = changeKey('', { timeline, first, last, time: clock.now(), encrypted: false });
      await a.put(`backups/${file}`, Buffer.from(`${file} `.repeat(3)));
      return file;
    },
    there: () => [...b.objects.keys()].filter((key) => key.startsWith('changes/')),
    async slice(seq: number, slice: Slice = NO_LIMIT, more: Partial<CopyContext> & { from?: Store } = {}) {
      const context = {
        first: { ...first, store: faultyStore(more.from ?? a, calls) },
        copy: { ...copy, store: faultyStore(b, calls) },
        clock,
        policy: { days: 90 },
        shipped: { timeline: NOW, seq },
      };
      calls.log.length = 0;
      memory = await catchUp({ ...context, ...more }, memory, slice);
      return memory;
    },
  };
}

/** So many requests. */
function room(most: number): Slice {
  let left = most;
  const take = (count: number): boolean => {
    if (left < count) return false;
    left -= count;
    return true;
  };
  return { most, take, check: () => {} };
}

test('every timeline, in order, behind the backups; a slice ends where its requests do', async () => {
  const world = pair();
  await putBackup(world.a, 'backups/', world.clock.now());
  const files = [
    await world.put(1, 4, OLD),
    await world.put(1, 2),
    await world.put(3, 3),
    await world.put(4, 9),
  ];
  let slices = 0;
  for (; slices < 12 && (await world.slice(9, room(26))).left > 0; slices += 1) {
    expect(world.there()).toEqual(files.slice(0, world.there().length));
    if (world.there().length > 0) expect([...world.b.objects.keys()][2]).toContain('manifest');
  }
  expect(slices).toBeGreaterThan(1);
  expect(world.there()).toEqual(files);
  for (const file of files)
    expect(world.b.objects.get(file)?.body).toEqual(world.a.objects.get(`backups/${file}`)?.body);
  // Nobody deletes there what is gone here.
  for (const file of files) world.a.objects.delete(`backups/${file}`);
  world.clock.advance(30 * DAY);
  await world.slice(9);
  expect(world.there()).toEqual(files);
});

test('an idle bot asks for nothing more; a new file costs a page of either bucket and its own', async () => {
  const world = pair();
  await world.put(1, 2);
  await world.slice(2);
  const idle = await world.slice(2);
  expect(world.calls.filter((call) => !call.startsWith('sweep'))).toEqual([
    'list backups/anime_b',
    'list anime_b',
  ]);
  expect(hasNewChanges(idle, placeOf({ timeline: NOW, seq: 2 }))).toBe(false);
  expect(hasNewChanges(idle, placeOf({ timeline: NOW, seq: 3 }))).toBe(true);
  expect(hasNewChanges({ ...idle, failures: 1 }, placeOf({ timeline: NOW, seq: 3 }))).toBe(false);
  const file = await world.put(3, 3);
  const next = await world.put(4, 9);
  // Their shipper has not read them back yet.
  await world.slice(2, NO_LIMIT, { isOnlyChanges: true });
  expect(world.there()).not.toContain(file);
  await world.slice(3, NO_LIMIT, { isOnlyChanges: true });
  expect(world.there()).toContain(file);
  expect(world.there()).not.toContain(next);
  const asked = world.calls.map((call) => call.split(' ', 1)[0]);
  expect(asked.filter((kind) => kind === 'list')).toHaveLength(2);
  expect(asked.filter((kind) => kind === 'get')).toHaveLength(3);
});

test('what does not read whole is never copied, nothing is written over, and both are tried again', async () => {
  const world = pair();
  const [cut, taken, good] = [await world.put(1, 1), await world.put(2, 2), await world.put(3, 3)];
  await world.b.put(taken, Buffer.from('another'));
  const cutting: Store = {
    ...world.a,
    async get(key) {
      const object = await world.a.get(key);
      if (object === undefined || !key.endsWith(cut)) return object;
      return { ...object, body: ReadableStream.from([new Uint8Array(5)]) };
    },
  };
  const memory = await world.slice(3, NO_LIMIT, { from: cutting });
  expect(world.there().toSorted()).toEqual([taken, good]);
  expect(Buffer.from(world.b.objects.get(taken)?.body ?? [])).toEqual(Buffer.from('another'));
  expect(memory.problem).toMatch(/only 5 of .* can be read, so it was not copied; .*holds something else/);
  world.b.objects.delete(taken);
  await world.slice(3);
  expect(world.there()).toEqual([good]);
  world.clock.advance(DAY);
  expect((await world.slice(3)).problem).toBeNull();
  expect(world.there().toSorted()).toEqual([cut, taken, good]);
});

test('the copy is behind while it lacks one', async () => {
  const world = pair();
  await world.put(1, 1);
  const memory = await world.slice(1, room(5));
  expect(copyHealth(memory, world.clock.now())).toMatchObject({ state: 'behind', left: 1 });
});
