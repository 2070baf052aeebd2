/**
 * Two bots from copies of one database, with one bucket: neither takes the other's changes for its
 * own.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { listBackups } from '../../../src/backup/catalog/list.ts';
import { followChain } from '../../../src/backup/changes/chain.ts';
import { basesOf, listChanges } from '../../../src/backup/changes/list-changes.ts';
import { ship } from '../../../src/backup/changes/ship.ts';
import type { ShipContext, ShipOutcome } from '../../../src/backup/changes/shipping.ts';
import { findPoint } from '../../../src/backup/restore/point-in-time.ts';
import { fetchSource } from '../../../src/backup/restore/source.ts';
import { createBackupLedger } from '../../../src/backup/run/backup-runs.ts';
import { openEmbeddedSnapshotSource } from '../../../src/backup/snapshot/embedded.ts';
import { type Database, sql } from '../../../src/db/database.ts';
import { openEmbeddedDatabase } from '../../../src/db/file/embedded-database.ts';
import { inScratch } from '../../../src/lib/disk/scratch.ts';
import { createWorld, type World } from '../../support/backup-world.ts';
import { beginLog, shippingOf } from '../../support/shipping.ts';
import { backUp } from '../restore/support.ts';

interface Copy {
  readonly world: World;
  add(user: number): Promise<unknown>;
  ship(change?: Partial<ShipContext>): Promise<ShipOutcome>;
}

/** The database's clock stands still: two hosts that wake up with the minute. */
function still(db: Database): Database {
  return {
    ...db,
    write: (statements) =>
      db.write(statements.map((one) => ({ ...one, sql: one.sql.replaceAll("'now'", "'2026-06-15 02:00'") }))),
  };
}

function copyOf(world: World, path: string, db: Database): Copy {
  const source = openEmbeddedSnapshotSource({ path });
  const context = { ...world.context, source, ledger: createBackupLedger(db) };
  const shipping = shippingOf({ db: still(db), source, store: context.store });
  return {
    world: { ...world, db, path, context },
    add: (user) => db.write([sql('INSERT INTO users (user_id) VALUES (?)', user)]),
    ship: (change = {}) => ship({ ...shipping, ...change }),
  };
}

let world: World;
let one: Copy;
let other: Copy;
beforeEach(async () => {
  world = await createWorld();
  onTestFinished(() => world.close());
  await beginLog(world.db, openEmbeddedSnapshotSource({ path: world.path }));
  one = copyOf(world, world.path, world.db);
  await backUp(one.world);
  await one.add(1001);
  expect((await one.ship()).kind).toBe('shipped');
  const path = join(world.directory, 'copy.db');
  for (const suffix of ['', '-wal'])
    if (existsSync(world.path + suffix)) execFileSync('cp', [world.path + suffix, path + suffix]);
  const db = await openEmbeddedDatabase(path);
  onTestFinished(() => db.close());
  other = copyOf(world, path, db);
});

const files = async () => (await listChanges(world.context)).files;

test('both ship the same numbers in the same millisecond: the second begins a history of its own', async () => {
  await one.add(1);
  await other.add(2);
  expect((await one.ship()).kind).toBe('shipped');
  const before = await files();
  expect(await other.ship()).toMatchObject({ kind: 'fork' });
  expect(await files()).toEqual(before);
});

test('one that died before its put takes no file of the other for its own', async () => {
  await one.add(1);
  await other.add(2);
  const { store } = world.context;
  const dead = { ...store, put: () => Promise.reject(new Error('dead')) };
  await expect(other.ship({ store: dead })).rejects.toThrow('dead');
  expect((await one.ship()).kind).toBe('shipped');
  expect(await other.ship()).toMatchObject({ kind: 'fork' });
});

test('numbers that never meet: a file beyond the next number is another database’s, too', async () => {
  for (const user of [1, 2]) {
    await one.add(user);
    expect((await one.ship()).kind).toBe('shipped');
  }
  // An old copy: its full backup covers a change, and its next number begins none of those files.
  await other.add(3);
  await other.world.db.write([sql("UPDATE change_state SET needs_base = 'large'")]);
  await backUp(other.world);
  await other.add(4);
  expect(await other.ship()).toMatchObject({ kind: 'fork' });
});

test('one that is held up leaves its file there: another shipper of its database went on from it', async () => {
  await one.add(1);
  const { store } = world.context;
  let isHeld = false;
  const slow: typeof store = {
    ...store,
    async list(...asked) {
      if (!isHeld) {
        isHeld = true;
        for (const user of [2, 3]) {
          await world.db.write([sql('DELETE FROM job_leases')]);
          expect((await one.ship({ holder: 'quick' })).kind).toBe('shipped');
          await one.add(user);
        }
        await world.db.write([sql('DELETE FROM job_leases')]);
        expect((await one.ship({ holder: 'quick' })).kind).toBe('shipped');
      }
      return store.list(...asked);
    },
  };
  expect((await one.ship({ store: slow, holder: 'slow' })).kind).toBe('busy');
  const found = await files();
  const chain = followChain(
    world.context,
    basesOf(world.context, (await listBackups(world.context)).entries)[0] ?? expect.fail('no base'),
    found,
    { keys: undefined },
  );
  const firsts: number[] = [];
  for (let next = await chain.next(); next.done !== true; next = await chain.next())
    firsts.push(next.value.header.first);
  expect(firsts).toEqual(found.map(({ first }) => first));
});

test("the other's full backup, with changes that waited, is no beginning for the first one's files", async () => {
  await one.add(1);
  await other.add(2);
  const mine = await backUp(one.world);
  const theirs = await backUp(other.world);
  expect((await one.ship()).kind).toBe('shipped');
  const bases = basesOf(world.context, (await listBackups(world.context)).entries);
  const behind = async (name: string) => {
    const base = bases.find(({ entry }) => entry.name === name);
    if (base === undefined) throw new Error(`no ${name}`);
    return followChain(world.context, base, await files(), { keys: undefined }).next();
  };
  expect(await behind(mine)).toMatchObject({ done: false, value: { isPoint: true } });
  expect(await behind(theirs)).toMatchObject({
    done: true,
    value: { why: expect.stringContaining('another database'), isClosed: false },
  });
  // It is the newest before the moment; an older one leads there.
  world.clock.advance(60_000);
  const at = world.clock.now();
  const bucket = world.context;
  const users = await inScratch(undefined, async (directory) => {
    const point = await findPoint(bucket, { at, keys: undefined, show: (time) => time.toISOString() });
    expect(point.ways[0]?.base.entry.name).toBe(theirs);
    const { path } = await fetchSource({ kind: 'point', point }, { bucket, keys: undefined, directory });
    const db = new DatabaseSync(path);
    const found = db.prepare('SELECT user_id FROM users WHERE user_id IN (1, 2, 1001) ORDER BY 1').all();
    db.close();
    return found.map(({ user_id }) => user_id);
  });
  expect(users).toEqual([1, 1001]);
});
