/**
 * The second bucket: what is proved in the first is copied as it is stored, whatever breaks off,
 * and nothing is deleted in both at one moment.
 */
import { describe, expect, test } from 'vitest';
import { MemoryS3 } from '../../../sim/s3/memory.ts';
import type { Bucket } from '../../../src/backup/catalog/bucket.ts';
import { listBackups, readGroups } from '../../../src/backup/catalog/list.ts';
import { databaseKey, manifestKey, verdictKey } from '../../../src/backup/catalog/names.ts';
import { pin, unpin } from '../../../src/backup/catalog/pins.ts';
import { prune } from '../../../src/backup/catalog/prune.ts';
import { catchUp } from '../../../src/backup/copy/catch-up.ts';
import { mayGoNow } from '../../../src/backup/copy/copy-retention.ts';
import { type CopyMemory, copyHealth, NO_MEMORY } from '../../../src/backup/copy/memory.ts';
import { placesOf } from '../../../src/backup/copy/places.ts';
import { copyInOrder, NO_LIMIT, requestsFor, type Slice } from '../../../src/backup/copy/proven.ts';
import { createS3Store } from '../../../src/backup/store/s3-store.ts';
import { type Store, StoreError } from '../../../src/backup/store/types.ts';
import { testClock } from '../../support/backup-world.ts';
import { Faults, faultyStore } from '../../support/faulty-edges.ts';
import { createMemoryStore } from '../../support/memory-store.ts';
import { putBackup } from '../../support/sample-backup.ts';

const DAY = 86_400_000;
/** All are on the record of this bot. */
const recorded = async (names: readonly string[]) => new Map(names.map((name) => [name, 'schedule']));

function pair() {
  const clock = testClock();
  const [a, b] = [createMemoryStore(clock.now), createMemoryStore(clock.now)];
  const first: Bucket = { store: a, prefix: 'backups/', clock };
  const copy: Bucket = { store: b, prefix: '', clock };
  const context = {
    first,
    copy,
    clock,
    policy: { days: 90 },
    triggers: recorded,
  };
  let memory: CopyMemory = NO_MEMORY;
  return {
    clock,
    a,
    b,
    first,
    copy,
    /** A backup a day, so many. */
    async make(count: number): Promise<string[]> {
      const names: string[] = [];
      for (let i = 0; i < count; i += 1) {
        clock.advance(DAY);
        names.push(await putBackup(a, 'backups/', clock.now()));
      }
      return names;
    },
    async slice(
      slice: Slice = NO_LIMIT,
      change: { first?: Store; copy?: Store } = {},
      onCopied: (name: string, replaced: readonly string[]) => void = () => {},
      before: CopyMemory = memory,
    ): Promise<CopyMemory> {
      memory = await catchUp(
        {
          ...context,
          onCopied,
          first: { ...first, ...(change.first && { store: change.first }) },
          copy: { ...copy, ...(change.copy && { store: change.copy }) },
        },
        before,
        slice,
      );
      return memory;
    },
    get memory() {
      return memory;
    },
  };
}

/** So many requests. */
function room(most: number): Slice {
  let left = most;
  return {
    most,
    take(count) {
      if (left < count) return false;
      left -= count;
      return true;
    },
    check: () => {},
  };
}

const states = async (bucket: Bucket) =>
  (await listBackups(bucket)).entries.map(({ name, state }) => `${name} ${state}`);

describe('copying', () => {
  test('every backup, byte for byte, below the copy’s own prefix', async () => {
    const world = pair();
    await world.make(4);
    const memory = await world.slice();
    expect(await states(world.copy)).toEqual(await states(world.first));
    for (const [key, { body }] of world.a.objects)
      expect(world.b.objects.get(key.replace('backups/', ''))?.body).toEqual(body);
    expect(memory).toMatchObject({ left: 0, behindSince: null, problem: null, proved: [] });
    expect(copyHealth(memory, world.clock.now()).state).toBe('whole');
  });

  test('a manifest that was taken in wrongly, by a slice that died before it read it back, is copied again', async () => {
    const world = pair();
    const [name = ''] = await world.make(1);
    const key = manifestKey('', name);
    const before = world.memory;
    let isDead = false;
    const dying: Store = {
      ...world.b,
      async create(...args) {
        const writer = await world.b.create(...args);
        if (args[0] !== key) return writer;
        return {
          ...writer,
          async close(head) {
            const written = await writer.close(head);
            world.b.rot(key, 0);
            isDead = true;
            return written;
          },
        };
      },
      get: (...args) => (isDead ? Promise.reject(new Error('dead')) : world.b.get(...args)),
    };
    await world.slice(NO_LIMIT, { copy: dying });
    expect(isDead).toBe(true);
    // Its memory died with it.
    for (let slices = 0; slices < 3; slices += 1)
      await world.slice(NO_LIMIT, {}, undefined, slices === 0 ? before : undefined);
    expect(world.b.objects.get(key)?.body).toEqual(world.a.objects.get(manifestKey('backups/', name))?.body);
    expect(world.memory).toMatchObject({ left: 0, problem: null });
  });

  test('the manifest comes last: cut off anywhere, nothing in the copy looks whole and is not', async () => {
    for (let at = 0; at < 60; at += 1)
      for (const effect of ['before', 'after'] as const) {
        const world = pair();
        await world.make(1);
        const faults = new Faults({ at, lasting: true, effect });
        await world.slice(NO_LIMIT, { copy: faultyStore(world.b, faults) });
        const there = await listBackups(world.copy);
        expect(there.entries.filter(({ state }) => state !== 'verified' && state !== 'unfinished')).toEqual(
          [],
        );
        world.clock.advance(DAY / 48);
        const memory = await world.slice();
        expect(await states(world.copy), `${at} ${effect}: ${memory.problem}`).toEqual(
          await states(world.first),
        );
        if (faults.calls <= at) return;
      }
    throw new Error('60 calls were too few');
  });

  test('a slice takes no more than it may, and the next goes on: nothing is copied twice', async () => {
    const world = pair();
    await world.make(3);
    const faults = new Faults(undefined);
    const counted = faultyStore(world.b, faults);
    let slices = 0;
    for (; slices < 20 && (await world.slice(room(12), { copy: counted })).left > 0; slices += 1);
    expect(slices).toBeGreaterThan(3);
    expect(await states(world.copy)).toEqual(await states(world.first));
    const created = faults.log.filter((what) => what.startsWith('create'));
    expect(created.length).toBe(new Set(created).size);
    expect(world.memory.proved).toEqual([]);
  });

  test('a backup that this host can never carry is said, and the others are copied', async () => {
    const world = pair();
    const [name = ''] = await world.make(1);
    const large = { file: 'x', bytes: 500 * 1024 * 1024, sha256: '' };
    expect(requestsFor(large.bytes)).toBe(106);
    await world.slice(room(8));
    expect(world.memory.problem).toContain(`${name}:`);
    expect(world.memory.problem).toContain('npm run backup -- copy');
  });

  test('what differs from its manifest in the first bucket is never copied, and said', async () => {
    const world = pair();
    const [bad = '', good = ''] = await world.make(2);
    world.a.rot(databaseKey('backups/', bad, false), 0.5);
    const memory = await world.slice();
    expect(memory.problem).toMatch(`${bad}: memory: backups/anime_bot_${bad}.db.gz is not what was proved`);
    expect([...world.b.objects.keys()].filter((key) => key.includes(bad))).toEqual([]);
    expect(await states(world.copy)).toEqual([`${good} verified`]);
    // It is not read again and again.
    const faults = new Faults(undefined);
    await world.slice(NO_LIMIT, { first: faultyStore(world.a, faults) });
    expect(faults.log.filter((what) => what.startsWith('get'))).toEqual([]);
  });

  test('one reading that was altered on its way proves nothing against it', async () => {
    const world = pair();
    await world.make(1);
    let isAltered = false;
    const altering: Store = {
      ...world.a,
      async get(key) {
        const object = await world.a.get(key);
        if (isAltered || object === undefined || !key.endsWith('.db.gz')) return object;
        isAltered = true;
        return { ...object, body: ReadableStream.from([new Uint8Array(object.bytes)]) };
      },
    };
    const memory = await world.slice(NO_LIMIT, { first: altering });
    expect(memory).toMatchObject({ failures: 1, refused: {} });
    expect(memory.problem).toContain('arrived otherwise than it is stored');
    expect((await world.slice()).left).toBe(0);
  });

  test('what the copy took in wrongly is found by reading it back, and made good', async () => {
    const world = pair();
    await world.make(1);
    let isRotten = false;
    const rotting: Store = {
      ...world.b,
      async create(key, options) {
        const writer = await world.b.create(key, options);
        return {
          ...writer,
          async close(head) {
            const written = await writer.close(head);
            if (!isRotten) world.b.rot(key, 0.3);
            isRotten = true;
            return written;
          },
        };
      },
    };
    expect((await world.slice(NO_LIMIT, { copy: rotting })).problem).toContain('gives back other bytes');
    expect(await states(world.copy)).toEqual([]);
    await world.slice();
    expect(await states(world.copy)).toEqual(await states(world.first));
  });

  test('other bytes under a key of the copy are never written over', async () => {
    const world = pair();
    const [name = ''] = await world.make(1);
    await world.b.put(databaseKey('', name, false), Buffer.from('another'));
    expect((await world.slice()).problem).toContain('holds something else');
    expect(Buffer.from(world.b.objects.get(databaseKey('', name, false))?.body ?? [])).toEqual(
      Buffer.from('another'),
    );
    // Without a manifest, and a day old, it is what a copy left that was cut off.
    world.clock.advance(DAY);
    await world.slice();
    world.clock.advance(60_000);
    await world.slice();
    expect(await states(world.copy)).toEqual([`${name} verified`]);
  });

  test('beside another manifest of that second it stays for ever', async () => {
    const world = pair();
    const [name = ''] = await world.make(1);
    await putBackup(world.b, '', new Date(world.clock.now()), ['damage']);
    world.b.rot(databaseKey('', name, false), 0.5);
    const before = world.b.objects.get(databaseKey('', name, false));
    for (let day = 0; day < 4; day += 1) {
      world.clock.advance(DAY);
      await world.slice();
    }
    expect(world.b.objects.get(databaseKey('', name, false))).toEqual(before);
    expect(world.memory.problem).toContain('holds something else');
  });

  describe('damaged there', () => {
    const damages: readonly (readonly [string, (world: ReturnType<typeof pair>, name: string) => unknown])[] =
      [
        [
          'a file that is short',
          ({ b, clock }, name) =>
            b.objects.set(databaseKey('', name, false), { body: new Uint8Array(3), modified: clock.now() }),
        ],
        [
          'a file that somebody proved damaged',
          async ({ b }, name) => {
            b.rot(databaseKey('', name, false), 0.5);
            await b.put(verdictKey('', name), Buffer.from('{}'));
          },
        ],
        [
          'a manifest that is cut',
          ({ b, clock }, name) =>
            b.objects.set(manifestKey('', name), { body: new Uint8Array(3), modified: clock.now() }),
        ],
      ];
    test.each(damages)('%s is replaced from the first bucket', async (_, damage) => {
      const world = pair();
      const [, name = ''] = await world.make(2);
      await world.slice();
      await damage(world, name);
      expect(await states(world.copy)).not.toEqual(await states(world.first));
      const replaced: string[] = [];
      const memory = await world.slice(NO_LIMIT, {}, (_, files) => replaced.push(...files));
      expect(memory).toMatchObject({ left: 0, problem: null, behindSince: null });
      expect(await states(world.copy)).toEqual(await states(world.first));
      expect(replaced).toHaveLength(1);
    });

    test.each(damages)(
      '%s, cut off at any call: nothing good is lost, and it ends whole',
      async (_, damage) => {
        for (let at = 0; at < 40; at += 1) {
          const world = pair();
          const [name = ''] = await world.make(1);
          await world.slice();
          await damage(world, name);
          const faults = new Faults({ at, lasting: true, effect: at % 2 === 0 ? 'before' : 'after' });
          await world.slice(NO_LIMIT, { copy: faultyStore(world.b, faults) });
          world.clock.advance(DAY / 48);
          await world.slice();
          expect(await states(world.copy), `${at}: ${world.memory.problem}`).toEqual([`${name} verified`]);
          expect(await states(world.first)).toEqual([`${name} verified`]);
          if (faults.calls <= at) return;
        }
        throw new Error('40 calls were too few');
      },
    );

    test('in both: nothing is replaced, and it is said as long as it lasts', async () => {
      const world = pair();
      const [name = ''] = await world.make(1);
      await world.slice();
      for (const [store, prefix] of [
        [world.a, 'backups/'],
        [world.b, ''],
      ] as const)
        store.rot(databaseKey(prefix, name, false), 0.5);
      await world.b.put(verdictKey('', name), Buffer.from('{}'));
      const before = world.b.objects.get(databaseKey('', name, false));
      for (let look = 0; look < 2; look += 1) {
        const memory = await world.slice();
        expect(memory).toMatchObject({ left: 1 });
        expect(memory.problem).toContain('nothing was replaced');
        expect(copyHealth(memory, world.clock.now()).state).toBe('behind');
      }
      expect(world.b.objects.get(databaseKey('', name, false))).toEqual(before);
    });

    test('by a key that may not delete: what to remove is said', async () => {
      const world = pair();
      const [name = ''] = await world.make(1);
      await world.slice();
      world.b.rot(databaseKey('', name, false), 0.5);
      await world.b.put(verdictKey('', name), Buffer.from('{}'));
      world.b.keepOnDelete = () => true;
      const memory = await world.slice();
      expect(memory.problem).toContain(
        `${databaseKey('', name, false)} is damaged in memory and could not be replaced (the bucket kept it): remove it there`,
      );
      expect(memory.left).toBe(1);
    });
  });

  test('what somebody proved damaged, and what is not encrypted where the settings encrypt, stays here', async () => {
    const world = pair();
    const [bad = '', good = ''] = await world.make(2);
    await world.a.put(verdictKey('backups/', bad), Buffer.from('{}'));
    await world.slice();
    expect(await states(world.copy)).toEqual([`${good} verified`]);
    const sealed = pair();
    await sealed.make(1);
    const memory = await catchUp(
      { ...sealed, first: { ...sealed.first, isSealed: true }, policy: { days: 90 } },
      NO_MEMORY,
      NO_LIMIT,
    );
    expect(memory.left).toBe(0);
    expect(sealed.b.objects.size).toBe(0);
  });

  test('pins are copied, and not taken off by the first bucket', async () => {
    const world = pair();
    const [name = ''] = await world.make(1);
    await pin(world.first, name);
    await world.slice();
    await unpin(world.first, name);
    await world.slice();
    expect((await listBackups(world.copy)).entries[0]?.pinned).toBe(true);
  });

  test('a copy that fails waits longer each time, and one that lacks something for a day is late', async () => {
    const world = pair();
    await world.make(1);
    const away = faultyStore(world.b, new Faults({ at: 0, lasting: true, effect: 'before' }));
    const waits: number[] = [];
    for (let i = 0; i < 6; i += 1) {
      const { next } = await world.slice(NO_LIMIT, { copy: away });
      waits.push(Math.round((Date.parse(next ?? '') - world.clock.now().getTime()) / 60_000));
    }
    expect(waits).toEqual([1, 2, 4, 8, 15, 15]);
    expect(copyHealth(world.memory, world.clock.now()).state).toBe('behind');
    world.clock.advance(DAY + 1);
    expect(copyHealth(world.memory, world.clock.now())).toMatchObject({ state: 'late', behindHours: 24 });
    await world.slice();
    expect(copyHealth(world.memory, world.clock.now())).toMatchObject({ state: 'whole', behindHours: null });
  });

  test('any list of objects with proofs goes in its order: what makes the others count comes last', async () => {
    const world = pair();
    const { createHash } = await import('node:crypto');
    const objects = ['changes/1', 'changes/2', 'changes/head'].map((file) => ({
      file,
      bytes: file.length,
      sha256: createHash('sha256').update(file).digest('hex'),
    }));
    for (const { file } of objects) await world.a.put(`backups/${file}`, Buffer.from(file));
    const order: string[] = [];
    const done = await copyInOrder({
      from: world.first,
      to: world.copy,
      objects,
      slice: NO_LIMIT,
      onProved: ({ file }) => order.push(file),
    });
    expect(done).toEqual({ kind: 'copied' });
    expect(order).toEqual(objects.map(({ file }) => file));
    expect([...world.b.objects.keys()]).toEqual(order);
  });

  test('a large object is copied part by part: no more than a few parts are ever held', async () => {
    const partBytes = 64 * 1024;
    const parts = 40;
    const clock = testClock();
    const { createHash } = await import('node:crypto');
    const hash = createHash('sha256');
    for (let i = 0; i < parts; i += 1) hash.update(new Uint8Array(partBytes).fill(i));
    let ahead = 0;
    let most = 0;
    const s3 = new MemoryS3();
    const store = createS3Store(
      {
        endpoint: 'http://memory',
        region: 'x',
        bucket: 'b',
        accessKeyId: 'a',
        secretAccessKey: 'b',
        forcePathStyle: true,
      },
      {
        partBytes,
        fetch: (url, init) => {
          if (init.method === 'PUT') ahead -= 1;
          return s3.fetch(url, init);
        },
      },
    );
    const from: Store = {
      ...createMemoryStore(clock.now),
      get: async () => ({
        bytes: parts * partBytes,
        body: ReadableStream.from(
          (function* () {
            for (let i = 0; i < parts; i += 1) {
              ahead += 1;
              most = Math.max(most, ahead);
              yield new Uint8Array(partBytes).fill(i);
            }
          })(),
        ),
      }),
    };
    const done = await copyInOrder({
      from: { store: from, prefix: '' },
      to: { store, prefix: '' },
      objects: [{ file: 'large', bytes: parts * partBytes, sha256: hash.digest('hex') }],
      slice: NO_LIMIT,
    });
    expect(done).toEqual({ kind: 'copied' });
    expect(most).toBeLessThan(6);
  });
});

describe('retention of the copy', () => {
  const policy = { days: 5 };
  /** A bot's days: a backup, retention in the first bucket, and a look at the copy each hour. */
  async function live(days: number, change: Partial<Record<'onDay', (day: number) => Promise<void>>> = {}) {
    const world = pair();
    const deleted = { first: new Map<string, number>(), copy: new Map<string, number>() };
    let memory: CopyMemory = NO_MEMORY;
    const seen = { first: new Set<string>(), copy: new Set<string>() };
    const look = async (): Promise<void> => {
      for (const side of ['first', 'copy'] as const) {
        const now = new Set((await readGroups(world[side])).map(({ name }) => name));
        for (const name of seen[side])
          if (!now.has(name) && !deleted[side].has(name))
            deleted[side].set(name, world.clock.now().getTime());
        for (const name of now) seen[side].add(name);
      }
    };
    for (let day = 0; day < days; day += 1) {
      await world.make(1);
      await prune(world.first, { policy, now: world.clock.now(), confirmed: true });
      await change.onDay?.(day);
      memory = await catchUp({ ...world, policy, triggers: recorded }, memory, NO_LIMIT);
      await look();
    }
    return { world, deleted, memory };
  }

  test('the same rules, a week later, never in both at one moment', async () => {
    const { world, deleted } = await live(40);
    expect(deleted.copy.size).toBeGreaterThan(15);
    for (const [name, at] of deleted.copy)
      expect(at - (deleted.first.get(name) ?? Number.POSITIVE_INFINITY)).toBeGreaterThanOrEqual(7 * DAY);
    expect((await readGroups(world.copy)).length).toBeLessThan(16);
  });

  test('a first bucket that is emptied empties nothing else', async () => {
    const world = pair();
    await world.make(10);
    await world.slice();
    world.a.objects.clear();
    for (let day = 0; day < 60; day += 1) {
      world.clock.advance(DAY);
      await catchUp({ ...world, policy, triggers: recorded }, world.memory, NO_LIMIT);
      await world.slice();
    }
    expect(await readGroups(world.copy)).toHaveLength(10);
  });

  test('a clock that ran a year ahead deletes nothing early', async () => {
    const world = pair();
    await world.make(10);
    const context = { ...world, policy: { days: 1 }, triggers: recorded };
    let memory = await catchUp(context, NO_MEMORY, NO_LIMIT);
    await prune(world.first, { policy: { days: 1 }, now: world.clock.now(), confirmed: true });
    memory = await catchUp(context, memory, NO_LIMIT);
    const ahead = { now: () => new Date(world.clock.now().getTime() + 365 * DAY) };
    memory = await catchUp({ ...context, clock: ahead }, memory, NO_LIMIT);
    expect(await readGroups(world.copy)).toHaveLength(10);
  });

  test('a key without the right to delete: the bucket’s own lifecycle, and no failure', async () => {
    const world = pair();
    await world.make(12);
    const undeletable: Store = {
      ...world.b,
      delete: async () => {
        throw new StoreError('removal failed: 403 AccessDenied', { retryable: false, isDenied: true });
      },
    };
    const context = { ...world, policy, triggers: recorded };
    const withKey = { ...context, copy: { ...world.copy, store: undeletable } };
    let memory = await catchUp(withKey, NO_MEMORY, NO_LIMIT);
    for (let day = 0; day < 20; day += 1) {
      await world.make(1);
      await prune(world.first, { policy, now: world.clock.now(), confirmed: true });
      memory = await catchUp(withKey, memory, NO_LIMIT);
    }
    expect(memory).toMatchObject({ failures: 0, problem: null, left: 0 });
    expect(copyHealth(memory, world.clock.now())).toMatchObject({ state: 'whole', isUndeletable: true });
    expect(await readGroups(world.copy)).toHaveLength(32);
  });

  test('the last readable ones of the copy stay, and so does what only it has pinned', async () => {
    const world = pair();
    const old = await world.make(3);
    await world.slice();
    for (const name of old)
      await world.a.delete([manifestKey('backups/', name), databaseKey('backups/', name, false)]);
    const context = { ...world, policy: { days: 1 }, triggers: recorded };
    let memory = world.memory;
    for (let day = 0; day < 30; day += 1) {
      world.clock.advance(DAY);
      // The first bucket goes on, and nothing of it can be copied.
      const name = await putBackup(world.a, 'backups/', world.clock.now());
      world.a.rot(databaseKey('backups/', name, false), 0.1);
      memory = await catchUp(context, memory, NO_LIMIT);
    }
    expect(await states(world.copy)).toEqual(old.toReversed().map((name) => `${name} verified`));
  });
});

test('a week is counted by the older clock, and a first bucket without a whole backup lets nothing go', async () => {
  const world = pair();
  const [gone = ''] = await world.make(4);
  await world.slice();
  await world.a.delete([...world.a.objects.keys()].filter((key) => key.includes(gone)));
  const listings = async () => ({
    first: { bucket: world.first, groups: await readGroups(world.first) },
    copy: { bucket: world.copy, groups: await readGroups(world.copy) },
  });
  const since = { [gone]: world.clock.now().toISOString() };
  const yearAhead = new Date(world.clock.now().getTime() + 365 * DAY);
  expect(mayGoNow(await listings(), since, yearAhead)).toEqual(new Set());
  await world.make(8);
  expect(mayGoNow(await listings(), since, world.clock.now())).toEqual(new Set([gone]));
  for (const key of world.a.objects.keys()) if (key.includes('.db.gz')) world.a.objects.delete(key);
  expect(mayGoNow(await listings(), since, world.clock.now())).toEqual(new Set());
});

test('where each backup is', async () => {
  const world = pair();
  const [a = '', b = '', c = ''] = await world.make(3);
  await world.slice();
  await world.a.delete([manifestKey('backups/', a)]);
  await world.b.delete([manifestKey('', c)]);
  const places = placesOf({
    first: { bucket: world.first, groups: await readGroups(world.first) },
    copy: { bucket: world.copy, groups: await readGroups(world.copy) },
  });
  expect(Object.fromEntries(places)).toEqual({ [a]: 'second only', [b]: 'both', [c]: 'first only' });
});
