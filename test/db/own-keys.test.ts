/** Keys of the bot's own tables that somebody's rebuild left out. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { keysIn } from '../../src/backup/schema/missing-parts.ts';
import { openEmbeddedSnapshotSource } from '../../src/backup/snapshot/embedded.ts';
import { type Database, sql } from '../../src/db/database.ts';
import { openEmbeddedDatabase } from '../../src/db/file/embedded-database.ts';
import { migrations } from '../../src/db/migrations/all-migrations.ts';
import { existingKeys, lostKeys, ownKeys, tellsRowsApart } from '../../src/db/own-keys.ts';
import { Row } from '../../src/db/row.ts';
import { readAll } from '../backup/snapshot/rig.ts';

const VERSIONS = migrations.map(({ version }) => version);
const NEWEST = migrations.length;
const there = (): boolean => true;

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'own-keys-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

async function made(name: string, version: number): Promise<Database & { closeWhole(): Promise<void> }> {
  const db = await openEmbeddedDatabase(join(directory, name));
  await db.write(migrations.slice(0, version).flatMap(({ up }) => up(new Map()).map((text) => sql(text))));
  return db;
}

test.each(VERSIONS)('a database of version %i has all of them, and no other', async (version) => {
  const db = await made(`v${version}.db`, version);
  const [found] = await db.read([existingKeys]);
  expect(lostKeys(found, there, version)).toEqual([]);
  const own = ownKeys(version);
  for (const [table, keys] of found)
    if (own.has(table))
      expect(new Set([...keys].filter((key) => !key.endsWith(' text'))), table).toEqual(own.get(table));
  await db.closeWhole();
});

test('each table rebuilt without its keys is named, by the bot and by a run', {
  timeout: 120_000,
}, async () => {
  const path = join(directory, 'rebuilt.db');
  await (await made('rebuilt.db', NEWEST)).closeWhole();
  const plain = new DatabaseSync(path, { enableForeignKeyConstraints: false });
  for (const table of ownKeys(NEWEST).keys())
    plain.exec(
      `CREATE TABLE passing AS SELECT * FROM ${table}; DROP TABLE ${table}; ALTER TABLE passing RENAME TO ${table}`,
    );
  plain.close();
  const db = await openEmbeddedDatabase(path);
  const [found] = await db.read([existingKeys]);
  const lost = lostKeys(found, there, NEWEST);
  expect(lost.map(({ table }) => table).toSorted()).toEqual([...ownKeys(NEWEST).keys()].toSorted());
  expect(lost.find(({ table }) => table === 'anime')?.finding).toBe(
    'table anime lacks its keys (id), (code)',
  );
  await db.closeWhole();
  const { schema } = await readAll(openEmbeddedSnapshotSource({ path }), () => []);
  expect(lostKeys(keysIn(schema), there, NEWEST)).toEqual(lost);
});

test.each([
  ['DROP INDEX drafts_open', 'table drafts lacks its key (user_id)'],
  [
    'DROP INDEX drafts_open; CREATE UNIQUE INDEX drafts_open ON drafts (user_id)',
    'table drafts lacks its key (user_id)',
  ],
  [
    'CREATE TABLE passing (id INTEGER PRIMARY KEY, code TEXT UNIQUE, title TEXT); DROP TABLE anime; ALTER TABLE passing RENAME TO anime',
    'table anime keeps texts where numbers belong (code)',
  ],
  [
    'CREATE TABLE passing (user_id INT PRIMARY KEY, a); DROP TABLE admin_questions; ALTER TABLE passing RENAME TO admin_questions',
    'table admin_questions lacks its key (user_id)',
  ],
])('%s', async (statements, finding) => {
  const db = await made(`${Math.random()}.db`, NEWEST);
  await db.write(statements.split('; ').map((text) => sql(text)));
  const [found] = await db.read([existingKeys]);
  expect(lostKeys(found, there, NEWEST).map((one) => one.finding)).toEqual([finding]);
  await db.closeWhole();
});

test('a column renamed to another case is read all the same', () => {
  const row = new Row(['x', null], ['Title', 'Year']);
  expect(row.text('title')).toBe('x');
  expect(row.textOrNull('year')).toBeNull();
  expect(() => row.text('code')).toThrow('no column code in this row');
});

test('what tells rows apart: keys, parts of keys, indexes of some rows, of the owner too', async () => {
  const db = await made('apart.db', NEWEST);
  await db.write([sql('CREATE UNIQUE INDEX "ягона ном" ON anime (title)')]);
  const [found] = await db.read([existingKeys]);
  const apart = (table: string, column: string) => tellsRowsApart(found, table, column);
  expect(apart('anime', 'code')).toBe(true);
  expect(apart('anime', 'id')).toBe(true);
  expect(apart('anime_parts', 'part_number')).toBe(true);
  expect(apart('part_news', 'anime_id')).toBe(true);
  expect(apart('anime', 'title')).toBe(true);
  expect(apart('anime', 'description')).toBe(false);
  expect(apart('nothing', 'id')).toBe(false);
  await db.closeWhole();
});

test('a column of a later step may have been an old bot’s, of another type', async () => {
  const db = await made('old-column.db', NEWEST);
  await db.write([sql('ALTER TABLE anime DROP COLUMN year'), sql('ALTER TABLE anime ADD COLUMN year TEXT')]);
  const [found] = await db.read([existingKeys]);
  expect(lostKeys(found, there, NEWEST)).toEqual([]);
  await db.closeWhole();
});
