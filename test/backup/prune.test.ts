import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readGroups } from '../../src/backup/catalog/list.ts';
import { backupName, databaseKey, manifestKey, timeOfName } from '../../src/backup/catalog/names.ts';
import { pin, unpin } from '../../src/backup/catalog/pins.ts';
import { prune } from '../../src/backup/catalog/prune.ts';
import { sweepDebris } from '../../src/backup/catalog/sweep-debris.ts';
import { createMemoryStore } from '../support/memory-store.ts';
import { putBackup } from '../support/sample-backup.ts';

const DAY = 86_400_000;
const PREFIX = 'backups/';

/** Deterministic: mulberry32. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface World {
  readonly failing: number;
  readonly skewed: number;
  readonly lying: number;
  readonly years: number;
}

/**
 * Daily runs for years: some fail (leaving debris), some have a wrong clock, some deletions lie.
 */
async function live(seed: number, world: World) {
  const random = seeded(seed);
  let now = new Date('2024-01-01T02:00:00Z');
  const store = createMemoryStore(() => now);
  const bucket = { store, prefix: PREFIX };
  const pinned = new Set<string>();
  const made = new Map<string, { at: Date; removed?: Date }>();
  store.keepOnDelete = () => random() < world.lying;
  for (let day = 0; day < world.years * 365; day += 1) {
    now = new Date(now.getTime() + DAY * (0.9 + 0.2 * random()));
    const skew = random() < world.skewed ? (random() - 0.5) * 4 * 365 * DAY : 0;
    const clock = new Date(now.getTime() + skew);
    const name = backupName(clock);
    if (random() < world.failing) {
      await store.put(databaseKey(PREFIX, name, false), Buffer.from('half'));
    } else {
      await putBackup(store, PREFIX, clock);
      made.set(name, { at: now });
      if (random() < 0.01) {
        expect(await pin(bucket, name)).toBe('done');
        pinned.add(name);
      }
      const report = await prune(bucket, { policy: { days: 90 }, now: clock });
      for (const gone of report.removed) {
        const one = made.get(gone);
        if (one !== undefined) one.removed = now;
      }
      await sweepDebris(bucket, { now, current: name, outdated: async () => [], dead: [] });
    }
    const groups = await readGroups(bucket);
    const whole = groups.filter(({ objects }) => objects.some(({ role }) => role === 'manifest'));
    // What has a manifest has its objects: nothing looks whole and is not.
    const hollow = whole.filter(({ objects }) => objects.filter(({ role }) => role !== 'pin').length !== 3);
    expect(hollow, `day ${day}, seed ${seed}`).toEqual([]);
    const names = new Set(whole.map((group) => group.name));
    expect([...pinned.difference(names)], `day ${day}, seed ${seed}`).toEqual([]);
    expect(names.size).toBeGreaterThanOrEqual(Math.min(3, made.size));
    const newest = [...made].at(-1);
    expect(newest === undefined || names.has(newest[0]), `newest, day ${day}, seed ${seed}`).toBe(true);
    // A deletion is reported only when the backup is gone.
    const undead = [...names].filter((one) => made.get(one)?.removed !== undefined);
    expect(undead, `day ${day}, seed ${seed}`).toEqual([]);
  }
  return { store, bucket, made, pinned, now };
}

test('years of daily runs on sound machines: 90 days, no debris', async () => {
  const { bucket, made, pinned, now } = await live(1, { failing: 0, skewed: 0, lying: 0, years: 1 });
  const names = (await readGroups(bucket)).map(({ name }) => name);
  const young = [...made]
    .filter(([, { at }]) => now.getTime() - at.getTime() < 90 * DAY)
    .map(([name]) => name);
  expect(new Set(names)).toEqual(new Set([...young, ...pinned]));
});

test.each([2, 3])('years of failing runs, skewed clocks and deletes that lie: seed %i', async (seed) => {
  const { bucket, made, now } = await live(seed, { failing: 0.2, skewed: 0.1, lying: 0.1, years: 1.5 });
  const left = await readGroups(bucket);
  // No young backup was ever lost, and what is deleted in the end really goes.
  for (const [name, { at, removed }] of made)
    if (removed !== undefined)
      expect(removed.getTime() - at.getTime(), `${name}, seed ${seed}`).toBeGreaterThan(88 * DAY);
  expect(left.length).toBeLessThan(made.size);
  const debris = left.filter(({ objects }) => !objects.some(({ role }) => role === 'manifest'));
  for (const { objects } of debris)
    for (const { modified } of objects) expect(now.getTime() - modified.getTime()).toBeLessThan(30 * DAY);
});

test('a deletion cut off after the manifest leaves debris, which the next sweep removes', async () => {
  let now = new Date('2026-01-01T02:00:00Z');
  const store = createMemoryStore(() => now);
  const bucket = { store, prefix: PREFIX };
  const name = await putBackup(store, PREFIX, now);
  for (let day = 1; day < 5; day += 1) {
    now = new Date(now.getTime() + DAY);
    await putBackup(store, PREFIX, now);
  }
  now = new Date(now.getTime() + 88 * DAY);
  await putBackup(store, PREFIX, now);
  store.keepOnDelete = (key) => key.includes('.gz');
  const report = await prune(bucket, { policy: { days: 91 }, now });
  expect(report.removed).toEqual([]);
  expect(report.problems[0]).toContain('a later run tries again');
  expect(store.objects.has(manifestKey(PREFIX, name))).toBe(false);
  expect(store.objects.has(databaseKey(PREFIX, name, false))).toBe(true);
  store.keepOnDelete = () => false;
  const swept = await sweepDebris(bucket, { now, current: 'none', outdated: async () => [], dead: [] });
  expect(swept.objects).toContain(databaseKey(PREFIX, name, false));
  expect([...store.objects.keys()].some((key) => key.includes(name))).toBe(false);
});

test('a manifest that the store keeps protects its objects', async () => {
  let now = new Date('2026-01-01T02:00:00Z');
  const store = createMemoryStore(() => now);
  for (let day = 0; day < 6; day += 1) {
    await putBackup(store, PREFIX, now);
    now = new Date(now.getTime() + 40 * DAY);
  }
  store.keepOnDelete = (key) => key.endsWith('.manifest.json');
  const before = [...store.objects.keys()];
  const report = await prune({ store, prefix: PREFIX }, { policy: { days: 90 }, now });
  expect(report.problems.length).toBeGreaterThan(0);
  expect([...store.objects.keys()]).toEqual(before);
});

test('fresh objects without a manifest are left alone, unless their run is known to be dead', async () => {
  const now = new Date('2026-01-01T02:00:00Z');
  const store = createMemoryStore(() => now);
  const bucket = { store, prefix: PREFIX };
  await store.put(databaseKey(PREFIX, '20260101_015900', false), Buffer.from('x'));
  await store.put(databaseKey(PREFIX, '20260101_015901', false), Buffer.from('x'));
  await store.create(databaseKey(PREFIX, '20260101_015902', false), { headLength: 0 });
  const options = { now: new Date(now.getTime() + 60_000), current: 'none' };
  await sweepDebris(bucket, { ...options, outdated: async () => [], dead: [] });
  expect(store.objects.size).toBe(2);
  const report = await sweepDebris(bucket, {
    ...options,
    outdated: async (names) => names.filter((name) => name === '20260101_015900'),
    dead: ['20260101_015902'],
  });
  expect(report).toMatchObject({
    objects: [databaseKey(PREFIX, '20260101_015900', false)],
    uploads: 1,
    problems: [],
  });
  expect(store.uploads.size).toBe(0);
});

test('a manifest that landed after its objects were swept goes, unless it was a backup once', async () => {
  const now = new Date('2026-01-01T02:00:00Z');
  const store = createMemoryStore(() => now);
  const bucket = { store, prefix: PREFIX };
  for (const name of ['20260101_015900', '20260101_015901'])
    await store.put(manifestKey(PREFIX, name), Buffer.from('x'));
  const dead = '20260101_015900';
  await sweepDebris(bucket, {
    now: new Date(now.getTime() + 100 * 86_400_000),
    current: 'none',
    outdated: async (names) => names.filter((name) => name === dead),
    dead: [],
  });
  expect([...store.objects.keys()]).toEqual([manifestKey(PREFIX, '20260101_015901')]);
});

test('more than half is deleted only after a yes, and a dry run deletes nothing', async () => {
  let now = new Date('2026-01-01T02:00:00Z');
  const store = createMemoryStore(() => now);
  const bucket = { store, prefix: PREFIX };
  for (let i = 0; i < 10; i += 1) {
    await putBackup(store, PREFIX, now);
    now = new Date(now.getTime() + DAY);
  }
  now = new Date(now.getTime() + 200 * DAY);
  await putBackup(store, PREFIX, now);
  const options = { policy: { days: 90 }, now };
  expect((await prune(bucket, { ...options, dryRun: true, confirmed: true })).removed).toEqual([]);
  const asked = await prune(bucket, options);
  expect(asked.plan.kind).toBe('ask');
  expect(store.objects.size).toBe(33);
  expect((await prune(bucket, { ...options, confirmed: true })).removed).toHaveLength(8);
  expect(store.objects.size).toBe(9);
});

test('what a manifest calls a safety backup takes no place of the calendar, and stays for 14 days', async () => {
  let now = new Date('2026-01-01T02:00:00Z');
  const store = createMemoryStore(() => now);
  const nightly: string[] = [];
  let safety = '';
  for (let i = 0; i < 12; i += 1) {
    nightly.push(await putBackup(store, PREFIX, now));
    if (i === 5) {
      now = new Date(now.getTime() + DAY / 2);
      safety = await putBackup(store, PREFIX, now, undefined, 'restore');
      now = new Date(now.getTime() - DAY / 2);
    }
    now = new Date(now.getTime() + DAY);
  }
  const read: string[] = [];
  const bucket = {
    store: {
      ...store,
      get: (key: string) => {
        read.push(key);
        return store.get(key);
      },
    },
    prefix: PREFIX,
  };
  const options = { policy: { daily: 7 }, now, dryRun: true };
  const keptOf = (report: Awaited<ReturnType<typeof prune>>) =>
    report.plan.decisions.flatMap(({ action, name }) => (action === 'keep' ? [name] : []));
  const wanted = new Set([...nightly.slice(-7), safety]);
  expect(new Set(keptOf(await prune(bucket, options)))).toEqual(wanted);
  const reads = read.splice(0).length;
  // The record of runs tells it as well, and saves the reads.
  const triggers = async (names: readonly string[]) =>
    new Map(names.map((name) => [name, name === safety ? 'restore' : 'schedule']));
  expect(new Set(keptOf(await prune(bucket, { ...options, triggers })))).toEqual(wanted);
  expect(read.length).toBeLessThan(reads);
});

test('whatever the bucket holds and whoever copied it: the run deletes what the dry run said', async () => {
  const now = new Date('2026-06-15T03:00:00Z');
  const days = fc.double({ min: -30, max: 400, noNaN: true });
  const backups = fc.array(
    fc.record({
      age: fc.oneof(days, fc.integer({ min: 80, max: 100 })),
      modified: fc.option(days, { nil: undefined }),
      lost: fc.constantFrom('nothing', 'nothing', 'nothing', 'database', 'manifest'),
    }),
    { minLength: 1, maxLength: 20 },
  );
  await fc.assert(
    fc.asyncProperty(
      backups,
      fc.constantFrom({ days: 90 }, { daily: 3 }, { days: 20, weekly: 4 }),
      async (specs, policy) => {
        const store = createMemoryStore(() => now);
        const bucket = { store, prefix: PREFIX, clock: { now: () => now } };
        for (const { age, modified, lost } of specs) {
          const name = await putBackup(store, PREFIX, new Date(now.getTime() - age * DAY));
          if (lost === 'database') store.objects.delete(databaseKey(PREFIX, name, false));
          if (lost === 'manifest') store.objects.delete(manifestKey(PREFIX, name));
          const at = new Date(now.getTime() - Math.max(0, modified ?? age) * DAY);
          for (const [key, object] of store.objects)
            if (key.includes(name)) store.objects.set(key, { ...object, modified: at });
        }
        const options = { policy, now, confirmed: true };
        const planned = (await prune(bucket, { ...options, dryRun: true })).plan.decisions;
        const going = planned.filter(({ action }) => action === 'remove').map(({ name }) => name);
        const before = (await readGroups(bucket)).map(({ name }) => name);
        expect((await prune(bucket, options)).removed.toSorted()).toEqual(going.toSorted());
        const after = new Set((await readGroups(bucket)).map(({ name }) => name));
        expect(before.filter((name) => !after.has(name)).toSorted()).toEqual(going.toSorted());
        // Of those gone, both clocks say that they were old.
        if (policy.days === undefined) return;
        for (const name of going)
          expect(now.getTime() - (timeOfName(name)?.getTime() ?? 0)).toBeGreaterThan((policy.days - 2) * DAY);
      },
    ),
    { numRuns: 150 },
  );
});

test('pins', async () => {
  const now = new Date('2026-01-01T02:00:00Z');
  const bucket = { store: createMemoryStore(() => now), prefix: PREFIX };
  const name = await putBackup(bucket.store, PREFIX, now);
  expect(await pin(bucket, '20200101_000000')).toBe('unknown backup');
  expect(await unpin(bucket, name)).toBe('already');
  expect(await pin(bucket, name)).toBe('done');
  expect(await pin(bucket, name)).toBe('already');
  expect(await unpin(bucket, name)).toBe('done');
  bucket.store.keepOnDelete = () => true;
  expect(await pin(bucket, name)).toBe('done');
  await expect(unpin(bucket, name)).rejects.toThrow('could not be deleted');
});

describe('a second look right before a deletion', () => {
  test('the sweep leaves a backup whose manifest the listing did not show yet', async () => {
    let now = new Date('2026-01-01T02:00:00Z');
    const store = createMemoryStore(() => now);
    const name = await putBackup(store, PREFIX, now);
    now = new Date(now.getTime() + 40 * DAY);
    const lagging: typeof store = {
      ...store,
      list: async (prefix) => (await store.list(prefix)).filter(({ key }) => !key.endsWith('.manifest.json')),
    };
    const options = { now, current: 'none', outdated: async () => [name], dead: [] };
    const report = await sweepDebris({ store: lagging, prefix: PREFIX }, options);
    expect(report.objects).toEqual([]);
    expect(store.objects.size).toBe(3);
  });

  test('retention leaves a backup that was pinned after the listing', async () => {
    let now = new Date('2026-01-01T02:00:00Z');
    const store = createMemoryStore(() => now);
    const bucket = { store, prefix: PREFIX };
    const names: string[] = [];
    for (let i = 0; i < 8; i += 1) {
      names.push(await putBackup(store, PREFIX, now));
      now = new Date(now.getTime() + 20 * DAY);
    }
    const [oldest = '', second = ''] = names;
    let asked = 0;
    const report = await prune(bucket, {
      policy: { days: 90 },
      now,
      check: async () => {
        asked += 1;
        if (asked === 1) expect(await pin(bucket, oldest)).toBe('done');
      },
    });
    expect(report.removed).not.toContain(oldest);
    expect(report.removed).toContain(second);
    expect(report.problems).toEqual([]);
    expect((await readGroups(bucket)).find(({ name }) => name === oldest)?.objects).toHaveLength(4);
  });
});
