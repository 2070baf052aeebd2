/**
 * An old backup under a new name, with a manifest that agrees with itself: the files say of
 * themselves what they are, and the database's record says which backups are its own.
 */
import { copyFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { generateIdentity, identityToRecipient } from 'age-encryption';
import { afterEach, describe, expect, test } from 'vitest';
import type { Bucket } from '../../src/backup/catalog/bucket.ts';
import { withDoubts } from '../../src/backup/catalog/doubts.ts';
import { findBackup } from '../../src/backup/catalog/list.ts';
import { backupName } from '../../src/backup/catalog/names.ts';
import { latestBackup, passedOver } from '../../src/backup/catalog/newest.ts';
import { catchUp } from '../../src/backup/copy/catch-up.ts';
import type { CopyContext } from '../../src/backup/copy/context.ts';
import { NO_MEMORY } from '../../src/backup/copy/memory.ts';
import { NO_LIMIT } from '../../src/backup/copy/proven.ts';
import { createBackupEngine } from '../../src/backup/engine.ts';
import { drill } from '../../src/backup/restore/drill.ts';
import { findPoint } from '../../src/backup/restore/point-in-time.ts';
import { restore } from '../../src/backup/restore/restore.ts';
import type { BackupContext } from '../../src/backup/run/context.ts';
import { runBackup } from '../../src/backup/run/run.ts';
import { createDirectoryStore } from '../../src/backup/store/directory.ts';
import { verifyByHash } from '../../src/backup/verify/prove-objects.ts';
import { unpackDatabase, verifyDeep } from '../../src/backup/verify/verify-backup.ts';
import { sql } from '../../src/db/database.ts';
import { createWorld, type World } from '../support/backup-world.ts';
import { manifestIn, replayed } from '../support/replay-backup.ts';

const HOUR = 3_600_000;
const PASSPHRASE = 'long pass phrase 1';
const NOT_ITSELF = /this is not the backup that its name says: /;

const SEALS = {
  plain: async () => ({}),
  passphrase: async () => ({
    encryption: { kind: 'passphrase', passphrase: PASSPHRASE } as const,
    keys: { identities: [], passphrases: [PASSPHRASE] },
    isSealed: true,
  }),
  'recipients, with the identity at hand': async () => {
    const identity = await generateIdentity();
    return {
      encryption: { kind: 'recipients', recipients: [await identityToRecipient(identity)] } as const,
      keys: { identities: [identity], passphrases: [] },
      isSealed: true,
    };
  },
};

let world: World;
let context: BackupContext;
let directory: string;
let old: string;
let newest: string;
afterEach(() => world.close());

async function made(): Promise<string> {
  const outcome = await runBackup(context, { trigger: 'schedule', scheduledAt: world.clock.now() });
  if (outcome.kind !== 'done') throw new Error(JSON.stringify(outcome));
  return outcome.name;
}

const later = (hours: number): void => world.clock.advance(hours * HOUR);
const engine = (bucket: Bucket = context) =>
  createBackupEngine({
    ...context,
    ...(bucket.doubt && { doubt: bucket.doubt }),
    requests: world.ledger,
    maxAgeHours: 26,
    signLink: () => '',
  });

async function begin(seal: keyof typeof SEALS): Promise<void> {
  world = await createWorld({ prefix: '' });
  context = { ...world.context, ...(await SEALS[seal]()) };
  directory = join(world.directory, 'bucket');
  old = await made();
  await world.db.write([sql('DELETE FROM anime_parts WHERE anime_code > 70')]);
  later(1);
  newest = await made();
  later(1);
  context = withDoubts(context, context.keys, (question) => question(world.ledger));
}

/** The newest true one is removed. */
function remove(name: string): void {
  for (const file of readdirSync(directory)) if (file.includes(name)) rmSync(join(directory, file));
}

const restoreOf = (name: string, to: string) =>
  findBackup(context, name as never).then((entry) =>
    restore(
      {
        bucket: context,
        keys: context.keys,
        clock: world.clock,
        target: { kind: 'file', path: join(world.directory, to) },
        context: undefined,
        closeTarget: () => {},
        random: Math.random,
        fetch,
      },
      { from: { kind: 'backup', entry: entry as never } },
    ),
  );

describe.each(Object.keys(SEALS) as (keyof typeof SEALS)[])('%s', (seal) => {
  test('whoever opens it says that it is another one', async () => {
    await begin(seal);
    const name = replayed(directory, old, world.clock.now());
    const manifest = manifestIn(directory, name);
    const opened = { keys: context.keys };

    expect(await verifyByHash(context, manifest, opened)).toMatchObject({
      ok: false,
      problems: [expect.stringMatching(NOT_ITSELF)],
    });
    const deep = await verifyDeep(context, manifest, opened);
    expect(deep.problems).toHaveLength(2);
    expect(deep.problems).toEqual([expect.stringMatching(NOT_ITSELF), expect.stringMatching(NOT_ITSELF)]);
    expect(deep.problems.join()).toContain(`${old}, begun `);
    rmSync(join(directory, `anime_backup_${name}.bad.json`), { force: true });
    await expect(restoreOf(name, 'restored.db')).rejects.toThrow(NOT_ITSELF);
    rmSync(join(directory, `anime_backup_${name}.bad.json`), { force: true });
    const path = join(world.directory, 'diff.db');
    await expect(unpackDatabase(context, manifest, path, context.keys)).rejects.toThrow(NOT_ITSELF);
    // The true ones are as good as ever.
    expect((await verifyDeep(context, manifestIn(directory, newest), opened)).problems).toEqual([]);
    expect((await verifyDeep(context, manifestIn(directory, old), opened)).problems).toEqual([]);
    await restoreOf(newest, 'true.db');
  });

  test.each(['with', 'without'])('%s the database: health and latest pass it over', async (record) => {
    await begin(seal);
    const bucket = record === 'with' ? context : withDoubts(context, context.keys, undefined);
    const name = replayed(directory, old, world.clock.now());
    expect(await engine(bucket).health()).toMatchObject({
      ok: false,
      name: newest,
      damaged: { name, problem: expect.stringMatching(NOT_ITSELF) },
    });
    const found = await latestBackup(bucket);
    expect(found.entry?.name).toBe(newest);
    expect(passedOver(bucket, found)).toEqual([expect.stringMatching(NOT_ITSELF)]);
    const { record: drilled } = await drill({ bucket, keys: context.keys, clock: world.clock });
    expect(drilled).toMatchObject({ ok: true, name: newest });
  });

  test('the newest removed: it is lost, whatever was put in its place', async () => {
    await begin(seal);
    const { changes } = manifestIn(directory, newest);
    replayed(directory, old, world.clock.now(), () => ({ changes }));
    remove(newest);
    expect(await engine().health()).toMatchObject({ ok: false, reason: 'damaged', name: old });
    expect((await latestBackup(context)).entry?.name).toBe(old);
  });

  test.each(['with', 'without'])('%s the database: no moment rests on it', async (record) => {
    await begin(seal);
    const bucket = record === 'with' ? context : withDoubts(context, context.keys, undefined);
    const show = (time: Date): string => time.toISOString();
    const at = world.clock.now();
    const question = { at, keys: context.keys, show, living: undefined };
    const without = await findPoint(bucket, { ...question, isBestEffort: true });
    const name = replayed(directory, old, world.clock.now());
    const point = await findPoint(bucket, { ...question, isBestEffort: true });
    expect([point.time, point.ways[0]?.base.entry.name]).toEqual([without.time, newest]);
    expect(point.ways.map(({ base }) => base.entry.name)).not.toContain(name);
    expect(point.notes).toEqual([expect.stringMatching(NOT_ITSELF)]);
    const refused: unknown = await findPoint(bucket, question).catch((error: unknown) => error);
    expect(refused).toMatchObject({ why: { kind: 'gap', last: without.time } });
    expect(String(refused)).toContain(`${name}: `);
    for (const one of [old, newest]) remove(one);
    await expect(findPoint(bucket, question)).rejects.toThrow(NOT_ITSELF);
  });

  test('copied forward, it is as old as it was', async () => {
    await begin(seal);
    later(30);
    replayed(directory, old, new Date(world.clock.now().getTime() - 60_000));
    expect(await engine().health()).toMatchObject({ ok: false, name: newest, ageHours: 31 });
  });
});

test('the name alone is another: it is named after a time that was still to come', async () => {
  await begin('passphrase');
  const at = manifestIn(directory, old).started_at;
  const name = replayed(directory, old, world.clock.now(), () => ({ started_at: at }));
  const bucket = withDoubts(context, context.keys, undefined);
  expect((await latestBackup(bucket)).entry?.name).toBe(newest);
  const deep = await verifyDeep(context, manifestIn(directory, name), { keys: context.keys });
  expect(deep.problems).toEqual([expect.stringMatching(NOT_ITSELF), expect.stringMatching(NOT_ITSELF)]);
});

test('the name alone is another, and no key is here: only a run of the record may have such a name', async () => {
  await begin('passphrase');
  const at = manifestIn(directory, old).started_at;
  const name = replayed(directory, old, world.clock.now(), () => ({ started_at: at }));
  const withRecord = withDoubts(world.context, undefined, (question) => question(world.ledger));
  const without = withDoubts(world.context, undefined, undefined);
  const latest = async (bucket: Bucket) => (await latestBackup(bucket)).entry?.name;
  expect([await latest(withRecord), await latest(without)]).toEqual([newest, newest]);
  await world.db.write([sql('UPDATE backup_runs SET name = ? WHERE name = ?', name, old)]);
  expect([await latest(withRecord), await latest(without)]).toEqual([name, newest]);
});

test('half of it: the true document beside an old database', async () => {
  await begin('passphrase');
  const { started_at } = manifestIn(directory, newest);
  const { objects } = manifestIn(directory, newest);
  remove(`${newest}.db`);
  remove(`${newest}.manifest`);
  const { document } = objects;
  const saved = join(world.directory, 'document');
  copyFileSync(join(directory, document.file), saved);
  replayed(directory, old, new Date(started_at), (manifest) => ({
    tables: manifest.tables,
    objects: {
      database: {
        ...manifest.objects.database,
        file: manifest.objects.database.file.replace(old, newest),
      },
      document,
    },
  }));
  copyFileSync(saved, join(directory, document.file));
  const deep = await verifyDeep(context, manifestIn(directory, newest), { keys: context.keys });
  expect(deep.ok).toBe(false);
  expect(deep.problems[0]).toMatch(NOT_ITSELF);
});

describe('of its own database', () => {
  const ALTERED: readonly (readonly [string, (name: string) => Partial<ReturnType<typeof manifestIn>>])[] = [
    ['its trigger', () => ({ trigger: 'restore' })],
    ['its bot', () => ({ bot: { id: 4711, username: 'other_bot' } })],
  ];
  test.each(ALTERED)('a manifest that says otherwise: %s', async (_, change) => {
    await begin('passphrase');
    const altered = { ...manifestIn(directory, newest), ...change(newest) };
    const deep = await verifyDeep(context, altered, { keys: context.keys });
    expect(deep.problems).toEqual([expect.stringMatching(NOT_ITSELF), expect.stringMatching(NOT_ITSELF)]);
  });

  /** Forged whole, as anybody can without a passphrase: by a database of their own. */
  async function forged(): Promise<string> {
    const other = await createWorld({
      prefix: '',
      store: createDirectoryStore(directory),
      clock: world.clock,
    });
    try {
      const outcome = await runBackup(
        { ...other.context, encryption: context.encryption, keys: context.keys },
        { trigger: 'schedule', scheduledAt: world.clock.now() },
      );
      if (outcome.kind !== 'done') throw new Error(JSON.stringify(outcome));
      return outcome.name;
    } finally {
      other.close();
    }
  }

  test('what no run on record made does not count, is named, and is not copied', async () => {
    await begin('plain');
    const name = await forged();
    expect(await engine().health()).toMatchObject({ ok: true, name: newest, ageHours: 1 });
    const found = await latestBackup(context);
    expect(found.entry?.name).toBe(newest);
    expect(passedOver(context, found)).toEqual([
      expect.stringMatching(`^${name} is newer and does not count: no run on the record of this database`),
    ]);
    const copy = { store: createDirectoryStore(join(world.directory, 'copy')), prefix: '' };
    const copying: CopyContext = { first: context, copy, clock: world.clock, policy: { days: 90 } };
    const memory = await catchUp(copying, NO_MEMORY, NO_LIMIT);
    expect(memory.problem).toContain(`${name} in `);
    expect(memory.problem).toContain('was not copied: no run on the record');
    expect(readdirSync(join(world.directory, 'copy')).filter((file) => file.includes(name))).toEqual([]);
    expect(readdirSync(join(world.directory, 'copy')).filter((file) => file.includes(newest))).toHaveLength(
      3,
    );
    // It takes no name, either.
    later(24);
    expect(await engine().health()).toMatchObject({ ok: true });
    later(2);
    expect(await engine().health()).toMatchObject({ ok: false, reason: 'stale' });
  });

  test('one that lies under the second of the next run does not keep it from being made', async () => {
    await begin('plain');
    await forged();
    const outcome = await runBackup(context, { trigger: 'schedule', scheduledAt: world.clock.now() });
    expect(outcome).toMatchObject({ kind: 'done' });
  });

  test('a run whose end was not recorded is on record', async () => {
    await begin('plain');
    const name = await made();
    await world.db.write([sql("UPDATE backup_runs SET state = 'running' WHERE name = ?", name)]);
    expect((await latestBackup(context)).entry?.name).toBe(name);
    expect(await engine().health()).toMatchObject({ ok: true, name });
  });

  test('a database that was put back by hand: the next run ends the doubt', async () => {
    await begin('plain');
    await world.db.write([sql('DELETE FROM backup_runs WHERE name = ?', newest)]);
    expect((await latestBackup(context)).entry?.name).toBe(old);
    const next = await made();
    expect((await latestBackup(context)).entry?.name).toBe(next);
    expect(await engine().health()).toMatchObject({ ok: true, name: next });
  });

  test('without a record nothing is compared with it', async () => {
    await begin('plain');
    const name = await forged();
    await world.db.write([sql('DROP TABLE backup_runs')]);
    expect((await latestBackup(context)).entry?.name).toBe(name);
  });
});

test('a backup of a database without a record of runs holds none, and is as good', async () => {
  world = await createWorld({ prefix: '' });
  context = world.context;
  directory = join(world.directory, 'bucket');
  await world.db.write([sql('DROP TABLE backup_lease')]);
  const name = await made();
  expect((await verifyDeep(context, manifestIn(directory, name), { keys: undefined })).problems).toEqual([]);
  expect(name).toBe(backupName(new Date(manifestIn(directory, name).started_at)));
  // Its document tells.
  later(1);
  const copied = replayed(directory, name, world.clock.now());
  const deep = await verifyDeep(context, manifestIn(directory, copied), { keys: undefined });
  expect(deep.problems).toEqual([expect.stringMatching(NOT_ITSELF)]);
});
