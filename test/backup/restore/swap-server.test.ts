import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import Libsql from 'libsql';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Fault, RequestRecord } from '../../../sim/sql-over-http/request-faults.ts';
import { restore } from '../../../src/backup/restore/restore.ts';
import { createBackupLedger } from '../../../src/backup/run/backup-runs.ts';
import { openRemoteSnapshotSource } from '../../../src/backup/snapshot/remote.ts';
import { digestFile } from '../../../src/backup/verify/file-digests.ts';
import { type Database, sql } from '../../../src/db/database.ts';
import { migrate } from '../../../src/db/migrate.ts';
import { openRemoteDatabase } from '../../../src/db/remote-database.ts';
import { createWorld, type World } from '../../support/backup-world.ts';
import { fillRandomDatabase } from '../sqlite/random-database.ts';
import { createRandom } from '../sqlite/random-values.ts';
import {
  backUp,
  contents,
  newest,
  partsOf,
  type Remote,
  restoreNewest,
  rowsOf,
  startRemote,
} from './support.ts';

let world: World;
let remote: Remote;
let faults: (request: RequestRecord) => Fault | undefined;
beforeEach(async () => {
  faults = () => undefined;
  world = await createWorld();
  await world.db.write([
    sql(
      "INSERT INTO anime_search (anime_id, title, names, about, sound) SELECT id, title, '', '', '' FROM anime",
    ),
    sql('DELETE FROM anime WHERE code = 60'),
  ]);
  await backUp(world);
  remote = await startRemote(world.directory, (request) => faults(request));
});
afterEach(async () => {
  await remote.server.close();
  world.close();
});

const openLive = (): Database => openRemoteDatabase({ url: remote.server.url, authToken: 'token', fetch });

/** A living bot on the server, with data of its own. */
async function setUpLive(): Promise<Database> {
  const db = openLive();
  await migrate(db, { now: () => new Date(), backup: async () => {} });
  await db.write([
    sql("INSERT INTO anime (code, title) VALUES (1, 'living')"),
    sql('INSERT INTO users (user_id) VALUES (77)'),
  ]);
  return db;
}

function liveContext(db: Database): World['context'] {
  return {
    ...world.context,
    source: openRemoteSnapshotSource({ url: remote.server.url, authToken: 'token', fetch }),
    ledger: createBackupLedger(db),
  };
}

async function titles(db: Database): Promise<string> {
  const [found] = await db.read([
    {
      ...sql('SELECT group_concat(DISTINCT substr(title, 1, 6)) AS t FROM anime'),
      parse: ([row]) => row?.text('t'),
    },
  ]);
  return found ?? '';
}

test('into an empty server: every table to the bit, all objects, no staging left', async () => {
  await restoreNewest(world, { target: remote.target });
  await remote.server.close();
  const copy = join(world.directory, 'copy.db');
  await restoreNewest(world, { target: { kind: 'file', path: copy } });
  expect(await contents(remote.file)).toEqual(await contents(copy));
  expect((await digestFile(remote.file)).schemaSha256).toBe((await digestFile(copy)).schemaSha256);
  expect(rowsOf(remote.file, 'PRAGMA integrity_check')).toEqual(['ok']);
  expect(rowsOf(remote.file, 'PRAGMA foreign_key_check')).toEqual([]);
  expect(rowsOf(remote.file, "SELECT count(*) FROM anime_words WHERE anime_words MATCH 'naruto'")).toEqual([
    '39',
  ]);
});

test('over a living one: saved first, replaced as a whole, ids go on, the fence does not go back', async () => {
  const db = await setUpLive();
  const report = await restoreNewest(world, { target: remote.target, context: liveContext(db) });
  expect(report.safety).toBeDefined();
  expect(await titles(db)).toBe('Naruto');
  await db.write([sql('INSERT INTO anime (code) VALUES (500)')]);
  const [id] = await db.read([
    { ...sql('SELECT id FROM anime WHERE code = 500'), parse: ([row]) => row?.int('id') },
  ]);
  // 40 were made, one was deleted: its id is not given again.
  expect(id).toBe(41);
  const [fence] = await db.read([
    {
      ...sql('SELECT fence, holder FROM backup_lease'),
      parse: ([row]) => [row?.int('fence'), row?.text('holder')],
    },
  ]);
  expect(fence).toEqual([3, '']);
  db.close();
});

test('a bot that goes on meanwhile: what it did after the safety backup is counted, for nothing keeps it', async () => {
  const db = await setUpLive();
  await db.write([sql("INSERT INTO handled_updates VALUES (70, '2026-01-01 00:00:00')")]);
  const still = await restoreNewest(world, { target: remote.target, context: liveContext(db) });
  expect(still.notes).toEqual([]);
  world.clock.advance(60_000);
  let writing: Promise<unknown> | undefined;
  const report = await restoreNewest(
    world,
    { target: remote.target, context: liveContext(db) },
    {
      onProgress: ({ phase }) => {
        if (phase !== 'compare') return;
        writing ??= db.write([
          sql("INSERT INTO handled_updates VALUES (71, '2026-01-01 00:00:00'), (72, '')"),
        ]);
      },
    },
  );
  await writing;
  expect(report.notes).toEqual([
    'the bot was not stopped: what it wrote while it handled 2 updates after the safety backup is in neither',
  ]);
  db.close();
});

test('one table only: contents replaced, the others stay', async () => {
  await restoreNewest(world, { target: remote.target });
  const db = openLive();
  await db.write([
    sql("UPDATE anime_parts SET file_id = 'wrong'"),
    sql('INSERT INTO users (user_id) VALUES (8)'),
    // The run that made the backup held it a moment ago; it would expire by itself.
    sql('UPDATE backup_lease SET expires_ms = 0'),
  ]);
  await restoreNewest(world, { target: remote.target, context: liveContext(db) }, { only: ['anime_parts'] });
  const [left] = await db.read([
    {
      ...sql(
        "SELECT (SELECT count(*) FROM anime_parts WHERE file_id = 'wrong') AS wrong, (SELECT count(*) FROM users) AS users",
      ),
      parse: ([row]) => [row?.int('wrong'), row?.int('users')],
    },
  ]);
  expect(left).toEqual([0, 3]);
  await db.write([
    sql('INSERT INTO anime (code) VALUES (500)'),
    sql("INSERT INTO anime_parts (anime_code, part_number, file_id) VALUES (500, 1, 'f')"),
  ]);
  await expect(restoreNewest(world, { target: remote.target }, { only: ['anime'] })).rejects.toThrow(
    /name both in --only/,
  );
  expect(await titles(db)).toBe('Naruto');
  db.close();
});

test('one table only, and something in the way: one sentence with the way on, nothing changed', async () => {
  await restoreNewest(world, { target: remote.target });
  const db = openLive();
  await db.write([
    sql('DELETE FROM follows'),
    sql('DROP TABLE follows'),
    sql('CREATE VIEW follows AS SELECT 1 AS x'),
    sql('CREATE TRIGGER bad AFTER INSERT ON users BEGIN INSERT INTO nowhere VALUES (1); END'),
  ]);
  const said = async (table: string): Promise<string> =>
    restoreNewest(world, { target: remote.target }, { only: [table] }).then(
      () => 'restored',
      (error: Error) => error.message,
    );
  const from = await newest(world);
  const way = `nothing was changed: bring everything back with \`npm run backup -- restore ${from.kind === 'backup' ? from.entry.name : ''} --replace\``;
  expect(await said('follows')).toBe(`--only follows: a view has the name of table follows; ${way}`);
  const users = await said('users');
  expect(users).toMatch(/^--only users: the database does not take these tables \(.*nowhere\); /);
  expect(users).toContain(way);
  await db.write([
    sql('DROP VIEW follows'),
    sql('DROP TRIGGER bad'),
    sql('ALTER TABLE users RENAME COLUMN username TO nom'),
    sql('CREATE INDEX owners_by_name ON users (first_name)'),
  ]);
  expect(await said('users')).toBe('restored');
  expect(await said('follows')).toBe('restored');
  expect(rowsOf(remote.file, "SELECT name FROM sqlite_schema WHERE name = 'owners_by_name'")).toEqual([
    'owners_by_name',
  ]);
  db.close();
});

describe('whatever happens to a request', () => {
  test.each(['before', 'after'] as const)(
    'every answer lost %s its effect, once: the restore succeeds',
    async (when) => {
      const db = await setUpLive();
      const seen = new Set<string>();
      faults = (request) => {
        const key = JSON.stringify(request.sql);
        if (
          request.path.endsWith('cursor') ||
          seen.has(key) ||
          request.sql.some((text) => text.includes('schema'))
        )
          return undefined;
        seen.add(key);
        return { kind: 'drop', when };
      };
      await restoreNewest(world, { target: remote.target });
      faults = () => undefined;
      expect(await titles(db)).toBe('Naruto');
      db.close();
    },
  );

  test('the server gone for good at any request: the old data is served, and the next attempt succeeds and clears up', async () => {
    const db = await setUpLive();
    let requests = 0;
    faults = () => {
      requests += 1;
      return undefined;
    };
    const before = remote.server.requestCount;
    await restoreNewest(world, { target: remote.target });
    const all = remote.server.requestCount - before;
    expect(all).toBeGreaterThan(20);
    await db.write([sql("UPDATE anime SET title = 'living'")]);
    // The last ones clear up after the swap: without them the restore has happened all the same.
    for (let step = 0; step < all - 8; step += 11) {
      requests = 0;
      faults = () => (requests++ >= step ? { kind: 'status', status: 503 } : undefined);
      await expect(
        restoreNewest(world, { target: remote.target }),
        `gone at request ${step}`,
      ).rejects.toThrow();
      faults = () => undefined;
      expect(await titles(db)).toBe('living');
    }
    await restoreNewest(world, { target: remote.target });
    expect(await titles(db)).toBe('Naruto');
    const [left] = await db.read([
      {
        ...sql("SELECT count(*) AS n FROM sqlite_schema WHERE name GLOB 'restoring_*'"),
        parse: ([row]) => row?.int('n'),
      },
    ]);
    expect(left).toBe(0);
    db.close();
  });

  test('a second restore that begins meanwhile wins; the first changes nothing', async () => {
    const db = await setUpLive();
    let second: Promise<unknown> | undefined;
    const first = restoreNewest(
      world,
      { target: remote.target },
      {
        onProgress: ({ phase }) => {
          if (phase === 'compare') second ??= restoreNewest(world, { target: remote.target });
        },
      },
    );
    const outcomes = await Promise.allSettled([first.then(() => second), first.catch(() => second)]);
    expect(outcomes.some(({ status }) => status === 'fulfilled')).toBe(true);
    await second;
    expect(await titles(db)).toBe('Naruto');
    db.close();
  });
});

test.each(Array.from({ length: 6 }, (_, seed) => seed))(
  'random database %i: schema and every value arrive',
  async (seed) => {
    const path = join(world.directory, 'random.db');
    const own = new DatabaseSync(path);
    fillRandomDatabase(own, createRandom(seed));
    own.close();
    await restore(partsOf(world, { target: remote.target }), { from: { kind: 'file', path } });
    await remote.server.close();
    expect(await contents(remote.file, ['sqlite_stat1', 'sqlite_stat4'])).toEqual(
      await contents(path, ['sqlite_stat1', 'sqlite_stat4']),
    );
    // By the library that made it: newer ones turn some reals into other text, which indexes on
    // expressions notice.
    const made = new Libsql(remote.file);
    expect(made.prepare('PRAGMA integrity_check').raw().all()).toEqual([['ok']]);
    made.close();
  },
);
