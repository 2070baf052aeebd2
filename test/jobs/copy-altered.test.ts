/**
 * Somebody has the first bucket's key and writes over what the bot stored there, before it is
 * copied: nothing of it reaches the second bucket, and the admins hear which file it was.
 */
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createManifest, parseManifest, serializeManifest } from '../../src/backup/catalog/manifest.ts';
import { databaseKey, manifestKey } from '../../src/backup/catalog/names.ts';
import { openEmbeddedSnapshotSource } from '../../src/backup/snapshot/embedded.ts';
import { copyBackups } from '../../src/jobs/copy-backups.ts';
import { ownerNoticesJob } from '../../src/jobs/send-owner-notices.ts';
import { tick } from '../../src/jobs/tick.ts';
import { ADMIN_ID, startTestBot, type TestBot } from '../support/bot.ts';
import { backUpBot, changeBot, copyingContext } from '../support/copying-bot.ts';
import { createMemoryStore, type MemoryStore } from '../support/memory-store.ts';
import { beginLog } from '../support/shipping.ts';

let bot: TestBot;
let first: MemoryStore;
let copy: MemoryStore;
let admin: ReturnType<TestBot['telegram']['person']>;

beforeEach(async () => {
  bot = await startTestBot();
  [first, copy] = [createMemoryStore(bot.now), createMemoryStore(bot.now)];
  admin = bot.telegram.person({ id: ADMIN_ID });
  await admin.send('/start');
  await beginLog(bot.db, source());
});
afterEach(() => bot.close());

const source = () => openEmbeddedSnapshotSource({ path: bot.path });
const PREFIX = 'b/';

const context = () =>
  copyingContext(bot, { first: { store: first, prefix: PREFIX }, copy: { store: copy, prefix: PREFIX } });

async function minutes(count = 1): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    bot.advance(60_000);
    await copyBackups(context(), `copy ${bot.now().getTime()}`);
    await tick([ownerNoticesJob], context(), `tick ${bot.now().getTime()}`);
  }
}

const change = (code: number) => changeBot(bot, { store: first, prefix: PREFIX }, code);
const backup = () => backUpBot(bot, { store: first, prefix: PREFIX });

function overwrite(key: string, body: Uint8Array): void {
  first.objects.set(key, { body, modified: bot.now() });
}

const bodyOf = (store: MemoryStore, key: string) => store.objects.get(key)?.body;
const alarms = () =>
  admin
    .messages()
    .map(({ text }) => text ?? '')
    .filter((text) => text.includes('almashtirilgan'));

test('a change file that was overwritten is refused and told once; the others go on', async () => {
  const [before, spoilt, after] = [await change(1), await change(2), await change(3)];
  overwrite(spoilt, bodyOf(first, before) ?? new Uint8Array());
  await minutes(3);
  expect([before, spoilt, after].map((key) => bodyOf(copy, key) !== undefined)).toEqual([true, false, true]);
  expect(bodyOf(copy, after)).toEqual(bodyOf(first, after));
  expect(alarms()).toHaveLength(1);
  expect(alarms()[0]).toContain(spoilt.slice(PREFIX.length));
  // It is looked at again a day later, and is no news then.
  bot.advance(25 * 3_600_000);
  await minutes(3);
  expect(bodyOf(copy, spoilt)).toBeUndefined();
  expect(alarms()).toHaveLength(1);
});

test('a second one is told by its own name', async () => {
  const spoilt = await change(1);
  overwrite(spoilt, new Uint8Array(9));
  await minutes(2);
  const another = await change(2);
  overwrite(another, new Uint8Array(9));
  await minutes(2);
  expect(alarms().map((text) => [spoilt, another].map((key) => text.includes(key.slice(2))))).toEqual([
    [true, false],
    [false, true],
  ]);
});

test('what somebody puts beside the files of the bot is not copied', async () => {
  const own = await change(1);
  const forged = own.replace(/_[0-9a-f]{8}\./, '_00000000.');
  expect(forged).not.toBe(own);
  overwrite(forged, bodyOf(first, own) ?? new Uint8Array());
  await minutes(2);
  expect([own, forged].map((key) => bodyOf(copy, key) !== undefined)).toEqual([true, false]);
});

test('the bytes of the bot’s own file, put back, are copied a day later', async () => {
  const file = await change(1);
  const good = bodyOf(first, file) ?? new Uint8Array();
  overwrite(file, new Uint8Array(good.length));
  await minutes(2);
  overwrite(file, good);
  bot.advance(25 * 3_600_000);
  await minutes(2);
  expect(bodyOf(copy, file)).toEqual(good);
});

test('what was stored while the settings named no second copy is copied once they do again', async () => {
  const before = await change(1);
  await minutes(2);
  const between = await changeBot(bot, { store: first, prefix: PREFIX }, 2, false);
  const after = await change(3);
  await minutes(2);
  expect([before, between, after].map((key) => bodyOf(copy, key))).toEqual(
    [before, between, after].map((key) => bodyOf(first, key)),
  );
});

test('what was copied is not remembered for ever', async () => {
  await change(1);
  await change(2);
  await minutes(2);
  expect(
    await bot.db.read([
      {
        sql: "SELECT key FROM bucket_notes WHERE key LIKE 'stored:changes/%_%'",
        args: [],
        parse: (rows) => rows.length,
      },
    ]),
  ).toEqual([1]);
});

test('a forged backup that agrees with itself, under the name of one that was made, is refused', async () => {
  const name = await backup();
  const key = { manifest: manifestKey(PREFIX, name), database: databaseKey(PREFIX, name, false) };
  const { sha256: _, ...manifest } = {
    sha256: '',
    ...parseManifest(bodyOf(first, key.manifest) ?? new Uint8Array()),
  };
  const body = Buffer.from(bodyOf(first, key.database) ?? []);
  body[body.length - 1] = (body.at(-1) ?? 0) ^ 1;
  const sha256 = createHash('sha256').update(body).digest('hex');
  const { database, document } = manifest.objects;
  const forged = createManifest({
    ...manifest,
    objects: { database: { ...database, sha256, parts: [{ bytes: body.length, sha256 }] }, document },
  });
  overwrite(key.database, body);
  overwrite(key.manifest, serializeManifest(forged));
  bot.advance(86_400_000);
  const good = await backup();
  await minutes(3);
  expect(bodyOf(copy, key.manifest)).toBeUndefined();
  expect(bodyOf(copy, key.database)).toBeUndefined();
  expect(bodyOf(copy, manifestKey(PREFIX, good))).toEqual(bodyOf(first, manifestKey(PREFIX, good)));
  expect(alarms()).toHaveLength(1);
  expect(alarms()[0]).toContain(name);
});
