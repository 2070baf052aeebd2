/** How far back a screen says one can go: never further than `list` does, and from few requests. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Bucket } from '../../../src/backup/catalog/bucket.ts';
import type { ChangeState } from '../../../src/backup/catalog/change-state.ts';
import type { BackupEntry } from '../../../src/backup/catalog/entry.ts';
import { listBackups } from '../../../src/backup/catalog/list.ts';
import { changeKey } from '../../../src/backup/changes/change-names.ts';
import { basesOf, listChanges, orderedOf } from '../../../src/backup/changes/list-changes.ts';
import { isBroken, MOST_PAGES, type Reach, reachOf } from '../../../src/backup/changes/reach.ts';
import { historyOf } from '../../../src/backup/changes/spans.ts';
import { runBackup } from '../../../src/backup/run/run.ts';
import { type ChangeWorld, createChangeWorld } from '../../support/change-world.ts';

let world: ChangeWorld;
let calls: string[];
beforeEach(async () => {
  world = await createChangeWorld();
});
afterEach(() => world.close());

const change = (): Promise<string> => world.change();

/** As the living database says it. */
function state(more: Partial<ChangeState> = {}): ChangeState {
  const { timeline, previous, shipped: shippedSeq, parent, reason, since } = world.place;
  const rest = { attempts: [], waitingSince: null, schemaCookie: 1, schemaSha256: null, told: null };
  return {
    ...{ timeline, previous, shippedSeq, parent, reason, since: since.toISOString(), needsBase: null },
    ...rest,
    ...more,
  };
}

async function reach(more: Partial<ChangeState> = {}, limit = 6): Promise<Reach | undefined> {
  const { entries } = await listBackups(world.context, { limit });
  calls = [];
  const { store } = world.context;
  const counted: Bucket = {
    ...world.context,
    store: {
      ...store,
      list: (prefix, page) => {
        calls.push(`list ${page === undefined ? 'all' : 'page'}`);
        return store.list(prefix, page);
      },
      get: (key) => {
        calls.push('get');
        return store.get(key);
      },
    },
  };
  return reachOf(counted, state(more), entries);
}

/** What `list` says. */
async function told(more: Partial<ChangeState> | null = {}) {
  const bucket = world.context;
  return historyOf(
    basesOf(bucket, (await listBackups(bucket)).entries),
    (await listChanges(bucket)).files,
    more === null ? undefined : state(more),
  );
}
const lastSpan = async () => (await told()).spans.at(-1);

test('nothing is said without a backup, or by one that no change follows', async () => {
  expect(await reach()).toBeUndefined();
  await runBackup(world.context, { trigger: 'command', scheduledAt: world.clock.now() });
  expect(await reach()).toBeUndefined();
  expect(calls).toEqual([]);
});

test('through backups that left the log alone, from the first one on; one listing', async () => {
  await world.full();
  for (let i = 0; i < 3; i += 1) {
    await change();
    world.sql('INSERT INTO counted (note) VALUES (2)');
    await world.full();
  }
  await change();
  const span = await lastSpan();
  expect(await reach()).toEqual({ since: span?.from, to: undefined, before: undefined });
  expect(calls).toEqual(['list page']);
  // Fewer backups at hand: less is said, and what is said is true.
  const less = await reach({}, 2);
  expect(less?.since.getTime()).toBeGreaterThan(span?.from.getTime() ?? Number.POSITIVE_INFINITY);
});

test('the first file may hold changes that the backup has as well', async () => {
  world.sql('INSERT INTO counted (note) VALUES (1)');
  await world.full();
  await change();
  expect(await reach()).toMatchObject({ since: (await lastSpan())?.from, to: undefined });
});

test('changes wait while a backup is made: nothing is lost, and nothing is told of a gap', async () => {
  await world.full();
  await change();
  const whole = await reach();
  world.clock.advance(60_000);
  world.sql('INSERT INTO counted (note) VALUES (3)');
  await world.full();
  expect((await told()).gaps).toEqual([]);
  expect(await reach()).toEqual(whole);
  // Nobody can ask the database: what was in it alone may be lost.
  expect((await told(null)).gaps).toHaveLength(1);
  // The bucket has lost what the database has stored.
  expect((await told({ shippedSeq: world.place.shipped + 1 })).gaps).toHaveLength(1);
  await world.ship();
  expect((await told(null)).gaps).toEqual([]);
  expect(await reach()).toEqual(whole);
});

test('another database ran in between: the line of the living one, as `list` tells it', async () => {
  await world.full();
  await change();
  const own = state();
  world.newTimeline('replaced');
  world.clock.advance(60_000);
  await world.full();
  const span = (await told(own)).spans.find(({ timeline }) => timeline === own.timeline);
  expect(await reach(own)).toEqual({ since: span?.from, to: undefined, before: undefined });
  // What it stored, and the bucket has not.
  expect((await reach({ ...own, shippedSeq: own.shippedSeq + 1 }))?.to).toEqual(span?.to);
  expect((await reach({ ...own, needsBase: 'schema' }))?.to).toEqual(span?.to);
});

test.each([3, 6])(
  'a clock that was behind for one of %s backups: never further than `list`',
  async (limit) => {
    const { clock } = world;
    const DAY = 86_400_000;
    await world.full();
    for (let day = 0; day < 12; day += 1) {
      clock.advance(5 * DAY);
      await change();
      world.sql('INSERT INTO counted (note) VALUES (2)');
      await world.full({ trim: day === 8 });
    }
    clock.advance(-21 * DAY);
    await change();
    await world.full();
    for (const back of [21 * DAY, 60_000]) {
      const { entries } = await listBackups(world.context);
      const { files } = await listChanges(world.context);
      const ordered = orderedOf(world.context, entries, files);
      const since =
        historyOf(ordered.bases, ordered.files, state()).spans.at(-1)?.from.getTime() ?? Number.NaN;
      for (const more of [1, 2, limit])
        expect((await reach({}, more))?.since.getTime()).toBeGreaterThanOrEqual(since);
      clock.advance(back);
      await change();
      await world.full();
    }
  },
);

describe('a gap', () => {
  test('a bulk change that a backup alone holds: since that backup, and why not before', async () => {
    await world.full();
    await change();
    world.clock.advance(60_000);
    world.sql('INSERT INTO counted (note) VALUES (3)');
    const bulk = await world.full({ trim: true });
    await change();
    const history = await told();
    expect(history.spans).toHaveLength(2);
    expect(await reach()).toEqual({
      since: history.spans[1]?.from,
      to: undefined,
      before: expect.stringContaining(`are in backup ${bulk} only`),
    });
  });

  test('a restore: the new history, and what came before it', async () => {
    await world.full();
    await change();
    world.newTimeline('restore');
    world.clock.advance(60_000);
    // Until a full backup is made the old one ends where it ended.
    const old = await lastSpan();
    expect(await reach({ needsBase: 'restore' })).toEqual({
      since: old?.from,
      to: old?.to,
      before: undefined,
    });
    await world.full({ trim: true });
    await change();
    expect(await reach()).toEqual({
      since: (await lastSpan())?.from,
      to: undefined,
      before: 'a restore replaced the rows',
    });
  });

  test('the database has another history than the newest backup', async () => {
    await world.full();
    expect((await reach({ timeline: 'f'.repeat(32) }))?.to).toEqual((await lastSpan())?.to);
  });

  test('a full backup has to come first: up to the last change that is stored', async () => {
    await world.full();
    await change();
    const span = await lastSpan();
    expect(await reach({ needsBase: 'schema' })).toMatchObject({ since: span?.from, to: span?.to });
  });

  test.each([
    ['in the middle', 1],
    ['at the end, which the database remembers', 2],
  ])('a file that is gone %s', async (_, at) => {
    await world.full();
    const files = [await change(), await change(), await change()];
    const whole = await reach();
    expect(whole?.to).toBeUndefined();
    rmSync(world.pathOf(files[at] ?? ''));
    const span = await lastSpan();
    expect(await reach()).toEqual({ since: span?.from, to: span?.to, before: undefined });
    expect(span?.to.getTime()).toBeLessThan(world.clock.now().getTime());
  });

  test('a damaged file is not seen by its name, here as in `list`', async () => {
    await world.full();
    const file = world.pathOf(await change());
    writeFileSync(file, readFileSync(file).subarray(0, 20));
    expect((await reach())?.since).toEqual((await lastSpan())?.from);
  });
});

test('of tens of thousands of files only some are listed, and what is said stays true', async () => {
  const days = 4;
  const perDay = 1_500;
  const { store, prefix } = world.context;
  const { timeline } = world.place;
  const entries: BackupEntry[] = [];
  const objects: { key: string; bytes: number; modified: Date }[] = [];
  await world.full();
  const [model] = (await listBackups(world.context)).entries;
  const begun = world.clock.now().getTime();
  if (model?.manifest?.changes === undefined) throw new Error('no model');
  const { changes } = model.manifest;
  const keyOf = (seq: number): string =>
    changeKey(prefix, {
      timeline,
      first: seq,
      last: seq,
      time: new Date(begun + seq * 57_600),
      encrypted: false,
    });
  for (let day = 0; day < days; day += 1) {
    const seq = day * perDay;
    const time = new Date(begun + (day * perDay + 0.5) * 57_600);
    const previous = seq === 0 ? null : { file: keyOf(seq).slice(prefix.length), sha256: '0'.repeat(64) };
    const manifest = {
      ...model.manifest,
      finished_at: time.toISOString(),
      changes: { ...changes, seq, previous },
    };
    entries.unshift({ ...model, name: `2026120${day + 1}_000000`, time, manifest });
  }
  const count = days * perDay;
  for (let seq = 1; seq <= count; seq += 1)
    objects.push({ key: keyOf(seq), bytes: 1, modified: new Date(begun + seq * 57_600) });
  world.clock.advance(count * 57_600 + 60_000);
  let pages = 0;
  const bucket: Bucket = {
    ...world.context,
    store: {
      ...store,
      list: async (_, page) => {
        pages += 1;
        if (page === undefined) throw new Error('the whole listing');
        return objects.filter(({ key }) => key > page.after).slice(0, 1_000);
      },
      get: () => Promise.reject(new Error('no object is read')),
    },
  };
  const found = await reachOf(bucket, state({ shippedSeq: count }), entries);
  expect(pages).toBeLessThanOrEqual(MOST_PAGES);
  // Two pages a day: behind the newest one page, and a whole day more.
  expect(found).toEqual({
    since: entries[1]?.manifest && new Date(entries[1].manifest.finished_at),
    to: undefined,
    before: undefined,
  });
  // One behind a backup that took the place of all before it, and is gone: none of them is listed.
  pages = 0;
  const [newest] = entries;
  const seq = newest?.manifest?.changes?.seq ?? 0;
  const alone = entries.slice(0, 1).map((entry): BackupEntry => {
    if (entry.manifest?.changes === undefined) return entry;
    const behind = { ...entry.manifest.changes, seq: seq + 1_000, previous: { base: 'gone' } };
    return { ...entry, manifest: { ...entry.manifest, changes: behind } };
  });
  expect((await reachOf(bucket, state({ shippedSeq: count }), alone))?.to).toBeUndefined();
  expect(pages).toBe(1);
  // A hole right behind the newest one.
  const [gone] = objects.splice(seq + 100, 1);
  const ended = await reachOf(bucket, state({ shippedSeq: count }), entries);
  expect(ended?.to).toEqual(new Date(begun + (seq + 100) * 57_600));
  objects.splice(seq + 100, 0, ...(gone === undefined ? [] : [gone]));
  // A hole in the day before: only what is behind it is promised.
  objects.splice(2 * perDay + 200, 1);
  const less = await reachOf(bucket, state({ shippedSeq: count }), entries);
  expect(less?.since).toEqual(new Date(entries[0]?.manifest?.finished_at ?? 0));
  expect(less?.before).toMatch(/are in backup/);
});

test('what the bot stored is no longer there: it is told so, and asks for a full backup', async () => {
  const broken = async (more: Partial<ChangeState> = {}) => isBroken(world.context, state(more));
  await world.full();
  for (let i = 0; i < 3; i += 1) await change();
  expect(await broken()).toBe(false);
  const { prefix, store } = world.context;
  const files = (await listChanges(world.context)).files.map(({ file }) => file);
  await store.delete([`${prefix}${files[1] ?? ''}`]);
  expect(await broken()).toBe(true);
  expect(await broken({ needsBase: 'lost' })).toBe(false);
  await world.full();
  await change();
  expect(await broken()).toBe(false);
  const all = (await store.list(prefix)).map(({ key }) => key);
  await store.delete(all.filter((key) => !key.includes('/changes/')));
  expect(await broken()).toBe(true);
});

describe('junk beside the backups', () => {
  const junk = async (suffix: string, count: number): Promise<void> => {
    const { store, prefix } = world.context;
    for (let i = 1; i <= count; i += 1) {
      const name = new Date(world.clock.now().getTime() + i * 1000)
        .toISOString()
        .slice(0, 19)
        .replaceAll(/[-:]/g, '')
        .replace('T', '_');
      const stem = suffix === '.db.gz' ? 'anime_bot' : 'anime_backup';
      await store.put(`${prefix}${stem}_${name}${suffix}`, new Uint8Array(1));
    }
  };

  test.each([
    ['.db.gz', 40],
    ['.manifest.json', 10],
    ['.manifest.json', 60],
  ] as const)('%s × %i: no loss is told where nothing is gone', async (suffix, count) => {
    await world.full();
    await change();
    await junk(suffix, count);
    expect(await isBroken(world.context, state())).toBe(false);
  });

  test('what is gone is told all the same', async () => {
    await world.full();
    const file = await change();
    await junk('.db.gz', 40);
    await junk('.manifest.json', 10);
    const { store, prefix } = world.context;
    await store.delete([`${prefix}${file}`]);
    expect(await isBroken(world.context, state())).toBe(true);
  });
});
