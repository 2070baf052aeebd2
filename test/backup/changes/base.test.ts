/** What a full backup lets the change log forget, whatever happens between snapshot and record. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { newestVerified } from '../../../src/backup/catalog/list.ts';
import { ensureTriggers, removeTriggers } from '../../../src/backup/changes/ensure-triggers.ts';
import { ship } from '../../../src/backup/changes/ship.ts';
import { beginTimelineSql } from '../../../src/backup/changes/timeline.ts';
import { runBackup } from '../../../src/backup/run/run.ts';
import { openEmbeddedSnapshotSource } from '../../../src/backup/snapshot/embedded.ts';
import { all, sql } from '../../../src/db/database.ts';
import { createWorld, type World } from '../../support/backup-world.ts';
import { createMemoryStore } from '../../support/memory-store.ts';
import { beginLog, shippingOf, stateOf } from '../../support/shipping.ts';

let world: World;
beforeEach(async () => {
  world = await createWorld({ store: createMemoryStore(() => new Date()) });
  await beginLog(world.db, source());
});
afterEach(() => world.close());

const source = () => openEmbeddedSnapshotSource({ path: world.path });
const run = (...texts: string[]) => world.db.write(texts.map((text) => sql(text)));
const shipping = () => shippingOf({ db: world.db, source: source(), store: world.context.store });
const state = () => stateOf(world.db);
const add = (rows = 1) =>
  run(
    `INSERT INTO handled_updates (update_id, handled_at) SELECT (SELECT COALESCE(MAX(update_id), 0) FROM handled_updates) + value, '2026-01-01'
     FROM json_each('[${Array.from({ length: rows }, (_, i) => i + 1)}]')`,
  );

async function log(): Promise<number[]> {
  const [found] = await world.db.read([
    all(sql('SELECT seq FROM change_log ORDER BY seq'), (row) => row.int('seq')),
  ]);
  return found;
}

/** A full backup; `meanwhile` comes after its snapshot and before its record. */
async function full(meanwhile?: () => Promise<unknown>) {
  const { context } = world;
  const { ledger } = context;
  const outcome = await runBackup(
    {
      ...context,
      ledger: {
        ...ledger,
        coverChanges: async (statements) => {
          await meanwhile?.();
          await ledger.coverChanges(statements);
        },
      },
    },
    { trigger: 'command', scheduledAt: context.clock.now() },
  );
  context.clock.sleep(1, undefined);
  if (outcome.kind !== 'done') throw new Error(JSON.stringify(outcome));
  const changes = (await newestVerified(context))?.manifest?.changes;
  if (changes === undefined) throw new Error('the manifest has no position');
  return { name: outcome.name, changes };
}

test('few changes stay in the log: the chain of files runs through the backup', async () => {
  await add(3);
  const before = await state();
  const entries = await log();
  const { changes } = await full(() => Promise.reject(new Error('never asked')));
  expect(changes).toMatchObject({ seq: entries.at(-1), previous: before.previous });
  expect(await log()).toEqual(entries);
  expect(await state()).toEqual(before);
  expect(await ship(shipping())).toMatchObject({ first: entries[0], last: entries.at(-1) });
});

test('a log of more than a fifth of all rows is forgotten up to the snapshot, not further', async () => {
  await add(200);
  const { name, changes } = await full(() => add(2));
  expect(changes.seq).toBe(200);
  expect(await log()).toEqual([201, 202]);
  expect(await state()).toMatchObject({
    shippedSeq: 200,
    previous: { base: name },
    needsBase: null,
    waitingSince: expect.stringMatching(/Z$/),
  });
  expect(await ship(shipping())).toMatchObject({ kind: 'shipped', first: 201, last: 202 });
  expect((await state()).waitingSince).toBeNull();
});

describe('where a backup had to come first', () => {
  beforeEach(async () => {
    await add(2);
    await run("UPDATE change_state SET needs_base = 'schema'");
  });

  test('what comes after its snapshot stays', async () => {
    const { name } = await full(() => add());
    expect(await log()).toEqual([3]);
    expect(await state()).toMatchObject({ shippedSeq: 2, previous: { base: name }, needsBase: null });
  });

  test('nothing came after it: nothing waits', async () => {
    await run("UPDATE change_state SET waiting_since = '2026-01-01T00:00:00.000Z'");
    await full();
    expect(await log()).toEqual([]);
    expect(await state()).toMatchObject({ shippedSeq: 2, needsBase: null, waitingSince: null });
  });

  test.each<[string, () => Promise<unknown>]>([
    [
      'a schema that moved, and was looked at',
      async () => {
        await run('CREATE TABLE later (x PRIMARY KEY)', 'INSERT INTO later VALUES (1)');
        await ensureTriggers(world.db, source());
      },
    ],
    ['a new timeline', () => run(`${beginTimelineSql('schema')}`)],
    ['changes that were turned off', () => removeTriggers(world.db, source())],
    ['another reason', () => run("UPDATE change_state SET needs_base = 'large'")],
    [
      'another full backup',
      async () => {
        await run('UPDATE change_state SET previous = \'{"base":"20260101_000000"}\', shipped_seq = 1');
      },
    ],
  ])('%s in between: the log stays whole, and a backup is still asked for', async (_, meanwhile) => {
    const entries = await log();
    await full(meanwhile);
    expect((await log()).slice(0, entries.length)).toEqual(entries);
    const { needsBase, shippedSeq } = await state();
    expect(needsBase).not.toBeNull();
    expect(shippedSeq).toBeLessThan(2);
  });

  test('a schema that moved, and nobody has looked: the next look asks for another backup', async () => {
    await full(() => run('CREATE TABLE later (x PRIMARY KEY)', 'INSERT INTO later VALUES (1)'));
    await add();
    expect(await ship(shipping())).toEqual({ kind: 'needs-base', reason: 'schema' });
    const { changes } = await full();
    await run('INSERT INTO later VALUES (2)');
    expect(await ship(shipping())).toMatchObject({ kind: 'shipped', first: changes.seq + 1 });
  });
});

test.each([
  ["UPDATE change_state SET since = 'yesterday'"],
  ["UPDATE change_state SET timeline = '../../x'"],
  ["INSERT INTO change_log (seq, tbl, key) VALUES (9007199254740993, 'anime', 1)"],
])('%s: the backup is made all the same, and names no position', async (spoil) => {
  await run(spoil);
  const { context } = world;
  const outcome = await runBackup(context, { trigger: 'command', scheduledAt: context.clock.now() });
  expect(outcome.kind).toBe('done');
  expect((await newestVerified(context))?.manifest?.changes).toBeUndefined();
});
