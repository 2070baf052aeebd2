/** A Worker reads change files again, some at a time: what rots there is found, and told once. */
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readBadChanges } from '../../src/backup/changes/bad-changes.ts';
import { ensureTriggers } from '../../src/backup/changes/ensure-triggers.ts';
import { openEmbeddedSnapshotSource } from '../../src/backup/snapshot/embedded.ts';
import type { Store } from '../../src/backup/store/types.ts';
import { botKeys, bucketOf } from '../../src/hosts/compose.ts';
import type { Host } from '../../src/hosts/host-parts.ts';
import { readBackJob } from '../../src/jobs/read-back.ts';
import { type Environment, readConfig } from '../../src/settings/config.ts';
import { ADMIN_ID, startTestBot, type TestBot } from '../support/bot.ts';
import { addAnime } from '../support/catalogue.ts';
import { countedStore, tickingHost } from '../support/ticking-host.ts';

/** What a tick may make, less what the Worker keeps back. */
const PAID = 990;
const FREE = 40;

let bot: TestBot;
let admin: ReturnType<TestBot['telegram']['person']>;
let store: Store;
let copy: Store;
const asked: string[] = [];

beforeEach(async () => {
  // Before the bucket's clock, which is this machine's: nothing is dated ahead.
  bot = await startTestBot({ now: new Date(Date.now() - 6 * 3_600_000) });
  admin = bot.telegram.person({ id: ADMIN_ID });
  await admin.send('/start');
  asked.length = 0;
  [store, copy] = [counted('bucket'), counted('copy')];
  await ensureTriggers(bot.db, source());
});
afterEach(() => bot.close());

const source = () => openEmbeddedSnapshotSource({ path: bot.path });

const counted = (name: string): Store =>
  countedStore(join(dirname(bot.path), name), (call) => void asked.push(`${name} ${call}`));

function worker(env: Environment = {}, second?: Store, requests = PAID): Host {
  const config = readConfig(env, 'node');
  const first = bucketOf(config.backup, store);
  const other = second && {
    store: second,
    prefix: '',
    isCopy: true as const,
    isSealed: first.isSealed === true,
  };
  return tickingHost(bot, {
    ...{ config, store, requests, hasTimer: false },
    readBack: readBackJob({ first, copy: other, keys: botKeys(config.backup), days: 14 }),
  });
}

async function minutes(host: Host, count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    bot.advance(60_000);
    await host.tick();
  }
}

/** A full backup and so many change files. */
async function begin(host: Host, count: number): Promise<string[]> {
  await minutes(host, 1);
  const made = await host.runBackup('command', bot.now());
  expect(made).toMatchObject({ kind: 'done' });
  for (let code = 1; code <= count; code += 1) {
    await addAnime(bot.db, { code });
    await minutes(host, 1);
  }
  const files = (await store.list('changes/')).map(({ key }) => key);
  expect(files).toHaveLength(count);
  return files;
}

async function rot(where: Store, key: string): Promise<void> {
  const object = await where.get(key);
  const body = new Uint8Array(await new Response(object?.body).arrayBuffer());
  body[body.length - 20] = (body[body.length - 20] ?? 0) ^ 0x55;
  await where.put(key, body);
}

const told = (word: string): number =>
  admin.messages().filter(({ text }) => (text ?? '').includes(word)).length;
const backups = async () => (await store.list('')).filter(({ key }) => key.includes('manifest')).length;
const bad = async () => (await readBadChanges({ store, prefix: '' })).map(({ file }) => file);

test('the fifth of nine rots, and there is one bucket: in the next round it is known and told, and a full backup is made', async () => {
  const host = worker();
  const files = await begin(host, 9);
  const made = await backups();
  await rot(store, files[4] ?? '');
  for (let quarter = 0; quarter < 100; quarter += 1) {
    bot.advance(14 * 60_000);
    await minutes(host, 1);
  }
  expect(await bad()).toEqual([files[4]]);
  expect(told('butun nusxasi hech qayerda yo‘q')).toBe(1);
  await minutes(host, 10);
  expect(await backups()).toBe(made + 1);
}, 300_000);

test('the copy has it whole: it is put back, also where both are sealed', async () => {
  const settings = { BACKUP_PASSPHRASE: 'correct horse battery' };
  const host = worker(settings, copy);
  const files = await begin(host, 6);
  for (const key of files) {
    const object = await store.get(key);
    await copy.put(key, new Uint8Array(await new Response(object?.body).arrayBuffer()));
  }
  await rot(store, files[1] ?? '');
  for (let quarter = 0; quarter < 100; quarter += 1) {
    bot.advance(14 * 60_000);
    await minutes(host, 1);
  }
  const bodies = await Promise.all(
    [store, copy].map(async (where) => {
      const object = await where.get(files[1] ?? '');
      return Buffer.from(await new Response(object?.body).arrayBuffer()).toString('hex');
    }),
  );
  expect(bodies[0] === bodies[1]).toBe(true);
}, 300_000);

test('a round a day; on the free plan none', async () => {
  const host = worker();
  const files = await begin(host, 9);
  const day = async (one: Host): Promise<number> => {
    asked.length = 0;
    for (let hour = 0; hour < 24; hour += 1) {
      bot.advance(59 * 60_000);
      await minutes(one, 1);
    }
    return asked.filter((call) => call === 'bucket get').length;
  };
  await day(host);
  const [paid, free] = [await day(host), await day(worker({}, undefined, FREE))];
  expect(paid - free).toBeGreaterThanOrEqual(files.length);
  expect(paid - free).toBeLessThan(2 * files.length);
}, 300_000);
