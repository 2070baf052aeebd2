/** The same CLI with SQL over HTTP for a database and S3 for a bucket. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startMemoryS3 } from '../../sim/s3/memory-server.ts';
import { type SqlServer, startSqlServer } from '../../sim/sql-over-http/sql-server.ts';
import { sql } from '../../src/db/database.ts';
import { migrate, SCHEMA_VERSION } from '../../src/db/migrate.ts';
import { openRemoteDatabase } from '../../src/db/remote-database.ts';
import { addAnime } from '../support/catalogue.ts';
import { serverKind } from '../support/server-kind.ts';
import { runCli as spawnCli } from './spawn-cli.ts';

let directory: string;
let server: SqlServer;
let s3: Awaited<ReturnType<typeof startMemoryS3>>;
let env: Record<string, string>;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'backup-remote-'));
  server = await startSqlServer({
    ...serverKind(),
    file: join(directory, 'server.db'),
    authToken: 'database-token',
  });
  s3 = await startMemoryS3();
  env = {
    DATABASE_URL: server.url,
    DATABASE_AUTH_TOKEN: 'database-token',
    S3_ENDPOINT: s3.settings.endpoint,
    S3_REGION: s3.settings.region,
    S3_BUCKET: s3.settings.bucket,
    S3_ACCESS_KEY_ID: s3.settings.accessKeyId,
    S3_SECRET_ACCESS_KEY: s3.settings.secretAccessKey,
    S3_FORCE_PATH_STYLE: 'true',
  };
  const db = openRemoteDatabase({ url: server.url, authToken: 'database-token', fetch });
  await migrate(db, { now: () => new Date(), backup: async () => {} });
  await addAnime(db, { code: 12, title: 'Naruto', parts: ['a', 'b', 'c'] });
  await db.write([sql('INSERT INTO users (user_id) VALUES (?)', 9007199254740993n)]);
  db.close();
});
afterAll(async () => {
  await server.close();
  await s3.close();
  rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
});

test('full, list, verify, diff with live, prune', async () => {
  const run = (...args: readonly string[]) => spawnCli(directory, env, ...args, '--json');
  const full = await run('full');
  expect(full.code, full.stderr + full.stdout).toBe(0);
  expect(full.json()).toMatchObject({
    ok: true,
    leased: true,
    rows: expect.any(Number),
    rows_read: expect.any(Number),
    problems: [],
    manifest: { schema_version: SCHEMA_VERSION },
  });
  const { name } = full.json();
  const [list, verify, diff] = await Promise.all([
    run('list'),
    run('verify', '--all'),
    run('diff', 'latest', 'live'),
  ]);
  expect(list.json()).toMatchObject({
    ok: true,
    newest_verified: name,
    bucket: `s3 bucket anime at ${s3.settings.endpoint}`,
    backups: [{ rows: { anime: 1, anime_parts: 3, users: 1 }, trigger: 'command', state: 'verified' }],
  });
  expect(verify.json()).toMatchObject({ ok: true, results: [{ name, problems: [], warnings: [] }] });
  // The engine's own tables have moved on since; nothing else has.
  const { tables } = diff.json() as {
    tables: { table: string; added: number; removed: number; changed: number }[];
  };
  const moved = tables
    .filter(({ added, removed, changed }) => added + removed + changed > 0)
    .map(({ table }) => table);
  expect(moved.filter((table) => !table.startsWith('backup_'))).toEqual([]);
  expect((await run('prune')).json()).toMatchObject({
    ok: true,
    removed: [],
    decisions: [{ name, action: 'keep' }],
  });
});

test('a wrong token or a dead server is told in words, without the token', async () => {
  const wrong = await spawnCli(directory, { ...env, DATABASE_AUTH_TOKEN: 'other-token' }, 'full');
  const dead = await spawnCli(directory, { ...env, DATABASE_URL: 'http://127.0.0.1:9' }, 'full');
  for (const { code, stdout, stderr } of [wrong, dead]) {
    expect(code).toBe(1);
    expect(stdout + stderr).toMatch(/failed: .+/);
    expect(stdout + stderr).not.toMatch(/other-token|database-token/);
  }
});

test('full says how many rows the database was asked for: a hosted one bills them', async () => {
  const { code, stdout } = await spawnCli(directory, env, 'full');
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /the database was asked for [1-9][\d ,]* rows of tables and indexes, which a hosted one bills/,
  );
});
