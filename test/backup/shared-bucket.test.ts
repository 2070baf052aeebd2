/**
 * Bots that share a bucket, by intent or by a copied `.env`: none takes the other's backup for its
 * own, and none deletes it. A database that moved to a new bot keeps what the old one made.
 */
import { describe, expect, test } from 'vitest';
import type { Bucket } from '../../src/backup/catalog/bucket.ts';
import type { ManifestChanges } from '../../src/backup/catalog/change-position.ts';
import { listBackups, newestFit, newestOf } from '../../src/backup/catalog/list.ts';
import type { Trigger } from '../../src/backup/catalog/manifest.ts';
import { databaseKey, manifestKey } from '../../src/backup/catalog/names.ts';
import { damagedNewest, latestBackup, noLatest, passedOver } from '../../src/backup/catalog/newest.ts';
import { prune } from '../../src/backup/catalog/prune.ts';
import { familiesOf, ofOtherBots, ownOf } from '../../src/backup/catalog/whose-bot.ts';
import { findPoint } from '../../src/backup/restore/point-in-time.ts';
import { runBackup } from '../../src/backup/run/run.ts';
import { sql } from '../../src/db/database.ts';
import { createWorld, testClock } from '../support/backup-world.ts';
import { createMemoryStore } from '../support/memory-store.ts';
import { putBackup } from '../support/sample-backup.ts';

const DAY = 86_400_000;
const OURS = { id: 1, username: 'our_bot' };
const THEIRS = { id: 2, username: 'their_bot' };
const THIRD = { id: 3, username: 'third_bot' };
type Bot = typeof OURS & { readonly before?: string };

function world() {
  const clock = testClock();
  const store = createMemoryStore(clock.now);
  const bucket: Bucket = { store, prefix: '', clock, bot: 1 };
  const begun = new Map<string, string>();
  return {
    clock,
    store,
    bucket,
    async put(...bots: readonly (Bot | undefined)[]): Promise<string[]> {
      const names: string[] = [];
      for (const bot of bots) {
        clock.advance(DAY);
        names.push(await putBackup(store, '', clock.now(), undefined, 'schedule', bot));
      }
      return names;
    },
    /** One that says where its change log stood: `a 5` is the fifth entry of timeline `a`. */
    async at(bot: Bot, place: string, parent?: string, trigger: Trigger = 'schedule'): Promise<string> {
      clock.advance(DAY);
      const { timeline, seq } = position(place);
      const since = begun.get(timeline) ?? clock.now().toISOString();
      begun.set(timeline, since);
      const changes: ManifestChanges = {
        timeline,
        seq,
        previous: null,
        since,
        parent: parent === undefined ? null : position(parent),
        reason: parent === undefined ? 'new' : 'restore',
        schema_sha256: null,
      };
      return putBackup(store, '', clock.now(), undefined, trigger, bot, {}, changes);
    },
  };
}

function position(place: string): { timeline: string; seq: number } {
  const [timeline = '', seq] = place.split(' ');
  return { timeline: timeline.padStart(32, '0'), seq: Number(seq) };
}

test('the newest of another bot is passed over and named; damage to it is no alarm', async () => {
  const { bucket, store, put } = world();
  const [, ours, damaged = '', theirs] = await put(OURS, OURS, THEIRS, THEIRS);
  store.objects.delete(databaseKey('', damaged, false));
  const found = await latestBackup(bucket);
  expect(found.entry?.name).toBe(ours);
  expect(passedOver(bucket, found)).toEqual([
    `${theirs} is newer and of another bot, @their_bot (2): \`restore ${theirs}\` takes it`,
    `${damaged} is newer and of another bot, @their_bot (2): \`restore ${damaged}\` takes it`,
  ]);
  const listed = await newestOf(bucket, (await listBackups(bucket)).entries);
  expect(listed.entry?.name).toBe(ours);
  expect(damagedNewest(bucket, listed)).toBeUndefined();
});

test('a new token beside the backups of one old bot takes them; of two a person must say which', async () => {
  const { bucket, put } = world();
  const [theirs] = await put(THEIRS);
  expect((await latestBackup(bucket)).entry?.name).toBe(theirs);
  const [third] = await put(THIRD);
  const several = await latestBackup(bucket);
  expect(several.entry).toBeUndefined();
  expect(noLatest(bucket, several)).toContain(
    `The newest of each: @third_bot (3): ${third}, @their_bot (2): ${theirs}`,
  );
  const noToken = { ...bucket, bot: undefined };
  expect((await latestBackup(noToken)).entry).toBeUndefined();
  expect(noLatest(noToken, await latestBackup(noToken))).toContain('BOT_TOKEN is not set');
  expect((await newestFit(noToken)).entry?.name).toBe(third);
});

test('a moment is brought back from its own bot’s backups; of two others a person must say which', async () => {
  const { bucket, clock, put } = world();
  const ask = { keys: undefined, show: String, isBestEffort: true };
  const [ours] = await put(OURS, THEIRS, THEIRS);
  const found = await findPoint(bucket, { ...ask, at: clock.now() });
  expect(found.ways.map(({ base }) => base.entry.name)).toEqual([ours]);
  const third = findPoint({ ...bucket, bot: THIRD.id }, { ...ask, at: clock.now() });
  await expect(third).rejects.toThrow(
    /backups of 2 databases lie in .*Say which is meant: `restore \d{8}_\d{6}` for @their_bot/,
  );
});

test('what the bot before a move made is of the same database, over any number of moves', async () => {
  const { bucket, put } = world();
  const first = { id: 10, username: 'first_bot' };
  const second = { id: 11, username: 'second_bot', before: 'first_bot' };
  const moved = { ...OURS, before: 'second_bot' };
  await put(first, THEIRS, second, moved);
  const { entries } = await listBackups(bucket);
  expect(familiesOf(entries).map((family) => family.length)).toEqual([3, 1]);
  expect([...ofOtherBots(1, entries)].map(({ manifest }) => manifest?.bot)).toEqual([THEIRS]);
  const { plan } = await prune(bucket, { policy: { days: 1 }, now: new Date(), dryRun: true });
  expect(plan.decisions.filter(({ reason }) => reason.includes('another bot'))).toHaveLength(1);
});

test('retention deletes none of another bot’s, and none of ours because of them', async () => {
  const { bucket, put, clock } = world();
  const older = await put(THEIRS, THEIRS);
  const ours = await put(OURS, OURS, OURS, OURS);
  const theirs = await put(THEIRS, THEIRS, THEIRS, THEIRS);
  const { removed } = await prune(bucket, { policy: { days: 1 }, now: clock.now(), confirmed: true });
  expect(removed).toEqual(ours.slice(0, 1));
  const left = (await listBackups(bucket)).entries.map(({ name }) => name).toSorted();
  expect(left).toEqual([...older, ...ours.slice(1), ...theirs]);
});

test('without a token none of several bots’ backups goes', async () => {
  const { bucket, put, clock } = world();
  await put(OURS, OURS, THEIRS, THEIRS, OURS, OURS, THEIRS, OURS);
  const { removed } = await prune(
    { ...bucket, bot: undefined },
    { policy: { days: 1 }, now: clock.now(), confirmed: true },
  );
  expect(removed).toEqual([]);
});

test('one that names no bot is ours in the bucket of this bot, and by its record alone in a shared one', async () => {
  const { bucket, put, clock } = world();
  const names = await put(undefined, undefined, undefined, OURS, OURS, OURS);
  const options = { policy: { days: 1 }, now: clock.now(), confirmed: true };
  const triggers = async () => new Map([[names[1] ?? '', 'schedule']]);
  const shared = await prune(bucket, { ...options, isShared: true, triggers });
  expect(shared.removed).toEqual(names.slice(1, 2));
  expect((await prune(bucket, options)).removed).toEqual([names[0], names[2]]);
});

test('a run writes the bot that its database belongs to into the manifest', async () => {
  const { context, db, clock, close } = await createWorld();
  try {
    await db.write([
      sql("INSERT INTO bot_identity (id, bot_id, username, moved_from) VALUES (1, 5, 'new_bot', 'old_bot')"),
    ]);
    const outcome = await runBackup(context, { trigger: 'command', scheduledAt: clock.now() });
    expect(outcome).toMatchObject({
      kind: 'done',
      manifest: { version: 3, bot: { id: 5, username: 'new_bot', before: 'old_bot' } },
    });
  } finally {
    close();
  }
});

test('a database is one however many bots it belonged to, also to one that made no backup', async () => {
  const { bucket, at } = world();
  await at({ id: 311, username: 'bot311' }, 'a 5');
  // 317 was in between, and made none.
  const last = await at({ id: 318, username: 'bot318', before: 'bot317' }, 'a 20');
  const { entries } = await listBackups(bucket);
  for (const id of [311, 318]) expect(ownOf(id, entries).size).toBe(2);
  expect(familiesOf(entries)).toHaveLength(1);
  // Nor is there a doubt for the next token, or for none.
  for (const bot of [319, undefined]) expect((await latestBackup({ ...bucket, bot })).entry?.name).toBe(last);
});

test('a wrong token for a while: what was saved under it is of the same database', async () => {
  const { bucket, at } = world();
  await at(OURS, 'a 5');
  const wrong = await at({ ...THEIRS, before: OURS.username }, 'a 12');
  const found = await latestBackup(bucket);
  expect(found).toMatchObject({ entry: { name: wrong }, newer: [] });
  const { entries } = await listBackups(bucket);
  expect(ofOtherBots(1, entries).size).toBe(0);
});

test('what a database comes from is its own, and what a copy of it went on to is not', async () => {
  const { bucket, at } = world();
  const [old, before] = [await at(OURS, 'a 5'), await at(OURS, 'a 10')];
  const copied = await at({ ...THEIRS, before: OURS.username }, 'b 3', 'a 10');
  const alive = await at(OURS, 'a 30');
  const { entries } = await listBackups(bucket);
  const own = (id: number): string[] => [...ownOf(id, entries)].map(({ name }) => name).toSorted();
  expect(own(1)).toEqual([old, before, alive]);
  expect(own(2)).toEqual([old, before, copied]);
  // Two databases go on: nobody but a person can say which is meant.
  expect(familiesOf(entries)).toHaveLength(2);
  expect((await latestBackup({ ...bucket, bot: undefined })).entry).toBeUndefined();
});

test('two copies of one file in one timeline: what the other stores there, once we left it, is not ours', async () => {
  const { bucket, at } = world();
  const before = await at(OURS, 'a 10');
  // Ours began a timeline of its own when it found that the other had gone on in that one.
  const ours = await at(OURS, 'b 3', 'a 10');
  const theirs = await at({ ...THEIRS, before: OURS.username }, 'a 50');
  const found = await latestBackup(bucket);
  expect(found.entry?.name).toBe(ours);
  expect(passedOver(bucket, found)).toEqual([
    `${theirs} is newer and of another bot, @their_bot (2): \`restore ${theirs}\` takes it`,
  ]);
  expect([...ownOf(1, (await listBackups(bucket)).entries)].map(({ name }) => name)).toEqual([ours, before]);
});

test('a restore under the next token, and one further back: all of it is one database', async () => {
  const { bucket, at } = world();
  const names = [await at(OURS, 'a 10'), await at(OURS, 'a 20')];
  names.push(await at({ ...THIRD, before: OURS.username }, 'b 3', 'a 15'));
  const { entries } = await listBackups(bucket);
  expect([...ownOf(3, entries)].map(({ name }) => name).toSorted()).toEqual(names);
  expect((await latestBackup({ ...bucket, bot: undefined })).entry?.name).toBe(names[2]);
});

test('where a clock was wrong, the number of the change tells that it came before', async () => {
  const { bucket, at } = world();
  const later = await at({ ...THIRD, before: OURS.username }, 'b 3', 'a 15');
  const before = await at(OURS, 'a 10');
  const beyond = await at(OURS, 'a 16');
  const { entries } = await listBackups(bucket);
  expect([...ownOf(3, entries)].map(({ name }) => name).toSorted()).toEqual([later, before]);
  expect([...ofOtherBots(3, entries)].map(({ name }) => name)).toEqual([beyond]);
});

describe('a bot had the token of another for a while, and both go on', () => {
  /** How much of it is there: backups that retention took tell nothing any more. */
  async function mixed(
    left: number,
  ): Promise<ReturnType<typeof world> & { ours: string[]; theirs: string[] }> {
    const made = world();
    const { at, store } = made;
    const ours = [await at(OURS, 'a 1')];
    const theirs = [await at(THEIRS, 'b 2')];
    theirs.push(await at({ ...OURS, before: THEIRS.username }, 'b 3'));
    theirs.push(await at({ ...THEIRS, before: OURS.username }, 'b 4'));
    ours.push(await at(OURS, 'a 5'), await at(OURS, 'c 1', 'a 5'));
    theirs.push(await at({ ...THEIRS, before: OURS.username }, 'b 8'));
    for (const name of [...ours, ...theirs].toSorted().slice(0, -left))
      for (const key of [...store.objects.keys()]) if (key.includes(name)) store.objects.delete(key);
    const isThere = (name: string) => store.objects.has(manifestKey('', name));
    return { ...made, ours: ours.filter(isThere), theirs: theirs.filter(isThere) };
  }

  test.each([7, 6, 5, 4, 3, 2])('the newest %i are there: each has its own', async (left) => {
    const { bucket, ours, theirs } = await mixed(left);
    const { entries } = await listBackups(bucket);
    for (const [id, own] of [
      [OURS.id, ours],
      [THEIRS.id, theirs],
    ] as const) {
      expect([...ownOf(id, entries)].map(({ name }) => name).toSorted()).toEqual(own);
      expect((await latestBackup({ ...bucket, bot: id })).entry?.name).toBe(own.at(-1));
    }
    expect(familiesOf(entries)).toHaveLength(2);
  });

  test('before the one that lent its token stores anything again: its own is the newest of its own', async () => {
    const { bucket, at } = world();
    const own = await at(OURS, 'a 1');
    await at(THEIRS, 'b 2');
    await at({ ...OURS, before: THEIRS.username }, 'b 3');
    await at({ ...THEIRS, before: OURS.username }, 'b 4');
    expect((await latestBackup(bucket)).entry?.name).toBe(own);
  });

  test.each([OURS, THEIRS])('retention of $username deletes none of the other’s', async ({ id }) => {
    const { bucket, clock, ours, theirs, put } = await mixed(7);
    const more = id === OURS.id ? OURS : THEIRS;
    await put(more, more, more, more);
    clock.advance(200 * DAY);
    const { removed } = await prune(
      { ...bucket, bot: id },
      { policy: { days: 1 }, now: clock.now(), confirmed: true },
    );
    const others: readonly string[] = id === OURS.id ? theirs : ours;
    expect(removed.length).toBeGreaterThan(0);
    expect(removed.filter((name) => others.includes(name))).toEqual([]);
  });

  test('where the oldest of the other alone would go, all are read, and it stays', async () => {
    const { at, bucket, clock } = await mixed(7);
    for (const place of ['b 9', 'b 10', 'b 11']) await at({ ...THEIRS, before: OURS.username }, place);
    const options = { policy: { days: 9 }, now: new Date(clock.now().getTime() + DAY / 2), confirmed: true };
    expect((await prune({ ...bucket, bot: THEIRS.id }, options)).removed).toEqual([]);
  });

  test('a bot whose change log began anew keeps what came before, under its name and the one before', async () => {
    const { bucket, at } = world();
    const names = [await at(THEIRS, 'a 5'), await at(OURS, 'b 2')];
    names.push(await at({ ...OURS, before: THEIRS.username }, 'd 3'));
    const other = await at(THIRD, 'e 3');
    const { entries } = await listBackups(bucket);
    expect([...ownOf(OURS.id, entries)].map(({ name }) => name).toSorted()).toEqual(names);
    expect([...ofOtherBots(OURS.id, entries)].map(({ name }) => name)).toEqual([other]);
  });
});
