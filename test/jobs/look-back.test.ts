/**
 * What is stored rots, is cut or is deleted, in one bucket or in both: the Node host finds it, puts
 * back what the other bucket has proved, remembers what nobody has whole, and tells once.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MemoryS3 } from '../../sim/s3/memory.ts';
import { findBackup } from '../../src/backup/catalog/list.ts';
import { nameFromText } from '../../src/backup/catalog/names.ts';
import { readBadChanges } from '../../src/backup/changes/bad-changes.ts';
import { peekAt } from '../../src/backup/changes/peek.ts';
import { pruneChanges } from '../../src/backup/changes/prune-changes.ts';
import { generateKey } from '../../src/backup/envelope/keys.ts';
import { createBackupLedger } from '../../src/backup/run/backup-runs.ts';
import { openEmbeddedSnapshotSource } from '../../src/backup/snapshot/embedded.ts';
import { createDirectoryStore } from '../../src/backup/store/directory.ts';
import { createS3Store } from '../../src/backup/store/s3-store.ts';
import type { Store } from '../../src/backup/store/types.ts';
import { sql } from '../../src/db/database.ts';
import { botKeys, bucketOf, composeEngine, composeShipping, copyOf } from '../../src/hosts/compose.ts';
import { copyBackups } from '../../src/jobs/copy-backups.ts';
import type { JobContext } from '../../src/jobs/job.ts';
import { keepChanges } from '../../src/jobs/keep-changes.ts';
import { LookingBack } from '../../src/jobs/look-back.ts';
import { ownerNoticesJob } from '../../src/jobs/send-owner-notices.ts';
import { tick } from '../../src/jobs/tick.ts';
import { watchChangesJob } from '../../src/jobs/watch-changes.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { type Environment, readConfig } from '../../src/settings/config.ts';
import { memorySettings } from '../backup/store/faults.ts';
import { ADMIN_ID, startTestBot, type TestBot } from '../support/bot.ts';
import { addAnime } from '../support/catalogue.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 1440 * MINUTE_MS;

let directory: string;
let bot: TestBot;
let admin: ReturnType<TestBot['telegram']['person']>;
let world: ReturnType<typeof worldOf>;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'look-back-'));
  // The database's own clock dates its changes.
  bot = await startTestBot({ now: new Date() });
  admin = bot.telegram.person({ id: ADMIN_ID });
  await admin.send('/start');
});
afterEach(async () => {
  await bot.close();
  rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
});

const OPEN = {
  directory: (name: string): Store => createDirectoryStore(join(directory, name)),
  's3 stand-in': (name: string): Store =>
    createS3Store(
      { ...memorySettings, bucket: name },
      { attempts: 1, fetch: new MemoryS3({}, bot.now).fetch },
    ),
};
type Kind = keyof typeof OPEN;

/** The parts of a Node host, at a clock of the test. */
function worldOf(kinds: {
  readonly first: Kind;
  readonly copy: Kind | 'none';
  readonly settings: Environment;
}) {
  const config = readConfig({ BACKUP_PREFIX: 'backups/', ...kinds.settings }, 'node');
  const asked: string[] = [];
  const counted = (store: Store, name: string): Store =>
    new Proxy(store, {
      get(target, key) {
        const value: unknown = Reflect.get(target, key);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => {
          asked.push(`${name} ${String(key)} ${String(args[0])}`);
          return Reflect.apply(value, target, args);
        };
      },
    });
  const first = counted(OPEN[kinds.first]('first'), 'first');
  const second = kinds.copy === 'none' ? undefined : counted(OPEN[kinds.copy]('second'), 'second');
  const clock = { ...systemClock, now: bot.now };
  const copy = second && {
    ...copyOf(config.backup, { bucket: config.bucket, prefix: 'copies/' } as never, second),
    clock,
  };
  const bucket = { ...bucketOf(config.backup, first), clock };
  const source = openEmbeddedSnapshotSource({ path: bot.path });
  const backups = composeEngine(config.backup, {
    ...{ source, store: first, copy, clock, changeDays: 14, holder: 'test' },
    ledger: createBackupLedger(bot.db),
    links: { baseUrl: '', key: new Uint8Array(32) as never, prefix: config.backup.prefix, now: bot.now },
    alert: async () => {},
  });
  const shipping = composeShipping(config.backup, {
    ...{ db: bot.db, source, store: first, holder: 'test', now: bot.now, isCopied: copy !== undefined },
  });
  const parts = { first: bucket, copy, keys: botKeys(config.backup), days: config.changes.retentionDays };
  let looks = new LookingBack(parts);
  const context = (): JobContext => ({
    ...bot.jobContext(),
    backups,
    changes: { isOn: true, shipping, putBack: copy && ((one) => looks.putBack(one)) },
  });
  return {
    ...{ first, copy, asked, backups, bucket },
    restart: () => {
      looks = new LookingBack(parts);
    },
    /** What a download does that meets a wrong file. */
    suspect: (file: string) => looks.suspect(file, 'it is not what was stored', context()),
    watch: () => tick([watchChangesJob], context(), `watch ${bot.now().getTime()}`),
    /** What the host does in a minute. */
    async minutes(count = 1): Promise<void> {
      for (let i = 0; i < count; i += 1) {
        bot.advance(MINUTE_MS);
        const at = String(bot.now().getTime());
        await keepChanges(context(), await peekAt(bot.db));
        await copyBackups(context(), `copy ${at}`);
        await looks.run(context(), `look ${at}`);
        await tick([watchChangesJob, ownerNoticesJob], context(), `tick ${at}`);
      }
    },
  };
}

/** A full backup, and a file for each of three changes. */
async function begin(
  first: Kind = 'directory',
  copy: Kind | 'none' = 'directory',
  settings: Environment = {},
): Promise<string[]> {
  world = worldOf({ first, copy, settings });
  await world.minutes(2);
  for (const code of [1, 2, 3]) {
    await addAnime(bot.db, { code });
    await world.minutes();
  }
  await world.minutes(3);
  const files = (await world.first.list('backups/changes/')).map(({ key }) => key.slice('backups/'.length));
  expect(files).toHaveLength(3);
  return files;
}

const bodyOf = async (store: Store | undefined, key: string): Promise<string | undefined> => {
  const object = await store?.get(key);
  return object && Buffer.from(await new Response(object.body).arrayBuffer()).toString('hex');
};
const DAMAGES: Record<string, (store: Store, key: string) => Promise<unknown>> = {
  rm: (store, key) => store.delete([key]),
  truncate: async (store, key) => store.put(key, (await bytesOf(store, key)).subarray(0, 50)),
  'dd, four bytes': async (store, key) => store.put(key, flipped(await bytesOf(store, key), 100)),
  'dd, at the head': async (store, key) => store.put(key, flipped(await bytesOf(store, key), 4)),
};
async function bytesOf(store: Store, key: string): Promise<Uint8Array> {
  return new Uint8Array(Buffer.from((await bodyOf(store, key)) ?? '', 'hex'));
}
function flipped(body: Uint8Array, at: number): Uint8Array {
  const found = body.slice();
  for (let i = at; i < at + 4; i += 1) found[i] = (found[i] ?? 0) ^ 0x55;
  return found;
}
const told = (word: string): number =>
  admin.messages().filter(({ text }) => (text ?? '').includes(word)).length;
const BASES = async (): Promise<number> => (await world.backups.list()).total;

describe.each([
  ['directory', 'directory'],
  ['directory', 's3 stand-in'],
  ['s3 stand-in', 's3 stand-in'],
] as const)('%s and %s', (a, b) => {
  const places = a === 'directory' && b === 'directory' ? [0, 1, 2] : [1];
  test.each(Object.keys(DAMAGES).flatMap((how) => places.map((at) => [how, at] as const)))(
    '%s of file %i in the first: put back within a day, told once, nothing else happens',
    async (how, at) => {
      const files = await begin(a, b);
      const key = `backups/${files[at]}`;
      const good = await bodyOf(world.first, key);
      const before = await BASES();
      await DAMAGES[how]?.(world.first, key);
      for (let hour = 0; hour < 26; hour += 6) {
        bot.advance(6 * 60 * MINUTE_MS);
        await world.minutes(2);
      }
      expect(await bodyOf(world.first, key)).toBe(good);
      expect(told('buzilgan yoki yo‘qolgan')).toBe(1);
      expect(told('yozuvi yo‘qolgan')).toBe(0);
      expect(await BASES()).toBe(before);
      expect(await readBadChanges(world.bucket)).toEqual([]);
    },
  );
});

test('a new process looks at once: what is cut or gone in the first is back after its first minute', async () => {
  const files = await begin();
  const keys = files.map((file) => `backups/${file}`);
  const good = await Promise.all(keys.map((key) => bodyOf(world.first, key)));
  await DAMAGES['rm']?.(world.first, keys[0] ?? '');
  await DAMAGES['truncate']?.(world.first, keys[1] ?? '');
  world.restart();
  await world.minutes();
  expect(await Promise.all(keys.map((key) => bodyOf(world.first, key)))).toEqual(good);
});

test.each(['directory', 'none'] as const)('sealed with a passphrase, copy: %s', async (copy) => {
  const [, file] = await begin('directory', copy, { BACKUP_PASSPHRASE: 'twelve characters' });
  const key = `backups/${file}`;
  const good = await bodyOf(world.first, key);
  await DAMAGES['dd, four bytes']?.(world.first, key);
  bot.advance(DAY_MS);
  await world.minutes(2);
  if (copy === 'none') expect((await readBadChanges(world.bucket)).map((bad) => bad.file)).toEqual([file]);
  else expect(await bodyOf(world.first, key)).toBe(good);
});

test.each([
  ['with changes behind it, and no key', true],
  ['that the log goes on from', false],
])('the last one before a full backup %s: its manifest proves the file', async (_, isSealed) => {
  const settings: Environment = isSealed ? { BACKUP_AGE_RECIPIENTS: (await generateKey()).recipient } : {};
  const last = (await begin('directory', 'directory', settings)).at(-1);
  const key = `backups/${last}`;
  const good = await bodyOf(world.first, key);
  await world.first.delete([key]);
  // What waits then is in the backup, and no file names the last one.
  if (!isSealed) await bot.db.write([sql("UPDATE change_state SET needs_base = 'large' WHERE id = 1")]);
  await world.backups.run({ trigger: 'schedule', scheduledAt: bot.now() });
  await addAnime(bot.db, { code: 4 });
  await world.minutes(4);
  expect((await peekAt(bot.db))?.state.previous).not.toMatchObject({ file: last });
  bot.advance(61 * MINUTE_MS);
  await world.minutes(2);
  expect(await bodyOf(world.first, key)).toBe(good);
});

test('the watch of change files puts back what the copy has before it calls anything lost', async () => {
  const [, file] = await begin();
  await world.first.delete([`backups/${file}`]);
  bot.advance(20 * MINUTE_MS);
  await world.watch();
  expect(await bodyOf(world.first, `backups/${file}`)).toBeDefined();
  expect((await peekAt(bot.db))?.state.needsBase).toBeNull();
});

test('four bytes in the copy: the same there', async () => {
  const [, file] = await begin();
  const key = `copies/${file}`;
  const good = await bodyOf(world.copy?.store, key);
  if (world.copy) await DAMAGES['dd, four bytes']?.(world.copy.store, key);
  bot.advance(DAY_MS);
  await world.minutes(2);
  expect(await bodyOf(world.copy?.store, key)).toBe(good);
  expect(told('buzilgan yoki yo‘qolgan')).toBe(1);
});

test.each([
  ['directory', 'directory'],
  ['directory', 'none'],
  ['s3 stand-in', 'none'],
] as const)(
  'damaged, and whole nowhere (%s, copy: %s): a new full backup by itself, told once',
  async (first, copy) => {
    const [, file] = await begin(first, copy);
    await DAMAGES['dd, four bytes']?.(world.first, `backups/${file}`);
    if (world.copy) await DAMAGES['dd, four bytes']?.(world.copy.store, `copies/${file}`);
    const before = await BASES();
    bot.advance(DAY_MS);
    await world.minutes(20);
    expect((await readBadChanges(world.bucket)).map((bad) => bad.file)).toEqual([file]);
    expect(await BASES()).toBe(before + 1);
    expect(told('butun nusxasi hech qayerda yo‘q')).toBe(1);
    bot.advance(DAY_MS);
    await world.minutes(20);
    bot.advance(DAY_MS);
    await world.minutes(20);
    expect(await BASES()).toBe(before + 1);
    expect(told('butun nusxasi hech qayerda yo‘q')).toBe(1);
  },
);

test('what retention took from the first bucket stays taken', async () => {
  // Their objects have the time of the test's clock.
  const files = await begin('s3 stand-in', 's3 stand-in');
  for (let step = 0; step < 6; step += 1) {
    bot.advance(4 * DAY_MS);
    await world.backups.run({ trigger: 'schedule', scheduledAt: bot.now() });
    await addAnime(bot.db, { code: 10 + step });
    await world.minutes(2);
  }
  await pruneChanges(world.bucket, { days: 14, now: bot.now() });
  const left = (await world.first.list('backups/changes/')).map(({ key }) => key);
  expect(left).not.toContain(`backups/${files[0]}`);
  expect(await bodyOf(world.copy?.store, `copies/${files[0]}`)).toBeDefined();
  world.restart();
  for (let hour = 0; hour < 25; hour += 6) {
    bot.advance(6 * 60 * MINUTE_MS);
    await world.minutes(2);
  }
  expect((await world.first.list('backups/changes/')).map(({ key }) => key)).toEqual(left);
  expect(told('buzilgan')).toBe(0);
}, 120_000);

test.each(['first', 'copy'] as const)(
  'a backup that rots in the %s: found within a day, mended, told',
  async (where) => {
    await begin();
    const [place, prefix] = where === 'first' ? [world.first, 'backups/'] : [world.copy?.store, 'copies/'];
    const [object] = place ? await place.list(`${prefix}anime_bot_`) : [];
    if (place === undefined || object === undefined) throw new Error('no backup');
    const good = await bodyOf(place, object.key);
    await DAMAGES['dd, four bytes']?.(place, object.key);
    bot.advance(DAY_MS);
    await world.minutes(3);
    expect(await bodyOf(place, object.key)).toBe(good);
    expect(told('buzilgan yoki yo‘qolgan')).toBe(1);
  },
);

test('a backup that rots, and there is one bucket: it counts as damaged, and that is told', async () => {
  await begin('directory', 'none');
  const [object] = await world.first.list('backups/anime_bot_');
  await DAMAGES['dd, four bytes']?.(world.first, object?.key ?? '');
  bot.advance(DAY_MS);
  await world.minutes(2);
  const name = nameFromText(object?.key.slice('backups/'.length) ?? '');
  expect(name && (await findBackup(world.bucket, name))?.state).toBe('damaged');
  expect(told('butun nusxasi hech qayerda yo‘q')).toBe(1);
});

test.each(['directory', 'none'] as const)(
  'a download that broke off, copy: %s: its backup is looked at in that moment, mended where it can be, told once',
  async (copy) => {
    await begin('directory', copy);
    const [{ key } = { key: '' }] = await world.first.list('backups/anime_bot_');
    const good = await bodyOf(world.first, key);
    const file = key.slice('backups/'.length);
    const name = nameFromText(file) ?? '';
    // One reading that was cut on its way, or something that is no backup, proves nothing.
    for (const well of [file, 'x', '../etc/passwd']) await world.suspect(well);
    expect((await findBackup(world.bucket, name))?.state).toBe('verified');
    await DAMAGES['dd, four bytes']?.(world.first, key);
    await Promise.all([file, file].map((one) => world.suspect(one)));
    expect((await findBackup(world.bucket, name))?.state).toBe('damaged');
    await world.minutes(3);
    await world.suspect(file);
    await world.minutes(3);
    expect(told(copy === 'none' ? 'butun nusxasi hech qayerda yo‘q' : 'buzilgan yoki yo‘qolgan')).toBe(1);
    if (copy !== 'none') expect(await bodyOf(world.first, key)).toBe(good);
  },
);

test('between two rounds a minute asks neither bucket', async () => {
  await begin();
  bot.advance(30 * MINUTE_MS);
  await world.minutes(1);
  world.asked.length = 0;
  await world.minutes(10);
  expect(world.asked).toEqual([]);
});
