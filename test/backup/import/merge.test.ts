/** The merge of an import: what is said of it is what happened, whatever becomes of its answer. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readLegacyDocument } from '../../../src/backup/document/legacy.ts';
import { type ImportReport, ImportSuperseded, importRecords } from '../../../src/backup/import/import.ts';
import { type Database, DatabaseUnavailable, sql } from '../../../src/db/database.ts';
import { openEmbeddedDatabase } from '../../../src/db/file/embedded-database.ts';
import { migrate } from '../../../src/db/migrate.ts';

let directory: string;
let db: Database;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'import-merge-'));
  db = await openEmbeddedDatabase(join(directory, 'bot.db'));
  await migrate(db, { now: () => new Date('2026-01-01T00:00:00Z'), backup: async () => {} });
});
afterEach(() => {
  db.close();
  rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
});

/** `onMerge` gets the merge's own batch; everything else goes through. */
function importWith(onMerge: (send: () => Promise<unknown>) => Promise<unknown>): Promise<ImportReport> {
  const between: Database = {
    read: (queries) => db.read(queries),
    write: async (statements) => {
      const send = () => db.write(statements);
      if (!statements.some((statement) => statement.sql.includes('SET state = 1'))) return send();
      await onMerge(send);
      throw new DatabaseUnavailable('database unavailable: answer lost (test)');
    },
    roundTrips: 0,
    close: () => {},
  };
  const file = Buffer.from('{"anime":[{"code":5}],"users":[{"user_id":7}]}');
  const records = readLegacyDocument(ReadableStream.from([file]));
  return importRecords(between, records, { id: 'ours', prefer: 'newer', dryRun: false });
}

async function count(what: string): Promise<number> {
  const [found] = await db.read([
    { ...sql(`SELECT COUNT(*) AS n FROM ${what}`), parse: ([row]) => row?.int('n') ?? -1 },
  ]);
  return found;
}

const DEBRIS = "sqlite_schema WHERE name GLOB 'importing_*'";

test('the answer is lost after the effect: it happened, and is said to have', async () => {
  expect(await importWith((send) => send())).toMatchObject({
    tables: [{ added: 1 }, { added: 1 }, { table: 'counters' }],
  });
  expect([await count('anime'), await count(DEBRIS)]).toEqual([1, 0]);
});

test('the request is lost: it did not happen, is said not to have, and does not come in later', async () => {
  let late: (() => Promise<unknown>) | undefined;
  const outcome = importWith(async (send) => {
    late = send;
  });
  await expect(outcome).rejects.toThrow('the merge failed, nothing was changed');
  expect([await count('anime'), await count(DEBRIS)]).toEqual([0, 0]);
  await expect(late?.()).rejects.toThrow();
  expect(await count('anime')).toBe(0);
});

test('the bot goes on meanwhile: what is reported is what the merge did, not what was planned', async () => {
  const file = Buffer.from('{"anime":[{"code":5},{"code":6}],"users":[{"user_id":7}]}');
  const report = await importRecords(db, readLegacyDocument(ReadableStream.from([file])), {
    id: 'ours',
    prefer: 'newer',
    dryRun: false,
    beforeMerge: async () => {
      await db.write([sql('INSERT INTO anime (code) VALUES (5)')]);
    },
  });
  expect(report.tables).toMatchObject([
    { table: 'users', added: 1, same: 0 },
    { table: 'anime', added: 1, changed: 0, same: 1, kept: 0 },
    { table: 'counters' },
  ]);
});

test('a view that the bot records after the file was compared is not taken twice', async () => {
  await db.write([sql('INSERT INTO users (user_id) VALUES (7)')]);
  const view = { user_id: 7, anime_code: 5, part_number: 1, viewed_at: '2025-01-01 00:00:00' };
  const file = Buffer.from(JSON.stringify({ user_history: [view] }));
  await importRecords(db, readLegacyDocument(ReadableStream.from([file])), {
    id: 'ours',
    prefer: 'newer',
    dryRun: false,
    beforeMerge: async () => {
      await db.write([
        sql(
          "INSERT INTO user_history (user_id, anime_code, part_number, viewed_at) VALUES (7, 5, 1, '2025-01-01 00:00:00')",
        ),
      ]);
    },
  });
  expect(await count('user_history')).toBe(1);
});

test('another import begins while this one is read: it stops, and says so', async () => {
  const records = async function* () {
    yield* readLegacyDocument(ReadableStream.from([Buffer.from('{"anime":[{"code":5}]}')]));
    await db.write([sql("UPDATE importing_control SET id = 'theirs'")]);
  };
  const options = { id: 'ours', prefer: 'newer', dryRun: false } as const;
  await expect(importRecords(db, records(), options)).rejects.toBeInstanceOf(ImportSuperseded);
  expect(await count('anime')).toBe(0);
  // Theirs are left to them.
  expect(await count('importing_control')).toBe(1);
});

test('another import clears the tables meanwhile: nobody claims to know', async () => {
  const outcome = importWith(() => db.write([sql('DROP TABLE importing_control')]));
  await expect(outcome).rejects.toThrow('whether the import happened is not known');
  expect(await count('anime')).toBe(0);
});

test.each([
  ['2099-01-01 00:00:00', '2026-01-01 00:00:00', 'living'],
  ['2026-01-02 00:00:00', '2099-01-01 00:00:00', 'file'],
  ['2026-01-02 00:00:00', '2026-01-01 00:00:00', 'file'],
  ['2026-01-01 00:00:00', '2026-01-02 00:00:00', 'living'],
  ['2099-01-01 00:00:00', '2099-01-02 00:00:00', 'living'],
])(
  'file of %s, row of %s: a time from a clock ahead is no newer one (%s stays)',
  async (given, own, wins) => {
    await db.write([sql("INSERT INTO anime (code, description, updated_at) VALUES (5, 'living', ?)", own)]);
    const file = JSON.stringify({ anime: [{ code: 5, description: 'file', updated_at: given }] });
    await importRecords(db, readLegacyDocument(ReadableStream.from([Buffer.from(file)])), {
      id: 'ours',
      prefer: 'newer',
      dryRun: false,
    });
    expect(await count(`anime WHERE description = '${wins}'`)).toBe(1);
  },
);
