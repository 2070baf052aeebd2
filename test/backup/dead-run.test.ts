/** A run whose process died can tell nobody: the next one does, once. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { BackupContext } from '../../src/backup/run/context.ts';
import type { BackupOutcome } from '../../src/backup/run/outcome.ts';
import { runBackup } from '../../src/backup/run/run.ts';
import { sql } from '../../src/db/database.ts';
import { createWorld, type World } from '../support/backup-world.ts';
import { createMemoryStore } from '../support/memory-store.ts';
import { recordedRuns } from '../support/recorded-runs.ts';

let world: World;
let context: BackupContext;

beforeAll(async () => {
  world = await createWorld({}, 'small');
});
afterAll(() => world.close());
beforeEach(async () => {
  world.alerts.length = 0;
  world.clock.advance(3_600_000);
  context = { ...world.context, store: createMemoryStore(() => world.clock.now()) };
  await world.db.write([sql('UPDATE backup_lease SET expires_ms = 0'), sql('DELETE FROM backup_runs')]);
});

const run = (change: Partial<BackupContext> = {}): Promise<BackupOutcome> => {
  world.clock.advance(60_000);
  return runBackup({ ...context, ...change }, { trigger: 'schedule', scheduledAt: world.clock.now() });
};

/** Its process begins a run and is killed. */
async function die(name: string): Promise<void> {
  const lease = await world.ledger.acquire('dying', 0);
  if (lease.kind !== 'acquired') throw new Error('no lease');
  const at = world.clock.now();
  const { fence } = lease;
  await world.ledger.begin({ name, fence, trigger: 'schedule', scheduledAt: at, startedAt: at });
}

const told = (): string[] => world.alerts.map(({ kind, message }) => `${kind}: ${message}`);

test('the next run tells the admins of a run that died, once, and goes on', async () => {
  await die('20260101_000000');
  expect(await run()).toMatchObject({ kind: 'done', problems: [] });
  expect(world.alerts).toEqual([
    {
      kind: 'failed',
      isEarlier: true,
      message: expect.stringMatching(/^the run 20260101_000000 \(schedule\), begun .* UTC, never ended/),
    },
  ]);
  expect(await recordedRuns(world.db)).toMatchObject([
    { state: 'done' },
    { name: '20260101_000000', state: 'failed', reason: 'its process died or stalled' },
  ]);
  await run();
  expect(world.alerts).toHaveLength(1);
});

test('one message for each that died, and one more when the run that tells it fails too', async () => {
  await die('20260101_000000');
  await die('20260101_000001');
  const source = { read: () => Promise.reject(new Error('no database')) };
  expect(await run({ source })).toMatchObject({ kind: 'failed' });
  expect(told()).toEqual([
    expect.stringContaining('20260101_000001'),
    expect.stringContaining('20260101_000000'),
    expect.stringContaining('no database'),
  ]);
  await run();
  expect(world.alerts).toHaveLength(3);
});

test('admins who could not be told are told by the run after', async () => {
  await die('20260101_000000');
  const alert = (): Promise<void> => Promise.reject(new Error('telegram is down'));
  expect(await run({ alert })).toMatchObject({
    kind: 'done',
    problems: [
      expect.stringMatching(/20260101_000000: telegram is down/),
      expect.stringMatching(/telling the admins: telegram is down/),
    ],
  });
  await run();
  expect(told()).toEqual([expect.stringContaining('20260101_000000')]);
});

test('one that had published, and whose bucket does not answer now: it did not fail, and the next run says so', async () => {
  const { store } = context;
  const made = await run();
  if (made.kind !== 'done') throw new Error(made.kind);
  // Killed before it could be recorded.
  await world.db.write([sql("UPDATE backup_runs SET state = 'running', finished_at = NULL")]);
  const list = (): Promise<never> => Promise.reject(new Error('no answer'));
  let asked = 0;
  const away: typeof store = {
    ...store,
    // The name was chosen before.
    list(...args) {
      asked += 1;
      return asked === 1 ? store.list(...args) : list();
    },
  };
  await run({ store: away });
  expect(await run()).toMatchObject({ kind: 'done', problems: [] });
  expect(await recordedRuns(world.db)).toMatchObject([
    { state: 'done' },
    { state: 'done' },
    { name: made.name, state: 'done' },
  ]);
  expect(told().filter((message) => message.includes('never ended'))).toEqual([]);
});

test('a stalled run that was taken for dead and wakes up is not told a second time', async () => {
  let other: BackupOutcome | undefined;
  const outcome = await run({
    source: {
      async read(use) {
        await world.db.write([sql('UPDATE backup_lease SET expires_ms = 0')]);
        other ??= await run();
        return context.source.read(use);
      },
    },
  });
  expect([outcome.kind, other?.kind]).toEqual(['failed', 'done']);
  expect(told()).toEqual([expect.stringMatching(/never ended: its process died or stalled/)]);
});

test('a beginning whose answer was lost is told once, by itself', async () => {
  const begin: typeof world.ledger.begin = async (start) => {
    await world.ledger.begin(start);
    throw new Error('connection reset');
  };
  expect(await run({ ledger: { ...world.ledger, begin } })).toMatchObject({ kind: 'failed' });
  await run();
  expect(told()).toEqual([expect.stringContaining('connection reset')]);
});

test('a failure whose record was lost on the way, or came late, is told once', async () => {
  const source = { read: () => Promise.reject(new Error('no database')) };
  for (const hasEffect of [true, false]) {
    let tries = 0;
    const end: typeof world.ledger.end = async (...args) => {
      tries += 1;
      if (tries > 1) return world.ledger.end(...args);
      if (hasEffect) await world.ledger.end(...args);
      throw new Error('connection reset');
    };
    world.alerts.length = 0;
    await run({ source, ledger: { ...world.ledger, end } });
    await run();
    expect(told()).toEqual(['failed: backup failed: no database']);
  }
});

test('a run given up before it began is told once, and leaves no record behind', async () => {
  const outcome = await runBackup(context, {
    trigger: 'command',
    scheduledAt: world.clock.now(),
    signal: AbortSignal.abort(new Error('interrupted')),
  });
  expect(outcome).toMatchObject({ kind: 'failed', reason: 'interrupted' });
  await run();
  expect(told()).toEqual(['failed: backup failed: interrupted']);
});
