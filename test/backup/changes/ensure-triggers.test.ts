import Sqlite from 'libsql';
import { expect, test } from 'vitest';
import { changeState } from '../../../src/backup/catalog/change-state.ts';
import { coverageOf } from '../../../src/backup/changes/coverage.ts';
import { ensureTriggers, removeTriggers } from '../../../src/backup/changes/ensure-triggers.ts';
import { triggersOf } from '../../../src/backup/schema/change-triggers.ts';
import { strangersOf } from '../../../src/backup/schema/strangers.ts';
import { openEmbeddedSnapshotSource } from '../../../src/backup/snapshot/embedded.ts';
import { type Database, sql } from '../../../src/db/database.ts';
import { createWorld } from '../../support/backup-world.ts';

async function open() {
  const { db, path } = await createWorld();
  const source = openEmbeddedSnapshotSource({ path });
  const triggers = async () =>
    (await source.schema()).objects.filter(
      ({ type, name }) => type === 'trigger' && name.startsWith('change_log_'),
    );
  const state = async () => (await db.read([changeState]))[0];
  const run = (...texts: string[]) => db.write(texts.map((text) => sql(text)));
  const calm = () => run('UPDATE change_state SET needs_base = NULL');
  return { db, path, source, triggers, state, run, calm, ensure: () => ensureTriggers(db, source) };
}

function vacuum(path: string): void {
  const db = new Sqlite(path, { timeout: 5_000 });
  db.exec('VACUUM');
  db.close();
}

async function logged(db: Database): Promise<number> {
  const [count] = await db.read([
    { ...sql('SELECT COUNT(*) AS n FROM change_log'), parse: ([row]) => row?.int('n') ?? -1 },
  ]);
  return count;
}

test('every covered table gets its triggers, once; they are no strangers', async () => {
  const { db, source, ensure, state, triggers, calm } = await open();
  await ensure();
  const schema = await source.schema();
  const { covered } = coverageOf(schema);
  const wanted = covered.flatMap((table) => triggersOf(table, schema.indexes));
  expect((await triggers()).length).toBe(wanted.length);
  expect(wanted.length).toBeGreaterThan(covered.length * 3);
  expect(covered.length).toBeGreaterThan(30);
  expect(strangersOf(schema.objects)).toEqual([]);
  const first = await state();
  expect(first).toMatchObject({
    reason: 'new',
    needsBase: 'new',
    shippedSeq: 0,
    previous: null,
    parent: null,
  });
  expect(first?.timeline).toMatch(/^[0-9a-f]{32}$/);
  expect(first?.since).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  expect(first?.schemaCookie).toBe(schema.schemaVersion);
  await calm();
  await ensure();
  expect(await state()).toEqual({ ...first, needsBase: null });
  expect(await logged(db)).toBe(0);
});

test.each([
  ['a new table', 'CREATE TABLE theirs (x PRIMARY KEY)'],
  ['a table made anew just as it was', 'CREATE TABLE t (x PRIMARY KEY)'],
  ['a column', 'ALTER TABLE users ADD COLUMN nick TEXT'],
  ['an index', 'CREATE INDEX i ON users (username)'],
  ['a renamed table', 'ALTER TABLE t RENAME TO u'],
  ['a trigger that somebody dropped', 'DROP TRIGGER change_log_insert_users'],
  ['VACUUM where rows have nothing but a rowid', 'VACUUM'],
])('%s: all are covered again, and a full backup comes first', async (name, change) => {
  const { ensure, state, triggers, calm, run, source, path } = await open();
  await run(name.startsWith('VACUUM') ? 'CREATE TABLE t (x)' : 'CREATE TABLE t (x PRIMARY KEY)');
  await ensure();
  await calm();
  const before = await state();
  if (name.startsWith('a table made anew')) await run('DROP TABLE t');
  if (change === 'VACUUM') vacuum(path);
  else await run(change);
  await ensure();
  const after = await state();
  expect(after?.needsBase).toBe('schema');
  expect(after?.schemaCookie).not.toBe(before?.schemaCookie);
  const schema = await source.schema();
  const wanted = coverageOf(schema).covered.flatMap((table) =>
    triggersOf(table, schema.indexes).map((one) => one.sql),
  );
  expect((await triggers()).map((one) => one.sql).sort()).toEqual(wanted.sort());
});

test('off: no trigger is left and nothing is logged; on again: a full backup first', async () => {
  const { db, source, ensure, triggers, state, run, calm } = await open();
  await ensure();
  await calm();
  await removeTriggers(db, source);
  expect(await triggers()).toEqual([]);
  await run('UPDATE users SET username = username');
  expect(await logged(db)).toBe(0);
  await calm();
  await ensure();
  expect((await state())?.needsBase).toBe('schema');
});

test("somebody else's trigger of such a name stays, and is a stranger", async () => {
  const { ensure, run, source } = await open();
  const text = 'CREATE TRIGGER change_log_insert_users AFTER INSERT ON users BEGIN DELETE FROM anime; END';
  await run(text);
  await ensure();
  const { objects } = await source.schema();
  expect(objects.find(({ name }) => name === 'change_log_insert_users')?.sql).toBe(text);
  expect(strangersOf(objects).map(({ name }) => name)).toEqual(['trigger change_log_insert_users']);
});
