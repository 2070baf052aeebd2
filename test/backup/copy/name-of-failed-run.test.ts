/**
 * The database learns a manifest's SHA-256 before the manifest is put. A run that fails after that
 * stored nothing, and the bot of another database may make the backup of the same second: that one
 * is whole, and reaches the second bucket.
 */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DIED } from '../../../src/backup/catalog/ledger.ts';
import { findBackup, listBackups } from '../../../src/backup/catalog/list.ts';
import { manifestKey } from '../../../src/backup/catalog/names.ts';
import { catchUp } from '../../../src/backup/copy/catch-up.ts';
import { type CopyMemory, NO_MEMORY } from '../../../src/backup/copy/memory.ts';
import { NO_LIMIT } from '../../../src/backup/copy/proven.ts';
import { rememberedIn } from '../../../src/backup/copy/remembered.ts';
import type { BackupContext } from '../../../src/backup/run/context.ts';
import { runBackup } from '../../../src/backup/run/run.ts';
import { createWorld, type World } from '../../support/backup-world.ts';
import { createMemoryStore } from '../../support/memory-store.ts';
import { recordedRuns } from '../../support/recorded-runs.ts';

let own: World;
let twin: World;

beforeEach(async () => {
  [own, twin] = [await createWorld(), await createWorld()];
});
afterEach(() => {
  own.close();
  twin.close();
});

const second = { trigger: 'schedule', scheduledAt: new Date('2026-06-15T02:01:00Z') } as const;
const context = (): BackupContext => ({ ...own.context, prefix: '' });
const stored = async (name: string) => {
  const file = manifestKey('', name);
  return (await (await rememberedIn(own.db)).stored(file, file)).get(file);
};

/** The lease is renewed and the hash is remembered; the answer does not come back. */
const cutAnswer: BackupContext['ledger']['renew'] = async (fence, ttlMs, file) => {
  const isRenewed = await own.ledger.renew(fence, ttlMs, file);
  if (file !== undefined) throw new Error('database unavailable');
  return isRenewed;
};

async function copied(): Promise<{ memory: CopyMemory; names: string[] }> {
  const { clock, store, retention: policy } = context();
  const copy = { store: createMemoryStore(clock.now), prefix: '', clock };
  const memory = await catchUp(
    {
      ...{ first: { store, prefix: '', clock }, copy, clock, policy },
      triggers: (names) => own.ledger.triggers(names),
      stored: (await rememberedIn(own.db)).stored,
    },
    NO_MEMORY,
    NO_LIMIT,
  );
  const { entries } = await listBackups(copy);
  return { memory, names: entries.flatMap(({ name, state }) => (state === 'verified' ? [name] : [])) };
}

/** Of the same second, in the same bucket, by the other database. */
async function twinBackup(): Promise<string> {
  const made = await runBackup({ ...twin.context, store: own.context.store, prefix: '' }, second);
  if (made.kind !== 'done') throw new Error(JSON.stringify(made));
  return made.name;
}

test('the answer of the lease was cut: the backup that another database made then is copied', async () => {
  const ledger = { ...own.ledger, renew: cutAnswer };
  const failed = await runBackup({ ...context(), ledger }, second);
  expect(failed).toMatchObject({ kind: 'failed', left: [] });
  const name = await twinBackup();
  expect(failed).toMatchObject({ name });
  const { memory, names } = await copied();
  expect(memory.problem).toBeNull();
  expect(names).toEqual([name]);
});

test('the process died before it put the manifest: the next run forgets what it never stored', async () => {
  const { name } = await dead();
  expect(await stored(name)).toBeDefined();
  own.clock.advance(86_400_000);
  expect(await runBackup(context(), { ...second, scheduledAt: own.clock.now() })).toMatchObject({
    kind: 'done',
  });
  expect((await recordedRuns(own.db))[1]).toMatchObject({ state: 'failed', reason: DIED });
  expect(await stored(name)).toBeUndefined();
  twin.clock.advance(1_000);
  expect(await twinBackup()).toBe(name);
  const { memory, names } = await copied();
  expect(memory.problem).toBeNull();
  expect(names).toHaveLength(2);
});

test('the process died so, and another database’s backup has its name: that is not taken for its own', async () => {
  const { name } = await dead();
  // The other one’s sweep removes what has no manifest.
  await own.context.store.delete((await own.context.store.list('')).map(({ key }) => key));
  expect(await twinBackup()).toBe(name);
  own.clock.advance(86_400_000);
  expect(await runBackup(context(), { ...second, scheduledAt: own.clock.now() })).toMatchObject({
    kind: 'done',
  });
  expect((await recordedRuns(own.db))[1]).toMatchObject({ state: 'failed', reason: DIED });
  expect(await stored(name)).toBeUndefined();
  const { memory, names } = await copied();
  expect(memory.problem).toBeNull();
  expect(names).toHaveLength(2);
});

test('a backup that was made stays remembered, whatever is said of its run later', async () => {
  const made = await runBackup(context(), second);
  if (made.kind !== 'done') throw new Error(JSON.stringify(made));
  const sha256 = await stored(made.name);
  expect(sha256).toMatch(/^[0-9a-f]{64}$/);
  const finishedAt = own.clock.now();
  await own.ledger.end(made.name, { state: 'failed', finishedAt, reason: DIED, rows: null, bytes: null });
  expect(await stored(made.name)).toBe(sha256);
  expect(await findBackup({ ...context() }, made.name)).toMatchObject({ state: 'verified' });
});

/** Its lease is over, and its run is on record as under way. */
async function dead(): Promise<{ name: string }> {
  const silent = {
    ...own.ledger,
    renew: cutAnswer,
    end: () => Promise.reject(new Error('dead')),
  };
  const outcome = await runBackup({ ...context(), ledger: silent }, second);
  if (outcome.kind !== 'failed' || outcome.name === undefined) throw new Error(outcome.kind);
  return { name: outcome.name };
}
