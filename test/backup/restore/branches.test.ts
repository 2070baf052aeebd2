/** Two histories that go on from one: a trial restore elsewhere, a copy of the database. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findPoint, type PointOptions } from '../../../src/backup/restore/point-in-time.ts';
import { type ChangeWorld, createChangeWorld, type Place } from '../../support/change-world.ts';
import { livingOf } from '../../support/living.ts';

let world: ChangeWorld;
beforeEach(async () => {
  world = await createChangeWorld();
});
afterEach(() => world.close());

const A = '1'.padStart(32, '0');
const B = 'b'.padEnd(32, '0');
const C = 'c'.padEnd(32, '0');

const find = (options: Partial<PointOptions> = {}) =>
  findPoint(world.context, { at: world.clock.now(), show: String, keys: undefined, ...options });

/** What is lived from now on is another history. */
function begin(timeline: string, parent: Place): void {
  Object.assign(world.place, parent);
  world.newTimeline('restore');
  world.place.timeline = timeline;
}

/** The histories of a real restore, and of a trial one elsewhere; the real one goes on. */
async function trial(): Promise<{ readonly real: Place; readonly other: Place }> {
  await world.full();
  await world.change();
  const old = { ...world.place };
  world.clock.advance(60_000);
  begin(B, old);
  await world.full({ trim: true });
  await world.change();
  const real = { ...world.place };
  begin(C, old);
  await world.full({ trim: true });
  await world.change();
  return { real, other: { ...world.place } };
}

test('without the database both are named, and one is asked for', async () => {
  await trial();
  const refused = await find().catch(String);
  expect(refused).toMatch(/two histories.*b0000000.*c0000000.*--timeline/s);
  expect(await find({ timeline: 'b000' })).toMatchObject({ timeline: B, short: undefined });
  expect(await find({ timeline: C })).toMatchObject({ timeline: C, short: undefined });
  await expect(find({ timeline: 'dd' })).rejects.toThrow(/b0000000.*c0000000/s);
});

test('the database says which one it is, also of moments before its own last change', async () => {
  const { real } = await trial();
  Object.assign(world.place, real);
  const living = livingOf(world);
  expect(await find({ living })).toMatchObject({
    timeline: B,
    isUnsure: false,
    notes: [expect.stringMatching(/c0000000.*--timeline/)],
  });
  await world.change();
  expect(await find({ living: livingOf(world) })).toMatchObject({ timeline: B, isUnsure: false });
});

test('one that has been silent for more than a day goes on no longer: a bot makes a backup each day', async () => {
  const { real } = await trial();
  Object.assign(world.place, real);
  world.clock.advance(27 * 3_600_000);
  await world.full();
  await world.change();
  expect(await find()).toMatchObject({ timeline: B, short: undefined });
});

test('a restore of the bot itself ends the history before it: nothing is asked', async () => {
  await world.full();
  await world.change();
  world.newTimeline('restore');
  world.clock.advance(1000);
  await world.full({ trim: true });
  await world.change();
  expect((await find()).timeline).not.toBe(A);
});

test('the old bot goes on beside a restore: both are named', async () => {
  await world.full();
  await world.change();
  const old = { ...world.place };
  begin(B, old);
  await world.full({ trim: true });
  await world.change();
  Object.assign(world.place, old);
  await world.change();
  await expect(find()).rejects.toThrow(/00000000.*b0000000.*--timeline/s);
  expect(await find({ timeline: A })).toMatchObject({ timeline: A, short: undefined });
});

test('the safety backup of a restore ends after the new history began: nothing is asked', async () => {
  await world.full();
  const old = { ...world.place };
  await world.change();
  const since = world.clock.now();
  world.clock.advance(200);
  // What was there is saved last.
  await world.full();
  begin(B, old);
  world.place.since = since;
  await world.full({ trim: true });
  await world.change();
  expect(await find()).toMatchObject({ timeline: B, short: undefined, notes: [] });
  expect(await find({ living: livingOf(world) })).toMatchObject({ timeline: B, notes: [] });
});

test('the old bot goes on beside a restore: the restored database is asked, and tells of the other', async () => {
  await world.full();
  await world.change();
  const old = { ...world.place };
  begin(B, old);
  await world.full({ trim: true });
  await world.change();
  const living = livingOf(world);
  Object.assign(world.place, old);
  await world.change();
  expect(await find({ living })).toMatchObject({
    timeline: B,
    notes: [expect.stringMatching(/00000000.*--timeline/)],
  });
});

test('restored twice to before the first time: what the first restore began was saved and left', async () => {
  await world.full();
  const old = { ...world.place };
  await world.change();
  await world.full({ trigger: 'restore' });
  begin(B, old);
  await world.full({ trim: true });
  await world.change();
  const since = world.clock.now();
  await world.full({ trigger: 'restore' });
  begin(C, old);
  world.place.since = since;
  await world.full({ trim: true });
  await world.change();
  expect(await find()).toMatchObject({ timeline: C, short: undefined, notes: [] });
});

test.each([1, 2, 3])(
  'after %i restores to an early moment all that was lived behind it is within reach',
  async (restores) => {
    await world.full();
    const early = { ...world.place };
    const seen = [];
    for (let i = 0; i < 4; i += 1) {
      world.clock.advance(60_000);
      await world.change();
      seen.push({ at: world.clock.now(), timeline: A, seq: world.place.shipped });
    }
    for (let i = 0; i < restores; i += 1) {
      world.clock.advance(60_000);
      await world.full();
      begin(String(i).padStart(32, 'd'), early);
      await world.full({ trim: true });
    }
    const living = livingOf(world);
    for (const { at, ...wanted } of seen)
      expect(await find({ at, living })).toMatchObject({ ...wanted, time: at, short: undefined });
  },
);
