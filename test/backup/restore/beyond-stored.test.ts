/** Moments that nobody can bring back are refused: never an older state in their place. */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PointOutOfReach } from '../../../src/backup/restore/out-of-reach.ts';
import { findPoint, type PointOptions } from '../../../src/backup/restore/point-in-time.ts';
import { type ChangeWorld, createChangeWorld } from '../../support/change-world.ts';
import { livingOf } from '../../support/living.ts';

let world: ChangeWorld;
beforeEach(async () => {
  world = await createChangeWorld();
});
afterEach(() => world.close());

const show = (time: Date): string => time.toISOString();
const now = (): Date => world.clock.now();
const find = (at = now(), options: Partial<PointOptions> = {}) =>
  findPoint(world.context, { at, show, keys: undefined, ...options });

async function change(): Promise<Date> {
  await world.change();
  return now();
}

/** The database of the world, as its own state says. */
const living = (...change: Parameters<typeof livingOf> extends [unknown, ...infer Rest] ? Rest : never) =>
  livingOf(world, ...change);

describe('behind the last change that is stored', () => {
  let last: Date;
  beforeEach(async () => {
    await world.full();
    await change();
    last = await change();
    world.clock.advance(600_000);
  });

  test('nothing waits: now is as of that change', async () => {
    expect(await find(now(), { living: living() })).toMatchObject({ time: last, isUnsure: false });
    // An older file in the database's place has stored less than the bucket has.
    expect(await find(now(), { living: living({ shippedSeq: 1 }) })).toMatchObject({ time: last });
  });

  test('without the database it is not known, and the point says so', async () => {
    expect(await find()).toMatchObject({ time: last, isUnsure: true });
    expect(await find(last)).toMatchObject({ time: last, isUnsure: false });
  });

  test.each([
    [
      'changes wait',
      () => living({}, { last: 5 }),
      /3 changes of the database are in no file yet: .*changes ship/,
    ],
    [
      'a backup is awaited',
      () => living({ needsBase: 'schema' }),
      /a full backup has to come .*the schema changed/,
    ],
    ['no log was kept', () => living({ needsBase: 'off' }), /CHANGES=off/],
    ['the schema is another one', () => living({}, { isSchemaMoved: true }), /the schema changed/],
    [
      'a restore replaced it',
      () =>
        living({
          timeline: 'f'.repeat(32),
          reason: 'restore',
          since: last.toISOString(),
          needsBase: 'restore',
        }),
      /a restore replaced the rows, and no full backup has been made of that yet/,
    ],
    [
      'the database goes on in another history, which has its full backup',
      () => living({ timeline: 'f'.repeat(32), reason: 'fork', since: last.toISOString() }),
      /went on from the same point .*, and the database is in that history since, ffffffff: what came after is not of this one/,
    ],
    [
      'the bucket has lost its last files',
      () => living({ shippedSeq: 9, previous: { file: 'changes/gone', sha256: 'a'.repeat(64) } }),
      /has stored its changes up to 9, and the bucket leads up to 2 only \(changes\/gone comes last\)/,
    ],
  ])('%s: refused with the reason and the last moment, which is accepted', async (_, where, reason) => {
    const refused = await find(now(), { living: where() }).catch((error: unknown) => error);
    expect(String(refused)).toMatch(reason);
    expect(refused).toMatchObject({ why: { kind: 'gap', last } });
    expect(String(refused)).toContain(`The last moment before it that can is ${show(last)}: ask for that`);
    expect((await find(last, { living: where() })).time).toEqual(last);
    const best = await find(now(), { living: where(), isBestEffort: true });
    expect(best).toMatchObject({ time: last, short: expect.stringMatching(reason) });
  });

  test('a moment before the schema changed, perhaps: taken, and nobody can tell', async () => {
    const at = new Date(now().getTime() - 10_000);
    const where = living({ needsBase: 'schema' });
    expect(await find(at, { living: where })).toMatchObject({ time: last, isUnsure: true });
    // Nobody saw since when they wait.
    expect(await find(at, { living: living({}, { last: 9 }) })).toMatchObject({ isUnsure: true });
  });

  test('what began to wait later says nothing of a moment before', async () => {
    const waitingSince = now().toISOString();
    const at = new Date(now().getTime() - 120_000);
    const where = living({ waitingSince }, { last: 5 });
    expect(await find(at, { living: where })).toMatchObject({ time: last, isUnsure: false });
    world.clock.advance(60_000);
    await expect(find(new Date(now().getTime() - 10_000), { living: where })).rejects.toThrow(/in no file/);
    await expect(find(now(), { living: living({ waitingSince }, { last: 5 }) })).rejects.toThrow(
      /in no file/,
    );
  });
});

test.each([
  ['a restore', () => world.newTimeline('restore'), /a restore replaced the rows/],
  ['a full backup that took the place of changes', () => {}, /are in backup \d+_\d+ only/],
])(
  'within a gap that %s left: the moments before and after are named, and accepted',
  async (_, cut, reason) => {
    await world.full();
    const before = await change();
    world.clock.advance(60_000);
    world.sql('DELETE FROM counted');
    cut();
    world.clock.advance(1_234);
    const at = now();
    world.clock.advance(60_000);
    await world.full({ trim: true });
    await change();
    const refused = await find(at).catch((error: unknown) => String(error));
    expect(refused).toMatch(reason);
    const [, last = '', next = ''] =
      /The last moment before it that can is (\S+), the first after it (\S+): ask for/.exec(
        String(refused),
      ) ?? [];
    expect((await find(new Date(last))).time).toEqual(before);
    expect(show((await find(new Date(next))).time)).toBe(next);
  },
);

test('between the last file and a backup whose changes wait: refused until they are shipped', async () => {
  await world.full();
  const before = await change();
  world.clock.advance(60_000);
  world.sql('INSERT INTO counted (note) VALUES (3)');
  world.clock.advance(1_234);
  const at = now();
  world.clock.advance(60_000);
  await world.full();
  const refused = await find(at, { living: living({}, { last: 3 }) }).catch((error: unknown) => error);
  expect(String(refused)).toMatch(/in no file yet: npm run backup -- changes ship/);
  expect(refused).toMatchObject({ why: { kind: 'gap', last: before } });
  await expect(find(at)).rejects.toThrow(/are in backup \d+_\d+ only/);
});

test('the best effort goes as far as the files join, and names that moment', async () => {
  await world.full();
  const good = await change();
  world.clock.advance(60_000);
  world.sql('INSERT INTO counted (note) VALUES (2)');
  const middle = world.pathOf(await world.ship());
  await change();
  const bytes = readFileSync(middle);
  writeFileSync(middle, bytes.fill(0xff, bytes.length >> 1));
  expect(await find(now(), { isBestEffort: true })).toMatchObject({
    time: good,
    short: expect.stringMatching(/the gzip data is/),
  });
});

test('a file that no key opens ends it like a damaged one', async () => {
  await world.full();
  const good = await change();
  world.clock.advance(60_000);
  world.sql('INSERT INTO counted (note) VALUES (2)');
  const file = world.pathOf(await world.ship());
  renameSync(file, `${file}.age`);
  const refused = await find().catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(PointOutOfReach);
  expect(String(refused)).toMatch(/is encrypted: set BACKUP_AGE_IDENTITY or BACKUP_PASSPHRASE/);
  expect((await find(now(), { isBestEffort: true })).time).toEqual(good);
});

test('backups from before encryption are named', async () => {
  await world.full();
  await change();
  Object.assign(world.context, { isSealed: true });
  await expect(find()).rejects.toThrow(/1 full backup .* is not encrypted, although a key is set/);
});

test('a bucket without a backup is named', async () => {
  rmSync(world.pathOf(''), { recursive: true, force: true });
  await expect(find()).rejects.toThrow(/there is no full backup to begin with in directory .*bucket/);
});
