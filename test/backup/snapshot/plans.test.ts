/**
 * How SQLite carries the scans out: a sort would hold a whole table in the server's memory while a
 * read transaction is open.
 */
import { expect, test } from 'vitest';
import type { ScanTarget } from '../../../src/backup/model/model.ts';
import { openRemoteSnapshotSource } from '../../../src/backup/snapshot/remote.ts';
import { allTargets, makeDatabase, readAll, serve } from './rig.ts';

const SQL = `CREATE TABLE anime (id INTEGER PRIMARY KEY AUTOINCREMENT, code INTEGER UNIQUE NOT NULL, title TEXT, score REAL);
  CREATE TABLE anime_parts (id INTEGER PRIMARY KEY, anime_code INTEGER REFERENCES anime (code), part_number INTEGER, file_id TEXT,
    UNIQUE (anime_code, part_number));
  CREATE TABLE plain (a, b);
  CREATE TABLE keyed (a TEXT COLLATE NOCASE, b, c, PRIMARY KEY (b DESC, a)) WITHOUT ROWID;
  CREATE INDEX keyed_c ON keyed (c COLLATE RTRIM DESC, a);
  CREATE INDEX anime_title ON anime (lower(title) DESC, score) WHERE score > 1 AND title <> '';
  CREATE INDEX plain_all ON plain (b, a)`;

test('tables and indexes are walked, not sorted; nested scans sort no more than one parent at a time', async () => {
  const { file, db } = makeDatabase(SQL);
  const server = await serve(file);
  await readAll(openRemoteSnapshotSource({ url: server.url, fetch }), (schema): ScanTarget[] => {
    const [parent, child] = ['anime', 'anime_parts'].map((name) =>
      schema.tables.find((table) => table.name === name),
    );
    if (parent === undefined || child === undefined) throw new Error('no tables');
    return [...allTargets(schema), { kind: 'nested', parent, child, parentKey: 1, childKey: 1, orderBy: 2 }];
  });
  const selects =
    server.requests.find(({ path }) => path === '/v3/cursor')?.sql.filter((sql) => sql.includes(' FROM "')) ??
    [];
  // Each table is counted as well, by itself and by no index.
  expect(selects).toHaveLength(5 + 5 + 5 + 2);
  for (const sql of selects) {
    const plan = JSON.stringify(db.prepare(`EXPLAIN QUERY PLAN ${sql}`).raw().all());
    if (sql.includes('nested_t')) expect(plan).toMatch(/^(?!.*USE TEMP B-TREE FOR ORDER BY)/);
    else expect(plan, sql).not.toContain('TEMP B-TREE');
    if (sql.includes('count(*)')) expect(plan, sql).not.toContain('INDEX');
    if (sql.includes('nested_p')) expect(plan, sql).toMatch(/SEARCH nested_[pc] USING (COVERING )?INDEX/);
  }
});
