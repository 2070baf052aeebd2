/** A moment of a database that belonged to one bot after another: nothing is left out. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { listBackups } from '../../../src/backup/catalog/list.ts';
import { listChanges, orderedOf, ownFiles } from '../../../src/backup/changes/list-changes.ts';
import { lostFrom } from '../../../src/backup/changes/living.ts';
import { findPoint } from '../../../src/backup/restore/point-in-time.ts';
import { type ChangeWorld, createChangeWorld } from '../../support/change-world.ts';
import { putBackup } from '../../support/sample-backup.ts';

let world: ChangeWorld;
beforeEach(async () => {
  world = await createChangeWorld();
  world.sql('CREATE TABLE bot_identity (id INTEGER PRIMARY KEY, bot_id INT, username TEXT, moved_from TEXT)');
});
afterEach(() => world.close());

function move(id: number, from?: number): void {
  world.sql(
    `INSERT OR REPLACE INTO bot_identity VALUES (1, ${id}, 'bot${id}', ${from === undefined ? 'NULL' : `'bot${from}'`})`,
  );
}

/** What `restore --at 0m` reaches with the token of this bot. */
async function reached(bot: number | undefined): Promise<number | undefined> {
  const { context, clock } = world;
  const ask = { at: clock.now(), show: String, keys: undefined };
  return (await findPoint({ ...context, bot }, ask)).seq;
}

async function lost(bot: number): Promise<string | undefined> {
  const bucket = { ...world.context, bot };
  const { entries } = await listBackups(bucket);
  const own = ownFiles(bucket, entries, (await listChanges(bucket)).files);
  const { bases, files } = orderedOf(bucket, entries, own);
  const { timeline, shipped: shippedSeq, previous } = world.place;
  const state = { timeline, shippedSeq, previous, needsBase: null };
  return lostFrom({ state } as never, bases, files);
}

test.for([
  { bots: [311, 317, 318], saving: [311, 318] },
  { bots: [311, 317, 311, 318], saving: [311, 317, 318] },
  { bots: [311, 317, 318, 319], saving: [311] },
])('over the moves $bots, with backups under $saving', async ({ bots, saving }) => {
  const saved = new Set<string>();
  for (const [at, bot] of bots.entries()) {
    move(bot, bots[at - 1]);
    await world.change();
    if (saving.includes(bot) && !(bot === 311 && at > 0)) saved.add(await world.full());
    await world.change();
  }
  expect(saved.size).toBe(saving.length);
  const end = world.place.shipped;
  // The last token, each one before it, a further one, and none.
  for (const bot of [...bots, 320, undefined]) expect(await reached(bot), `for ${bot}`).toBe(end);
  expect(await lost(bots.at(-1) ?? 0)).toBeUndefined();
});

test('beside another bot’s database a token that is named nowhere yet: the living database tells', async () => {
  move(511);
  const { context, clock } = world;
  const name = await world.full();
  await world.change();
  const end = world.place.shipped;
  await putBackup(
    context.store,
    context.prefix,
    new Date(clock.now().getTime() + 60_000),
    undefined,
    'schedule',
    {
      ...{ id: 711, username: 'bot711' },
    },
  );
  world.clock.advance(120_000);
  const ask = { at: clock.now(), show: String, keys: undefined };
  const bucket = { ...context, bot: 611 };
  await expect(findPoint(bucket, ask)).rejects.toThrow(/2 databases.*--timeline 0{8}` for @bot511 \(511\)/);
  const { timeline, shipped: shippedSeq } = world.place;
  const living = { state: { timeline, shippedSeq, needsBase: null }, last: end, isSchemaMoved: false };
  for (const more of [{ living: living as never }, { timeline: timeline.slice(0, 8) }]) {
    const point = await findPoint(bucket, { ...ask, ...more });
    expect([point.seq, point.ways[0]?.base.entry.name]).toEqual([end, name]);
  }
});

test('what another bot saved later in a timeline that this one left takes no change of ours away', async () => {
  move(1);
  await world.full();
  await world.change();
  const [at, end] = [world.clock.now(), world.place.shipped];
  const left = world.place.timeline;
  world.clock.advance(60_000);
  world.newTimeline('fork');
  await world.full();
  world.clock.advance(60_000);
  const changes = { timeline: left, seq: 99, previous: null, parent: null, reason: 'new' } as const;
  await putBackup(
    ...([world.context.store, world.context.prefix, world.clock.now(), undefined, 'schedule'] as const),
    { id: 2, username: 'bot2', before: 'bot1' },
    {},
    { ...changes, since: world.place.since.toISOString(), schema_sha256: world.place.schema },
  );
  const point = await findPoint({ ...world.context, bot: 1 }, { at, show: String, keys: undefined });
  expect([point.timeline, point.seq]).toEqual([left, end]);
});
