/**
 * Files that people put into the bucket have no manifest, as debris has none; the sweep must tell
 * them apart.
 */
import { Buffer } from 'node:buffer';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { noLedger } from '../../src/backup/catalog/ledger.ts';
import { databaseKey, documentKey, manifestKey, pinKey } from '../../src/backup/catalog/names.ts';
import { prune } from '../../src/backup/catalog/prune.ts';
import { runBackup } from '../../src/backup/run/run.ts';
import { createWorld, type World } from '../support/backup-world.ts';
import { createMemoryStore, type MemoryStore } from '../support/memory-store.ts';

const PREFIX = 'backups/';
const DAY = 86_400_000;
const LONG_AGO = '20240101_120000';
let world: World;
let store: MemoryStore;

beforeEach(async () => {
  world = await createWorld({}, 'small');
  store = createMemoryStore(() => world.clock.now());
});
afterEach(() => world.close());

async function runAfter(ms: number, change: Parameters<typeof createWorld>[0] = {}) {
  world.clock.advance(ms);
  const options = { trigger: 'schedule', scheduledAt: world.clock.now() } as const;
  const outcome = await runBackup({ ...world.context, store, ...change }, options);
  if (outcome.kind !== 'done') throw new Error(JSON.stringify(outcome));
  return outcome;
}

const pairOf = (name: string) => [databaseKey(PREFIX, name, false), documentKey(PREFIX, name, false)];
const has = (keys: readonly string[]) => keys.map((key) => store.objects.has(key));

test('the pair of a backup, as Telegram has it, stays in the bucket for as long as retention keeps backups', async () => {
  const { name } = await runAfter(0);
  const pair = pairOf(name);
  const bodies = pair.map((key) => store.objects.get(key)?.body ?? new Uint8Array());
  store.objects.delete(manifestKey(PREFIX, name));
  for (const ms of [3_600_000, 2 * DAY, 30 * DAY, 30 * DAY]) await runAfter(ms);
  expect(has(pair)).toEqual([true, true]);
  // Put back when it is older than that: as young as its files.
  for (const [i, key] of pair.entries()) await store.put(key, bodies[i] ?? new Uint8Array());
  await runAfter(60 * DAY);
  expect(has(pair)).toEqual([true, true]);
});

test('of a safety backup the pair stays for as long as such a backup does', async () => {
  const retention = { days: 2 };
  world.clock.advance(DAY);
  const made = await runBackup(
    { ...world.context, store, retention },
    { trigger: 'import', scheduledAt: world.clock.now() },
  );
  if (made.kind !== 'done') throw new Error(JSON.stringify(made));
  const pair = pairOf(made.name);
  for (let day = 0; day < 4; day += 1) await runAfter(DAY, { retention });
  store.objects.delete(manifestKey(PREFIX, made.name));
  await runAfter(5 * DAY, { retention });
  expect(has(pair)).toEqual([true, true]);
  await runAfter(7 * DAY, { retention });
  await runAfter(DAY, { retention });
  expect(has(pair)).toEqual([false, false]);
});

test('what a deletion by retention left of a backup goes', async () => {
  const { name } = await runAfter(0);
  for (let i = 0; i < 4; i += 1) await runAfter(DAY);
  // Cut off after the manifest.
  store.keepOnDelete = (key) => key.includes(name) && key.endsWith('.gz');
  const cut = await runAfter(86.5 * DAY);
  expect(cut.problems).toEqual([expect.stringContaining('a later run tries again')]);
  expect(has([manifestKey(PREFIX, name), ...pairOf(name)])).toEqual([false, true, true]);
  store.keepOnDelete = () => false;
  const next = await runAfter(3_600_000);
  expect(next.swept.objects.toSorted()).toEqual(pairOf(name).toSorted());
});

test('what the plan says of an unfinished backup is what becomes of it', async () => {
  const put = async (name: string): Promise<void> => {
    for (const key of pairOf(name)) await store.put(key, new Uint8Array(3));
  };
  const planned = async (): Promise<string[]> => {
    const { plan } = await prune(
      { ...world.context, store },
      { policy: { days: 90 }, now: world.clock.now(), dryRun: true },
    );
    return plan.decisions.flatMap(({ reason }) => (reason.startsWith('no manifest') ? [reason] : []));
  };
  await runAfter(0);
  await put(LONG_AGO);
  const lease = await world.ledger.acquire('killed', 0);
  if (lease.kind !== 'acquired') throw new Error('no lease');
  const at = world.clock.now();
  const failed = '20260615_030000';
  await world.ledger.begin({
    name: failed,
    fence: lease.fence,
    trigger: 'schedule',
    scheduledAt: at,
    startedAt: at,
  });
  await put(failed);
  expect(await planned()).toEqual(
    Array.from({ length: 2 }, () =>
      expect.stringMatching(
        /a run removes it when the records say that its run failed, or after a day where no records are kept, and otherwise it stays/,
      ),
    ),
  );
  await runAfter(60_000);
  expect([has(pairOf(failed)), has(pairOf(LONG_AGO))]).toEqual([
    [false, false],
    [true, true],
  ]);
  await runAfter(3 * DAY);
  expect(has(pairOf(LONG_AGO))).toEqual([true, true]);
  await runAfter(60_000, { ledger: noLedger });
  expect(has(pairOf(LONG_AGO))).toEqual([false, false]);
});

test("the old bot's file, packed by hand, is no debris", async () => {
  const key = documentKey(PREFIX, LONG_AGO, false);
  await store.put(key, Buffer.from('packed'));
  for (const ms of [3_600_000, 2 * DAY, 200 * DAY]) {
    const { swept, problems } = await runAfter(ms);
    expect({ swept, problems }).toEqual({ swept: { objects: [], uploads: 0 }, problems: [] });
  }
  expect(has([key])).toEqual([true]);
});

test('what is pinned stays, recorded or not', async () => {
  const keys = [documentKey(PREFIX, LONG_AGO, false), pinKey(PREFIX, LONG_AGO)];
  for (const key of keys) await store.put(key, Buffer.from('mine'));
  await runAfter(2 * DAY, { ledger: noLedger });
  expect(has(keys)).toEqual([true, true]);
  const fence = 0;
  const at = world.clock.now();
  await world.ledger.begin({ name: LONG_AGO, fence, trigger: 'command', scheduledAt: at, startedAt: at });
  await runAfter(2 * DAY);
  expect(has(keys)).toEqual([true, true]);
});

test('without records, what is older than a day is debris', async () => {
  const key = documentKey(PREFIX, LONG_AGO, false);
  await store.put(key, Buffer.from('half'));
  expect((await runAfter(0.9 * DAY, { ledger: noLedger })).swept.objects).toEqual([]);
  expect((await runAfter(0.2 * DAY, { ledger: noLedger })).swept.objects).toEqual([key]);
});
