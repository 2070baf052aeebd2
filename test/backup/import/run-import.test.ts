/** An import in a process of its own: ended at any step, everything is as it was. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type ImportRun, runImport } from '../../../src/backup/import/run-import.ts';
import { type Database, sql } from '../../../src/db/database.ts';
import { openEmbeddedDatabase } from '../../../src/db/file/embedded-database.ts';
import { migrate } from '../../../src/db/migrate.ts';
import { contents } from '../restore/support.ts';

let directory: string;
let path: string;
let db: Database;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'run-import-'));
  // Scratch directories of this test alone.
  vi.stubEnv('TMPDIR', directory);
  path = join(directory, 'bot.db');
  db = await openEmbeddedDatabase(path);
  await migrate(db, { now: () => new Date('2026-01-01T00:00:00Z'), backup: async () => {} });
  const history = Array.from({ length: 100 }, (_, i) => ({ user_id: i + 1, anime_code: 5, part_number: 1 }));
  writeFileSync(
    join(directory, 'file.json'),
    JSON.stringify({ anime: [{ code: 5 }], user_history: history }),
  );
});
afterEach(() => {
  vi.unstubAllEnvs();
  db.close();
  rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
});

const scratches = () => readdirSync(tmpdir()).filter((name) => name.startsWith('anime-import-'));

function run(more: Partial<ImportRun>): ReturnType<typeof runImport> {
  return runImport({
    database: { kind: 'file', path },
    file: join(directory, 'file.json'),
    keys: undefined,
    utcOffsetMinutes: 0,
    prefer: 'newer',
    dryRun: false,
    ...more,
  });
}

async function steps(): Promise<number> {
  let count = 0;
  const onRows = (): void => {
    count += 1;
  };
  await run({ dryRun: true, onRows });
  return count;
}

test('cancelled at the first, a middle and the last step: everything is as it was, and nothing stays behind', async () => {
  const before = await contents(path);
  const last = await steps();
  for (const at of [1, Math.ceil(last / 2), last]) {
    const stop = new AbortController();
    let step = 0;
    const onRows = (): void => {
      step += 1;
      if (step === at) stop.abort(new Error('the admin cancelled'));
    };
    await expect(run({ signal: stop.signal, onRows }), `step ${at}`).rejects.toThrow('the admin cancelled');
    expect(await contents(path)).toEqual(before);
  }
  expect(scratches()).toEqual([]);
});

test('an import goes on from what the look before it has read, and judges it by the database as it is now', async () => {
  const scratch = mkdtempSync(join(directory, 'both-'));
  const look = await run({ dryRun: true, scratch });
  rmSync(join(directory, 'file.json'));
  const view =
    'INSERT INTO user_history (user_id, anime_code, part_number, viewed_at) VALUES (7, 5, 1, NULL)';
  await db.write([sql("INSERT INTO users (user_id, first_name) VALUES (7, 'Ism')"), sql(view)]);
  const done = await run({ scratch });
  const views = ({ tables }: typeof look) => tables.find(({ table }) => table === 'user_history');
  expect([views(look), views(done)]).toMatchObject([
    { added: 100, same: 0 },
    { added: 99, same: 1 },
  ]);
});

test('whoever became an admin since the look is not banned: the file is read again', async () => {
  const scratch = mkdtempSync(join(directory, 'both-'));
  const banned = { user_id: 7, banned_at: '2026-01-01 00:00:00' };
  writeFileSync(join(directory, 'file.json'), JSON.stringify({ users: [banned, { ...banned, user_id: 8 }] }));
  await run({ dryRun: true, scratch });
  await run({ scratch, ownerIds: [7] });
  const bans = sql('SELECT user_id FROM users WHERE banned_at IS NOT NULL');
  const [found] = await db.read([{ ...bans, parse: (rows) => rows.map((row) => row.int('user_id')) }]);
  expect(found).toEqual([8]);
});

test('what says no right before the merge is heard; what says it afterwards comes too late', async () => {
  const before = await contents(path);
  const stop = new AbortController();
  await expect(
    run({ signal: stop.signal, beforeMerge: () => stop.abort(new Error('the admin cancelled')) }),
  ).rejects.toThrow('the admin cancelled');
  expect(await contents(path)).toEqual(before);
  await expect(run({ beforeMerge: () => Promise.reject(new Error('lease lost')) })).rejects.toThrow(
    'lease lost',
  );
  expect(await contents(path)).toEqual(before);
  await run({});
  expect(await contents(path)).not.toEqual(before);
});

test('until the merge others write: the database is not locked while the file is read and judged', async () => {
  let written = 0;
  await run({
    onRows: async () => {
      written += 1;
      await db.write([sql("INSERT INTO alerts (key, told_at) VALUES (?, '')", `step ${written}`)]);
    },
  });
  expect(written).toBeGreaterThan(1);
  const [alerts] = await db.read([
    { ...sql('SELECT COUNT(*) AS n FROM alerts'), parse: ([row]) => row?.int('n') },
  ]);
  expect(alerts).toBe(written);
});

test('the database itself sees one transaction, and no staged rows', async () => {
  const tables = () =>
    db.read([
      {
        ...sql("SELECT name FROM sqlite_schema WHERE name GLOB 'importing_*'"),
        parse: (rows) => rows.length,
      },
    ]);
  const seen: unknown[] = [];
  await run({
    onRows: async () => void seen.push(...(await tables())),
    beforeMerge: async () => void seen.push(...(await tables())),
  });
  expect(new Set(seen)).toEqual(new Set([0]));
});

test('once the merge has begun, a cancel does not end it', async () => {
  const stop = new AbortController();
  const beforeMerge = () => void setImmediate(() => stop.abort(new Error('the admin cancelled')));
  const report = await run({ signal: stop.signal, beforeMerge });
  expect(stop.signal.aborted).toBe(true);
  expect(report.tables.find(({ table }) => table === 'user_history')).toMatchObject({ added: 100 });
});

// A transaction that locked the database at once would wait for the other writer longer than this
// test may take.
test('while another writer holds the database, rows are staged; only the merge waits', async () => {
  const writer = new DatabaseSync(path);
  writer.exec('BEGIN IMMEDIATE');
  let staged = 0;
  await run({
    onRows: () => {
      staged += 1;
    },
    beforeMerge: () => writer.exec('COMMIT'),
  });
  writer.close();
  expect(staged).toBeGreaterThan(1);
});
