/** What "latest" means, and what is said of newer backups that it does not mean. */
import { expect, test } from 'vitest';
import { newestFit } from '../../src/backup/catalog/list.ts';
import { databaseKey, documentKey, manifestKey } from '../../src/backup/catalog/names.ts';
import {
  damagedNewest,
  latestBackup,
  noLatest,
  passedOver,
  unreadableNewest,
} from '../../src/backup/catalog/newest.ts';
import { ScanCounts } from '../../src/backup/model/database-damage.ts';
import type { DatabaseSchema, IndexInfo, TableInfo } from '../../src/backup/model/model.ts';
import { runBackup } from '../../src/backup/run/run.ts';
import { createWorld } from '../support/backup-world.ts';
import { createMemoryStore } from '../support/memory-store.ts';
import { putBackup } from '../support/sample-backup.ts';

const DAY = 86_400_000;
const PREFIX = 'backups/';
const NOW = new Date('2026-06-15T03:00:00Z');

test('every newer one that is passed over is named, with what is wrong and what can be done', async () => {
  const store = createMemoryStore(() => NOW);
  const bucket = { store, prefix: PREFIX, clock: { now: () => NOW } };
  const put = (days: number) => putBackup(store, PREFIX, new Date(NOW.getTime() - days * DAY));
  const ahead = await put(-400);
  store.objects.set(manifestKey(PREFIX, ahead), {
    body: store.objects.get(manifestKey(PREFIX, ahead))?.body ?? new Uint8Array(),
    modified: new Date(NOW.getTime() + 400 * DAY),
  });
  const unfinished = await put(1);
  store.objects.delete(manifestKey(PREFIX, unfinished));
  const cut = await put(2);
  store.objects.set(manifestKey(PREFIX, cut), { body: new Uint8Array([123]), modified: NOW });
  const lost = await put(3);
  store.objects.delete(databaseKey(PREFIX, lost, false));
  const good = await put(4);
  const newest = await newestFit(bucket);
  expect(newest.entry?.name).toBe(good);
  expect(passedOver(bucket, newest)).toEqual([
    expect.stringContaining(`${ahead} is dated in the future`),
    expect.stringContaining(`${unfinished} is newer and has no manifest`),
    expect.stringContaining(`${cut} is newer and cannot be used: not a manifest`),
    expect.stringMatching(new RegExp(`${lost} is newer and damaged \\(.* is gone .*\`restore ${lost}\``)),
  ]);
  // What nobody can read hides no damage behind it, and is no good news itself.
  expect(damagedNewest(bucket, newest)?.name).toBe(lost);
  expect(unreadableNewest(bucket, newest)).toEqual({ name: cut, problem: 'not a manifest' });
  store.objects.delete(manifestKey(PREFIX, cut));
  expect(unreadableNewest(bucket, await newestFit(bucket))).toBeUndefined();
  expect(damagedNewest(bucket, await newestFit(bucket))?.name).toBe(lost);
  store.objects.delete(documentKey(PREFIX, lost, false));
  expect((await newestFit(bucket, ({ usable }) => usable.length > 0)).entry?.name).toBe(good);
});

test('one of a wrong clock that counts by the times of its files: they may be those of a copy', async () => {
  const store = createMemoryStore(() => NOW);
  const bucket = { store, prefix: PREFIX, clock: { now: () => NOW } };
  await putBackup(store, PREFIX, new Date(NOW.getTime() - DAY));
  const ahead = await putBackup(store, PREFIX, new Date(NOW.getTime() + 400 * DAY));
  const newest = await newestFit(bucket);
  expect(newest.entry?.name).toBe(ahead);
  expect(passedOver(bucket, newest)).toEqual([
    expect.stringMatching(new RegExp(`^${ahead} is dated in the future .* another may be newer`)),
  ]);
});

test('latest: no safety backup of a restore, not even where there is nothing else', async () => {
  const store = createMemoryStore(() => NOW);
  const bucket = { store, prefix: PREFIX, clock: { now: () => NOW } };
  const put = (days: number, trigger?: 'restore') =>
    putBackup(store, PREFIX, new Date(NOW.getTime() - days * DAY), undefined, trigger);
  expect(noLatest(bucket, await latestBackup(bucket))).toContain('there is no backup in');
  await put(1, 'restore');
  const only = await latestBackup(bucket);
  expect(only.entry).toBeUndefined();
  expect(noLatest(bucket, only)).toContain('has no verified backup but the safety backups of restores');
  const good = await put(3);
  expect((await latestBackup(bucket)).entry?.name).toBe(good);
  // Every row is in the file that is left.
  const halved = await put(2);
  store.objects.delete(databaseKey(PREFIX, halved, false));
  expect((await latestBackup(bucket)).entry?.name).toBe(halved);
  store.objects.delete(documentKey(PREFIX, halved, false));
  expect((await latestBackup(bucket)).entry?.name).toBe(good);
});

test('old times of files make no backup old', async () => {
  const store = createMemoryStore(() => NOW);
  const bucket = { store, prefix: PREFIX, clock: { now: () => NOW } };
  await putBackup(store, PREFIX, NOW);
  for (const [key, object] of store.objects) store.objects.set(key, { ...object, modified: new Date(0) });
  expect((await newestFit(bucket)).entry?.time).toEqual(NOW);
});

test('a backup that a clock a year ahead made does not stand in for the one of a year later', async () => {
  const world = await createWorld({}, 'small');
  const due = new Date(world.clock.now().getTime() + 365 * DAY);
  const store = createMemoryStore(() => world.clock.now());
  const context = { ...world.context, store };
  const ahead = await runBackup(context, { trigger: 'schedule', scheduledAt: due });
  expect(ahead.kind).toBe('done');
  expect(await runBackup(context, { trigger: 'schedule', scheduledAt: due })).toMatchObject({
    reason: 'duplicate',
  });
  world.clock.set(due);
  expect((await runBackup(context, { trigger: 'schedule', scheduledAt: due })).kind).toBe('done');
  world.close();
});

test('counts: an index, and a second way through a table, must have the rows of the table', () => {
  const table = (name: string) => ({ name }) as TableInfo;
  const index = (name: string, partial: boolean) => ({ name, table: 'parts', partial }) as IndexInfo;
  const schema = { tables: [table('anime'), table('parts')] } as unknown as DatabaseSchema;
  const counts = new ScanCounts();
  const scan = (target: Parameters<ScanCounts['begin']>[0], ...rows: bigint[]): void => {
    counts.begin(target);
    for (const tag of rows) counts.rows([[tag]]);
  };
  scan({ kind: 'index', index: index('whole', false) }, 0n, 0n, 0n);
  scan({ kind: 'index', index: index('good', false) }, 0n, 0n);
  scan({ kind: 'index', index: index('some', true) }, 0n);
  scan({ kind: 'index', index: index('too_many', true) }, 0n, 0n, 0n);
  const nested = { parent: table('anime'), child: table('parts'), parentKey: 0, childKey: 0, orderBy: null };
  scan({ kind: 'nested', ...nested }, 0n, 1n, 1n, 1n, 2n);
  scan({ kind: 'table', table: table('anime') }, 0n);
  scan({ kind: 'table', table: table('parts') }, 0n, 0n);
  expect(counts.findings(schema)).toEqual([
    'index whole has 3 rows of table parts, which has 2',
    'index too_many has 3 rows of table parts, which has 2',
    'parts by anime has 4 rows of table parts, which has 2',
  ]);
});
