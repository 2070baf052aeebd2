/** A Worker or a deploy on an empty database, beside backups of the bot: nothing is begun. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Database } from '../../src/db/database.ts';
import { openEmbeddedDatabase } from '../../src/db/file/embedded-database.ts';
import { emptyDatabase, migrate, SCHEMA_VERSION } from '../../src/db/migrate.ts';
import { refuseEmpty } from '../../src/hosts/empty-database.ts';
import { createMemoryStore, type MemoryStore } from '../support/memory-store.ts';
import { putBackup } from '../support/sample-backup.ts';

const BOT = 7;
const NOW = new Date('2026-06-15T02:00:00Z');
let directory: string;
let db: Database;
let first: MemoryStore;
let copy: MemoryStore;
let told: string[];
let warned: number;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'empty-database-'));
  db = await openEmbeddedDatabase(join(directory, 'a.db'));
  [first, copy] = [createMemoryStore(() => NOW), createMemoryStore(() => NOW)];
  told = [];
  warned = 0;
});
afterEach(() => {
  db.close();
  rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
});

function begin(): () => Promise<string> {
  const clock = { now: () => NOW };
  const beforeFirst = refuseEmpty(
    {
      first: { store: first, prefix: 'b/', bot: BOT, clock },
      copy: { store: copy, prefix: 'c/', bot: BOT, clock },
    },
    { warn: () => (warned += 1) },
    async (name) => void told.push(name),
  );
  return () =>
    migrate(db, { now: () => NOW, backup: async () => {}, beforeFirst }).then(
      ({ to }) => `version ${to}`,
      (error: Error) => error.message,
    );
}

const put = (store: MemoryStore, rows: Record<string, number>, bot = BOT) =>
  putBackup(
    store,
    store === first ? 'b/' : 'c/',
    NOW,
    undefined,
    'schedule',
    { id: bot, username: `b${bot}` },
    rows,
  );

test.each([
  ['the bucket', () => first, ''],
  ['the second copy', () => copy, ' --from copy'],
])('%s has backups: it says so once, and makes no table', async (where, store, from) => {
  const name = await put(store(), { users: 1 });
  const attempt = begin();
  const said = await attempt();
  expect(said).toContain(`the database is empty, and ${where} has backups of this bot, the newest ${name}`);
  expect(said).toContain(`npm run backup -- restore --at 0m${from}\``);
  expect(said).toContain('npm run deploy -- --new-database');
  expect(await attempt()).toBe(said);
  expect(told).toEqual([name]);
  expect(await db.read([emptyDatabase])).toEqual([true]);
});

test('a first start, a backup of nothing, and those of another bot are no reason', async () => {
  await put(first, { users: 0, anime: 0 });
  await put(copy, { users: 9 }, 8);
  await put(copy, {}, BOT);
  expect(await begin()()).toBe(`version ${SCHEMA_VERSION}`);
  expect(told).toEqual([]);
});

test('a bucket that cannot be asked is logged, and keeps nobody from a first start', async () => {
  first.list = () => Promise.reject(new Error('away'));
  expect(await begin()()).toBe(`version ${SCHEMA_VERSION}`);
  expect(warned).toBe(1);
});

test('a database with tables is nobody’s first start', async () => {
  await begin()();
  await put(first, { users: 1 });
  expect(await begin()()).toBe(`version ${SCHEMA_VERSION}`);
});
