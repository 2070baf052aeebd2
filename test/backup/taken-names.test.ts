/** Names that somebody else has taken in the bucket: a run goes on under the next free one. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { withDoubts } from '../../src/backup/catalog/doubts.ts';
import type { Manifest } from '../../src/backup/catalog/manifest.ts';
import { documentKey } from '../../src/backup/catalog/names.ts';
import { latestBackup, passedOver } from '../../src/backup/catalog/newest.ts';
import { failureKind } from '../../src/backup/run/failure.ts';
import { runBackup } from '../../src/backup/run/run.ts';
import { StoreError } from '../../src/backup/store/types.ts';
import { verifyDeep } from '../../src/backup/verify/verify-backup.ts';
import { createWorld, type World } from '../support/backup-world.ts';
import { createMemoryStore } from '../support/memory-store.ts';

let world: World;
beforeEach(async () => {
  world = await createWorld({}, 'small');
});
afterEach(() => world.close());

const AT = new Date('2026-06-15T02:00:00Z');
const second = (i: number): string =>
  new Date(AT.getTime() + i * 1000).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '_');

test('hundreds of junk objects stop no backup, and the same time makes no second one', async () => {
  const store = createMemoryStore(() => world.clock.now());
  const asked = () => runBackup({ ...world.context, store }, { trigger: 'schedule', scheduledAt: AT });
  for (let i = 0; i < 200; i += 1)
    await store.put(documentKey(world.context.prefix, second(i), i % 2 === 1), new Uint8Array(1));
  expect(await asked()).toMatchObject({ kind: 'done', name: second(200) });
  expect(await asked()).toMatchObject({ kind: 'skipped', reason: 'duplicate', name: second(200) });
  expect(world.alerts).toEqual([]);
  // Of all that junk few are named.
  for (let i = 201; i < 260; i += 1)
    await store.put(documentKey(world.context.prefix, second(i), false), new Uint8Array(1));
  world.clock.advance(300_000);
  expect(passedOver(world.context, await latestBackup({ ...world.context, store }))).toEqual([
    ...[259, 258, 257].map((i) => expect.stringMatching(`^${second(i)} is newer and has no manifest`)),
    `so it is with 56 more, down to ${second(201)}`,
  ]);
  // Without the database nothing but the backup itself tells that it was named ahead.
  const bucket = withDoubts({ ...world.context, store }, undefined, undefined);
  const { entry } = await latestBackup(bucket);
  expect(entry?.name).toBe(second(200));
  const deep = await verifyDeep(bucket, entry?.manifest as Manifest, { keys: undefined });
  expect(deep.problems).toEqual([]);
});

test.each([
  ['a directory', (path: string) => mkdirSync(path, { recursive: true })],
  ['a pipe', (path: string) => execFileSync('mkfifo', [path])],
  ['a link', (path: string) => symlinkSync('/etc/hostname', path)],
])('%s under the name of any of the three objects is a name that is taken', async (_, put) => {
  const bucket = join(world.directory, 'bucket', world.context.prefix);
  mkdirSync(bucket, { recursive: true });
  put(join(bucket, `anime_bot_${second(0)}.db.gz`));
  put(join(bucket, `anime_backup_${second(1)}.json.gz`));
  put(join(bucket, `anime_backup_${second(2)}.manifest.json`));
  expect(await runBackup(world.context, { trigger: 'schedule', scheduledAt: AT })).toMatchObject({
    kind: 'done',
    name: second(3),
  });
  expect(world.alerts).toEqual([]);
});

test('the owners hear once of a failure of one kind', async () => {
  const store = createMemoryStore(() => world.clock.now());
  let why = 'no room for object 17';
  const list = async () => {
    throw new StoreError(why, { retryable: false });
  };
  const asked = (told?: string) =>
    runBackup({ ...world.context, store: { ...store, list } }, { trigger: 'changes', scheduledAt: AT, told });
  const first = await asked();
  if (first.kind !== 'failed') throw new Error(first.kind);
  why = 'no room for object 18';
  expect(await asked(failureKind(first.reason))).toMatchObject({ kind: 'failed', name: undefined });
  expect(world.alerts).toHaveLength(1);
  why = 'access denied';
  await asked(failureKind(first.reason));
  expect(world.alerts).toHaveLength(2);
});
