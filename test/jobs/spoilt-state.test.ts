/** The row that says where the change log stands was deleted, or holds nonsense. */
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Bucket } from '../../src/backup/catalog/bucket.ts';
import { changeState } from '../../src/backup/catalog/change-state.ts';
import { listBackups } from '../../src/backup/catalog/list.ts';
import { ensureTriggers } from '../../src/backup/changes/ensure-triggers.ts';
import { basesOf, listChanges } from '../../src/backup/changes/list-changes.ts';
import { readLiving } from '../../src/backup/changes/living.ts';
import { historyOf } from '../../src/backup/changes/spans.ts';
import { findPoint, type Point } from '../../src/backup/restore/point-in-time.ts';
import { fetchSource } from '../../src/backup/restore/source.ts';
import { openEmbeddedSnapshotSource } from '../../src/backup/snapshot/embedded.ts';
import { createDirectoryStore } from '../../src/backup/store/directory.ts';
import { sql } from '../../src/db/database.ts';
import { openEmbeddedDatabase } from '../../src/db/file/embedded-database.ts';
import { composeShipping } from '../../src/hosts/compose.ts';
import { shipChangesJob } from '../../src/jobs/ship-changes.ts';
import { tick } from '../../src/jobs/tick.ts';
import { inScratch } from '../../src/lib/disk/scratch.ts';
import { readConfig } from '../../src/settings/config.ts';
import { startTestBot, type TestBot } from '../support/bot.ts';

let bot: TestBot;
let bucket: Bucket;
const { backup } = readConfig({}, 'node');
const memory = {};

beforeEach(async () => {
  bot = await startTestBot({ now: new Date() });
  const store = createDirectoryStore(join(dirname(bot.path), 'bucket'));
  bucket = { store, prefix: backup.prefix, clock: { now: bot.now } };
  await ensureTriggers(bot.db, source());
  await minute();
  await add(1);
  await minute();
  expect((await listChanges(bucket)).files).toHaveLength(1);
});
afterEach(() => bot.close());

const source = () => openEmbeddedSnapshotSource({ path: bot.path });
const state = async () => (await bot.db.read([changeState]))[0];
const add = (user: number) =>
  bot.db.write([
    sql("INSERT INTO users (user_id, created_at, last_seen) VALUES (?, '2026-01-01', '2026-01-01')", user),
  ]);

/** The database's clock is this machine's. */
function wait(): void {
  bot.advance(Math.max(1, Date.now() - bot.now().getTime()));
}

async function minute(): Promise<void> {
  wait();
  const shipping = {
    ...composeShipping(backup, { ...bucket, db: bot.db, source: source(), holder: 'test', now: bot.now }),
    memory,
  };
  await tick(
    [shipChangesJob],
    { ...bot.jobContext(), changes: { isOn: true, shipping } },
    `tick ${bot.now().getTime()}`,
  );
}

async function find(): Promise<Point> {
  wait();
  const living = await readLiving(bot.db, source());
  return findPoint(bucket, { at: bot.now(), show: String, keys: undefined, living });
}

/** What `--at 0m` brings back. */
async function users(): Promise<unknown[]> {
  const point = await find();
  return inScratch(undefined, async (directory) => {
    const { path } = await fetchSource({ kind: 'point', point }, { bucket, keys: undefined, directory });
    const db = await openEmbeddedDatabase(path);
    const [found] = await db.read([
      {
        ...sql('SELECT user_id FROM users WHERE user_id < 100 ORDER BY 1'),
        parse: (rows) => rows.map((row) => row.int('user_id')),
      },
    ]);
    db.close();
    return found;
  });
}

const gaps = async () =>
  historyOf(basesOf(bucket, (await listBackups(bucket)).entries), (await listChanges(bucket)).files).gaps;

const set = (text: string): string => `UPDATE change_state SET ${text}`;

test.each([
  ['deleted', 'DELETE FROM change_state'],
  ['deleted with the log', 'DELETE FROM change_state; DELETE FROM change_log'],
  ['without a timeline', set("timeline = ''")],
  ['a timeline of bytes', set("timeline = x'ff00'")],
  ['a timeline that is no text', set("timeline = CAST(x'ff' AS TEXT)")],
  ['a place that is no number', set("shipped_seq = 'x'")],
  ['a place before the first', set('shipped_seq = -4')],
  ['a place beyond every number', set(`shipped_seq = ${Number.MAX_SAFE_INTEGER}`)],
  ['a place behind what waits', set('shipped_seq = shipped_seq + 1')],
  ['what came last is no JSON', set("previous = 'x'")],
  ['what came last is nothing of ours', set(`previous = '{"file":1}'`)],
  ['what came last is of another place', set(`previous = json_set(previous, '$.file', 'changes/x')`)],
  ['a hash that is none', set("schema_sha256 = 'x'")],
  ['a time that is none', set("since = 'yesterday'")],
  ['a wait since bytes', set("waiting_since = x'00'")],
  ['text that is none', set("told = CAST(x'ff' AS TEXT)")],
])('%s: a new timeline and a full backup, and nothing that waited is lost', async (name, spoil) => {
  const before = await state();
  await add(2);
  await add(3);
  for (const text of spoil.split('; ')) await bot.db.write([sql(text)]);
  // Nobody can tell where the log stands: now is refused, and not taken from before.
  await expect(find()).rejects.toThrow(/where the change log stood/);
  bot.telegram.forgetCalls();
  await minute();
  const after = await state();
  expect(after).toMatchObject({ reason: 'spoilt', needsBase: null });
  expect(after?.timeline).not.toBe(before?.timeline);
  expect(await find()).toMatchObject({ isUnsure: false, short: undefined });
  await add(4);
  await minute();
  await minute();
  expect(await find()).toMatchObject({ isUnsure: false, short: undefined, timeline: after?.timeline });
  if (name.startsWith('deleted')) expect(await users()).toEqual([1, 2, 3, 4]);
  expect(await state()).toMatchObject({ timeline: after?.timeline, told: null });
  expect((await listBackups(bucket)).entries.map(({ manifest }) => manifest?.trigger)).toEqual([
    'changes',
    'changes',
  ]);
  expect(await gaps()).toMatchObject([{ reason: expect.stringContaining('where the change log stood') }]);
  const said = bot.telegram.calls.filter(({ method }) => method === 'sendMessage');
  expect(said).toHaveLength(1);
  expect(JSON.stringify(said)).toContain('yozuvi yo‘qolgan');
});

test('a start mends it too, and the admins hear of it', async () => {
  await bot.db.write([sql('DELETE FROM change_state')]);
  await ensureTriggers(bot.db, source());
  const { timeline } = (await state()) ?? {};
  expect(await state()).toMatchObject({ reason: 'spoilt', needsBase: 'spoilt' });
  bot.telegram.forgetCalls();
  await minute();
  await minute();
  expect(await state()).toMatchObject({ timeline, needsBase: null });
  expect(bot.telegram.calls.filter(({ method }) => method === 'sendMessage')).toHaveLength(1);
});
