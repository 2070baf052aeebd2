/** Shipping: what is read, stored and forgotten, at every point where it can be cut short. */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import Sqlite from 'libsql';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { openSqlServer } from '../../../sim/sql-over-http/in-process-server.ts';
import {
  type ChangeEvent,
  encodeChangeFile,
  MAX_CHANGE_FILE_BYTES,
  readChangeBatches,
} from '../../../src/backup/changes/change-file.ts';
import { coverageOf } from '../../../src/backup/changes/coverage.ts';
import { ensureTriggers } from '../../../src/backup/changes/ensure-triggers.ts';
import { lagSeconds, peek } from '../../../src/backup/changes/peek.ts';
import { ship } from '../../../src/backup/changes/ship.ts';
import type { ShipContext, ShipOutcome } from '../../../src/backup/changes/shipping.ts';
import { generateKey } from '../../../src/backup/envelope/keys.ts';
import { openUnsealed } from '../../../src/backup/envelope/unseal.ts';
import { InvalidText } from '../../../src/backup/model/model.ts';
import { openEmbeddedSnapshotSource } from '../../../src/backup/snapshot/embedded.ts';
import { openRemoteSnapshotSource } from '../../../src/backup/snapshot/remote.ts';
import type { Store } from '../../../src/backup/store/types.ts';
import { type Database, type Statement, sql } from '../../../src/db/database.ts';
import { claimJob } from '../../../src/db/job-leases.ts';
import { SCHEMA_VERSION } from '../../../src/db/migrate.ts';
import { openRemoteDatabase } from '../../../src/db/remote-database.ts';
import { createWorld } from '../../support/backup-world.ts';
import { createMemoryStore, type MemoryStore } from '../../support/memory-store.ts';
import { shippingOf, stateOf } from '../../support/shipping.ts';

const PREFIX = 'bot/';

interface Rig {
  readonly db: Database;
  readonly path: string;
  readonly store: MemoryStore;
  readonly context: ShipContext;
  run(...texts: string[]): Promise<unknown>;
  ship(change?: Partial<ShipContext>): Promise<ShipOutcome>;
  number(query: string): Promise<number>;
  files(): string[];
}

/** @param place a server of either kind reaches the same file */
async function rig(tables = '', place: 'file' | 'server' | 'hosted' = 'file'): Promise<Rig> {
  const world = await createWorld();
  onTestFinished(() => world.close());
  const { path } = world;
  const server = openSqlServer({ file: path, ...(place === 'hosted' && { hosted: true }) });
  onTestFinished(() => server.close());
  const way = { url: 'http://database', authToken: undefined, fetch: server.fetch };
  const db = place === 'file' ? world.db : openRemoteDatabase(way);
  const source = place === 'file' ? openEmbeddedSnapshotSource({ path }) : openRemoteSnapshotSource(way);
  const run = (...texts: string[]) => db.write(texts.map((text) => sql(text)));
  await run(...tables.split(';').filter((text) => text.trim() !== ''));
  await ensureTriggers(db, source);
  await run('UPDATE change_state SET needs_base = NULL');
  const store = createMemoryStore(() => new Date());
  const context = shippingOf({ db, source, store }, { prefix: PREFIX });
  return {
    db,
    path,
    store,
    context,
    run,
    ship: (change = {}) => ship({ ...context, ...change }),
    number: async (query) =>
      (
        await db.read([{ ...sql(`SELECT (${query}) AS n`), parse: ([row]) => row?.int('n') ?? Number.NaN }])
      )[0],
    files: () => [...store.objects.keys()],
  };
}

async function eventsOf(
  { store, context }: Rig,
  file: string,
  keys?: ShipContext['keys'],
): Promise<ChangeEvent[]> {
  const body = new Response(Buffer.from(store.objects.get(PREFIX + file)?.body ?? [])).body;
  const { tables } = await context.source.schema();
  const events: ChangeEvent[] = [];
  const unpacked = openUnsealed(body ?? new ReadableStream(), { encrypted: file.endsWith('.age'), keys });
  const tableOf = (name: string) => tables.find((table) => table.name === name);
  for await (const batch of readChangeBatches(unpacked, tableOf)) events.push(...batch);
  return events;
}

const LOGGED = 'SELECT COUNT(*) FROM change_log';

test('what changed since the last file goes into the next, and the log is empty then', async () => {
  const bot = await rig('CREATE TABLE t (id INTEGER PRIMARY KEY, x)');
  expect(await bot.ship()).toEqual({ kind: 'idle' });
  await bot.run(
    "INSERT INTO t VALUES (1, 'a'), (2, 'b')",
    "UPDATE t SET x = 'c' WHERE id = 1",
    'DELETE FROM t WHERE id = 2',
  );
  const one = await bot.ship();
  expect(one).toMatchObject({ kind: 'shipped', first: 1, last: 4, isEnd: true });
  if (one.kind !== 'shipped') throw new Error('not shipped');
  const [header, ...events] = await eventsOf(bot, one.file);
  expect(header).toMatchObject({
    header: { first: 1, last: 4, previous: null, restore_point: true, schema_version: SCHEMA_VERSION },
  });
  expect(events).toMatchObject([
    { kind: 'image', row: [1n, 1n, 'c'] },
    { kind: 'deleted', key: 2n, rest: null },
    { kind: 'sequence' },
    { kind: 'end' },
  ]);
  expect(await bot.number(LOGGED)).toBe(0);
  expect(await bot.ship()).toEqual({ kind: 'idle' });
  await bot.run("INSERT INTO t VALUES (3, 'd')");
  const two = await bot.ship();
  expect(two).toMatchObject({ kind: 'shipped', first: 5, last: 5 });
  if (two.kind !== 'shipped') throw new Error('not shipped');
  const [next] = await eventsOf(bot, two.file);
  expect(next).toMatchObject({ header: { previous: { file: one.file } } });
  expect(bot.files()).toEqual([PREFIX + one.file, PREFIX + two.file]);
  expect(await bot.number('SELECT COUNT(*) FROM job_leases')).toBe(0);
});

test.each(['file', 'server', 'hosted'] as const)(
  'of a %s, every kind of value and key arrives to the last bit',
  async (place) => {
    const bot = await rig(
      `CREATE TABLE t (id INTEGER PRIMARY KEY, a, b REAL, c TEXT, g AS (a) STORED);
    CREATE TABLE p (a, b TEXT COLLATE NOCASE, v, PRIMARY KEY (b, a)) WITHOUT ROWID; CREATE TABLE h (x)`,
      place,
    );
    const values = [
      'NULL',
      '9223372036854775807',
      '-9223372036854775808',
      '0.1',
      '-0.0',
      '9e999',
      '-9e999',
      '1.0',
      '1',
      "'a' || char(0) || 'b'",
      "CAST(x'ff41' AS TEXT)",
      "x'00ff'",
      "''",
      "x''",
      '5e-324',
      '1.7976931348623157e308',
    ];
    await bot.run(
      ...values.map(
        (value, i) => `INSERT INTO t (id, a, b, c) VALUES (${i + 1}, ${value}, ${value}, ${value})`,
      ),
      ...values
        // Too small or too large a number is told by a full backup.
        .slice(1, -2)
        .map((value) => `INSERT OR IGNORE INTO p VALUES (${value}, 'K' || typeof(${value}), ${value})`),
      "UPDATE p SET b = lower(b) WHERE typeof(a) = 'text'",
      "DELETE FROM p WHERE typeof(a) = 'real'",
      'INSERT INTO h (rowid, x) VALUES (-5, 1.5)',
      'DELETE FROM t WHERE id = 3',
    );
    const outcome = await bot.ship();
    if (outcome.kind !== 'shipped') throw new Error(outcome.kind);
    const events = await eventsOf(bot, outcome.file);
    const images = new Map<string, unknown[]>();
    for (const event of events)
      if (event.kind === 'image')
        images.set(event.table.name, [...(images.get(event.table.name) ?? []), event.row]);
    const rows = images.get('t') ?? [];
    expect(rows).toContainEqual([5n, 5n, -0, 0, '0.0']);
    expect(rows).toContainEqual([6n, 6n, Infinity, Infinity, 'Inf']);
    expect(rows).toContainEqual([7n, 7n, -Infinity, -Infinity, '-Inf']);
    expect(rows).toContainEqual([2n, 2n, 9223372036854775807n, 2 ** 63, '9223372036854775807']);
    expect(rows).toContainEqual([
      12n,
      12n,
      Uint8Array.of(0, 0xff),
      Uint8Array.of(0, 0xff),
      Uint8Array.of(0, 0xff),
    ]);
    expect(rows).toContainEqual([15n, 15n, 5e-324, 5e-324, expect.stringMatching(/^4\.94/)]);
    expect(rows).toContainEqual([10n, 10n, 'a\0b', 'a\0b', 'a\0b']);
    const invalid = new InvalidText(Uint8Array.of(0xff, 0x41));
    expect(rows).toContainEqual([11n, 11n, invalid, invalid, invalid]);
    expect(events).toContainEqual(expect.objectContaining({ kind: 'deleted', key: 3n, rest: null }));
    expect(events).toContainEqual(
      expect.objectContaining({ kind: 'deleted', key: 'Ktext', rest: 't610062' }),
    );
    expect(images.get('p')).toContainEqual(['a\0b', 'ktext', 'a\0b']);
    expect(images.get('h')).toEqual([[-5n, 1.5]]);
  },
);

describe('a range', () => {
  test('is cut at its number of entries; only the last file is a restore point', async () => {
    const bot = await rig('CREATE TABLE t (id INTEGER PRIMARY KEY, x)');
    await bot.run(...Array.from({ length: 7 }, (_, i) => `INSERT INTO t VALUES (${i}, 'x')`));
    const outcomes = [
      await bot.ship({ entries: 3 }),
      await bot.ship({ entries: 3 }),
      await bot.ship({ entries: 3 }),
    ];
    expect(outcomes).toMatchObject([
      { first: 1, last: 3, isEnd: false },
      { first: 4, last: 6, isEnd: false },
      { first: 7, last: 7, isEnd: true },
    ]);
  });

  test('is halved where rows are large; a larger row goes alone', async () => {
    const bot = await rig('CREATE TABLE t (id INTEGER PRIMARY KEY, x)');
    await bot.run(
      ...[1, 2, 3, 4].map(
        (id) => `INSERT INTO t VALUES (${id}, randomblob(${id === 4 ? 9_000_000 : 2_500_000}))`,
      ),
    );
    expect(await bot.ship()).toMatchObject({ first: 1, last: 2, isEnd: false });
    expect(await bot.ship()).toMatchObject({ first: 3, last: 3 });
    expect(await bot.ship()).toMatchObject({ first: 4, last: 4, isEnd: true });
  });

  test('ends before a table that the peek did not see', async () => {
    const bot = await rig('CREATE TABLE t (id INTEGER PRIMARY KEY); CREATE TABLE u (id INTEGER PRIMARY KEY)');
    await bot.run('INSERT INTO t VALUES (1), (2)');
    const [seen] = await bot.db.read([peek]);
    await bot.run('INSERT INTO t VALUES (3)', 'INSERT INTO u VALUES (1)', 'INSERT INTO t VALUES (4)');
    const late = await ship(bot.context, seen);
    expect(late).toMatchObject({ kind: 'shipped', first: 1, last: 3, isEnd: false });
    expect(await bot.ship()).toMatchObject({ kind: 'shipped', first: 4, last: 5, isEnd: true });
  });
});

test('a schema that moved: nothing is shipped before a full backup', async () => {
  const bot = await rig('CREATE TABLE t (id INTEGER PRIMARY KEY)');
  await bot.run('INSERT INTO t VALUES (1)');
  expect((await bot.ship()).kind).toBe('shipped');
  await bot.run(
    'CREATE TABLE later (id INTEGER PRIMARY KEY)',
    'INSERT INTO later VALUES (1)',
    'INSERT INTO t VALUES (2)',
  );
  expect(await bot.ship()).toEqual({ kind: 'needs-base', reason: 'schema' });
  await bot.run('INSERT INTO later VALUES (2)');
  expect(await bot.ship()).toEqual({ kind: 'needs-base', reason: 'schema' });
  expect(await bot.number('SELECT waiting_since IS NOT NULL FROM change_state')).toBe(1);
  expect(await bot.number("SELECT COUNT(*) FROM change_log WHERE tbl = 'later'")).toBe(1);
});

test('encrypted for a passphrase', async () => {
  const bot = await rig('CREATE TABLE t (id INTEGER PRIMARY KEY)');
  await bot.run('INSERT INTO t VALUES (1)');
  const encryption = { kind: 'passphrase', passphrase: 'bir ikki uch' } as const;
  const keys = { identities: [], passphrases: [encryption.passphrase] };
  const outcome = await bot.ship({ encryption, keys });
  if (outcome.kind !== 'shipped') throw new Error(outcome.kind);
  expect(outcome.file).toMatch(/\.age$/);
  expect(await eventsOf(bot, outcome.file, keys)).toMatchObject([
    { kind: 'header' },
    { row: [1n, 1n] },
    {},
    {},
  ]);
});

describe('encrypted for recipients, no key at hand', () => {
  test('whoever has the key reads it', async () => {
    const bot = await rig('CREATE TABLE t (id INTEGER PRIMARY KEY)');
    const { identity, recipient } = await generateKey();
    const encryption = { kind: 'recipients', recipients: [recipient] } as const;
    for (const id of [1, 2]) {
      await bot.run(`INSERT INTO t VALUES (${id})`);
      const outcome = await bot.ship({ encryption });
      if (outcome.kind !== 'shipped') throw new Error(outcome.kind);
      await expect(eventsOf(bot, outcome.file)).rejects.toThrow();
      const events = await eventsOf(bot, outcome.file, { identities: [identity], passphrases: [] });
      expect(events[1]).toMatchObject({ kind: 'image', row: [BigInt(id), BigInt(id)] });
    }
    expect(await bot.number(LOGGED)).toBe(0);
  });

  test('cut short too often, what waits goes with a full backup', async () => {
    const bot = await rig('CREATE TABLE t (id INTEGER PRIMARY KEY)');
    const { identity, recipient } = await generateKey();
    const encryption = { kind: 'recipients', recipients: [recipient] } as const;
    await bot.run('INSERT INTO t VALUES (1)');
    // Killed after the file is stored and read back, before its entries are forgotten.
    const db: Database = {
      ...bot.db,
      write: (statements) =>
        statements.some((one) => one.sql.includes('shipped_seq = ?1'))
          ? Promise.reject(new Error('dead'))
          : bot.db.write(statements),
    };
    for (let death = 0; death < 6; death += 1) {
      await expect(bot.ship({ encryption, db })).rejects.toThrow('dead');
      await bot.run('DELETE FROM job_leases');
    }
    for (let i = 0; i < 2; i += 1)
      expect(await bot.ship({ encryption })).toMatchObject({ kind: 'needs-base', reason: 'unread' });
    expect(bot.files()).toHaveLength(6);
    expect(await bot.number(LOGGED)).toBe(1);
    // Each of them is whole.
    const file = bot.files().at(-1)?.slice(PREFIX.length) ?? '';
    const events = await eventsOf(bot, file, { identities: [identity], passphrases: [] });
    expect(events[1]).toMatchObject({ kind: 'image', row: [1n, 1n] });
  });
});

describe('what the log cannot tell is asked of a full backup', () => {
  const LONG =
    'CREATE TABLE t (id INTEGER PRIMARY KEY); CREATE TABLE p (a, r, PRIMARY KEY (a, r)) WITHOUT ROWID';
  const needs = async (bot: Rig, reason: string) => {
    expect(await bot.ship()).toMatchObject({ kind: 'needs-base', reason, isNew: true });
    expect(await bot.ship()).toEqual({ kind: 'needs-base', reason });
    expect(bot.files()).toEqual([]);
  };

  test.each(['5e-324', '1.7976931348623157e308', '-1e300', '1e-20'])('a key of %s', async (number) => {
    const bot = await rig(LONG);
    await bot.run(`INSERT INTO p VALUES (1, ${number})`);
    await needs(bot, 'key');
  });

  test.each([
    ['all entries', 'DELETE FROM change_log'],
    ['the first', 'DELETE FROM change_log WHERE seq = 1'],
    ['one in the middle', 'DELETE FROM change_log WHERE seq = 2'],
    ['the last', 'DELETE FROM change_log WHERE seq = 3'],
  ])('somebody deleted %s', async (_, text) => {
    const bot = await rig(LONG);
    await bot.run('INSERT INTO t VALUES (1), (2), (3)', text);
    await needs(bot, 'lost');
    expect(await bot.number('SELECT shipped_seq FROM change_state')).toBe(3);
  });

  test('somebody deleted the counter: new entries come behind all that were stored', async () => {
    const bot = await rig(LONG);
    await bot.run('INSERT INTO t VALUES (1), (2), (3)');
    expect(await bot.ship()).toMatchObject({ kind: 'shipped', last: 3 });
    await bot.run("DELETE FROM sqlite_sequence WHERE name = 'change_log'", 'INSERT INTO t VALUES (4)');
    expect(await bot.ship()).toMatchObject({ kind: 'needs-base', reason: 'lost' });
    await bot.run('INSERT INTO t VALUES (5)');
    expect(await bot.number('SELECT MAX(seq) FROM change_log')).toBe(4);
  });

  test('OR FAIL leaves rows and entries, and an older counter: nothing is lost, and nothing is asked', async () => {
    const bot = await rig('CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, u UNIQUE)');
    await bot.run("INSERT INTO t (u) VALUES ('x')");
    expect(await bot.ship()).toMatchObject({ kind: 'shipped', last: 1 });
    // Two rows, and the one that was in the way.
    for (const last of [4, 7]) {
      // By hand: the bot's own statements are transactions, which are undone as a whole.
      const hand = new Sqlite(bot.path, { timeout: 5_000 });
      const fails = `INSERT OR FAIL INTO t (u) VALUES ('a${last}'), ('b${last}'), ('x'), ('c')`;
      expect(() => hand.exec(fails)).toThrow();
      hand.close();
      expect(await bot.number('SELECT MAX(seq) FROM change_log')).toBe(last);
      expect(await bot.ship()).toMatchObject({ kind: 'shipped', last });
      // The numbers go on behind those of the file.
      expect(await bot.number("SELECT seq FROM sqlite_sequence WHERE name = 'change_log'")).toBe(last);
      expect(await bot.ship()).toEqual({ kind: 'idle' });
    }
    await bot.run("INSERT INTO t (u) VALUES ('y')");
    expect(await bot.ship()).toMatchObject({ kind: 'shipped', first: 8, last: 8 });
  });

  test('a table that nobody can read', async () => {
    const bot = await rig(LONG);
    await bot.run('CREATE TABLE ""(a)');
    const outcome = await bot.ship();
    expect(outcome).toMatchObject({ kind: 'needs-base', reason: 'schema' });
    expect(String('error' in outcome && outcome.error)).toMatch(/empty name/);
    await bot.run("UPDATE change_state SET waiting_since = '2026-01-01T00:00:00.000Z'");
    const [seen] = await bot.db.read([peek]);
    expect(seen && lagSeconds(seen)).toBeGreaterThan(900);
  });
});

test('a lease of a process that is dead is taken over, another one is not', async () => {
  const bot = await rig('CREATE TABLE t (id INTEGER PRIMARY KEY)');
  await bot.run('INSERT INTO t VALUES (1)');
  await bot.db.write([claimJob('changes', 'dead', new Date(), 1)]);
  const isDead = (holder: string): boolean => holder === 'dead';
  expect(await bot.ship()).toEqual({ kind: 'busy' });
  expect(await bot.ship({ isDead: () => false })).toEqual({ kind: 'busy' });
  expect(await bot.ship({ isDead })).toEqual({ kind: 'busy' });
  expect(await bot.ship({ isDead })).toMatchObject({ kind: 'shipped' });
});

describe('cut short', () => {
  let bot: Rig;
  beforeEach(async () => {
    bot = await rig('CREATE TABLE t (id INTEGER PRIMARY KEY, x)');
    await bot.run("INSERT INTO t VALUES (1, 'a'), (2, 'b')");
  });

  /** Fails at the n-th call of store and database, before or after its effect. */
  function failing(at: number, isAfter: boolean): { context: Partial<ShipContext>; calls: () => number } {
    let calls = 0;
    const wrap = <T extends object>(inner: T, methods: readonly string[]): T =>
      new Proxy(inner, {
        get(target, name) {
          const value: unknown = Reflect.get(target, name);
          if (typeof value !== 'function' || !methods.includes(String(name))) return value;
          return async (...args: unknown[]) => {
            calls += 1;
            const isIt = calls === at;
            // A killed process makes no further call.
            if (calls > at) throw new Error('dead');
            if (isIt && !isAfter) throw new Error('dead');
            const result: unknown = await Reflect.apply(value, target, args);
            if (isIt) throw new Error('dead');
            return result;
          };
        },
      });
    const store: Store = wrap(bot.store, ['put', 'list', 'get']);
    return { context: { db: wrap(bot.db, ['read', 'write']), store }, calls: () => calls };
  }

  test('killed at any call: nothing is lost, nothing is stored twice, the chain is whole', async () => {
    let deaths = 0;
    let next = 3;
    for (let at = 1; ; at += 1) {
      let isOver = false;
      for (const isAfter of [false, true]) {
        await bot.run(`INSERT INTO t VALUES (${next}, 'x')`);
        next += 1;
        const { context } = failing(at, isAfter);
        const died = await bot.ship(context).then(
          () => false,
          () => true,
        );
        isOver ||= !died;
        deaths += died ? 1 : 0;
        // The lease of a dead process ends by itself.
        await bot.run('DELETE FROM job_leases', `UPDATE t SET x = 'y' WHERE id = ${next - 1}`);
        for (let i = 0; i < 5; i += 1) if ((await bot.ship()).kind === 'idle') break;
        expect(await bot.ship()).toEqual({ kind: 'idle' });
      }
      if (isOver) break;
    }
    expect(deaths).toBeGreaterThan(10);
    expect(await bot.number("SELECT reason = 'new' FROM change_state")).toBe(1);
    await expectChain(bot, next - 1);
  });

  test('the answer of the put is lost: the file is found and taken', async () => {
    const store = {
      ...bot.store,
      put: async (...args: Parameters<Store['put']>) => {
        await bot.store.put(...args);
        throw new Error('no answer');
      },
    };
    expect(await bot.ship({ store })).toMatchObject({ kind: 'shipped', first: 1, last: 2 });
    expect(bot.files()).toHaveLength(1);
  });

  test('the bucket is away: the log keeps all, and catches up in slices', async () => {
    const away: Store = {
      ...bot.store,
      put: () => Promise.reject(new Error('away')),
      list: () => Promise.reject(new Error('away')),
    };
    for (let day = 0; day < 12; day += 1) {
      await expect(bot.ship({ store: away })).rejects.toThrow('away');
      await bot.run(`INSERT INTO t VALUES (${day + 3}, 'x')`);
    }
    expect(await bot.number(LOGGED)).toBe(14);
    for (let i = 0; i < 3; i += 1) expect((await bot.ship({ entries: 5 })).kind).toBe('shipped');
    expect(await bot.ship()).toEqual({ kind: 'idle' });
    await expectChain(bot, 14);
  });

  test('what is stored is not what was sent: the entries stay, the rows are stored again', async () => {
    const rotten: Store = {
      ...bot.store,
      put: async (key, body, options) => {
        await bot.store.put(key, body, options);
        bot.store.rot(key, 0.5);
      },
    };
    await expect(bot.ship({ store: rotten })).rejects.toThrow('does not read back');
    expect(await bot.number(LOGGED)).toBe(2);
    expect(await bot.ship()).toMatchObject({ kind: 'shipped', first: 1, last: 2 });
    expect(bot.files()).toHaveLength(2);
    for (let i = 0; i < 5; i += 1) {
      await bot.run("INSERT INTO t VALUES (NULL, 'x')");
      await expect(bot.ship({ store: rotten })).rejects.toThrow();
    }
  });

  test("the database's clock jumps by years: names keep the order of the changes, the chain is whole", async () => {
    for (const [i, years] of [0, 1, -1, 0].entries()) {
      const late = (statements: readonly Statement[]): Statement[] =>
        statements.map((one) => ({ ...one, sql: one.sql.replaceAll("'now'", `'now', '${years} years'`) }));
      const db: Database = { ...bot.db, write: (statements) => bot.db.write(late(statements)) };
      await bot.run(`INSERT INTO t VALUES (${i + 3}, 'x')`);
      // Cut short, and taken up again by another clock.
      const store = { ...bot.store, list: () => Promise.reject(new Error('dead')) };
      await expect(bot.ship({ db, store })).rejects.toThrow('dead');
      expect((await bot.ship()).kind).toBe('shipped');
      await bot.run(`UPDATE t SET x = 'y' WHERE id = ${i + 3}`);
      expect((await bot.ship({ db })).kind).toBe('shipped');
    }
    expect(bot.files()).toHaveLength(8);
    expect(bot.files().toSorted()).toEqual(bot.files());
    const years = bot.files().map((file) => Number(/_(\d{4})\d{4}T/.exec(file)?.[1]));
    expect(new Set(years).size).toBe(3);
    await expectChain(bot, 6);
  });

  test('two at once: one of them stores it', async () => {
    const outcomes = await Promise.all([bot.ship(), bot.ship({ holder: 'other' })]);
    expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['busy', 'shipped']);
    expect(bot.files()).toHaveLength(1);
  });

  test('one that stalled after its put wakes up when another has ended its work', async () => {
    let wake = (): void => {};
    const stalled = new Promise<void>((resolve) => {
      wake = resolve;
    });
    const slow: Store = {
      ...bot.store,
      put: async (...args) => {
        await bot.store.put(...args);
        await stalled;
      },
    };
    const first = bot.ship({ store: slow });
    await expect.poll(() => bot.files().length).toBe(1);
    await bot.run('DELETE FROM job_leases', "INSERT INTO t VALUES (3, 'c')");
    expect(await bot.ship({ holder: 'other' })).toMatchObject({ kind: 'shipped', first: 1, last: 2 });
    wake();
    expect(await first).toEqual({ kind: 'busy' });
    expect(await bot.ship()).toMatchObject({ kind: 'shipped', first: 3, last: 3 });
    await expectChain(bot, 3);
  });

  test('a listing that lags behind: its own file is found by name, and is no other database’s', async () => {
    const r = await rig();
    const lagging: Store = { ...r.store, list: async () => [] };
    for (const code of [1, 2, 3]) {
      await r.run(`INSERT INTO anime (code, title) VALUES (${code}, 'A')`);
      const { kind } = await r.ship({ store: lagging });
      expect(kind).toBe('shipped');
    }
    await r.run("UPDATE anime SET title = 'B'");
    expect(await r.ship()).toMatchObject({ kind: 'shipped' });
    expect(r.files()).toHaveLength(4);
  });

  test('what is stored is told by name alone: neither listed nor read back for many attempts', async () => {
    const r = await rig();
    const hiding: Store = { ...r.store, list: async () => [], get: async () => undefined };
    for (let code = 1; code <= 20; code += 1) {
      await r.run(`INSERT INTO anime (code, title) VALUES (${code}, 'A')`);
      await expect(r.ship({ store: hiding })).rejects.toThrow(/does not read back/);
    }
    // Twenty files of its own: none is taken for another database's.
    const { timeline } = await stateOf(r.db);
    expect(await r.ship()).toMatchObject({ kind: 'shipped', isEnd: true });
    expect((await stateOf(r.db)).timeline).toBe(timeline);
  });

  test.each([
    ['plain', false],
    ['encrypted', true],
  ])('%s, junk under the next name keeps nothing from being stored', async (_, sealed) => {
    const r = await rig();
    const passphrase = 'correct horse battery staple';
    const change: Partial<ShipContext> = sealed
      ? {
          encryption: { kind: 'passphrase', passphrase },
          keys: { identities: [], passphrases: [passphrase] },
        }
      : {};
    const { timeline } = await stateOf(r.db);
    for (const ending of ['ndjson.gz', 'ndjson.gz.age']) {
      const name = `${'1'.padStart(16, '0')}-${'4'.padStart(16, '0')}_20261128T080500000Z_0f1e2d3c.${ending}`;
      await r.store.put(`${PREFIX}changes/${timeline}/${name}`, Buffer.from('junk\n'));
    }
    await r.run("INSERT INTO anime (code, title) VALUES (1, 'A')");
    expect(await r.ship(change)).toMatchObject({ kind: 'shipped', first: 1 });
    expect((await stateOf(r.db)).timeline).toBe(timeline);
  });

  test('a forged whole file that goes on from the same place: only the key tells that it is nobody’s', async () => {
    const passphrase = 'correct horse battery staple';
    const { recipient } = await generateKey();
    const sealed: Partial<ShipContext> = {
      encryption: { kind: 'passphrase', passphrase },
      keys: { identities: [], passphrases: [passphrase] },
    };
    const open: Partial<ShipContext> = { encryption: { kind: 'recipients', recipients: [recipient] } };
    const outcomeOf = async (change: Partial<ShipContext>, ending: string): Promise<string> => {
      const r = await rig();
      const { timeline, previous } = await stateOf(r.db);
      const body = encodeChangeFile({
        header: {
          timeline,
          first: 1,
          last: 4,
          time: '2026-11-28T08:05:00.000Z',
          app_version: 'test',
          schema_version: 9,
          schema_sha256: 'ab'.repeat(32),
          previous,
          restore_point: true,
        },
        tables: [],
        sequence: new Map(),
      });
      const name = `${'1'.padStart(16, '0')}-${'4'.padStart(16, '0')}_20261128T080500000Z_0f1e2d3c.${ending}`;
      await r.store.put(`${PREFIX}changes/${timeline}/${name}`, gzipSync(body));
      await r.run("INSERT INTO anime (code, title) VALUES (1, 'A')");
      return (await r.ship(change)).kind;
    };
    expect(await outcomeOf(sealed, 'ndjson.gz')).toBe('shipped');
    expect(await outcomeOf(sealed, 'ndjson.gz.age')).toBe('shipped');
    expect(await outcomeOf(open, 'ndjson.gz')).toBe('shipped');
    // docs/security.md says so: a bot without its key cannot look.
    expect(await outcomeOf(open, 'ndjson.gz.age')).toBe('fork');
    expect(await outcomeOf({}, 'ndjson.gz')).toBe('fork');
  });

  test('what packing and encryption make larger than its rows is stored all the same', async () => {
    const r = await rig();
    const large: Store = {
      ...r.store,
      get: async (key) => {
        const object = await r.store.get(key);
        return object && { ...object, bytes: MAX_CHANGE_FILE_BYTES + 1_000 };
      },
    };
    await r.run("INSERT INTO anime (code, title) VALUES (1, 'A')");
    expect(await r.ship({ store: large })).toMatchObject({ kind: 'shipped' });
  });

  test('an older file, copied under the next name, is no other database’s', async () => {
    const r = await rig();
    await r.run("INSERT INTO anime (code, title) VALUES (1, 'A')");
    const outcome = await r.ship();
    if (outcome.kind !== 'shipped') throw new Error(outcome.kind);
    const { timeline, shippedSeq } = await stateOf(r.db);
    const next = String(shippedSeq + 1).padStart(16, '0');
    const copy = `${PREFIX}changes/${timeline}/${next}-${next}_20261128T080500000Z_0f1e2d3c.ndjson.gz`;
    await r.store.put(copy, r.store.objects.get(PREFIX + outcome.file)?.body ?? Buffer.alloc(0));
    await r.run("UPDATE anime SET title = 'B'");
    expect(await r.ship()).toMatchObject({ kind: 'shipped' });
    expect((await stateOf(r.db)).timeline).toBe(timeline);
  });

  test.each(['shipped', 'stored, and died'] as const)(
    'one that stalled before its put finds what another has %s, and calls it no other database',
    async (how) => {
      let wake = (): void => {};
      const stalled = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const slow: Store = {
        ...bot.store,
        put: async (...args) => {
          await stalled;
          await bot.store.put(...args);
        },
      };
      const first = bot.ship({ store: slow });
      await expect.poll(() => bot.number('SELECT attempt IS NOT NULL FROM change_state')).toBe(1);
      await bot.run('DELETE FROM job_leases', "INSERT INTO t VALUES (3, 'c')");
      const dying: Store = {
        ...bot.store,
        list: (prefix) =>
          bot.files().length > 0 ? Promise.reject(new Error('dead')) : bot.store.list(prefix),
      };
      const other = bot.ship({ holder: 'other', ...(how === 'shipped' ? {} : { store: dying }) });
      if (how === 'shipped') expect((await other).kind).toBe('shipped');
      else await expect(other).rejects.toThrow('dead');
      wake();
      expect(await first).toEqual({ kind: 'busy' });
      await bot.run('DELETE FROM job_leases');
      expect((await bot.ship()).kind).toBe(how === 'shipped' ? 'idle' : 'shipped');
      expect(await bot.number("SELECT reason = 'new' FROM change_state")).toBe(1);
      expect(await bot.number(LOGGED)).toBe(0);
    },
  );

  test('the same database twice: the second to come begins a timeline of its own', async () => {
    const state = await bot.number('SELECT shipped_seq FROM change_state');
    await bot.ship();
    const timeline = bot.files()[0]?.split('/')[2];
    // As in a copy that was made before: entries 1 and 2 wait there too.
    await bot.run(
      `UPDATE change_state SET shipped_seq = ${state}, previous = NULL`,
      "INSERT INTO change_log (seq, tbl, key) VALUES (1, 't', 1), (2, 't', 2)",
    );
    expect(await bot.ship()).toMatchObject({ kind: 'fork', file: bot.files()[0] });
    expect(bot.files()).toHaveLength(1);
    expect(await bot.number(LOGGED)).toBe(2);
    expect(
      await bot.number(
        `SELECT timeline <> '${timeline}' AND reason = 'fork' AND parent LIKE '%${timeline}%' FROM change_state`,
      ),
    ).toBe(1);
    expect(await bot.ship()).toEqual({ kind: 'needs-base', reason: 'fork' });
  });
});

/** Files one after another by their `previous`, and rows 1 to `rows` of t in them. */
async function expectChain(bot: Rig, rows: number): Promise<void> {
  let expected: unknown = null;
  let first = 1;
  const ids = new Set<unknown>();
  for (const key of bot.files()) {
    const file = key.slice(PREFIX.length);
    const [header, ...events] = await eventsOf(bot, file);
    if (header?.kind !== 'header') throw new Error('no header');
    expect(header.header).toMatchObject({ first, previous: expected });
    for (const event of events) if (event.kind === 'image') ids.add(event.row[0]);
    const sha256 = createHash('sha256')
      .update(bot.store.objects.get(key)?.body ?? '')
      .digest('hex');
    expected = { file, sha256 };
    first = header.header.last + 1;
  }
  expect(ids.size).toBe(rows);
}

test.each(['change_log', 'change_state'])(
  '%s was dropped: it is made again, and a full backup comes first',
  async (table) => {
    const bot = await rig('CREATE TABLE t (id INTEGER PRIMARY KEY, x)');
    await bot.run("INSERT INTO t VALUES (1, 'a')");
    expect(await bot.ship()).toMatchObject({ kind: 'shipped' });
    await bot.run(`DROP TABLE ${table}`);
    expect(await bot.ship()).toMatchObject({ kind: 'needs-base' });
    // Nobody is left unserved.
    await bot.run("INSERT INTO t VALUES (2, 'b')");
    expect((await stateOf(bot.db)).needsBase).toMatch(/spoilt|lost|schema/);
    const [text] = await bot.db.read([
      {
        ...sql(`SELECT sql FROM sqlite_schema WHERE name = '${table}'`),
        parse: ([row]) => row?.text('sql') ?? '',
      },
    ]);
    expect(text).toMatch(new RegExp(`^CREATE TABLE ${table} \\(`));
  },
);

test.each([
  ['for the bucket', null],
  ['for a full backup', 'large'],
])('a clock that was set back: the wait %s counts from the look that found it', async (_, reason) => {
  const bot = await rig('CREATE TABLE t (id INTEGER PRIMARY KEY)');
  await bot.run(
    'INSERT INTO t VALUES (1)',
    `UPDATE change_state SET waiting_since = '2099-01-01T00:00:00.000Z', needs_base = ${reason === null ? 'NULL' : `'${reason}'`}`,
  );
  const store = { ...bot.store, put: () => Promise.reject(new Error('away')), list: async () => [] };
  await bot.ship({ store: store as never }).catch(() => {});
  const { waitingSince } = await stateOf(bot.db);
  expect(Date.now() - Date.parse(waitingSince ?? '')).toBeGreaterThanOrEqual(0);
  expect(Date.now() - Date.parse(waitingSince ?? '')).toBeLessThan(60_000);
});

const wide = (count: number): string => `(${Array.from({ length: count }, (_, i) => `c${i}`).join(', ')})`;

test.each(['file', 'server'] as const)(
  'tables of 1,000 and 1,995 columns are shipped (%s)',
  async (place) => {
    const bot = await rig(`CREATE TABLE w1000 ${wide(1_000)}; CREATE TABLE w1995 ${wide(1_995)}`, place);
    await bot.run(
      'INSERT INTO w1000 (c0, c999) VALUES (1, 2)',
      'INSERT INTO w1995 (c0, c1994) VALUES (3, 4)',
    );
    const shipped = await bot.ship();
    if (shipped.kind !== 'shipped') throw new Error(`${shipped.kind}`);
    const events = await eventsOf(bot, shipped.file);
    const rows = events.flatMap((event) => (event.kind === 'image' ? [event.row] : []));
    expect(rows.map((row) => [row.length, row[1], row.at(-1)])).toEqual([
      [1_001, 1n, 2n],
      [1_996, 3n, 4n],
    ]);
  },
);

test.each(['file', 'server'] as const)(
  'wider tables are left to full backups, and hold up no other (%s)',
  async (place) => {
    const bot = await rig(
      `CREATE TABLE w1996 ${wide(1_996)}; CREATE TABLE w2000 ${wide(2_000)}; CREATE TABLE t (id INTEGER PRIMARY KEY)`,
      place,
    );
    const { left } = coverageOf(await bot.context.source.schema());
    expect(left.filter(({ table }) => table.startsWith('w'))).toMatchObject([
      { table: 'w1996', reason: expect.stringContaining('1,996 columns'), isData: true },
      { table: 'w2000', reason: expect.stringContaining('2,000 columns'), isData: true },
    ]);
    await bot.run(
      'INSERT INTO w1996 (c0) VALUES (1)',
      'INSERT INTO w2000 (c0) VALUES (1)',
      'INSERT INTO t VALUES (1)',
    );
    expect(await bot.ship()).toMatchObject({ kind: 'shipped', first: 1, last: 1 });
  },
);
