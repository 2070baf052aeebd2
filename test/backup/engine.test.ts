import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { BackupRequest } from '../../src/backup/catalog/ledger.ts';
import { backupName } from '../../src/backup/catalog/names.ts';
import { type BackupEngine, createBackupEngine, type EngineContext } from '../../src/backup/engine.ts';
import { sql } from '../../src/db/database.ts';
import type { Timer } from '../../src/lib/silence.ts';
import { askBackup } from '../support/ask-backup.ts';
import { createWorld, type World } from '../support/backup-world.ts';
import { createMemoryStore, type MemoryStore } from '../support/memory-store.ts';

const ASKED = { requestedBy: 7, chatId: -100, messageId: 3 };
let world: World;
let store: MemoryStore;
let engine: BackupEngine;

beforeAll(async () => {
  world = await createWorld({}, 'small');
});
afterAll(() => world.close());
beforeEach(async () => {
  world.clock.advance(3_600_000);
  world.alerts.length = 0;
  await world.db.write([
    sql('UPDATE backup_lease SET expires_ms = 0'),
    sql('DELETE FROM backup_runs'),
    sql('DELETE FROM backup_requests'),
  ]);
  store = createMemoryStore(() => world.clock.now());
  engine = openEngine();
});

const ask = () => askBackup(world.db, { ...ASKED, requestedAt: world.clock.now() });

function openEngine(options: Partial<EngineContext> = {}): BackupEngine {
  return createBackupEngine({
    ...world.context,
    store,
    requests: world.ledger,
    maxAgeHours: 26,
    signLink: (key, adminId) => `https://bot.example/backups/${key}?admin=${adminId}`,
    ...options,
  });
}

test('a request given up with its host is made by the next one', async () => {
  const stopping = new AbortController();
  const first = openEngine({ stopping: stopping.signal });
  const request = await ask();
  const outcome = await first.runRequest(request, () => {
    stopping.abort(new Error('the host was stopped'));
  });
  expect(outcome).toMatchObject({ kind: 'failed', reason: 'the host was stopped' });
  expect((await engine.list()).total).toBe(0);
  world.clock.advance(60_000);
  expect(await engine.finishRequested()).toMatchObject([
    { request: { id: request.id }, outcome: { kind: 'done' } },
  ]);
});

test('a request that is answered is not answered again', async () => {
  const request = await ask();
  const outcome = await engine.runRequest(request);
  expect(outcome).toMatchObject({ kind: 'done', manifest: { trigger: 'command' } });
  expect(await engine.finishRequested()).toEqual([]);
});

test('a request whose process died is finished by the next tick, once', async () => {
  const request = await ask();
  world.clock.advance(60_000);
  const finished = await engine.finishRequested();
  expect(finished).toMatchObject([{ request: { ...ASKED, id: request.id }, outcome: { kind: 'done' } }]);
  expect(await engine.finishRequested()).toEqual([]);
  expect((await engine.list()).total).toBe(1);
});

test('a process that died after its backup, before it could say so: the tick says it, and makes no second one', async () => {
  const request = await ask();
  const made = await engine.run({ trigger: 'command', scheduledAt: request.requestedAt });
  expect(made.kind).toBe('done');
  expect(await engine.finishRequested()).toMatchObject([
    { outcome: { kind: 'skipped', reason: 'duplicate' } },
  ]);
  expect((await engine.list()).total).toBe(1);
});

test('while another run is under way a request stays open', async () => {
  await ask();
  const held = await world.ledger.acquire('other', 60_000);
  expect(await engine.finishRequested()).toEqual([]);
  expect(await engine.finishRequested()).toEqual([]);
  if (held.kind === 'acquired') await world.ledger.release(held.fence);
  expect(await engine.finishRequested()).toMatchObject([{ outcome: { kind: 'done' } }]);
});

/** Runs for the request that began and whose process died. */
async function dieOf({ requestedAt: at }: BackupRequest, times: number): Promise<void> {
  for (let i = 0; i < times; i += 1) {
    const lease = await world.ledger.acquire('dying', 0);
    if (lease.kind !== 'acquired') throw new Error('no lease');
    await world.ledger.begin({
      name: `2020010${i + 1}_000000`,
      fence: lease.fence,
      trigger: 'command',
      scheduledAt: at,
      startedAt: at,
    });
  }
}

test.each(['for it', 'since'] as const)(
  'a request is not given up when a backup was made %s',
  async (when) => {
    const request = await ask();
    await dieOf(request, 2);
    const { requestedAt } = request;
    // Its process dies before it closes the request.
    const own = await engine.run({ trigger: 'command', scheduledAt: requestedAt });
    if (own.kind !== 'done') throw new Error(JSON.stringify(own));
    if (when === 'since') {
      store.objects.clear();
      world.clock.advance(60_000);
      await engine.run({ trigger: 'schedule', scheduledAt: world.clock.now() });
    }
    const [made] = (await engine.list()).entries;
    expect(await engine.finishRequested()).toMatchObject([
      { outcome: { kind: 'skipped', reason: 'duplicate', name: made?.name } },
    ]);
    expect(await engine.finishRequested()).toEqual([]);
    expect((await engine.list()).total).toBe(1);
  },
);

test('a request given up while the bucket does not answer is not called unfinished', async () => {
  await dieOf(await ask(), 3);
  store.list = async () => {
    throw new Error('connection refused');
  };
  const [told] = await engine.finishRequested();
  expect(told?.outcome).toMatchObject({
    kind: 'failed',
    reason: expect.stringContaining('connection refused'),
  });
  expect(told?.outcome).not.toMatchObject({ reason: expect.stringContaining('never finished') });
});

test('a request whose runs die again and again is given up, whatever was made before it', async () => {
  await engine.run({ trigger: 'schedule', scheduledAt: world.clock.now() });
  world.clock.advance(60_000);
  await dieOf(await ask(), 3);
  expect(await engine.finishRequested()).toMatchObject([
    { outcome: { kind: 'failed', reason: expect.stringContaining('begun 3 times and never finished') } },
  ]);
  expect(await engine.finishRequested()).toEqual([]);
});

test('health follows the newest verified backup', async () => {
  expect(await engine.health()).toEqual({
    ok: false,
    reason: 'none',
    lastVerified: null,
    ageHours: null,
    name: null,
  });
  const at = world.clock.now();
  const outcome = await engine.run({ trigger: 'schedule', scheduledAt: at });
  if (outcome.kind !== 'done') throw new Error('not done');
  world.clock.advance(25.9 * 3_600_000);
  expect(await engine.health()).toEqual({
    ok: true,
    reason: 'fresh',
    lastVerified: at.toISOString(),
    ageHours: 25.9,
    name: outcome.name,
  });
  world.clock.advance(0.1 * 3_600_000);
  expect(await engine.health()).toMatchObject({ ok: false, reason: 'stale', ageHours: 26 });
  store.objects.delete(`backups/${outcome.manifest.objects.document.file}`);
  expect(await engine.health()).toMatchObject({ ok: false, reason: 'none' });
});

test('a backup of a clock that ran ahead proves nothing: health looks past it, and a start is not skipped for it', async () => {
  const real = world.clock.now();
  world.clock.set(new Date(real.getTime() + 365 * 86_400_000));
  const ahead = await engine.run({ trigger: 'schedule', scheduledAt: world.clock.now() });
  if (ahead.kind !== 'done') throw new Error('not done');
  world.clock.set(real);
  expect(await engine.health()).toMatchObject({ ok: false, reason: 'none' });
  const start = { trigger: 'start', scheduledAt: real, unlessYoungerThanMs: 600_000 } as const;
  const made = await engine.run(start);
  if (made.kind !== 'done') throw new Error(JSON.stringify(made));
  expect(await engine.health()).toMatchObject({ ok: true, reason: 'fresh', name: made.name });
  // It stays, and clocks that differ a little are believed.
  expect(await engine.find(ahead.name)).toMatchObject({ state: 'verified' });
  world.clock.advance(-60_000);
  expect(await engine.health()).toMatchObject({ ok: true, ageHours: 0, name: made.name });
  // Not by 20 minutes: how old it is nobody can tell.
  world.clock.advance(-19 * 60_000);
  expect(await engine.health()).toMatchObject({ ok: false, reason: 'none' });
  expect(await engine.run({ ...start, scheduledAt: world.clock.now() })).toMatchObject({ kind: 'done' });
});

test('verify and links of a backup, and of none', async () => {
  const outcome = await engine.run({ trigger: 'schedule', scheduledAt: world.clock.now() });
  if (outcome.kind !== 'done') throw new Error('not done');
  const { database, document } = outcome.manifest.objects;
  expect(await engine.verify(outcome.name)).toEqual({ ok: true, opened: true, problems: [] });
  expect(await engine.links(outcome.name, 7)).toEqual(
    [database, document].map(({ file, bytes }) => ({
      fileName: file,
      bytes,
      url: `https://bot.example/backups/backups/${file}?admin=7`,
    })),
  );
  expect(await engine.verify('20200101_000000')).toBeUndefined();
  expect(await engine.links('20200101_000000', 7)).toEqual([]);
});

test('a file that is to be sent elsewhere is sent only as it was stored', async () => {
  const outcome = await engine.run({ trigger: 'schedule', scheduledAt: world.clock.now() });
  if (outcome.kind !== 'done') throw new Error('not done');
  const [database, document] = await engine.files(outcome.name);
  const key = `${world.context.prefix}${database?.fileName}`;
  const good = (await database?.read()) ?? new Uint8Array();
  expect(good).toHaveLength(database?.bytes ?? 0);
  await store.put(key, good.toReversed());
  await expect(database?.read()).rejects.toThrow(/is not what was stored: .* verify /);
  expect((await document?.read())?.byteLength).toBe(document?.bytes);
  expect(await engine.find(outcome.name)).toMatchObject({ state: 'damaged' });
  await store.delete([key]);
  expect(await database?.read()).toBeUndefined();
});

test('pages', async () => {
  for (let i = 0; i < 5; i += 1) {
    await engine.run({ trigger: 'schedule', scheduledAt: world.clock.now() });
    world.clock.advance(60_000);
  }
  const all = await engine.list();
  const page = await engine.list({ offset: 2, limit: 2 });
  expect(page.total).toBe(5);
  expect(page.entries.map(({ name }) => name)).toEqual(all.entries.slice(2, 4).map(({ name }) => name));
  expect(all.entries.map(({ name }) => name)).toEqual(
    all.entries
      .map(({ name }) => name)
      .toSorted()
      .toReversed(),
  );
});

test('a bucket that does not answer holds up no screen', async () => {
  const stuck = {
    ...store,
    list: () => new Promise<never>(() => {}),
    put: () => new Promise<never>(() => {}),
  };
  const waits: number[] = [];
  const answerTimer: Timer = (ms, run) => {
    waits.push(ms);
    queueMicrotask(run);
    return () => {};
  };
  const asked = openEngine({ store: stuck, answerTimer });
  const name = backupName(new Date(0));
  for (const ask of [
    () => asked.list(),
    () => asked.find(name),
    () => asked.links(name, 1),
    () => asked.files(name),
    () => asked.probe(),
    () => asked.health(),
  ])
    await expect(ask()).rejects.toThrow(/gives no answer within 20 s: it is stuck or cannot be reached/);
  expect(waits).toEqual([20_000, 20_000, 20_000, 20_000, 20_000, 20_000]);
});
