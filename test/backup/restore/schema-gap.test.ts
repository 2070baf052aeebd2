/** Moments around a change of the schema, and of a clock that went back. */
import { rmSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { verifyChanges } from '../../../src/backup/changes/verify-changes.ts';
import { findPoint, type PointOptions } from '../../../src/backup/restore/point-in-time.ts';
import { proveChanges } from '../../../src/backup/restore/prove-changes.ts';
import { fetchSource } from '../../../src/backup/restore/source.ts';
import { inScratch } from '../../../src/lib/disk/scratch.ts';
import { type ChangeWorld, createChangeWorld } from '../../support/change-world.ts';
import { livingOf } from '../../support/living.ts';

let world: ChangeWorld;
beforeEach(async () => {
  world = await createChangeWorld();
});
afterEach(() => world.close());

const find = (at: Date, options: Partial<PointOptions> = {}) =>
  findPoint(world.context, { at, show: (time) => time.toISOString(), keys: undefined, ...options });

async function digestsAt(at: Date): Promise<Record<string, string>> {
  const point = await find(at);
  return inScratch(undefined, async (directory) => {
    const { path } = await fetchSource(
      { kind: 'point', point },
      { bucket: world.context, keys: undefined, directory },
    );
    return world.digests(path);
  });
}

test.each([false, true])(
  'before a change of the schema every moment is exact; behind it the next full backup is named (waiting: %s)',
  async (isWaiting) => {
    await world.full();
    await world.change();
    const before = world.clock.now();
    const wanted = await world.digests();
    world.clock.advance(60_000);
    // Somebody changes the schema: what is done from now on is in the full backup that comes.
    world.place.schema = 'cd'.repeat(32);
    if (isWaiting) world.sql('INSERT INTO counted (note) VALUES (2)');
    const between = world.clock.now();
    world.clock.advance(60_000);
    const name = await world.full({ trim: true });
    await world.change();
    const after = world.clock.now();
    expect(await find(before)).toMatchObject({ time: before, isUnsure: false, short: undefined });
    expect(await digestsAt(before)).toEqual(wanted);
    await expect(find(between)).rejects.toThrow(
      `the schema changed, and backup ${name} is the first that has it. The last moment before it that can is ${before.toISOString()}`,
    );
    expect(await digestsAt(after)).toEqual(await world.digests());
  },
);

test('a schema that is known to have changed, and has no backup yet: refused from when that was seen', async () => {
  await world.full();
  await world.change();
  const before = world.clock.now();
  world.clock.advance(600_000);
  const waitingSince = world.clock.now().toISOString();
  world.clock.advance(600_000);
  const living = livingOf(world, { needsBase: 'schema', waitingSince });
  const at = new Date(world.clock.now().getTime() - 60_000);
  await expect(find(at, { living })).rejects.toThrow(/the schema changed/);
  expect(await find(before, { living })).toMatchObject({ isUnsure: false });
});

test('a clock that went back: the order is that of the changes, and the overlap is told', async () => {
  await world.full();
  const base = world.clock.now();
  const at = (minutes: number): Date => new Date(base.getTime() + minutes * 60_000);
  const states: Record<string, string>[] = [];
  const files: string[] = [];
  for (const minutes of [10, 4, 6, 12]) {
    world.clock.set(at(20));
    world.sql('INSERT INTO counted (note) VALUES (1)');
    files.push(await world.ship(undefined, { time: at(minutes).toISOString() }));
    states.push(await world.digests());
  }
  const [, second, third, fourth] = states;
  expect(await find(at(3))).toMatchObject({ seq: 0 });
  for (const [minutes, wanted, seq] of [
    [4, second, 2],
    [5, second, 2],
    [7, third, 3],
    [11, third, 3],
    [12, fourth, 4],
  ] as const) {
    expect(await find(at(minutes))).toMatchObject({ seq });
    expect(await digestsAt(at(minutes))).toEqual(wanted);
  }
  expect((await find(at(5))).notes).toEqual([expect.stringContaining(`${files[0]} too`)]);
  expect((await find(at(11))).notes).toEqual([]);
  const verdict = await verifyChanges(world.context, { keys: undefined });
  expect(verdict).toMatchObject({ ok: true, problems: [] });
  expect(verdict.warnings).toEqual([expect.stringContaining(`${files[1]} is dated before ${files[0]}`)]);
});

test('a gap that a newer full backup lies behind is history, and told', async () => {
  await world.full();
  await world.change();
  const gone = await world.change();
  await world.change();
  rmSync(world.pathOf(gone));
  const old: string[] = [];
  const look = async (onOld?: (problem: string) => void): Promise<string[]> => {
    old.length = 0;
    const options = { keys: undefined, ...(onOld && { onOld }) };
    const { problems } = await verifyChanges(world.context, options);
    const living = livingOf(world);
    const proof = { ...options, days: 14, now: world.clock.now(), living };
    return [...problems, ...(await proveChanges(world.context, proof))];
  };
  const note = (problem: string): void => void old.push(problem);
  expect(await look(note)).not.toEqual([]);
  await world.full();
  await world.change();
  expect(await look(note)).toEqual([]);
  expect(old.join()).toContain(gone);
  // What `--strict` asks.
  expect((await look()).join()).toContain(gone);
  // A new gap is one.
  const fresh = await world.change();
  rmSync(world.pathOf(fresh));
  await world.change();
  expect((await look(note)).join()).toContain(`${fresh} is gone`);
});
