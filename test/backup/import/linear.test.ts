/**
 * The cost of an import grows with the file, not with its square: no statement looks through a
 * table once a row.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { LegacyRecord } from '../../../src/backup/document/legacy-records.ts';
import { importRecords } from '../../../src/backup/import/import.ts';
import type { Database, WriteResult } from '../../../src/db/database.ts';
import { openEmbeddedDatabase } from '../../../src/db/file/embedded-database.ts';
import { migrate } from '../../../src/db/migrate.ts';

let directory: string;
let db: Database;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'import-linear-'));
  db = await openEmbeddedDatabase(join(directory, 'bot.db'));
  await migrate(db, { now: () => new Date('2026-01-01T00:00:00Z'), backup: async () => {} });
});
afterEach(() => {
  db.close();
  rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
});

function record(table: string, fields: LegacyRecord['fields']): LegacyRecord {
  return { kind: 'other', table, place: `${table}[0]`, fields };
}

/** Something of everything: each table's statements are run. */
async function* mixed(views: number): AsyncGenerator<LegacyRecord> {
  yield record('anime', { id: 1n, code: 5n });
  yield record('anime_parts', { anime_code: 5n, part_number: null, file_id: 'f' });
  yield record('groups', { id: 1n, group_id: -5n, name: 'g' });
  yield record('anime_groups', { anime_code: 5n, group_id: 1n });
  for (const table of ['favourites', 'follows'])
    yield record(table, {
      user_id: 1n,
      anime_id: 1n,
      added_at: '2025-01-01 00:00:00',
      since: '2025-01-01 00:00:00',
    });
  yield record('watch_progress', {
    user_id: 1n,
    anime_id: 1n,
    part_number: 1n,
    viewed_at: '2025-01-01 00:00:00',
  });
  yield record('anime_views', { day: '2025-01-01', anime_id: 1n, views: 1n });
  yield record('counters', { metric: 'views', period: 'all', value: 1n });
  yield record('audit_log', { user_id: 1n, action: 'x', subject: 'y', at: '2025-01-01 00:00:00' });
  for (let i = 0; i < views; i += 1)
    yield record('user_history', { user_id: BigInt(i), anime_code: 5n, part_number: 1n, viewed_at: null });
}

/**
 * Every statement of an import with what SQLite would do for it, asked while its tables are there.
 */
async function plans(): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  const explainer = new DatabaseSync(join(directory, 'bot.db'), { readOnly: true });
  const note = (text: string): void => {
    if (!/^\s*(SELECT|UPDATE|INSERT)/.test(text) || text.includes(' VALUES ')) return;
    // An explanation alone would be made from the schema as it was.
    explainer.prepare('SELECT COUNT(*) FROM sqlite_schema').get();
    const rows = explainer.prepare(`EXPLAIN QUERY PLAN ${text}`).all();
    const parents = new Map(rows.map((row) => [row['id'], row]));
    const lines = rows.map((row) => {
      const above: string[] = [];
      for (let at = parents.get(row['parent'] ?? 0); at !== undefined; at = parents.get(at['parent'] ?? 0))
        above.push(String(at['detail']));
      return [...above.reverse(), String(row['detail'])].join(' » ');
    });
    found.set(text, lines);
  };
  const watched: Database = {
    read: (queries) => {
      for (const { sql } of queries) note(sql);
      return db.read(queries);
    },
    // One by one, so that each is asked about when the tables and indexes before it are there.
    write: async (statements) => {
      const results: WriteResult[] = [];
      for (const statement of statements) {
        if (!statement.sql.startsWith('CREATE')) note(statement.sql);
        results.push(...(await db.write([statement])));
      }
      return results;
    },
    roundTrips: 0,
    close: () => {},
  };
  await importRecords(watched, mixed(3), { id: 'ours', prefer: 'newer', dryRun: false });
  explainer.close();
  return found;
}

test('no row’s question is answered by looking through a table', async () => {
  const offenders: string[] = [];
  for (const [text, lines] of await plans())
    for (const line of lines)
      if (/CORRELATED.*» SCAN|CORRELATED.*USING .*AUTOMATIC|CORRELATED.* user_history_by/.test(line))
        offenders.push(`${line}\n  ${text}`);
  expect(offenders).toEqual([]);
});

test('rows of two tables are brought together by an index over all that makes a row', async () => {
  const offenders: string[] = [];
  for (const [text, lines] of await plans()) {
    const loops = Map.groupBy(
      lines.filter((line) => /(^|» )(SCAN|SEARCH) [^»]*$/.test(line)),
      aboveOf,
    );
    // What is no search of rows: the schema's own questions, a foreign key that is asked only when
    // one is already broken, and a table with a row for each admin.
    for (const [, inner] of [...loops.values()])
      if (
        inner !== undefined &&
        /(^|» )SCAN [^»]*$/.test(inner) &&
        !/VIRTUAL TABLE|broadcasts|admin_questions/.test(inner)
      )
        offenders.push(`${inner}\n  ${text}`);
    // An index made for one statement, again for each slice: the comparison kept the staged index
    // from being used.
    for (const line of lines)
      if (/^(LIST|MATERIALIZE).* SEARCH [ps] USING AUTOMATIC/.test(line))
        offenders.push(`${line}\n  ${text}`);
    for (const line of lines)
      if (/SEARCH .* importing_user_history_by_key/.test(line) && !line.includes('c_viewed_at=?'))
        offenders.push(`${line}\n  ${text}`);
  }
  expect(offenders).toEqual([]);
});

/** All but the last step of a line. */
function aboveOf(line: string): string {
  return line.slice(0, Math.max(0, line.lastIndexOf(' » ')));
}
