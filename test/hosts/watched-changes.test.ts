/**
 * What both hosts notice between two full backups: another key, change files that were deleted, and
 * tables of the log that somebody dropped.
 */
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ensureTriggers } from '../../src/backup/changes/ensure-triggers.ts';
import { peek, pending } from '../../src/backup/changes/peek.ts';
import { openEmbeddedSnapshotSource } from '../../src/backup/snapshot/embedded.ts';
import type { Store } from '../../src/backup/store/types.ts';
import { all, sql } from '../../src/db/database.ts';
import type { Host } from '../../src/hosts/host-parts.ts';
import { readConfig } from '../../src/settings/config.ts';
import { startTestBot, type TestBot } from '../support/bot.ts';
import { stateOf } from '../support/shipping.ts';
import { countedStore, tickingHost } from '../support/ticking-host.ts';

let bot: TestBot;
let store: Store;
const calls: string[] = [];
const alerts: string[] = [];

beforeEach(async () => {
  // Before the bucket's clock, which is this machine's: nothing is dated ahead.
  bot = await startTestBot({ now: new Date(Date.now() - 6 * 3_600_000) });
  calls.length = 0;
  alerts.length = 0;
  store = countedStore(join(dirname(bot.path), 'bucket'), (call) => void calls.push(call));
  await ensureTriggers(bot.db, source());
});
afterEach(() => bot.close());

const source = () => openEmbeddedSnapshotSource({ path: bot.path });
const KINDS = [
  ['worker', false],
  ['node', true],
] as const;

/** A new one: another isolate, or another process. */
function host(hasTimer: boolean, env: Record<string, string> = {}): Host {
  const config = readConfig(env, 'node');
  return tickingHost(bot, {
    ...{ config, store, requests: 10_000, hasTimer },
    alert: (message) => void alerts.push(message),
  });
}

/** What a host does in a minute. */
async function minute(one: Host, hasTimer: boolean): Promise<void> {
  bot.advance(60_000);
  await one.tick();
  if (hasTimer) await one.shipChanges();
}

/** A second full backup of a timeline comes after a pause. */
async function minutes(one: Host, hasTimer: boolean): Promise<void> {
  for (let i = 0; i < 7; i += 1) await minute(one, hasTimer);
}

const add = (user: number) =>
  bot.db.write([
    sql("INSERT INTO users (user_id, created_at, last_seen) VALUES (?, '2026-01-01', '2026-01-01')", user),
  ]);
const told = () => JSON.stringify(bot.telegram.calls.filter(({ method }) => method === 'sendMessage'));

async function begun(hasTimer: boolean, env: Record<string, string> = {}): Promise<Host> {
  const one = host(hasTimer, env);
  await minute(one, hasTimer);
  await add(1);
  await minute(one, hasTimer);
  expect(await stateOf(bot.db)).toMatchObject({ needsBase: null });
  expect(await changeFiles()).toHaveLength(1);
  bot.telegram.forgetCalls();
  return one;
}

const changeFiles = async () => (await store.list('changes/')).map(({ key }) => key);
const bases = async () =>
  (await store.list('')).filter(({ key }) => /manifest/.test(key)).map(({ key }) => key);

const WORDS = { BACKUP_PASSPHRASE: 'correct horse battery' };
const OTHER = { BACKUP_PASSPHRASE: 'staple correct horse' };

test.each(
  KINDS.flatMap(([name, hasTimer]) =>
    (
      [
        ['set', {}, WORDS],
        ['changed', WORDS, OTHER],
        ['removed', WORDS, {}],
      ] as const
    ).map(([what, before, after]) => [name, what, hasTimer, before, after] as const),
  ),
)(
  '%s: a passphrase newly %s: a full backup with it comes before the next change',
  async (_, __, hasTimer, before, after) => {
    await begun(hasTimer, before);
    const made = (await bases()).length;
    await add(2);
    const later = host(hasTimer, after);
    await minutes(later, hasTimer);
    expect(await bases()).toHaveLength(made + 1);
    expect(await changeFiles()).toHaveLength(1);
    await add(3);
    await minute(later, hasTimer);
    expect((await changeFiles()).filter((key) => key.endsWith('.age'))).toHaveLength(
      (before === WORDS ? 1 : 0) + (Object.keys(after).length > 0 ? 1 : 0),
    );
  },
);

test.each(KINDS)(
  '%s: a change file that somebody deleted is noticed within a quarter of an hour',
  async (_, hasTimer) => {
    const one = await begun(hasTimer);
    const [file = ''] = await changeFiles();
    await store.delete([file]);
    const made = (await bases()).length;
    for (let i = 0; i < 22; i += 1) await minute(one, hasTimer);
    expect(await bases()).toHaveLength(made + 1);
    expect(told()).toContain('yozuvi yo‘qolgan');
    expect(await stateOf(bot.db)).toMatchObject({ needsBase: null });
  },
);

test.each(KINDS)(
  '%s: no file counts as gone because the clock was set back between two full backups',
  async (_, hasTimer) => {
    const one = await begun(hasTimer);
    await one.runBackup('command', new Date(bot.now().getTime() + 2 * 86_400_000));
    // So many that the backup keeps them, and no file does.
    for (let user = 2; user < 60; user += 1) await add(user);
    await one.runBackup('command', bot.now());
    await add(60);
    await minute(one, hasTimer);
    await one.runBackup('command', new Date(bot.now().getTime() + 3 * 86_400_000));
    expect(alerts.join('\n')).not.toContain('gone');
  },
);

test.each(KINDS)(
  '%s: one that is gone right before a full backup is told with it, and /healthz says so until it is back',
  async (_, hasTimer) => {
    const one = await begun(hasTimer);
    await add(2);
    await minute(one, hasTimer);
    const file = (await changeFiles()).at(-1) ?? '';
    const body = await store.get(file);
    const kept = new Uint8Array(await new Response(body?.body).arrayBuffer());
    await store.delete([file]);
    bot.advance(10_000);
    await one.runBackup('command', bot.now());
    expect(alerts).toEqual([expect.stringMatching(/files are gone/)]);
    expect(alerts[0]).toContain(file);
    const lost = async () => {
      bot.advance(11_000);
      const answer = await one.app.request('/healthz');
      const { backup } = (await answer.json()) as { backup: { changes: { lost?: string } } };
      return backup.changes.lost;
    };
    expect(await lost()).toContain('npm run backup -- list');
    await add(3);
    for (let i = 0; i < 20; i += 1) await minute(one, hasTimer);
    expect(await lost()).toContain('npm run backup -- list');
    await store.put(file, kept);
    for (let i = 0; i < 16; i += 1) await minute(one, hasTimer);
    expect(await lost()).toBeUndefined();
  },
);

test.each(
  KINDS.flatMap(([name, hasTimer]) =>
    [
      'DROP TABLE change_log',
      'DROP TABLE change_state',
      'DROP TABLE change_log; DROP TABLE change_state',
    ].map((text) => [name, text, hasTimer] as const),
  ),
)('%s: %s: made again, a full backup holds what no entry tells', async (_, text, hasTimer) => {
  const one = await begun(hasTimer);
  const made = (await bases()).length;
  await bot.db.write(text.split('; ').map((one) => sql(one)));
  await minutes(one, hasTimer);
  expect(await bases()).toHaveLength(made + 1);
  expect(told()).toContain('yozuvi yo‘qolgan');
  await add(2);
  await minute(one, hasTimer);
  expect(await stateOf(bot.db)).toMatchObject({ needsBase: null, waitingSince: null });
  expect((await changeFiles()).length).toBeGreaterThan(1);
});

test('worker: an update that no tick follows waits from the moment when it was saved', async () => {
  const one = await begun(false);
  const waits = async () => (await stateOf(bot.db)).waitingSince;
  expect(await waits()).toBeNull();
  bot.telegram.connect(async (update) => new Response(await one.receive(update).then(String)));
  const viewer = bot.telegram.person({ firstName: 'Aziza' });
  await viewer.send('/start');
  expect(Date.now() - Date.parse((await waits()) ?? '')).toBeLessThan(60_000);
  await bot.db.write([sql("UPDATE change_state SET waiting_since = '2026-01-01T00:00:00.000Z'")]);
  await viewer.send('/help');
  expect(await waits()).toBe('2026-01-01T00:00:00.000Z');
  const seen = await host(false).app.request('/healthz');
  expect([seen.status, await seen.json()]).toMatchObject([503, { status: 'failing' }]);
  await minute(one, false);
  // What the tick wrote after it had stored the rest.
  const [peeked] = await bot.db.read([peek]);
  expect((await waits()) === null).toBe(peeked !== undefined && pending(peeked) === 0);
});

test.each(KINDS)('%s: the log and its triggers, all dropped, are made again', async (_, hasTimer) => {
  const one = await begun(hasTimer);
  const { objects } = await source().schema();
  const triggers = objects.filter(({ name, type }) => type === 'trigger' && name.startsWith('change_log_'));
  await bot.db.write([
    ...triggers.map(({ name }) => sql(`DROP TRIGGER "${name}"`)),
    sql('DROP TABLE change_log'),
    sql('DROP TABLE change_state'),
  ]);
  const made = (await bases()).length;
  await minutes(one, hasTimer);
  expect(await bases()).toHaveLength(made + 1);
  await add(2);
  await minute(one, hasTimer);
  expect((await changeFiles()).length).toBeGreaterThan(1);
});

test('the look at the bucket costs four requests to it and one to the database, four times an hour', async () => {
  const one = await begun(false);
  for (let i = 0; i < 3; i += 1) {
    await minute(one, false);
    await one.runBackup('command', bot.now());
  }
  await minute(one, false);
  const idle = await cost(one);
  const looks: unknown[] = [];
  for (let i = 0; i < 60; i += 1) {
    const now = await cost(one);
    if (now.bucket.length > 0) looks.push({ ...now, reads: now.reads - idle.reads });
  }
  expect(looks).toHaveLength(4);
  expect(looks[0]).toMatchObject({ bucket: ['list', 'get', 'list', 'get'] });
});

async function cost(one: Host): Promise<{ bucket: string[]; reads: number; writes: number }> {
  calls.length = 0;
  const { reads, writes } = await bot.costOf(() => minute(one, false));
  return { bucket: [...calls], reads, writes };
}

test('a log that is made again gives no number twice: what comes while its full backup is made waits', async () => {
  await begun(false);
  const { shippedSeq } = await stateOf(bot.db);
  await bot.db.write([sql('DROP TABLE change_log')]);
  await ensureTriggers(bot.db, source());
  await add(2);
  const [seqs] = await bot.db.read([
    all(sql('SELECT seq FROM change_log ORDER BY seq'), (row) => row.int('seq')),
  ]);
  expect(seqs[0]).toBeGreaterThan(shippedSeq);
});
