/** Change files in the second bucket: behind the backups, in order, proved, asked for once. */
import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { Bucket } from '../../../src/backup/catalog/bucket.ts';
import type { Previous } from '../../../src/backup/catalog/change-position.ts';
import { createManifest, parseManifest, serializeManifest } from '../../../src/backup/catalog/manifest.ts';
import { manifestKey } from '../../../src/backup/catalog/names.ts';
import { catchUp } from '../../../src/backup/copy/catch-up.ts';
import type { CopyContext } from '../../../src/backup/copy/context.ts';
import { placeOf } from '../../../src/backup/copy/copy-changes.ts';
import { type CopyMemory, copyHealth, hasNewChanges, NO_MEMORY } from '../../../src/backup/copy/memory.ts';
import { NO_LIMIT, type Slice } from '../../../src/backup/copy/proven.ts';
import { type Store, StoreError } from '../../../src/backup/store/types.ts';
import { testClock } from '../../support/backup-world.ts';
import { Faults, faultyStore } from '../../support/faulty-edges.ts';
import { createMemoryStore, type MemoryStore } from '../../support/memory-store.ts';
import { putBackup } from '../../support/sample-backup.ts';
import { sampleChange } from '../../support/sample-change.ts';

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
  let previous: Previous = null;
  return {
    clock,
    a,
    b,
    /** Of both buckets. */
    calls: calls.log,
    async put(first: number, last: number, timeline = NOW): Promise<string> {
      const sample = sampleChange({ timeline, first, last, time: clock.now(), previous });
      await a.put(`backups/${sample.file}`, sample.body);
      previous = sample.link;
      return sample.file;
    },
    /** As `copy` does: with no memory. */
    async anew(more: Partial<CopyContext>) {
      memory = NO_MEMORY;
      return this.slice(0, NO_LIMIT, more);
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

test('what does not read whole is never copied, and it is tried again', async () => {
  const world = pair();
  const [cut, good] = [await world.put(1, 1), await world.put(2, 2)];
  const cutting: Store = {
    ...world.a,
    async get(key) {
      const object = await world.a.get(key);
      if (object === undefined || !key.endsWith(cut)) return object;
      return { ...object, body: ReadableStream.from([new Uint8Array(5)]) };
    },
  };
  const memory = await world.slice(2, NO_LIMIT, { from: cutting });
  expect(world.there()).toEqual([good]);
  expect(memory.problem).toMatch(/only 5 of .* can be read, so it was not copied/);
  await world.slice(2);
  expect(world.there()).toEqual([good]);
  world.clock.advance(DAY);
  expect((await world.slice(2)).problem).toBeNull();
  expect(world.there().toSorted()).toEqual([cut, good]);
});

describe('damaged in one bucket', () => {
  const bodies = (world: ReturnType<typeof pair>, file: string) =>
    [world.a.objects.get(`backups/${file}`), world.b.objects.get(file)].map(
      (object) => object && Buffer.from(object.body).toString('hex'),
    );
  const half = (store: MemoryStore, key: string): Promise<unknown> => {
    const body = store.objects.get(key)?.body ?? new Uint8Array();
    return store.put(key, body.subarray(0, body.length / 2));
  };
  const all = { shipped: 'all' } as const;

  test.each(['cut', 'rotten'])(
    'before it was copied (%s): never copied, and the first bucket is named',
    async (how) => {
      const world = pair();
      const [bad, good] = [await world.put(1, 1), await world.put(2, 2)];
      if (how === 'cut') await half(world.a, `backups/${bad}`);
      else world.a.rot(`backups/${bad}`, 0.5);
      const memory = await world.slice(2);
      expect(world.there()).toEqual([good]);
      expect(memory.problem).toContain(`backups/${bad}`);
      expect(memory.problem).toContain('so it was not copied');
      expect(memory.problem).not.toContain('holds something else');
    },
  );

  test.each(['first', 'second', 'last'])(
    'in the first, and whole in the copy (the %s file): it is put back',
    async (which) => {
      const world = pair();
      const files = [await world.put(1, 1), await world.put(2, 2), await world.put(3, 3)];
      await world.slice(3);
      const file = files[['first', 'second', 'last'].indexOf(which)] ?? '';
      const [good] = bodies(world, file);
      await half(world.a, `backups/${file}`);
      const mended: string[] = [];
      const memory = await world.anew({
        ...all,
        onMended: (name, where) => mended.push(`${name} ${where.prefix}`),
      });
      expect(memory).toMatchObject({ problem: null, left: 0 });
      expect(bodies(world, file)).toEqual([good, good]);
      expect(mended).toEqual([`${file} backups/`]);
    },
  );

  test('in the copy: it is replaced', async () => {
    const world = pair();
    const [file] = [await world.put(1, 1), await world.put(2, 2)];
    await world.slice(2);
    const [good] = bodies(world, file);
    await half(world.b, file);
    expect((await world.anew(all)).problem).toBeNull();
    expect(bodies(world, file)).toEqual([good, good]);
  });

  test('in both: nothing is replaced, and both are told apart from a good one', async () => {
    const world = pair();
    const [file] = [await world.put(1, 1), await world.put(2, 2)];
    await world.slice(2);
    await half(world.a, `backups/${file}`);
    await world.b.put(file, Buffer.from('another'));
    const before = bodies(world, file);
    expect((await world.anew(all)).problem).toContain(`backups/${file}`);
    expect(bodies(world, file)).toEqual(before);
  });

  test('altered in the first into another whole one: the next file tells which is right', async () => {
    const world = pair();
    const file = await world.put(1, 1);
    const forged = gzipSync(gunzipSync(world.a.objects.get(`backups/${file}`)?.body ?? ''), { level: 0 });
    await world.put(2, 2);
    await world.slice(2);
    const [good] = bodies(world, file);
    await world.a.put(`backups/${file}`, forged);
    await world.anew(all);
    expect(bodies(world, file)).toEqual([good, good]);
  });

  test.each([
    ['first', 3],
    ['first', 2],
    ['second', 3],
  ])(
    'a chain forged in the %s bucket, %d files of it: no true file of the other is written over',
    async (where, most) => {
      const world = pair();
      const files = [
        await world.put(1, 1),
        await world.put(2, 2),
        await world.put(3, 3),
        await world.put(4, 4),
      ];
      await world.slice(4);
      const [store, prefix, other] = where === 'first' ? [world.a, 'backups/', 1] : [world.b, '', 0];
      const good = files.map((file) => bodies(world, file)[other]);
      let previous: Previous = null;
      for (const [at, file] of files.slice(0, most).entries()) {
        const time = world.clock.now();
        const sample = sampleChange({ timeline: NOW, first: at + 1, last: at + 1, time, previous });
        const body = gzipSync(gunzipSync(sample.body), { level: 0 });
        await store.put(`${prefix}${file}`, body);
        previous = { file, sha256: createHash('sha256').update(body).digest('hex') };
      }
      const memory = await world.anew(all);
      expect(memory.problem).not.toBeNull();
      expect(files.map((file) => bodies(world, file)[other])).toEqual(good);
    },
  );

  test('two whole ones, and nothing tells which is right: both stay', async () => {
    const world = pair();
    const file = await world.put(1, 1);
    await world.slice(1);
    const other = gzipSync(gunzipSync(world.a.objects.get(`backups/${file}`)?.body ?? ''), { level: 0 });
    await world.a.put(`backups/${file}`, other);
    const before = bodies(world, file);
    expect((await world.anew(all)).problem).toContain('nothing tells which is right');
    expect(bodies(world, file)).toEqual(before);
  });
});

test('one that was taken in wrongly, by a slice that died before it read it back, is replaced', async () => {
  const world = pair();
  const files = [await world.put(1, 1), await world.put(2, 2)];
  await world.slice(1);
  const create = world.b.create;
  let isDead = false;
  world.b.create = async (key, options) => {
    const writer = await create(key, options);
    return {
      ...writer,
      async close(head) {
        const written = await writer.close(head);
        world.b.rot(key, 0.5);
        isDead = true;
        return written;
      },
    };
  };
  const { get } = world.b;
  world.b.get = (key) => (isDead ? Promise.reject(new Error('dead')) : get(key));
  const remove = world.b.delete;
  world.b.delete = () => Promise.reject(new Error('dead'));
  await world.slice(2, NO_LIMIT, { isOnlyChanges: true });
  expect(isDead).toBe(true);
  world.b.get = get;
  await world.slice(2);
  world.clock.advance(60_000);
  Object.assign(world.b, { delete: remove, create });
  const memory = await world.slice(2);
  expect(memory.problem).toBeNull();
  expect(world.b.objects.get(files[1] ?? '')?.body).toEqual(world.a.objects.get(`backups/${files[1]}`)?.body);
});

test('a file of another database, or junk, with numbers still to come holds none of ours back', async () => {
  const world = pair();
  await putBackup(world.a, 'backups/', world.clock.now());
  await world.put(1, 2);
  // A bot that runs from a copy of the database is further on.
  await world.put(3, 90);
  const ours = [await world.put(3, 4), await world.put(5, 5)];
  const open = await world.put(6, 7);
  expect(await world.slice(5)).toMatchObject({ left: 0, problem: null });
  expect(world.there()).toEqual(expect.arrayContaining(ours));
  expect(world.there()).not.toContain(open);
  await world.slice(7);
  expect(world.there()).toContain(open);
});

test('the copy is behind while it lacks one', async () => {
  const world = pair();
  await world.put(1, 1);
  const memory = await world.slice(1, room(5));
  expect(copyHealth(memory, world.clock.now())).toMatchObject({ state: 'behind', left: 1 });
});

describe('retention in the copy', () => {
  const triggers = async () => new Map();
  /** A day later, with a backup of that day: it is what the others are old beside. */
  async function nextDay(world: ReturnType<typeof pair>, slice: Slice = NO_LIMIT): Promise<void> {
    world.clock.advance(DAY);
    await putBackup(world.a, 'backups/', world.clock.now());
    await world.slice(9, slice, { triggers, changeDays: 14 });
  }

  async function old(): Promise<{ world: ReturnType<typeof pair>; files: string[] }> {
    const world = pair();
    await putBackup(world.a, 'backups/', world.clock.now());
    const files = [await world.put(1, 2), await world.put(3, 3), await world.put(4, 9)];
    for (let day = 0; day < 16; day += 1) await nextDay(world);
    expect(world.there()).toEqual(files);
    return { world, files };
  }

  test('what went from the first bucket goes a week later, and what is still there stays', async () => {
    const { world, files } = await old();
    for (const file of files.slice(0, 2)) world.a.objects.delete(`backups/${file}`);
    for (let day = 0; day < 7; day += 1) {
      await nextDay(world);
      expect(world.there()).toEqual(files);
    }
    for (let day = 0; day < 2; day += 1) await nextDay(world);
    expect(world.there()).toEqual(files.slice(2));
    world.a.objects.delete(`backups/${files[2]}`);
    for (let day = 0; day < 10; day += 1) await nextDay(world);
    expect(world.there()).toEqual([]);
  });

  test('a first bucket that somebody empties takes nothing with it, nor does one that has the file again', async () => {
    const { world, files } = await old();
    const before = new Map(world.a.objects);
    world.a.objects.clear();
    for (let day = 0; day < 20; day += 1) {
      world.clock.advance(DAY);
      await world.slice(9, NO_LIMIT, { triggers, changeDays: 14 });
    }
    expect(world.there()).toEqual(files);
    for (const [key, object] of before) if (!key.includes('changes/')) world.a.objects.set(key, object);
    await nextDay(world);
    const first = `backups/${files[0]}`;
    world.a.objects.set(first, before.get(first) ?? { body: new Uint8Array(), modified: new Date() });
    for (let day = 0; day < 20; day += 1) await nextDay(world);
    expect(world.there()).toEqual(files);
  });

  test("what the copy's newest whole backup needs stays, however old, and so does what is young", async () => {
    const world = pair();
    await putBackup(world.a, 'backups/', world.clock.now());
    const file = await world.put(1, 2);
    await world.slice(9, NO_LIMIT, { triggers, changeDays: 14 });
    world.a.objects.delete(`backups/${file}`);
    world.clock.advance(30 * DAY);
    await world.put(3, 9, OLD);
    for (let day = 0; day < 10; day += 1) {
      world.clock.advance(DAY);
      await world.slice(9, NO_LIMIT, { triggers, changeDays: 14 });
    }
    expect(world.there()).toContain(file);
  });

  /** A backup of {@link NOW} after this change. */
  async function fullAt({ a, clock }: ReturnType<typeof pair>, seq: number): Promise<void> {
    const name = await putBackup(a, 'backups/', clock.now());
    const key = manifestKey('backups/', name);
    const held = parseManifest(a.objects.get(key)?.body ?? new Uint8Array());
    const { state: _, format: __, version: ___, ...draft } = held;
    const since = clock.now().toISOString();
    const place = { timeline: NOW, seq, previous: null, since, parent: null, reason: 'new' as const };
    const changes = { ...place, schema_sha256: 'ab'.repeat(32) };
    await a.put(key, serializeManifest(createManifest({ ...draft, changes })));
  }

  test('what leads to a young change stays, however old, when the first bucket has lost it', async () => {
    const world = pair();
    await fullAt(world, 0);
    const files = [await world.put(1, 2), await world.put(3, 3)];
    await world.slice(3, NO_LIMIT, { triggers, changeDays: 14 });
    world.clock.advance(20 * DAY);
    files.push(await world.put(4, 9));
    world.clock.advance(DAY);
    await fullAt(world, 9);
    await world.slice(9, NO_LIMIT, { triggers, changeDays: 14 });
    expect(world.there()).toEqual(files);
    for (const file of files) world.a.objects.delete(`backups/${file}`);
    for (let day = 0; day < 12; day += 1) await nextDay(world);
    expect(world.there()).toEqual(files);
    for (let day = 0; day < 18; day += 1) await nextDay(world);
    expect(world.there()).toEqual([]);
  });

  test('without the right to delete it is asked once a day, and is no trouble', async () => {
    const { world, files } = await old();
    world.a.objects.delete(`backups/${files[0]}`);
    let asked = 0;
    const remove = world.b.delete;
    world.b.delete = async (keys) => {
      if (!keys.some((key) => key.includes('changes/'))) return remove(keys);
      asked += 1;
      throw new StoreError('denied', { retryable: false, isDenied: true });
    };
    for (let day = 0; day < 10; day += 1) {
      await nextDay(world);
      await world.slice(9, NO_LIMIT, { triggers, changeDays: 14 });
    }
    expect(asked).toBeGreaterThan(1);
    expect(asked).toBeLessThanOrEqual(3);
    expect(world.there()).toEqual(files);
    expect((await world.slice(9, NO_LIMIT, { triggers, changeDays: 14 })).problem).toBeNull();
  });
});
