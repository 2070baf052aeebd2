import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readGroups } from '../../../src/backup/catalog/list.ts';
import { manifestKey } from '../../../src/backup/catalog/names.ts';
import { changeKey } from '../../../src/backup/changes/change-names.ts';
import { listChanges } from '../../../src/backup/changes/list-changes.ts';
import { MOST_OF_A_RUN, pruneChanges } from '../../../src/backup/changes/prune-changes.ts';
import { runBackup } from '../../../src/backup/run/run.ts';
import { type ChangeWorld, createChangeWorld } from '../../support/change-world.ts';

let world: ChangeWorld;
beforeEach(async () => {
  world = await createChangeWorld();
});
afterEach(() => world.close());

const DAY = 86_400_000;

async function change(): Promise<string> {
  world.sql('INSERT INTO counted (note) VALUES (1)');
  const file = await world.ship();
  settle(file);
  world.clock.advance(DAY / 2);
  return file;
}

/** The store's clock is the test's. */
function settle(file: string): void {
  utimesSync(world.pathOf(file), world.clock.now(), world.clock.now());
}

const prune = (days: number, dryRun = false) =>
  pruneChanges(world.context, { days, now: world.clock.now(), dryRun });
const keyOf = (file: string): string => `${world.context.prefix}${file}`;
const there = async () => (await listChanges(world.context)).files.map(({ file }) => file);

test('what is older than it is to be kept goes, and never what the newest backup needs', async () => {
  await world.full();
  const old = [await change(), await change()];
  world.clock.advance(20 * DAY);
  const waits = await (async () => {
    // Half of it is in the backup, which needs it therefore.
    world.sql('INSERT INTO counted (note) VALUES (1)');
    await world.full();
    return change();
  })();
  world.clock.advance(30 * DAY);
  const plan = await prune(14, true);
  expect(plan.plan.map(({ file }) => file.file)).toEqual(old);
  expect(plan.plan[0]?.reason).toMatch(/^\d+ days old, over the 14 kept$/);
  expect(await there()).toEqual([...old, waits]);
  const done = await prune(14);
  expect(done.removed).toHaveLength(2);
  expect(await there()).toEqual([waits]);
  expect((await prune(14)).plan).toEqual([]);
});

test('what a moment that is kept hangs on stays, however old it is', async () => {
  await world.full();
  const old = [await change(), await change()];
  world.clock.advance(20 * DAY);
  const young = await change();
  // Between the first backup and this one none was made: it ends the need of its own file alone.
  await world.full();
  const next = await change();
  expect((await prune(14)).plan).toEqual([]);
  world.clock.advance(13 * DAY);
  await world.full();
  expect((await prune(14)).plan).toEqual([]);
  world.clock.advance(2 * DAY);
  await world.full();
  expect((await prune(14)).removed.toSorted()).toEqual([...old, young].map((file) => keyOf(file)));
  expect(await there()).toEqual([next]);
});

test('a file that was put back keeps those behind it, and goes with them: none stays alone', async () => {
  await world.full();
  const old = [await change(), await change(), await change()];
  world.clock.advance(20 * DAY);
  await world.full();
  world.clock.advance(20 * DAY);
  await world.full();
  settle(old[1] ?? '');
  expect((await prune(14)).removed).toEqual([keyOf(old[0] ?? '')]);
  expect(await there()).toEqual(old.slice(1));
  world.clock.advance(15 * DAY);
  await world.full();
  await prune(14);
  expect(await there()).toEqual([]);
});

test('what the newest backup needs stays, whatever a clock said when it was stored', async () => {
  await change();
  world.sql('INSERT INTO counted (note) VALUES (1)');
  await world.full();
  world.clock.advance(-30 * DAY);
  const needed = await change();
  world.clock.advance(31 * DAY);
  expect((await prune(14)).plan.map(({ file }) => file.file)).not.toContain(needed);
});

test('a quiet day hangs on the files before it', async () => {
  await world.full();
  const old = await change();
  world.clock.advance(20 * DAY);
  await world.full();
  // What was true ten days ago only the old file tells.
  expect((await prune(14)).plan).toEqual([]);
  world.clock.advance(15 * DAY);
  await world.full();
  expect((await prune(14)).plan.map(({ file }) => file.file)).toEqual([old]);
});

test('a full backup that cannot be read may lead to files from before the next one: they stay', async () => {
  await world.full();
  const old = await change();
  world.clock.advance(10 * DAY);
  await world.full();
  await change();
  world.clock.advance(10 * DAY);
  const [first] = (await readGroups(world.context)).toReversed();
  writeFileSync(world.pathOf(manifestKey('', first?.name as never)), '{');
  expect((await prune(14)).plan).toEqual([]);
  expect(await there()).toContain(old);
});

test('of an ended history old files go, whatever its last backup was', async () => {
  await world.full();
  const old = await change();
  world.newTimeline('restore');
  await world.full();
  world.clock.advance(20 * DAY);
  await world.full();
  expect((await prune(14)).plan.map(({ file }) => file.file)).toEqual([old]);
});

test('without a verified backup, or by a clock that runs ahead, nothing goes', async () => {
  const file = await change();
  world.clock.advance(100 * DAY);
  expect((await prune(14)).plan).toEqual([]);
  await change();
  expect((await pruneChanges(world.context, { days: 365, now: new Date('2090-01-01') })).plan).toEqual([]);
  expect(await there()).toContain(file);
});

test('what is older than every full backup goes: nothing leads to it', async () => {
  const lost = await change();
  world.clock.advance(3 * DAY);
  await world.full();
  const next = await change();
  expect((await prune(14)).plan).toMatchObject([
    { reason: 'older than every full backup: nothing leads to it' },
  ]);
  expect(await there()).toEqual([next]);
  expect(lost).not.toBe(next);
});

test('a run takes the oldest first, so many at most; whoever asks for all gets all', async () => {
  await world.full();
  await change();
  const time = new Date(world.clock.now().getTime() - 60 * DAY);
  const key = { timeline: 'f'.repeat(32), time, encrypted: false };
  const files = Array.from({ length: MOST_OF_A_RUN + 3 }, (_, i) =>
    changeKey('', { ...key, first: i + 1, last: i + 1 }),
  );
  for (const file of files) {
    mkdirSync(dirname(world.pathOf(file)), { recursive: true });
    writeFileSync(world.pathOf(file), 'x');
    utimesSync(world.pathOf(file), time, time);
  }
  const left = async () => (await there()).filter((file) => files.includes(file));
  const run = { trigger: 'command', scheduledAt: world.clock.now() } as const;
  expect((await runBackup({ ...world.context, changeDays: 14 }, run)).kind).toBe('done');
  expect(await left()).toEqual(files.slice(MOST_OF_A_RUN));
  const options = { days: 14, now: world.clock.now() };
  for (const file of files) writeFileSync(world.pathOf(file), 'x');
  for (const file of files) utimesSync(world.pathOf(file), time, time);
  expect((await pruneChanges(world.context, options)).removed.toSorted()).toEqual(files.map(keyOf));
});

test('a bucket that keeps what it was told to delete is told of', async () => {
  await world.full();
  const file = await change();
  await world.full();
  world.clock.advance(20 * DAY);
  await world.full();
  await change();
  const { store } = world.context;
  const bucket = {
    ...world.context,
    store: { ...store, delete: async (keys: readonly string[]) => ({ gone: [], remaining: keys }) },
  };
  const report = await pruneChanges(bucket, { days: 14, now: world.clock.now() });
  expect(report.removed).toEqual([]);
  expect(report.problems).toEqual([expect.stringContaining(file)]);
});

test('what waited in two files when a full backup was made right behind another: both stay', async () => {
  world.sql('INSERT INTO counted (note) VALUES (1)');
  await world.full({ trim: true });
  world.sql('INSERT INTO counted (note) VALUES (2), (3), (4)');
  // Its manifest names the backup before it, and holds what the next two files tell.
  await world.full();
  const first = await world.ship(2);
  settle(first);
  world.clock.advance(20 * DAY);
  const second = await change();
  await world.full();
  expect((await prune(14)).plan).toEqual([]);
  expect(await there()).toEqual([first, second]);
});

describe.each(['s3', 'directory'] as const)('the clock was wrong; the store is of the kind %s', (kind) => {
  // The clock of a directory is the host's own.
  const isOwn = kind === 'directory';
  const stored = async () => (await world.context.store.list('')).map(({ key }) => key);

  /** By a clock that is wrong by so many ms. */
  async function by(wrong: number, work: () => Promise<string>): Promise<string> {
    const before = await stored();
    world.clock.advance(wrong);
    const made = await work();
    if (!isOwn) world.clock.advance(-wrong);
    for (const key of await stored())
      if (!before.includes(key)) settle(key.slice(world.context.prefix.length));
    if (isOwn) world.clock.advance(-wrong);
    return made;
  }
  const full = (wrong = 0) => by(wrong, () => world.full());
  const shipped = (wrong = 0) => by(wrong, () => world.change());
  const going = async () => {
    const bucket = { ...world.context, store: { ...world.context.store, kind } };
    const { plan } = await pruneChanges(bucket, { days: 14, now: world.clock.now() });
    return plan.map(({ file }) => file.file);
  };

  test.each([
    ['a year ahead', 365],
    ['ten days ahead', 10],
    ['a year behind', -365],
    ['without a battery', -20_000],
  ])('%s: what a full backup leads to stays as long as it is to be kept', async (_, days) => {
    await full();
    const files = [await shipped(days * DAY), await shipped(days * DAY)];
    await full(days * DAY);
    files.push(await shipped());
    expect(await going()).toEqual([]);
    for (let day = 0; day < 13; day += 1) {
      world.clock.advance(DAY);
      await full();
      expect(await going()).toEqual([]);
    }
    expect(await there()).toEqual(files);
  });

  test.each([365, 10])('%s days ahead from the beginning: it stays, too', async (days) => {
    await full(days * DAY);
    const files = [await shipped(days * DAY), await shipped(days * DAY)];
    await full(days * DAY);
    files.push(await shipped());
    expect(await going()).toEqual([]);
    for (let day = 0; day < 13; day += 1) {
      world.clock.advance(DAY);
      await full();
      expect(await going()).toEqual([]);
    }
    expect(await there()).toEqual(files);
  });

  test('what a clock without a battery dated goes when those beside it do', async () => {
    await full();
    await shipped(-20_000 * DAY);
    await shipped();
    for (let week = 0; week < 4; week += 1) {
      await full();
      world.clock.advance(7 * DAY);
    }
    await full();
    await going();
    expect(await there()).toEqual([]);
  });
});
