/** A server answers wrongly once, while changes are read: nothing is stored or forgotten. */
import { afterEach, beforeAll, expect, test } from 'vitest';
import { openSqlServer } from '../../../sim/sql-over-http/in-process-server.ts';
import { type ChangeEvent, readChangeBatches } from '../../../src/backup/changes/change-file.ts';
import { ensureTriggers } from '../../../src/backup/changes/ensure-triggers.ts';
import { ship } from '../../../src/backup/changes/ship.ts';
import { openUnsealed } from '../../../src/backup/envelope/unseal.ts';
import { openRemoteSnapshotSource } from '../../../src/backup/snapshot/remote.ts';
import { DatabaseUnavailable, sql } from '../../../src/db/database.ts';
import { openRemoteDatabase } from '../../../src/db/remote-database.ts';
import { createWorld } from '../../support/backup-world.ts';
import { createMemoryStore } from '../../support/memory-store.ts';
import { shippingOf } from '../../support/shipping.ts';

type Value = { readonly type: string; readonly value?: string | number; readonly base64?: string };
type Rows = readonly (readonly Value[])[];
/** Of the rows of one answer; the same rows, where the lie has nothing to alter. */
type Lie = (rows: Rows) => Rows;

const NULL: Value = { type: 'null' };

const LIES: Readonly<Record<string, Lie>> = {
  'a row is missing': (rows) => rows.slice(1),
  'the last row is missing': (rows) => rows.slice(0, -1),
  'no row at all': () => [],
  'a row of NULLs': ([row, ...rows]) => (row === undefined ? [] : [row.map(() => NULL), ...rows]),
  'a row twice': ([row, ...rows]) => (row === undefined ? [] : [row, row, ...rows]),
  'one row in place of another': ([row, , ...rows]) => (row === undefined ? [] : [row, row, ...rows]),
  'the values of a row the other way round': ([row, ...rows]) =>
    row === undefined ? [] : [row.toReversed(), ...rows],
  'a row without its first value': ([row, ...rows]) => (row === undefined ? [] : [row.slice(1), ...rows]),
  'a row without its last value': ([row, ...rows]) => (row === undefined ? [] : [row.slice(0, -1), ...rows]),
  'a row with a further value': ([row, ...rows]) =>
    row === undefined ? [] : [[...row, { type: 'text', value: '....' }], ...rows],
};
/** Another row of the table, whole: only the statements that read rows have one. */
const OTHERS: Readonly<Record<string, Lie>> = {
  'a row that nobody asked for': ([row, ...rows]) => (row === undefined ? [] : [row.map(another), ...rows]),
  'a further row that nobody asked for': ([row, ...rows]) =>
    row === undefined ? [] : [row.map(another), row, ...rows],
  'NULL for the key of a row that is gone': (rows) => [
    ...rows.slice(0, -1),
    ...rows.slice(-1).map((row) => row.map((value, i) => (i === 1 ? NULL : value))),
  ],
  'no marks': ([row, ...rows]) => (row === undefined ? [] : [[...row.slice(0, -1), NULL], ...rows]),
  'another key': ([row, ...rows]) => (row === undefined ? [] : [anotherFirst(row), ...rows]),
};

function another(value: Value): Value {
  if (value.type === 'float') return { ...value, value: Number(value.value) + 70 };
  return value.type === 'integer' ? { ...value, value: String(Number(value.value) + 70) } : value;
}

/** The key that was asked for, beside a row that has its own. */
function anotherFirst(row: readonly Value[]): readonly Value[] {
  return row.map((value, i) => (i === 1 ? another(value) : value));
}

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function rig() {
  const world = await createWorld();
  closers.push(() => world.close());
  const server = openSqlServer({ file: world.path });
  closers.push(() => server.close());
  const lying: { at: number; lie?: Lie | undefined; told: boolean } = { at: 0, told: false };
  const texts: string[] = [];
  const way = { url: 'http://database', authToken: undefined, fetch: fetched };
  /** Lies once, in one statement of the batch that reads a range. */
  async function fetched(input: Request | URL | string, init?: RequestInit): Promise<Response> {
    const request = new Request(input, init);
    const asked: unknown = request.method === 'POST' ? await request.clone().json() : {};
    const answer = await server.fetch(request);
    const at = batchOf(asked)?.findIndex((text) => text.includes('RETURNING attempt')) ?? -1;
    if (at < 0) return answer;
    texts.splice(0, texts.length, ...(batchOf(asked) ?? []));
    const { lie } = lying;
    lying.lie = undefined;
    if (lie === undefined) return answer;
    const body = await answer.json();
    const result = resultsOf(body)?.[lying.at];
    if (result) {
      const rows = lie(result.rows);
      lying.told = JSON.stringify(rows) !== JSON.stringify(result.rows);
      result.rows = rows;
    }
    return Response.json(body);
  }
  const db = openRemoteDatabase(way);
  const source = openRemoteSnapshotSource(way);
  const run = (...all: string[]) => db.write(all.map((text) => sql(text)));
  await run(
    'CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, n, x TEXT NOT NULL)',
    'CREATE TABLE p (a TEXT, b, v, PRIMARY KEY (b, a)) WITHOUT ROWID',
  );
  await ensureTriggers(db, source);
  await run('UPDATE change_state SET needs_base = NULL');
  const store = createMemoryStore(() => new Date());
  const context = shippingOf({ db, source, store }, { prefix: '' });
  await run(
    "INSERT INTO t VALUES (1, 1, 'one'), (2, 2, 'two'), (3, 3, 'three'), (4, 4, 'gone'), (5, 5, 'gone')",
    "INSERT INTO p VALUES ('k', 1, 1), ('k', 2, 'two'), ('l', 2.0, 3), ('m', 3.5, 4), ('n', 4, 5)",
    // Of one key and one row, with two ways to write the number.
    "UPDATE p SET b = 1.0 WHERE a = 'k' AND b = 1",
    'DELETE FROM t WHERE id > 3',
    "DELETE FROM p WHERE a = 'n'",
    // As a trigger of somebody else may log it.
    "INSERT INTO change_log (tbl, key, rest) VALUES ('p', 2.0, 't6B')",
  );
  const eventsOf = async (file: string): Promise<ChangeEvent[]> => {
    const body = new Response(Buffer.from(store.objects.get(file)?.body ?? [])).body;
    const { tables } = await source.schema();
    const events: ChangeEvent[] = [];
    const unpacked = openUnsealed(body ?? new ReadableStream(), { encrypted: false, keys: undefined });
    for await (const batch of readChangeBatches(unpacked, (name) => tables.find((one) => one.name === name)))
      events.push(...batch);
    return events.filter(({ kind }) => kind !== 'header');
  };
  const count = async () =>
    (await db.read([{ ...sql('SELECT COUNT(*) AS n FROM change_log'), parse: ([row]) => row?.int('n') }]))[0];
  return { lying, texts, store, count, eventsOf, ship: () => ship(context) };
}

type Result = { rows: Rows };

/** The statements of a batch: the client stores a text, and names it by a number. */
function batchOf(asked: unknown): string[] | undefined {
  const { requests = [] } = asked as {
    requests?: {
      sql?: string;
      sql_id?: number;
      batch?: { steps: { stmt: { sql?: string; sql_id?: number } }[] };
    }[];
  };
  const stored = new Map(requests.map((one) => [one.sql_id, one.sql ?? '']));
  const batch = requests.find((one) => one.batch)?.batch;
  return batch?.steps.map(({ stmt }) => stmt.sql ?? stored.get(stmt.sql_id) ?? '');
}

function resultsOf(body: unknown): (Result | null)[] | undefined {
  const { results = [] } = body as {
    results?: { response?: { result?: { step_results?: (Result | null)[] } } }[];
  };
  return results.find(({ response }) => response?.result?.step_results)?.response?.result?.step_results;
}

/** The truth, and the statements that were asked. */
async function honest() {
  const bot = await rig();
  const outcome = await bot.ship();
  if (outcome.kind !== 'shipped') throw new Error(outcome.kind);
  return { events: await bot.eventsOf(outcome.file), texts: [...bot.texts] };
}

let truth: Awaited<ReturnType<typeof honest>>;
beforeAll(async () => {
  truth = await honest();
});

/** Statements of the batch that read rows of the tables; or what the range is, and the sequence. */
function reads(withRows: boolean): number[] {
  return truth.texts.flatMap((text, at) =>
    /^SELECT/.test(text) &&
    /attempt|sqlite_sequence/.test(text) &&
    !text.includes('cookie') &&
    /"[tp]"/.test(text) === withRows
      ? [at]
      : [],
  );
}

/** @returns whether there was anything to lie about */
async function lied(at: number, lie: Lie): Promise<boolean> {
  const bot = await rig();
  Object.assign(bot.lying, { at, lie });
  const waiting = await bot.count();
  const outcome = await bot.ship().catch((error: Error) => error);
  if (!bot.lying.told) return false;
  // A further row of an answer that has one is not looked at.
  if (!(outcome instanceof Error)) {
    if (outcome.kind === 'needs-base') return false;
    expect(outcome).toMatchObject({ kind: 'shipped' });
    const [file = ''] = bot.store.objects.keys();
    expect(await bot.eventsOf(file)).toEqual(truth.events);
    return false;
  }
  expect(bot.store.objects.size).toBe(0);
  expect(await bot.count()).toBe(waiting);
  // Tried again.
  const again = await bot.ship();
  if (again.kind !== 'shipped') throw new Error(again.kind);
  expect(await bot.eventsOf(again.file)).toEqual(truth.events);
  expect(await bot.count()).toBe(0);
  return true;
}

test('without a lie the file holds every row, and every key that is gone', () => {
  expect(truth.events.filter((event) => event.kind === 'image')).toHaveLength(7);
  expect(truth.events.filter((event) => event.kind === 'deleted')).toHaveLength(3);
  expect(reads(true)).toHaveLength(2);
});

test.each(Object.entries({ ...LIES, ...OTHERS }))('of the rows of a table: %s', async (_, lie) => {
  for (const at of reads(true)) expect(await lied(at, lie)).toBe(true);
});

test.each(Object.entries(LIES))('of the numbers beside them: %s', async (_, lie) => {
  for (const at of reads(false)) await lied(at, lie);
});

test('an answer without the range never means that the log was lost', async () => {
  const no: Lie = () => [];
  for (const at of reads(false)) expect(await lied(at, no)).toBe(true);
});

test('it counts as a database that did not answer', async () => {
  const bot = await rig();
  Object.assign(bot.lying, { at: reads(true)[0], lie: LIES['a row is missing'] });
  await expect(bot.ship()).rejects.toThrow(DatabaseUnavailable);
});
