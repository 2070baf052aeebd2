/** Changes on their way to the bucket: what a minute costs, who is told. */
import { rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { changeState } from '../../src/backup/catalog/change-state.ts';
import { ensureTriggers } from '../../src/backup/changes/ensure-triggers.ts';
import type { ShipMemory } from '../../src/backup/changes/shipping.ts';
import { openEmbeddedSnapshotSource } from '../../src/backup/snapshot/embedded.ts';
import type { Store } from '../../src/backup/store/types.ts';
import { sql } from '../../src/db/database.ts';
import { composeShipping } from '../../src/hosts/compose.ts';
import { jobs } from '../../src/jobs/all-jobs.ts';
import type { Job, JobContext } from '../../src/jobs/job.ts';
import { shipChangesJob } from '../../src/jobs/ship-changes.ts';
import { tick } from '../../src/jobs/tick.ts';
import { readConfig } from '../../src/settings/config.ts';
import { startTestBot, type TestBot } from '../support/bot.ts';
import { createMemoryStore, type MemoryStore } from '../support/memory-store.ts';

let bot: TestBot;
let store: MemoryStore;
let bucket: Store;
const calls: string[] = [];

beforeEach(async () => {
  bot = await startTestBot();
  store = createMemoryStore(bot.now);
  calls.length = 0;
  bucket = new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        calls.push(String(name));
        return Reflect.apply(value, target, args);
      };
    },
  });
});
afterEach(() => bot.close());

const source = () => openEmbeddedSnapshotSource({ path: bot.path });
let memory: ShipMemory = {};

function context(options: { isOn?: boolean; requests?: number } = {}): JobContext {
  const shipping = composeShipping(readConfig({}, 'node').backup, {
    db: bot.db,
    source: source(),
    store: bucket,
    holder: 'test',
    now: bot.now,
  });
  const { isOn = true, ...limits } = options;
  return { ...bot.jobContext(limits), changes: { isOn, shipping: { ...shipping, memory } } };
}

const state = async () => (await bot.db.read([changeState]))[0];
const run = (...texts: string[]) => bot.db.write(texts.map((text) => sql(text)));
const minute = async (options?: Parameters<typeof context>[0]) => {
  bot.advance(60_000);
  await tick([shipChangesJob], context(options), `tick ${bot.now().getTime()}`);
};

async function based(): Promise<void> {
  memory = { sameKey: 'x' };
  await ensureTriggers(bot.db, source());
  await run('UPDATE change_state SET needs_base = NULL', 'DELETE FROM change_log');
}

test('the first full backup is asked for by itself, and then changes go', async () => {
  memory = { sameKey: 'x' };
  await run("INSERT INTO users (user_id, created_at, last_seen) VALUES (7, '2026-01-01', '2026-01-01')");
  await minute();
  const [entry] = (await bot.services.backups.list()).entries;
  expect(entry?.manifest).toMatchObject({
    trigger: 'changes',
    version: 2,
    changes: { reason: 'new', seq: 0 },
  });
  expect(await state()).toMatchObject({ needsBase: null, shippedSeq: 0, previous: { base: entry?.name } });
  await run("UPDATE users SET last_seen = '2026-01-02'");
  await minute();
  expect([...store.objects.keys()]).toHaveLength(1);
});

test('a minute with changes: one request more, and one each to store, list and read back', async () => {
  await based();
  await run("INSERT INTO users (user_id, created_at, last_seen) VALUES (7, '2026-01-01', '2026-01-01')");
  await minute();
  calls.length = 0;
  await run("UPDATE users SET last_seen = '2026-01-02'");
  const idle = { reads: 0, writes: 2, calls: 0 };
  // The range, beside the claim and the release of the tick; the end of it rides along.
  expect(await bot.costOf(() => minute())).toEqual({ ...idle, writes: idle.writes + 1 });
  expect(calls).toEqual(['put', 'list', 'get']);
  calls.length = 0;
  expect(await bot.costOf(() => minute())).toEqual(idle);
  expect(calls).toEqual([]);
});

test('a tick that dies before its last request has forgotten nothing; the next one takes the file', async () => {
  await based();
  const entries = async () =>
    (
      await bot.db.read([{ ...sql('SELECT COUNT(*) AS n FROM change_log'), parse: ([row]) => row?.int('n') }])
    )[0];
  await run("INSERT INTO users (user_id, created_at, last_seen) VALUES (7, '2026-01-01', '2026-01-01')");
  const dying: Job = {
    name: 'dying',
    async run() {
      bot.failNext('write');
      bot.failNext('write');
    },
  };
  bot.advance(60_000);
  await expect(tick([shipChangesJob, dying], context(), 'dead')).rejects.toThrow();
  // First the look at the key, which finds no backup in this bucket.
  expect(calls).toEqual(['list', 'list', 'put', 'list', 'get']);
  expect(await entries()).toBeGreaterThan(0);
  expect(await state()).toMatchObject({ shippedSeq: 0 });
  bot.advance(17 * 60_000);
  await run("UPDATE users SET last_seen = '2026-01-02'");
  await minute();
  await minute();
  expect(await entries()).toBe(0);
  expect(calls.filter((call) => call === 'put')).toHaveLength(2);
  expect(store.objects.size).toBe(2);
});

test('an idle bot ships nothing, however long: no job of the tick is a change', async () => {
  await based();
  for (let hour = 0; hour < 30; hour += 1) {
    bot.advance(3_600_000);
    await tick(jobs, context(), `tick ${hour}`);
  }
  expect(calls.filter((call) => call === 'put')).toEqual([]);
  expect(
    await bot.db.read([{ ...sql('SELECT COUNT(*) AS n FROM change_log'), parse: ([row]) => row?.int('n') }]),
  ).toEqual([0]);
});

test('a full backup that fails is not asked for at once again; a small tick leaves it to the CLI', async () => {
  await based();
  await run(
    `UPDATE change_state SET needs_base = 'schema', since = '${new Date(bot.now().getTime() - 60_000).toISOString()}'`,
    'UPDATE users SET username = username',
    `INSERT INTO backup_runs (name, fence, "trigger", scheduled_at, started_at, state)
     VALUES ('20261122_100000', 1, 'changes', '${bot.now().toISOString().slice(0, 19).replace('T', ' ')}', '${bot.now().toISOString().slice(0, 19).replace('T', ' ')}', 'failed')`,
    "INSERT INTO change_log (tbl, key) VALUES ('users', 1)",
  );
  const made = async () => (await bot.services.backups.list()).total;
  await minute();
  expect(await made()).toBe(0);
  bot.advance(3_600_000);
  await minute({ requests: 50 });
  expect(await made()).toBe(0);
  await minute();
  expect(await made()).toBe(1);
});

test('a full backup that gets no name keeps the pace, too', async () => {
  const place = join(dirname(bot.path), 'bucket');
  writeFileSync(place, 'no directory');
  await based();
  await run(
    `UPDATE change_state SET needs_base = 'schema', since = '${bot.now().toISOString()}'`,
    "INSERT INTO change_log (tbl, key) VALUES ('users', 1)",
  );
  for (let i = 0; i < 60; i += 1) await minute();
  const tries = bot.log.filter(({ event, trigger }) => event === 'backup' && trigger === 'changes');
  // At once, after 5 minutes and after 15 more; then an hour is due.
  expect(tries).toHaveLength(3);
  rmSync(place);
  for (let i = 0; i < 30; i += 1) await minute();
  expect(await state()).toMatchObject({ needsBase: null });
});

test('changes that wait for a quarter of an hour are told once, and once when they go', async () => {
  await based();
  await run("INSERT INTO change_log (tbl, key) VALUES ('users', 1)");
  const said = () => bot.telegram.calls.filter(({ method }) => method === 'sendMessage').length;
  const open = bucket;
  bucket = { ...store, put: () => Promise.reject(new Error('away')), list: async () => [] };
  await minute();
  expect(said()).toBe(0);
  await run("UPDATE change_state SET waiting_since = '2020-01-01T00:00:00.000Z'");
  for (let i = 0; i < 3; i += 1) await minute();
  expect(said()).toBe(1);
  bucket = open;
  for (let i = 0; i < 3; i += 1) await minute();
  expect(said()).toBe(2);
  expect((await state())?.told).toBeNull();
});

test('off: the triggers go at the next tick, and nothing is asked after that', async () => {
  await based();
  await minute({ isOn: false });
  const { objects } = await source().schema();
  expect(objects.filter(({ name }) => name.startsWith('change_log_'))).toEqual([]);
  expect(await bot.costOf(() => minute({ isOn: false }))).toEqual({ reads: 0, writes: 2, calls: 0 });
});

test('a log that somebody emptied: the admins are told, and a full backup is made', async () => {
  await based();
  await run("INSERT INTO users (user_id, created_at, last_seen) VALUES (7, '2026-01-01', '2026-01-01')");
  await run('DELETE FROM change_log');
  bot.telegram.forgetCalls();
  await minute();
  expect(JSON.stringify(bot.telegram.calls)).toContain('yozuvi yo‘qolgan');
  expect((await bot.services.backups.list()).entries[0]?.manifest?.trigger).toBe('changes');
  expect(await state()).toMatchObject({ needsBase: null, shippedSeq: 1, waitingSince: null });
});

test('a full backup of a damaged database is logged as that', async () => {
  memory = { sameKey: 'x' };
  await run('DROP TABLE anime_parts');
  await minute();
  expect(bot.log.filter(({ event }) => event === 'backup')).toEqual([
    expect.objectContaining({
      level: 'error',
      trigger: 'changes',
      outcome: 'done',
      damage: expect.any(String),
    }),
  ]);
});
