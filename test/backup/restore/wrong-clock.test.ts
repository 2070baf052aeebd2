/** A clock that was wrong for a while, and was set right: all that is stored is within reach. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { latestBackup, noLatest, passedOver } from '../../../src/backup/catalog/newest.ts';
import { listChanges } from '../../../src/backup/changes/list-changes.ts';
import { findPoint, type Point } from '../../../src/backup/restore/point-in-time.ts';
import { fetchSource } from '../../../src/backup/restore/source.ts';
import { inScratch } from '../../../src/lib/disk/scratch.ts';
import { type ChangeWorld, createChangeWorld } from '../../support/change-world.ts';
import { createMemoryStore } from '../../support/memory-store.ts';
import { putBackup } from '../../support/sample-backup.ts';

let world: ChangeWorld;
beforeEach(async () => {
  world = await createChangeWorld();
});
afterEach(() => world.close());

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

const pointAt = (at: Date): Promise<Point> =>
  findPoint(world.context, { at, show: (time) => time.toISOString(), keys: undefined });

async function digestsAt(at: Date): Promise<Record<string, string>> {
  const { context: bucket } = world;
  return inScratch(undefined, async (directory) => {
    const point = await pointAt(at);
    const { path } = await fetchSource({ kind: 'point', point }, { bucket, keys: undefined, directory });
    return world.digests(path);
  });
}

/** What was there at a moment, to be looked for later: each change has a number of its own. */
interface Seen {
  readonly at: Date;
  readonly wanted: { readonly timeline: string; readonly seq: number };
}

function here(): Seen['wanted'] {
  const { timeline, shipped } = world.place;
  return { timeline, seq: shipped };
}

async function seenAt(at: Date): Promise<Seen['wanted']> {
  const { timeline = '', seq = 0 } = await pointAt(at);
  return { timeline, seq };
}

async function change(): Promise<Seen> {
  await world.change();
  return { at: world.clock.now(), wanted: here() };
}

/** In the midst of it: what a person did while the clock was ahead. */
const deeds: Record<string, () => Promise<void>> = {
  nothing: async () => {},
  'a restore': async () => {
    world.newTimeline('restore');
    await world.full({ trim: true });
    await change();
  },
  'a restore to an earlier moment': async () => {
    const { shipped } = world.place;
    await change();
    world.newTimeline('restore');
    world.place.parent = { timeline: world.place.parent?.timeline ?? '', seq: shipped };
    await world.full({ trim: true });
  },
  'a change of the schema': async () => {
    world.newTimeline('schema');
    await world.full({ trim: true });
  },
};

const cases = [20 * MINUTE, 5 * 60 * MINUTE, 365 * DAY].flatMap((offset) =>
  [true, false].flatMap((isBegun) =>
    Object.keys(deeds).map((deed) => ({ minutes: offset / MINUTE, isBegun, deed })),
  ),
);

test.each(cases)(
  'a clock $minutes minutes ahead, begun before: $isBegun, and $deed: every moment is reached',
  async ({ minutes, isBegun, deed }) => {
    const offset = minutes * MINUTE;
    let before: Seen | undefined;
    if (isBegun) {
      await world.full({ trim: true });
      before = await change();
    }
    world.clock.advance(offset);
    await world.full({ trim: true });
    await change();
    await deeds[deed]?.();
    world.clock.advance(-offset + MINUTE);
    const now = (): Date => world.clock.now();
    expect(await seenAt(now())).toEqual(here());
    const first = await change();
    const second = await change();
    world.clock.advance(MINUTE);
    // While the wrong time is still to come, and when it is past.
    for (const wait of [0, offset + DAY]) {
      world.clock.advance(wait);
      expect(await seenAt(now())).toEqual(second.wanted);
      expect(await seenAt(second.at)).toEqual(second.wanted);
      expect(await seenAt(first.at)).toEqual(first.wanted);
      // Not later than it was: what the wrong clock dated came right before the next right file.
      if (before !== undefined) {
        expect(await seenAt(before.at)).toEqual(before.wanted);
        expect(await seenAt(new Date(first.at.getTime() - 1))).toEqual(before.wanted);
      }
    }
    if (deed === 'nothing') expect(await digestsAt(now())).toEqual(await world.digests());
  },
  60_000,
);

test.each([true, false])(
  'now takes all, though time goes on while it is looked for; begun before: %s',
  async (isBegun) => {
    if (isBegun) {
      await world.full({ trim: true });
      await change();
    }
    world.clock.advance(300 * MINUTE);
    await world.full({ trim: true });
    await change();
    // Nothing was stored since the clock was set right, and the disk's times are ahead as well.
    world.clock.advance(-300 * MINUTE + MINUTE);
    const asked = world.clock.now();
    world.clock.advance(30);
    const { timeline, seq } = await findPoint(world.context, {
      at: asked,
      now: asked,
      show: (time) => time.toISOString(),
      keys: undefined,
    });
    expect({ timeline, seq }).toEqual(here());
  },
);

test('a clock that was hours behind for a while: a moment before it holds nothing of later', async () => {
  await world.full({ trim: true });
  const seen: Seen[] = [];
  for (let i = 0; i < 5; i += 1) {
    world.clock.advance(50 * MINUTE);
    seen.push(await change());
  }
  world.clock.advance(-200 * MINUTE);
  await change();
  world.clock.advance(210 * MINUTE);
  const last = await change();
  for (const { at, wanted } of [...seen.slice(0, 4), last]) expect(await seenAt(at)).toEqual(wanted);
});

test('junk that claims to be early orders nothing', async () => {
  await world.full({ trim: true });
  const first = await change();
  const second = await change();
  const { files } = await listChanges(world.context);
  const last = files.at(-1);
  await world.context.store.put(
    `${world.context.prefix}${last?.file.replace(/(\d{16})-(\d{16})_.*/, (_, __, end: string) => {
      const next = String(Number(end) + 1).padStart(16, '0');
      return `${next}-${next}_20260101T000000000Z.ndjson.gz`;
    })}`,
    new Uint8Array([1, 2, 3]),
  );
  world.clock.advance(MINUTE);
  const { place } = world;
  const living = {
    state: {
      ...{ timeline: place.timeline, parent: null, reason: 'new' as const, since: place.since.toISOString() },
      ...{ shippedSeq: place.shipped, previous: place.previous, attempts: [], waitingSince: null },
      ...{ schemaCookie: null, schemaSha256: null, needsBase: null, told: null },
    },
    last: place.shipped,
    isSchemaMoved: false,
  } as const;
  for (const { at } of [first, second]) {
    const point = await findPoint(world.context, { at, show: String, keys: undefined, living });
    expect(point.time).toEqual(at);
  }
});

test.each([20 * MINUTE, 365 * DAY])(
  'a clock %i ms ahead: `latest` is the last one made, and says what is odd about it',
  async (offset) => {
    world.clock.advance(offset);
    const ahead = await world.full({ trim: true });
    world.clock.advance(-offset);
    const only = await latestBackup(world.context);
    expect(only.entry?.name).toBe(ahead);
    expect(passedOver(world.context, only)).toEqual([
      expect.stringMatching(new RegExp(`^${ahead} is dated in the future by a wrong clock`)),
    ]);
    await change();
    const right = await world.full({ trim: true });
    const newest = await latestBackup(world.context);
    expect(newest.entry?.name).toBe(right);
    // The order tells that it is older.
    expect(passedOver(world.context, newest)).toEqual([]);
    world.newTimeline('restore');
    world.clock.advance(offset);
    const later = await world.full({ trim: true });
    world.clock.advance(-offset);
    expect((await latestBackup(world.context)).entry?.name).toBe(later);
  },
);

test('a backup of no chain that is dated in the future: why it is not taken is true', async () => {
  const now = new Date('2026-06-15T00:00:00Z');
  const ahead = new Date(now.getTime() + 365 * DAY);
  const store = createMemoryStore(() => ahead);
  const bucket = { store, prefix: 'backups/', clock: { now: () => now } };
  const name = await putBackup(store, 'backups/', ahead);
  const latest = await latestBackup(bucket);
  expect(latest.entry).toBeUndefined();
  expect(noLatest(bucket, latest)).toMatch(
    new RegExp(`only backups that a wrong clock dated in the future: .restore ${name}. takes`),
  );
});
