/** After a restore no change file of the time before may be followed by one of the time after. */
import { join } from 'node:path';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import type { ChangeState } from '../../../src/backup/catalog/change-state.ts';
import { newestVerified } from '../../../src/backup/catalog/list.ts';
import { listChanges } from '../../../src/backup/changes/list-changes.ts';
import { openChange } from '../../../src/backup/changes/open-change.ts';
import { ship } from '../../../src/backup/changes/ship.ts';
import type { SnapshotSource } from '../../../src/backup/model/model.ts';
import { createBackupLedger } from '../../../src/backup/run/backup-runs.ts';
import { openEmbeddedSnapshotSource } from '../../../src/backup/snapshot/embedded.ts';
import { openRemoteSnapshotSource } from '../../../src/backup/snapshot/remote.ts';
import { type Database, sql } from '../../../src/db/database.ts';
import { openEmbeddedDatabase } from '../../../src/db/file/embedded-database.ts';
import { migrate } from '../../../src/db/migrate.ts';
import { openRemoteDatabase } from '../../../src/db/remote-database.ts';
import { createWorld, type World } from '../../support/backup-world.ts';
import { beginLog, shippingOf, stateOf } from '../../support/shipping.ts';
import { backUp, type Remote, restoreNewest, startRemote } from './support.ts';

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(() => world.close());

const run = (db: Database, ...texts: string[]) => db.write(texts.map((text) => sql(text)));
let users = 800;
const addUser = (): string => {
  users += 1;
  return `INSERT INTO users (user_id, created_at, last_seen) VALUES (${users}, '2026-01-01', '2026-01-01')`;
};

/** One file shipped, one entry waiting, and a full backup that holds both. */
async function livedOn(db: Database, source: SnapshotSource): Promise<ChangeState> {
  await beginLog(db, source);
  await run(db, addUser());
  expect(await ship(shippingOf({ db, source, store: world.context.store }))).toMatchObject({
    kind: 'shipped',
  });
  await run(db, addUser());
  return stateOf(db);
}

async function expectBegun(db: Database, parent: ChangeState['parent']): Promise<ChangeState> {
  const begun = await stateOf(db);
  const nothing = { previous: null, attempts: [] };
  expect(begun).toMatchObject({ ...nothing, parent, reason: 'restore', needsBase: 'restore' });
  expect(begun.timeline).toMatch(/^[0-9a-f]{32}$/);
  expect(begun.timeline).not.toBe(parent?.timeline);
  return begun;
}

/** A base first, then one file that names it, of a timeline of its own. */
async function expectNewTimeline(
  { db, source }: { readonly db: Database; readonly source: SnapshotSource },
  parent: ChangeState['parent'],
): Promise<void> {
  const before = await listChanges(world.context);
  const begun = await expectBegun(db, parent);
  const shipping = shippingOf({ db, source, store: world.context.store });
  await run(db, addUser());
  for (let i = 0; i < 2; i += 1)
    expect(await ship(shipping)).toEqual({ kind: 'needs-base', reason: 'restore' });
  expect(await listChanges(world.context)).toEqual(before);
  const context = { ...world.context, source, ledger: createBackupLedger(db) };
  const base = await backUp({ ...world, context });
  expect((await newestVerified(context))?.manifest?.changes).toMatchObject({
    timeline: begun.timeline,
    parent,
    reason: 'restore',
  });
  expect(await ship(shipping)).toEqual({ kind: 'idle' });
  await run(db, addUser());
  const outcome = await ship(shipping);
  if (outcome.kind !== 'shipped') throw new Error(outcome.kind);
  const file = (await listChanges(world.context)).files.find(({ timeline }) => timeline === begun.timeline);
  if (file === undefined) throw new Error('no file of the new timeline');
  expect(file.file).toBe(outcome.file);
  expect((await openChange(world.context, file, undefined)).header.previous).toEqual({ base });
}

test('a whole file: from where the backup stood', async () => {
  const source = openEmbeddedSnapshotSource({ path: world.path });
  const old = await livedOn(world.db, source);
  await backUp(world);
  await run(world.db, addUser());
  const path = join(world.directory, 'restored.db');
  await restoreNewest(world, { target: { kind: 'file', path } });
  const db = await openEmbeddedDatabase(path);
  onTestFinished(() => db.close());
  const restored = openEmbeddedSnapshotSource({ path });
  await expectNewTimeline({ db, source: restored }, { timeline: old.timeline, seq: old.shippedSeq + 1 });
  // The bot that was there goes on in its own.
  const { db: living } = world;
  await run(living, addUser());
  expect((await ship(shippingOf({ db: living, source, store: world.context.store }))).kind).toBe('shipped');
});

test('two restores of one backup are two histories', async () => {
  await livedOn(world.db, openEmbeddedSnapshotSource({ path: world.path }));
  await backUp(world);
  const timelines = await Promise.all(
    ['a', 'b'].map(async (name) => {
      const path = join(world.directory, name);
      await restoreNewest(world, { target: { kind: 'file', path } });
      const db = await openEmbeddedDatabase(path);
      onTestFinished(() => db.close());
      return (await stateOf(db)).timeline;
    }),
  );
  expect(new Set(timelines).size).toBe(2);
});

test('single tables of a file: from where its own log stood', async () => {
  const source = openEmbeddedSnapshotSource({ path: world.path });
  await livedOn(world.db, source);
  await backUp(world);
  const old = await stateOf(world.db);
  await run(world.db, 'DELETE FROM groups', addUser());
  const target = { kind: 'file', path: world.path } as const;
  const closeTarget = () => world.db.close();
  await restoreNewest(world, { target, context: world.context, closeTarget }, { only: ['groups'] });
  const db = await openEmbeddedDatabase(world.path);
  onTestFinished(() => db.close());
  await expectNewTimeline({ db, source }, { timeline: old.timeline, seq: old.shippedSeq });
});

/** A bot on a server, whose log is under way. */
async function onServer(): Promise<Remote & { db: Database; source: SnapshotSource }> {
  const remote = await startRemote(world.directory);
  onTestFinished(() => remote.server.close());
  const way = { url: remote.server.url, authToken: 'token', fetch };
  const db = openRemoteDatabase(way);
  await migrate(db, { now: () => new Date(), backup: async () => {} });
  return { ...remote, db, source: openRemoteSnapshotSource(way) };
}

test('a whole server, and then single tables of it', async () => {
  const old = await livedOn(world.db, openEmbeddedSnapshotSource({ path: world.path }));
  await backUp(world);
  const { db, source, target } = await onServer();
  const context = { ...world.context, source, ledger: createBackupLedger(db) };
  await restoreNewest(world, { target });
  await expectNewTimeline({ db, source }, { timeline: old.timeline, seq: old.shippedSeq + 1 });
  const second = await stateOf(db);
  await restoreNewest(world, { target, context }, { only: ['groups'] });
  await expectBegun(db, { timeline: second.timeline, seq: second.shippedSeq });
});
