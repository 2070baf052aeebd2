/** However often somebody goes back, every moment that was lived is within reach. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findPoint } from '../../../src/backup/restore/point-in-time.ts';
import { type ChangeWorld, createChangeWorld } from '../../support/change-world.ts';
import { livingOf } from '../../support/living.ts';

interface Seen {
  readonly at: Date;
  readonly timeline: string;
  readonly seq: number;
}

/** In the database's own place: what was there is saved first, and the new history afterwards. */
async function goBack(world: ChangeWorld, { timeline, seq }: Seen): Promise<void> {
  const { place } = world;
  await world.full({ trim: true, trigger: 'restore' });
  const last = place.shipped;
  world.newTimeline('restore');
  place.parent = { timeline, seq };
  place.timeline = String(world.clock.now().getTime()).padStart(32, '0');
  place.shipped = last;
  await world.full({ trim: true, trigger: 'start' });
}

const deeds = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.constant('change' as const) },
    { weight: 1, arbitrary: fc.constant('full' as const) },
    { weight: 1, arbitrary: fc.constant('a day' as const) },
    { weight: 3, arbitrary: fc.nat() },
  ),
  { minLength: 4, maxLength: 12 },
);

test('every moment is the one that was lived, after any restores in the same place', async () => {
  await fc.assert(
    fc.asyncProperty(deeds, async (story) => {
      const world = await createChangeWorld();
      try {
        const seen: Seen[] = [];
        const look = (): void => {
          const { timeline, shipped: seq } = world.place;
          seen.push({ at: world.clock.now(), timeline, seq });
        };
        await world.full();
        look();
        for (const deed of story) {
          if (deed === 'change') await world.change();
          else if (deed === 'full') await world.full();
          else if (deed === 'a day') world.clock.advance(86_400_000);
          else await goBack(world, seen[deed % seen.length] as Seen);
          look();
        }
        const living = livingOf(world);
        for (const { at, ...wanted } of seen)
          expect(
            await findPoint(world.context, {
              at,
              keys: undefined,
              living,
              show: (time) => time.toISOString(),
            }),
          ).toMatchObject({ ...wanted, short: undefined });
      } finally {
        world.close();
      }
    }),
    { numRuns: 12 },
  );
}, 300_000);
