/**
 * Once a backup is proved bad, everybody knows: nothing calls it verified again before it is proved
 * good.
 */
import { mkdtempSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { damagedRun, keepDamagedRun } from '../../src/backup/catalog/damage-without-backup.ts';
import { findBackup, listBackups, newestFit, newestVerified } from '../../src/backup/catalog/list.ts';
import type { Manifest } from '../../src/backup/catalog/manifest.ts';
import { backupName, manifestKey, pinKey, verdictKey } from '../../src/backup/catalog/names.ts';
import { isRestorable, passedOver } from '../../src/backup/catalog/newest.ts';
import { prune } from '../../src/backup/catalog/prune.ts';
import { sweepDebris } from '../../src/backup/catalog/sweep-debris.ts';
import { clearVerdict, keepVerdict } from '../../src/backup/catalog/verdicts.ts';
import { createBackupEngine } from '../../src/backup/engine.ts';
import { generateKey } from '../../src/backup/envelope/keys.ts';
import { drill } from '../../src/backup/restore/drill.ts';
import { BackupDamaged } from '../../src/backup/restore/fetch-backup.ts';
import { fetchSource } from '../../src/backup/restore/source.ts';
import { runBackup } from '../../src/backup/run/run.ts';
import { StoreError } from '../../src/backup/store/types.ts';
import { verifyByHash } from '../../src/backup/verify/prove-objects.ts';
import { verifyDeep } from '../../src/backup/verify/verify-backup.ts';
import { explain } from '../../src/lib/clock.ts';
import { createWorld, type World } from '../support/backup-world.ts';
import { createMemoryStore, type MemoryStore } from '../support/memory-store.ts';
import { putBackup } from '../support/sample-backup.ts';

const PREFIX = 'backups/';
const DAY = 86_400_000;
const BAD = [{ file: 'database', finding: 'bytes 0 to 9 differ' }] as const;

describe('of a real backup', () => {
  let world: World;
  let store: MemoryStore;
  let older: Manifest;
  let newer: Manifest;
  let whole: Map<string, { body: Uint8Array; modified: Date }>;
  const bucket = () => ({ ...world.context, store });
  const engine = () =>
    createBackupEngine({ ...bucket(), requests: world.ledger, maxAgeHours: 26, signLink: () => '' });
  const file = (manifest: Manifest, kind: 'database' | 'document') =>
    `${PREFIX}${manifest.objects[kind].file}`;
  const state = async () => (await findBackup(bucket(), newer.name))?.state;
  const fetchNewer = async () => {
    const entry = await findBackup(bucket(), newer.name);
    if (entry === undefined) throw new Error('no backup');
    const directory = mkdtempSync(`${world.directory}/fetch-`);
    return fetchSource({ kind: 'backup', entry }, { bucket: bucket(), keys: undefined, directory });
  };

  beforeAll(async () => {
    world = await createWorld({}, 'small');
    store = createMemoryStore(() => world.clock.now());
    const made: Manifest[] = [];
    for (const _ of [0, 1]) {
      world.clock.advance(3_600_000);
      const outcome = await runBackup(bucket(), { trigger: 'schedule', scheduledAt: world.clock.now() });
      if (outcome.kind !== 'done') throw new Error(JSON.stringify(outcome));
      made.push(outcome.manifest);
    }
    const [first, second] = made;
    if (first === undefined || second === undefined) throw new Error('no backups');
    older = first;
    newer = second;
    whole = new Map(store.objects);
  });
  beforeEach(() => {
    store.objects.clear();
    for (const [key, object] of whole) store.objects.set(key, object);
  });
  afterAll(() => world.close());

  test('the check in Telegram is remembered, by health as well, and hashes take nothing back', async () => {
    store.rot(file(newer, 'database'), 0.5);
    expect(await engine().verify(newer.name)).toMatchObject({ ok: false });
    expect(await state()).toBe('damaged');
    expect((await newestVerified(bucket()))?.name).toBe(older.name);
    expect(await engine().health()).toMatchObject({
      ok: false,
      reason: 'damaged',
      damaged: { name: newer.name, problem: expect.stringMatching(/check found it damaged, .* differ/) },
    });
    const sound = whole.get(file(newer, 'database'));
    if (sound !== undefined) store.objects.set(file(newer, 'database'), sound);
    expect(await engine().verify(newer.name)).toMatchObject({
      ok: false,
      problems: [expect.stringContaining(`only \`npm run backup -- verify ${newer.name}\``)],
    });
    expect(await clearVerdict(bucket(), newer.name)).toBeUndefined();
    expect(await state()).toBe('verified');
  });

  test('a verdict that was put under a name to come goes when a backup gets the name', async () => {
    world.clock.advance(3_600_000);
    const scheduledAt = world.clock.now();
    const forged = {
      ...bucket(),
      clock: { ...world.clock, now: () => new Date(scheduledAt.getTime() - 60_000) },
    };
    const name = backupName(scheduledAt);
    await store.put(manifestKey(PREFIX, name), new Uint8Array());
    expect(await keepVerdict(forged, { name, findings: undefined }, 'verify', BAD)).toBeUndefined();
    await store.delete([manifestKey(PREFIX, name)]);
    expect(store.objects.has(verdictKey(PREFIX, name))).toBe(true);
    const outcome = await runBackup(bucket(), { trigger: 'schedule', scheduledAt });
    expect(outcome).toMatchObject({ kind: 'done', name, problems: [] });
    expect(store.objects.has(verdictKey(PREFIX, name))).toBe(false);
    expect((await findBackup(bucket(), name))?.state).toBe('verified');
  });

  test('a damaged run dated ahead counts until a backup made after it was put is verified', async () => {
    const ahead = {
      ...bucket(),
      clock: { ...world.clock, now: () => new Date(world.clock.now().getTime() + 3_000_000) },
    };
    expect(await keepDamagedRun(ahead, 'the database is damaged')).toBeUndefined();
    expect(await damagedRun(bucket(), await findBackup(bucket(), newer.name))).toBeDefined();
    world.clock.advance(60_000);
    const outcome = await runBackup(bucket(), { trigger: 'schedule', scheduledAt: world.clock.now() });
    if (outcome.kind !== 'done') throw new Error(JSON.stringify(outcome));
    expect(await damagedRun(bucket(), await findBackup(bucket(), outcome.name))).toBeUndefined();
  });

  test('a damaged database file: the document is restored, and the backup counts as damaged', async () => {
    store.rot(file(newer, 'database'), 0.5);
    expect((await fetchNewer()).notes.join()).toContain('so its document was');
    const entry = await findBackup(bucket(), newer.name);
    expect(entry).toMatchObject({
      state: 'damaged',
      concerns: 'files',
      verdict: { files: ['database'] },
      problem: expect.stringContaining('restore found it damaged'),
    });
    if (entry !== undefined) expect(isRestorable(entry)).toBe(true);
  });

  test('both files damaged: a restore says so of the backup, and the next one takes the older', async () => {
    for (const kind of ['database', 'document'] as const) store.rot(file(newer, kind), 0.5);
    const failure: unknown = await fetchNewer().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(BackupDamaged);
    const found = await newestFit(bucket());
    expect(found.entry?.name).toBe(older.name);
    expect(passedOver(bucket(), found)).toEqual([
      expect.stringMatching(new RegExp(`^${newer.name} is newer and damaged: restore found it damaged`)),
    ]);
  });

  test('a failed drill is remembered', async () => {
    for (const kind of ['database', 'document'] as const) store.rot(file(newer, kind), 0.5);
    const parts = { bucket: bucket(), keys: undefined, clock: world.clock };
    expect((await drill(parts)).record).toMatchObject({ ok: false, name: newer.name });
    expect((await drill(parts)).record).toMatchObject({ ok: true, name: older.name });
  });

  test('a start makes a new backup where the newest is damaged', async () => {
    await keepVerdict(bucket(), newer, 'verify', BAD);
    await keepVerdict(bucket(), older, 'verify', BAD);
    const at = { trigger: 'start', scheduledAt: world.clock.now(), unlessYoungerThanMs: DAY } as const;
    expect((await runBackup(bucket(), at)).kind).toBe('done');
  });

  test('the bytes prove damage; a gone object does not, nor does a bucket that cannot be read', async () => {
    store.rot(file(newer, 'document'), 0.5);
    const { proofs } = await verifyDeep(bucket(), newer, { keys: undefined });
    expect(proofs).toMatchObject([{ file: 'document' }, { file: 'document' }]);
    expect(new Set((await verifyByHash(bucket(), newer, { keys: undefined })).proofs)).toEqual(
      new Set(proofs),
    );
    store.objects.delete(file(newer, 'document'));
    store.objects.delete(file(newer, 'database'));
    expect((await verifyDeep(bucket(), newer, { keys: undefined })).proofs).toEqual([]);
    await engine().verify(newer.name);
    await expect(fetchNewer()).rejects.toThrow(BackupDamaged);
    const entry = await findBackup(bucket(), newer.name);
    expect(entry).toMatchObject({ state: 'damaged', verdict: undefined });
    const get = async () => Promise.reject(new StoreError('unreachable', { retryable: true }));
    const away = { ...bucket(), store: { ...store, get } };
    await expect(verifyDeep(away, newer, { keys: undefined })).rejects.toThrow('unreachable');
  });

  test('a key that does not fit proves nothing', async () => {
    const [mine, other] = [await generateKey(), await generateKey()];
    const keysOf = ({ identity }: typeof mine) => ({ identities: [identity], passphrases: [] });
    world.clock.advance(3_600_000);
    const encryption = { kind: 'recipients', recipients: [mine.recipient] } as const;
    const context = { ...bucket(), encryption, keys: keysOf(mine) };
    const made = await runBackup(context, { trigger: 'command', scheduledAt: world.clock.now() });
    if (made.kind !== 'done') throw new Error(JSON.stringify(made));
    const keys = keysOf(other);
    expect(await verifyDeep(bucket(), made.manifest, { keys })).toMatchObject({
      ok: true,
      opened: false,
      proofs: [],
    });
    expect(await verifyByHash(bucket(), made.manifest, { keys })).toMatchObject({
      ok: true,
      opened: false,
      proofs: [],
    });
    const entry = await findBackup(bucket(), made.name);
    if (entry === undefined) throw new Error('no backup');
    const directory = mkdtempSync(`${world.directory}/fetch-`);
    const failure: unknown = await fetchSource(
      { kind: 'backup', entry },
      { bucket: bucket(), keys, directory },
    ).catch((error: unknown) => error);
    expect(explain(failure)).toContain('none of the keys opens the file');
    expect(failure).not.toBeInstanceOf(BackupDamaged);
    expect((await findBackup(bucket(), made.name))?.state).toBe('verified');
  });

  test('a bucket that takes nothing: the verdict stands, and says that it is not kept', async () => {
    const locked = { ...store, put: async () => Promise.reject(new Error('AccessDenied')) };
    store.rot(file(newer, 'database'), 0.5);
    const verdict = await createBackupEngine({
      ...bucket(),
      store: locked,
      requests: world.ledger,
      maxAgeHours: 26,
      signLink: () => '',
    }).verify(newer.name);
    expect(verdict).toMatchObject({ ok: false });
    expect(verdict?.problems.at(-1)).toMatch(/could not be kept in memory.*AccessDenied/);
    store.objects.set(verdictKey(PREFIX, newer.name), { body: new Uint8Array(), modified: new Date() });
    store.keepOnDelete = () => true;
    expect(await clearVerdict(bucket(), newer.name)).toContain('could not be removed');
    store.keepOnDelete = () => false;
  });
});

describe('beside a backup', () => {
  const NOW = new Date('2026-06-15T03:00:00Z');
  const clock = { now: () => NOW };
  const at = (days: number): Date => new Date(NOW.getTime() - days * DAY);
  let store: MemoryStore;
  let stored: Date;
  const bucket = () => ({ store, prefix: PREFIX, clock });
  const put = async (days: number, findings?: string[]): Promise<string> => {
    stored = at(days);
    const name = await putBackup(store, PREFIX, stored, findings);
    stored = NOW;
    return name;
  };
  const judge = (name: string) => keepVerdict(bucket(), { name, findings: undefined }, 'verify', BAD);
  const prunedBy = (days: number, dryRun = false) =>
    prune(bucket(), { policy: { days }, now: NOW, confirmed: true, dryRun });
  beforeEach(() => {
    stored = NOW;
    store = createMemoryStore(() => stored);
  });

  test('one listing, and one more read for an entry that has one', async () => {
    const good = await put(2);
    const bad = await put(1);
    await judge(bad);
    const asked: string[] = [];
    const { get, list } = store;
    const watched: MemoryStore = {
      ...store,
      get: (key) => get(key).finally(() => asked.push(key)),
      list: (prefix) => list(prefix).finally(() => asked.push('list')),
    };
    const { entries } = await listBackups({ ...bucket(), store: watched });
    expect(entries.map(({ state }) => state)).toEqual(['damaged', 'verified']);
    expect(entries[0]).toMatchObject({ concerns: 'files', time: at(1) });
    expect(asked.toSorted()).toEqual(
      ['list', ...[bad, good].map((name) => manifestKey(PREFIX, name)), verdictKey(PREFIX, bad)].toSorted(),
    );
  });

  test.each([
    ['empty', ''],
    ['no JSON', '{"format":'],
    ['another format', '{"format":"x"}'],
    ['that says good', '{"format":"anime-bot-verdict","ok":true,"files":[],"findings":[]}'],
    ['huge', `"${'x'.repeat(20_000)}"`],
  ])('a forged verdict only costs trust: %s', async (_, text) => {
    const name = await put(1);
    await store.put(verdictKey(PREFIX, name), Buffer.from(text));
    expect(await findBackup(bucket(), name)).toMatchObject({
      state: 'damaged',
      problem: `a verdict lies beside it that cannot be read: \`verify ${name}\` decides anew`,
    });
  });

  test('findings are few, short and without control characters', async () => {
    const name = await put(1);
    const finding = `\u001b[31m\n${'x'.repeat(5_000)}`;
    const proofs = Array.from({ length: 50 }, () => ({ file: 'document', finding }) as const);
    await keepVerdict(bucket(), { name, findings: undefined }, 'verify', proofs);
    expect(store.objects.get(verdictKey(PREFIX, name))?.body.byteLength).toBeLessThan(3_000);
    const forged = { format: 'anime-bot-verdict', at: NOW.toISOString(), means: 'verify' };
    for (const findings of [undefined, [finding]]) {
      if (findings !== undefined)
        await store.put(
          verdictKey(PREFIX, name),
          Buffer.from(JSON.stringify({ ...forged, files: ['document'], findings })),
        );
      const problem = (await findBackup(bucket(), name))?.problem ?? '';
      expect(problem).toContain('\\u001b[31m\\u000a');
      expect(problem).not.toMatch(/[\u0000-\u001f]/);
      expect(problem.length).toBeLessThan(2_000);
    }
  });

  test('nothing is kept of a backup that is gone, nor of one that calls its database damaged', async () => {
    await judge('20260101_000000');
    const name = await put(1, ['row 1 missing from index i']);
    await keepVerdict(bucket(), { name, findings: ['row 1'] }, 'verify', BAD);
    expect([...store.objects.keys()].filter((key) => key.endsWith('.bad.json'))).toEqual([]);
    expect(await findBackup(bucket(), name)).toMatchObject({ state: 'damaged', concerns: 'database' });
  });

  test('retention deletes no good one while the newest are proved bad', async () => {
    const good = await put(30);
    for (const days of [3, 2, 1]) await judge(await put(days));
    const { plan, removed } = await prunedBy(1);
    expect(removed).toEqual([]);
    expect(plan.decisions.find(({ name }) => name === good)).toEqual({
      name: good,
      action: 'keep',
      reason: 'the newest verified backup',
    });
  });

  test('a damaged one takes no place of its day from the good one, however old both are', async () => {
    const good = await put(5.05);
    const bad = await put(5);
    await judge(bad);
    for (const days of [3, 2, 1]) await put(days);
    const report = await prune(bucket(), { policy: { daily: 10 }, now: NOW, confirmed: true });
    expect(report.removed).toEqual([bad]);
    expect(report.plan.decisions.at(-1)).toMatchObject({ name: good, action: 'keep' });
  });

  test('a verdict goes with its backup and keeps none young', async () => {
    const bad = await put(30);
    await judge(bad);
    for (const days of [3, 2, 1]) await put(days);
    expect((await prunedBy(5)).removed).toEqual([bad]);
    expect([...store.objects.keys()].filter((key) => key.includes(bad))).toEqual([]);
  });

  test('a verdict that a bucket does not delete keeps the files: the next run comes by again', async () => {
    const bad = await put(30);
    await judge(bad);
    for (const days of [3, 2, 1]) await put(days);
    store.keepOnDelete = (key) => key.endsWith('.bad.json');
    expect((await prunedBy(5)).problems).toEqual([expect.stringContaining('a later run tries again')]);
    const left = [...store.objects.keys()].filter((key) => key.includes(bad));
    expect(left).toHaveLength(3);
    store.keepOnDelete = () => false;
    const { objects } = await sweepDebris(bucket(), {
      now: NOW,
      current: 'none',
      outdated: async () => [],
      dead: [],
    });
    expect(objects).toEqual(expect.arrayContaining(left));
  });

  test('a verdict by itself is neither a backup nor debris', async () => {
    const key = verdictKey(PREFIX, '20200101_000000');
    store.objects.set(key, { body: Buffer.from('x'), modified: at(400) });
    store.objects.set(pinKey(PREFIX, '20200102_000000'), { body: Buffer.from('x'), modified: at(400) });
    await put(1);
    expect((await listBackups(bucket())).total).toBe(1);
    const options = { now: NOW, current: 'none', outdated: async () => [], dead: [] };
    expect((await sweepDebris(bucket(), options)).objects).toEqual([]);
  });

  test('the reasons of a dry run come from manifests that were read', async () => {
    const good = await put(2);
    const bad = await put(1, ['row 1 missing from index i']);
    const { plan } = await prunedBy(60, true);
    expect(plan.decisions).toEqual([
      { name: bad, action: 'keep', reason: 'no newer verified backup exists' },
      { name: good, action: 'keep', reason: 'the newest verified backup' },
    ]);
  });

  test('where none is taken, none is called newer', async () => {
    for (const days of [2, 1]) await judge(await put(days));
    const said = passedOver(bucket(), await newestFit(bucket()));
    expect(said).toHaveLength(2);
    for (const line of said) expect(line).toMatch(/^\d{8}_\d{6} is damaged \(/);
    expect(explain(new Error(said.join()))).not.toContain('newer');
  });
});
