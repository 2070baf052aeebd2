/**
 * A source answers what its schema is, and whether a table has a row, without a snapshot of the
 * whole database.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startSqlServer } from '../../../sim/sql-over-http/sql-server.ts';
import { openEmbeddedSnapshotSource } from '../../../src/backup/snapshot/embedded.ts';
import { openFileSnapshotSource } from '../../../src/backup/snapshot/file.ts';
import { openRemoteSnapshotSource } from '../../../src/backup/snapshot/remote.ts';

let directory: string;
let path: string;
let server: Awaited<ReturnType<typeof startSqlServer>>;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'questions-'));
  path = join(directory, 'bot.db');
  const db = new DatabaseSync(path, { timeout: 10_000 });
  db.exec(`PRAGMA journal_mode = WAL; CREATE TABLE full (x); CREATE TABLE "em""pty" (x);
    INSERT INTO full VALUES (1); PRAGMA user_version = 7`);
  db.close();
  server = await startSqlServer({ file: path });
});
afterEach(async () => {
  await server.close();
  rmSync(directory, { recursive: true, force: true });
});

describe.each([
  ['a file', () => openFileSnapshotSource({ path })],
  ['the embedded database', () => openEmbeddedSnapshotSource({ path })],
  ['a server', () => openRemoteSnapshotSource({ url: server.url, fetch })],
] as const)('%s', (_what, open) => {
  test('tells its schema', async () => {
    const { tables, userVersion } = await open().schema();
    expect(tables.map(({ name }) => name)).toEqual(['full', 'em"pty']);
    expect(userVersion).toBe(7);
  });

  test('tells whether one of the tables asked for has a row', async () => {
    const source = open();
    await expect(source.any(() => true)).resolves.toBe(true);
    await expect(source.any(({ name }) => name !== 'full')).resolves.toBe(false);
    await expect(source.any(() => false)).resolves.toBe(false);
  });
});

test('the embedded database is asked without a copy beside it, and nothing new stands there afterwards', async () => {
  await server.close();
  const before = readdirSync(directory);
  await openEmbeddedSnapshotSource({ path }).any(() => true);
  // The log of a server that is closed may still be there: it goes when its statements do.
  expect(before).toEqual(expect.arrayContaining(readdirSync(directory)));
});

test('requests of a server: one for the schema, one for the rows', async () => {
  const { length } = server.requests;
  await openRemoteSnapshotSource({ url: server.url, fetch }).any(() => true);
  expect(server.requests.length - length).toBe(2);
});
