/**
 * Every call of a run failing: once or from then on, before its effect or with its answer lost.
 * Exhaustive, so nothing is random.
 */
import { Buffer } from 'node:buffer';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findBackup, readGroups } from '../../src/backup/catalog/list.ts';
import { parseKey } from '../../src/backup/catalog/names.ts';
import type { BackupContext } from '../../src/backup/run/context.ts';
import type { BackupOutcome } from '../../src/backup/run/outcome.ts';
import { runBackup } from '../../src/backup/run/run.ts';
import { verifyByHash } from '../../src/backup/verify/prove-objects.ts';
import { sql } from '../../src/db/database.ts';
import { createWorld, type World } from '../support/backup-world.ts';
import { type Fault, Faults, faultyLedger, faultySource, faultyStore } from '../support/faulty-edges.ts';
import { createMemoryStore, type MemoryStore } from '../support/memory-store.ts';

const PREFIX = 'backups/';
let world: World;
/** One sound backup: what every trial begins with. */
let sound: MemoryStore;
let begin: Date;

beforeAll(async () => {
  world = await createWorld({}, 'small');
  sound = createMemoryStore(() => world.clock.now());
  const first = await runBackup(
    { ...world.context, store: sound },
    { trigger: 'schedule', scheduledAt: world.clock.now() },
  );
  expect(first.kind).toBe('done');
  begin = new Date(world.clock.now().getTime() + 86_400_000);
});
afterAll(() => world.close());

interface Trial {
  readonly store: MemoryStore;
  readonly outcome: BackupOutcome;
  readonly faults: Faults;
  readonly context: BackupContext;
}

/** A run with the fault, over the sound backup. */
async function trial(fault: Fault | undefined): Promise<Trial> {
  await world.db.write([sql('UPDATE backup_lease SET expires_ms = 0'), sql('DELETE FROM backup_runs')]);
  world.clock.set(begin);
  const store = createMemoryStore(() => world.clock.now());
  for (const [key, object] of sound.objects) store.objects.set(key, object);
  const context = { ...world.context, store };
  world.alerts.length = 0;
  const faults = new Faults(fault);
  const faulty = {
    ...context,
    store: faultyStore(store, faults),
    ledger: faultyLedger(world.ledger, faults),
    source: faultySource(world.context.source, faults),
  };
  const outcome = await runBackup(faulty, { trigger: 'schedule', scheduledAt: world.clock.now() });
  return { store, outcome, faults, context };
}

function snapshotOf(store: MemoryStore): Map<string, string> {
  return new Map([...store.objects].map(([key, { body }]) => [key, Buffer.from(body).toString('base64')]));
}

async function expectPromisesKept({ store, outcome, faults, context }: Trial, where: string): Promise<void> {
  const groups = await readGroups(context);
  const earlier = groups.at(-1);
  if (earlier === undefined) throw new Error('the earlier backup is gone');
  // Whatever has a manifest is whole: what is listed as verified is.
  for (const { name, objects } of groups) {
    if (!objects.some(({ role }) => role === 'manifest')) continue;
    const entry = await findBackup(context, name);
    expect(entry?.state, where).toBe('verified');
    if (entry?.manifest === undefined) continue;
    expect((await verifyByHash(context, entry.manifest, { keys: undefined })).problems, where).toEqual([]);
  }
  if (outcome.kind === 'done') {
    expect((await findBackup(context, outcome.name))?.state, where).toBe('verified');
    expect(world.alerts.length, where).toBe(outcome.problems.length > 0 ? 1 : 0);
  } else {
    expect(outcome.kind, where).toBe('failed');
    expect(world.alerts, where).toMatchObject([{ kind: 'failed' }]);
  }
  // The next run works and leaves nothing behind but whole backups.
  await world.db.write([sql('UPDATE backup_lease SET expires_ms = 0')]);
  world.clock.advance(3_600_000);
  const before = snapshotOf(store);
  const next = await runBackup(context, { trigger: 'schedule', scheduledAt: world.clock.now() });
  expect(next, `${where}: the run after it`).toMatchObject({ kind: 'done', problems: [] });
  for (const { name, objects } of await readGroups(context))
    expect(
      objects.some(({ role }) => role === 'manifest'),
      `${where}: debris of ${name}`,
    ).toBe(true);
  expect(store.uploads.size, `${where}: unfinished uploads`).toBe(0);
  const after = snapshotOf(store);
  for (const [key, body] of before)
    if (parseKey(PREFIX, key)?.name === earlier.name) expect(after.get(key), `${where}: ${key}`).toBe(body);
  expect(faults.calls, where).toBeGreaterThan(0);
}

const KINDS: readonly Omit<Fault, 'at'>[] = [
  { lasting: false, effect: 'before' },
  { lasting: false, effect: 'after' },
  { lasting: true, effect: 'before' },
  { lasting: true, effect: 'after' },
];

test.each(KINDS)('every call of a run fails: %j', async (kind) => {
  const { faults } = await trial(undefined);
  const calls = faults.log;
  expect(calls.length).toBeGreaterThan(30);
  const outcomes = new Set<string>();
  for (const [at, call] of calls.entries()) {
    // Of calls that come many times (rows, chunks), the first, the second and the last.
    const nth = calls.slice(0, at).filter((other) => other === call).length;
    if (nth > 1 && calls.lastIndexOf(call) !== at) continue;
    const result = await trial({ ...kind, at });
    outcomes.add(result.outcome.kind);
    await expectPromisesKept(
      result,
      `call ${at} (${calls[at]}), ${JSON.stringify(kind)}, ${result.outcome.kind}`,
    );
  }
  // Some faults a run survives, others it must not.
  expect(outcomes).toEqual(new Set(['done', 'failed']));
});
