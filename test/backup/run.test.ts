import { Buffer } from 'node:buffer';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { noLedger } from '../../src/backup/catalog/ledger.ts';
import { findBackup, readGroups } from '../../src/backup/catalog/list.ts';
import { type Manifest, parseManifest } from '../../src/backup/catalog/manifest.ts';
import { backupName, databaseKey, documentKey, manifestKey } from '../../src/backup/catalog/names.ts';
import { ensureTriggers } from '../../src/backup/changes/ensure-triggers.ts';
import { generateKey } from '../../src/backup/envelope/keys.ts';
import { type RowSource, SchemaChanged } from '../../src/backup/model/model.ts';
import type { BackupContext } from '../../src/backup/run/context.ts';
import type { BackupOutcome } from '../../src/backup/run/outcome.ts';
import { runBackup } from '../../src/backup/run/run.ts';
import { openEmbeddedSnapshotSource } from '../../src/backup/snapshot/embedded.ts';
import { ObjectExists, type Store, StoreError } from '../../src/backup/store/types.ts';
import { verifyByHash } from '../../src/backup/verify/prove-objects.ts';
import { meetBot } from '../../src/db/bot-identity.ts';
import { sql } from '../../src/db/database.ts';
import { SCHEMA_VERSION } from '../../src/db/migrate.ts';
import { createWorld, type World } from '../support/backup-world.ts';
import { createMemoryStore, type MemoryStore } from '../support/memory-store.ts';
import { recordedRuns } from '../support/recorded-runs.ts';
import { putBackup } from '../support/sample-backup.ts';

const PREFIX = 'backups/';
let world: World;
let store: MemoryStore;
let context: BackupContext;

beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());
afterEach(() => {
  // A command shows it on one line.
  expect(world.alerts.filter(({ message }) => message.includes('\n'))).toEqual([]);
});
beforeEach(async () => {
  world.alerts.length = 0;
  world.clock.advance(3_600_000);
  store = createMemoryStore(() => world.clock.now());
  context = { ...world.context, store };
  await world.db.write([sql('UPDATE backup_lease SET expires_ms = 0'), sql('DELETE FROM backup_runs')]);
});

const run = (change: Partial<BackupContext> = {}, scheduledAt = world.clock.now()): Promise<BackupOutcome> =>
  runBackup({ ...context, ...change }, { trigger: 'schedule', scheduledAt });

async function done(outcome: BackupOutcome) {
  if (outcome.kind !== 'done') throw new Error(`not done: ${JSON.stringify(outcome)}`);
  return outcome;
}

/** What a failed run may leave: nothing of its own, everything of others. */
function expectNothingLeft(before: readonly string[] = []): void {
  expect([...store.objects.keys()]).toEqual(before);
  expect(store.uploads.size).toBe(0);
}

test('a run leaves three objects, a record and no lease', async () => {
  const { name, manifest, leased, problems } = await done(await run());
  expect([...store.objects.keys()].toSorted()).toEqual(
    ['anime_backup_NAME.json.gz', 'anime_backup_NAME.manifest.json', 'anime_bot_NAME.db.gz'].map(
      (key) => PREFIX + key.replace('NAME', name),
    ),
  );
  expect({ leased, problems, alerts: world.alerts }).toEqual({ leased: true, problems: [], alerts: [] });
  expect(manifest).toMatchObject({
    trigger: 'schedule',
    state: 'verified',
    schema_version: SCHEMA_VERSION,
    libraries: { test: '1' },
  });
  expect(manifest.tables.find((table) => table.name === 'anime_parts')).toMatchObject({
    rows: 120,
    kind: 'table',
  });
  expect(parseManifest(store.objects.get(manifestKey(PREFIX, name))?.body ?? new Uint8Array())).toEqual(
    manifest,
  );
  expect(await recordedRuns(world.db)).toMatchObject([
    { name, state: 'done', reason: null, trigger: 'schedule' },
  ]);
  expect(await world.ledger.acquire('next', 0)).toMatchObject({ kind: 'acquired' });
  expect((await verifyByHash(context, manifest, { keys: undefined })).problems).toEqual([]);
});

test('the record tells what set a run off, so that retention need not read its manifest', async () => {
  const { name } = await done(
    await runBackup(context, { trigger: 'import', scheduledAt: world.clock.now() }),
  );
  expect(await world.ledger.triggers([name, '20200101_000000'])).toEqual(new Map([[name, 'import']]));
  world.clock.advance(86_400_000);
  const gets: string[] = [];
  const counting: Store = {
    ...store,
    get: (key) => {
      gets.push(key);
      return store.get(key);
    },
  };
  const policy = { retention: { daily: 1 }, store: counting };
  for (let day = 0; day < 4; day += 1) {
    world.clock.advance(86_400_000);
    await done(await run(policy));
    // The first one compares its rows with those of the backup before it.
    if (day === 0) gets.length = 0;
  }
  // It stays for 14 days, and takes no place.
  expect(await findBackup(context, name)).toMatchObject({ state: 'verified' });
  expect(gets).not.toContain(manifestKey(PREFIX, name));
});

test('progress is told in order and reaches its end', async () => {
  const phases: string[] = [];
  let proved = 0;
  const { manifest } = await done(
    await runBackup(context, {
      trigger: 'command',
      scheduledAt: world.clock.now(),
      onProgress: ({ phase, bytes, total }) => {
        if (phases.at(-1) !== phase) phases.push(phase);
        if (phase === 'proof') {
          expect(bytes).toBeGreaterThan(proved);
          expect(bytes).toBeLessThanOrEqual(total ?? 0);
          proved = bytes;
        }
      },
    }),
  );
  expect(phases).toEqual(['snapshot', 'proof', 'retention']);
  expect(proved).toBe(manifest.objects.database.bytes + manifest.objects.document.bytes);
});

describe('one run at a time, one backup a time', () => {
  test('the same scheduled time twice makes one backup, and says so', async () => {
    const at = world.clock.now();
    const { name } = await done(await run({}, at));
    world.clock.advance(60_000);
    const again = await run({}, new Date(at.getTime() + 400));
    expect(again).toMatchObject({ kind: 'skipped', reason: 'duplicate', name });
    expect(await readGroups(context)).toHaveLength(1);
    expect(world.alerts).toEqual([]);
  });

  test('two at once: one is made, the other says who is in its way', async () => {
    const at = world.clock.now();
    const outcomes = await Promise.all([run({ holder: 'first' }, at), run({ holder: 'second' }, at)]);
    expect(outcomes.map(({ kind }) => kind).toSorted()).toEqual(['done', 'skipped']);
    const skipped = outcomes.find(({ kind }) => kind === 'skipped');
    expect(skipped).toMatchObject({
      reason: 'busy',
      message: expect.stringMatching(/another run is under way \((first|second)\)/),
    });
  });

  test('a dead holder expires, its record says so, and its leavings go', async () => {
    const at = world.clock.now();
    const dead = await world.ledger.acquire('dead', 0);
    if (dead.kind !== 'acquired') throw new Error('no lease');
    const name = '20260101_000000';
    const start = { name, trigger: 'schedule', scheduledAt: at, startedAt: at } as const;
    await world.ledger.begin({ ...start, fence: dead.fence });
    await store.put(databaseKey(PREFIX, name, false), Buffer.from('half'));
    await store.create(documentKey(PREFIX, name, false), { headLength: 0 });
    const next = await done(await run({}, at));
    expect(next.swept).toEqual({ objects: [databaseKey(PREFIX, name, false)], uploads: 1 });
    expect((await readGroups(context)).map((group) => group.name)).toEqual([next.name]);
    expect(await recordedRuns(world.db)).toMatchObject([
      { name: next.name, state: 'done' },
      { name, state: 'failed', reason: expect.stringContaining('died or stalled') },
    ]);
  });

  test('a stalled holder that lost its lease publishes nothing, and the other run is not harmed', async () => {
    const at = world.clock.now();
    let other: Promise<BackupOutcome> | undefined;
    const stalled = await runBackup(context, {
      trigger: 'schedule',
      scheduledAt: at,
      onProgress: ({ phase }) => {
        if (phase !== 'proof' || other !== undefined) return;
        other = world.db.write([sql('UPDATE backup_lease SET expires_ms = 0')]).then(() => run({}, at));
      },
    });
    const second = await other;
    const outcomes = [stalled.kind, second?.kind].toSorted();
    expect(outcomes).toEqual(['done', 'failed']);
    const winner = await done(stalled.kind === 'done' ? stalled : (second ?? stalled));
    expect(await readGroups(context)).toHaveLength(1);
    expect((await verifyByHash(context, winner.manifest, { keys: undefined })).ok).toBe(true);
  });

  test.each([
    ['swept what it had', 'failed'],
    ['took the lease and swept nothing yet', 'done'],
  ] as const)('its manifest lands after another run %s: %s', async (what, kind) => {
    const at = world.clock.now();
    const slow: Store = {
      ...store,
      async put(...args) {
        // The put stalls longer than the lease lives.
        await world.db.write([sql('UPDATE backup_lease SET expires_ms = 0')]);
        if (what === 'swept what it had') expect((await run({ holder: 'other' }, at)).kind).toBe('done');
        else expect(await world.ledger.acquire('other', 60_000)).toMatchObject({ kind: 'acquired' });
        return store.put(...args);
      },
    };
    const stalled = await run({ store: slow, holder: 'stalled' }, at);
    expect(stalled.kind).toBe(kind);
    // What is listed is whole, and only what was told is there.
    const groups = await readGroups(context);
    expect(groups).toHaveLength(1);
    const entry = await findBackup(context, groups[0]?.name ?? '');
    expect(entry?.state).toBe('verified');
    expect(entry?.name === stalled.name).toBe(kind === 'done');
    const record = (await recordedRuns(world.db)).find(({ name }) => name === stalled.name);
    expect(record?.state).toBe(kind);
    expect(world.alerts).toMatchObject([{ kind: kind === 'done' ? 'problem' : 'failed' }]);
  });

  test('a name used by a dead attempt is never used again', async () => {
    const at = world.clock.now();
    const first = await done(await run({}, at));
    store.objects.delete(manifestKey(PREFIX, first.name));
    const second = await done(await run({}, at));
    expect(second.name > first.name).toBe(true);
    expect(second.manifest.scheduled_at).toBe(at.toISOString());
    expect(await run({}, at)).toMatchObject({ kind: 'skipped', reason: 'duplicate', name: second.name });
  });

  test.each([
    ['a command', { trigger: 'command' }, 'done'],
    ['the backup before a restore', { trigger: 'restore' }, 'done'],
    ['the backup before an import', { trigger: 'import' }, 'done'],
    ['a stored request, asked for again', { trigger: 'command', isRequest: true }, 'skipped'],
    ['the schedule', { trigger: 'schedule' }, 'skipped'],
  ] as const)('two in one second with a change in between: %s', async (_title, options, kind) => {
    const request = { ...options, scheduledAt: world.clock.now() };
    const first = await done(await runBackup(context, request));
    const users = ({ tables }: Manifest) => tables.find(({ name }) => name === 'users')?.rows ?? 0;
    await world.db.write([sql('INSERT INTO users (user_id) VALUES (987654321)')]);
    const second = await runBackup(context, request);
    await world.db.write([sql('DELETE FROM users WHERE user_id = 987654321')]);
    expect(second.kind).toBe(kind);
    if (second.kind !== 'done') return;
    expect(second.name > first.name).toBe(true);
    expect(users(second.manifest)).toBe(users(first.manifest) + 1);
  });

  test('a backup that had to move to the next second does not stand in for the one scheduled there', async () => {
    const at = world.clock.now();
    const first = await done(await run({}, at));
    store.objects.delete(manifestKey(PREFIX, first.name));
    const moved = await done(await run({}, at));
    const next = new Date(at.getTime() + 1000);
    expect(moved.name).toBe(backupName(next));
    expect((await done(await run({}, next))).manifest.scheduled_at).toBe(next.toISOString());
  });

  test.each(['restore', 'import', 'migration', 'deploy'] as const)(
    'a start is not skipped for the safety backup of %s',
    async (trigger) => {
      await done(await runBackup(context, { trigger, scheduledAt: world.clock.now() }));
      world.clock.advance(60_000);
      const start = {
        trigger: 'start',
        scheduledAt: world.clock.now(),
        unlessYoungerThanMs: 600_000,
      } as const;
      expect(await runBackup(context, start)).toMatchObject({ kind: 'done' });
    },
  );

  test('a start is not skipped for a backup of a damaged database', async () => {
    const now = new Date(world.clock.now().getTime() - 60_000);
    await putBackup(store, PREFIX, now, ['row 1 missing from index i']);
    const start = { trigger: 'start', scheduledAt: world.clock.now(), unlessYoungerThanMs: 600_000 } as const;
    expect(await runBackup(context, start)).toMatchObject({ kind: 'done' });
  });

  test('a start is not skipped for a young backup of before a restore', async () => {
    const source = openEmbeddedSnapshotSource({ path: world.path });
    await ensureTriggers(world.db, source);
    const { name, manifest } = await done(await run());
    world.clock.advance(60_000);
    const start = (ofTimeline: string | undefined) =>
      runBackup(context, {
        trigger: 'start',
        scheduledAt: world.clock.now(),
        unlessYoungerThanMs: 600_000,
        ofTimeline,
      });
    expect(await start(manifest.changes?.timeline)).toMatchObject({ reason: 'recent', name });
    expect(await start('f'.repeat(32))).toMatchObject({ kind: 'done' });
  });

  test('a start is not skipped for a young backup of before a move: the next names the bot of now', async () => {
    const start = (bot: number) =>
      runBackup(
        { ...context, bot },
        { trigger: 'start', scheduledAt: world.clock.now(), unlessYoungerThanMs: 600_000 },
      );
    await world.db.write([sql("INSERT INTO bot_identity (id, bot_id, username) VALUES (1, 5, 'old_bot')")]);
    await done(await start(5));
    world.clock.advance(60_000);
    expect(await start(5)).toMatchObject({ reason: 'recent' });
    await meetBot(world.db, { id: 6, username: 'new_bot' }, world.clock.now());
    const { manifest } = await done(await start(6));
    expect(manifest.bot).toEqual({ id: 6, username: 'new_bot', before: 'old_bot' });
    world.clock.advance(60_000);
    expect(await start(6)).toMatchObject({ reason: 'recent' });
  });

  test('a start is skipped while a verified backup is young', async () => {
    const { name } = await done(await run());
    world.clock.advance(9 * 60_000);
    const start = () =>
      runBackup(context, { trigger: 'start', scheduledAt: world.clock.now(), unlessYoungerThanMs: 600_000 });
    expect(await start()).toMatchObject({ kind: 'skipped', reason: 'recent', name });
    world.clock.advance(2 * 60_000);
    expect(await start()).toMatchObject({ kind: 'done' });
  });
});

describe('failures', () => {
  async function expectFailure(outcome: BackupOutcome, reason: RegExp): Promise<void> {
    expect(outcome).toMatchObject({ kind: 'failed', reason: expect.stringMatching(reason) });
    expect(world.alerts).toMatchObject([{ kind: 'failed', message: expect.stringMatching(reason) }]);
    expect((await recordedRuns(world.db))[0]).toMatchObject({
      state: 'failed',
      reason: expect.stringMatching(reason),
    });
    expect(await world.ledger.acquire('next', 0)).toMatchObject({ kind: 'acquired' });
  }

  test('a store that gives back other bytes than it got: no backup', async () => {
    const lying: Store = {
      ...store,
      async get(key) {
        const object = await store.get(key);
        if (object === undefined || !key.endsWith('.db.gz')) return object;
        let at = 0;
        const flip = new TransformStream<Uint8Array, Uint8Array>({
          transform(chunk, controller) {
            if (at === 1000) chunk[3] = (chunk[3] ?? 0) ^ 1;
            at += chunk.byteLength;
            controller.enqueue(chunk);
          },
        });
        return { bytes: object.bytes, body: object.body.pipeThrough(flip) };
      },
    };
    await expectFailure(await run({ store: lying }), /read-back failed: .*bytes 0 to \d+ differ/);
    expectNothingLeft();
  });

  test('an abort stops it, and it cleans up', async () => {
    const stop = new AbortController();
    const outcome = await runBackup(context, {
      trigger: 'command',
      scheduledAt: world.clock.now(),
      signal: stop.signal,
      onProgress: () => stop.abort(new Error('interrupted')),
    });
    await expectFailure(outcome, /interrupted/);
    expectNothingLeft();
  });

  test('uploads are aborted by their writers, not only by the sweep', async () => {
    const source: RowSource = {
      read: (use) =>
        world.context.source.read(async (snapshot) => {
          await use(snapshot);
          throw new Error('broke off');
        }),
    };
    await expectFailure(await run({ source, store: { ...store, sweep: async () => 0 } }), /broke off/);
    expectNothingLeft();
  });

  test('a run that takes too long is given up', async () => {
    let ring = (): void => {};
    const clock = { ...world.clock, sleep: () => new Promise<void>((resolve) => (ring = resolve)) };
    const hanging: RowSource = {
      read: () => {
        ring();
        return new Promise(() => {});
      },
    };
    const outcome = run({
      source: hanging,
      clock: { ...clock, sleep: (ms) => (ms === 60_000 ? Promise.resolve() : clock.sleep()) },
    });
    await expectFailure(await outcome, /took longer than 600 s/);
  });

  test.each([1, 2])('the schema changed %i times: read again', async (times) => {
    let left = times;
    const source: RowSource = {
      read: async (use) => {
        const result = await world.context.source.read(use);
        left -= 1;
        if (left >= 0) throw new SchemaChanged('schema changed');
        return result;
      },
    };
    const { manifest } = await done(await run({ source }));
    expect((await verifyByHash(context, manifest, { keys: undefined })).ok).toBe(true);
    expect(store.uploads.size).toBe(0);
  });

  test('a schema that never holds still fails the run', async () => {
    const source: RowSource = {
      read: async () => {
        throw new SchemaChanged('schema changed');
      },
    };
    await expectFailure(await run({ source }), /schema changed/);
    expectNothingLeft();
  });

  test('an earlier backup is intact, byte for byte', async () => {
    await done(await run());
    const before = new Map(
      [...store.objects].map(([key, { body }]) => [key, Buffer.from(body).toString('hex')]),
    );
    world.clock.advance(86_400_000);
    const source: RowSource = {
      read: async () => {
        throw new Error('database is locked');
      },
    };
    await expectFailure(await run({ source }), /database is locked/);
    expect(
      new Map([...store.objects].map(([key, { body }]) => [key, Buffer.from(body).toString('hex')])),
    ).toEqual(before);
  });

  test('a full bucket: how much is needed is said, and nothing older is harmed', async () => {
    const full: Store = {
      ...store,
      async create() {
        throw new StoreError('ENOSPC: no space left on device', { retryable: false });
      },
    };
    await expectFailure(await run({ store: full }), /no space left on device: make room in memory$/);
    world.alerts.length = 0;
    await done(await run());
    world.clock.advance(60_000);
    await expectFailure(
      await run({ store: full }),
      /make room in memory; the newest backup there has \d+\.\d MB, this one may need more$/,
    );
    expect(await readGroups(context)).toHaveLength(1);
  });

  test('a manifest whose answer was lost is published all the same', async () => {
    for (const error of [new Error('connection reset'), new ObjectExists('it is there')]) {
      world.clock.advance(60_000);
      const lossy: Store = {
        ...store,
        async put(key, body, options) {
          await store.put(key, body, options);
          throw error;
        },
      };
      const { name } = await done(await run({ store: lossy }));
      expect((await findBackup(context, name))?.state).toBe('verified');
    }
  });

  test('a manifest that the bucket stores wrongly: no backup, nothing left', async () => {
    const spoiling: Store = {
      ...store,
      async put(key, body, options) {
        const spoilt = Uint8Array.from(body);
        spoilt.set([0x20], 40);
        await store.put(key, spoilt, options);
      },
    };
    await expectFailure(await run({ store: spoiling }), /not the one it was given/);
    expectNothingLeft();
  });

  test('a manifest that did not arrive: no backup, nothing left', async () => {
    const refusing: Store = {
      ...store,
      async put() {
        throw new Error('insufficient storage');
      },
    };
    await expectFailure(await run({ store: refusing }), /insufficient storage/);
    expectNothingLeft();
  });

  test('a manifest that may be there and cannot be removed keeps its objects: what looks whole is whole', async () => {
    const held: Store = {
      ...store,
      async put(key, body, options) {
        await store.put(key, body, options);
        throw new Error('connection reset');
      },
      async get(key) {
        if (key.endsWith('.manifest.json')) throw new Error('connection refused');
        return store.get(key);
      },
    };
    store.keepOnDelete = (key) => key.endsWith('.manifest.json');
    const outcome = await run({ store: held });
    expect(outcome).toMatchObject({ kind: 'failed', left: [expect.stringContaining('was left whole')] });
    const [group] = await readGroups(context);
    const entry = await findBackup(context, group?.name ?? '');
    expect(entry?.state).toBe('verified');
    if (entry?.manifest !== undefined)
      expect((await verifyByHash(context, entry.manifest, { keys: undefined })).ok).toBe(true);
  });

  test('when the admins cannot be told, the outcome says so', async () => {
    const alert = async (): Promise<void> => {
      throw new Error('telegram is down');
    };
    const source: RowSource = {
      read: async () => {
        throw new Error('no database');
      },
    };
    const outcome = await run({ source, alert });
    expect(outcome).toMatchObject({ kind: 'failed', left: [expect.stringContaining('telegram is down')] });
  });
});

describe('after the backup', () => {
  test('a retention that would delete more than half asks, once, and deletes nothing', async () => {
    for (let i = 0; i < 8; i += 1) {
      await done(await run());
      world.clock.advance(3_600_000);
    }
    world.clock.advance(200 * 86_400_000);
    const outcome = await done(await run());
    expect(outcome.pruned).toMatchObject({ plan: { kind: 'ask', removing: 6, of: 9 }, removed: [] });
    expect(world.alerts).toMatchObject([
      { kind: 'ask', message: expect.stringContaining('prune'), asks: { removing: 6, of: 9 } },
    ]);
    expect(await readGroups(context)).toHaveLength(9);
  });

  test('a retention that fails leaves the backup good and tells the admins', async () => {
    const outcome = await done(await run({ retention: {} }));
    expect(outcome.problems).toEqual([expect.stringContaining('retention policy is empty')]);
    expect(world.alerts).toMatchObject([{ kind: 'problem' }]);
    expect((await findBackup(context, outcome.name))?.state).toBe('verified');
  });
});

describe('other databases and keys', () => {
  test('a database without our tables is backed up without a lease', async () => {
    const bare = { ...noLedger, schemaVersion: world.ledger.schemaVersion };
    expect(await done(await run({ ledger: bare }))).toMatchObject({ leased: false, problems: [] });
  });

  test.each([
    ['an empty file', '', 'it has no tables'],
    ['another program', 'CREATE TABLE urls (id); CREATE TABLE visits (id)', 'its tables: urls, visits'],
  ])('%s is not backed up as if it were the bot: no backup looks like safety', async (_what, text, said) => {
    const path = join(world.directory, `other-${said.length}.db`);
    const other = new DatabaseSync(path);
    other.exec(`PRAGMA user_version = 1; ${text}`);
    other.close();
    const source = openEmbeddedSnapshotSource({ path });
    const outcome = await run({ source, ledger: noLedger, onlyOurs: true });
    expect(outcome).toMatchObject({ kind: 'failed', reason: expect.stringContaining(said) });
    expect(await context.store.list('')).toEqual([]);
    const asked = await done(await run({ source, ledger: noLedger }));
    expect(asked.manifest.state).toBe('verified');
  });

  test('recipients: the run cannot open its own backup and does not claim it did', async () => {
    const { identity, recipient } = await generateKey();
    const { manifest } = await done(
      await run({ encryption: { kind: 'recipients', recipients: [recipient] } }),
    );
    expect(manifest.objects.database).toMatchObject({ encoding: ['gzip', 'age'], recipients: [recipient] });
    expect(manifest.proof.join()).toContain('not opened');
    expect(await verifyByHash(context, manifest, { keys: undefined })).toMatchObject({
      ok: true,
      opened: false,
    });
    const keys = { identities: [identity], passphrases: [] };
    expect(await verifyByHash(context, manifest, { keys })).toMatchObject({ ok: true, opened: true });
    const wrong = { identities: [(await generateKey()).identity], passphrases: [] };
    const unopened = await verifyByHash(context, manifest, { keys: wrong });
    expect(unopened).toMatchObject({ ok: true, opened: false, problems: [], proofs: [] });
  });

  test('a passphrase never gets into the manifest', async () => {
    const passphrase = 'correct horse battery staple';
    const { manifest, name } = await done(
      await run({
        encryption: { kind: 'passphrase', passphrase },
        keys: { identities: [], passphrases: [passphrase] },
      }),
    );
    expect(manifest.objects.document.recipients).toEqual(['passphrase']);
    expect(manifest.proof.join()).toContain('contents opened');
    expect(Buffer.from(store.objects.get(manifestKey(PREFIX, name))?.body ?? []).includes(passphrase)).toBe(
      false,
    );
  });
});
