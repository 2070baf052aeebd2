/** A whole database of which no backup can be made: the first message names a way that works. */
import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sql } from '../../src/db/database.ts';
import { openEmbeddedDatabase } from '../../src/db/file/embedded-database.ts';
import { migrate } from '../../src/db/migrate.ts';
import { runCli, runCliWithoutRoom } from './spawn-cli.ts';

let directory: string;
const at = (name: string): string => join(directory, name);
const cli = (...args: readonly string[]) =>
  runCli(directory, { DATABASE_URL: 'file:bot.db', BACKUP_DIR: 'bucket' }, ...args);

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'unsaved-db-'));
  const db = await openEmbeddedDatabase(at('bot.db'));
  await migrate(db, { now: () => new Date(0), backup: async () => {} });
  await db.write([sql("INSERT INTO anime (code, title) VALUES (1, 'One'), (2, 'Two')")]);
  await db.closeWhole();
  copyFileSync(at('bot.db'), at('good.db'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }));

/** As a restore with --any-schema, or an owner's own SQL, leaves it. */
function change(script: string): void {
  const db = new DatabaseSync(at('bot.db'), { defensive: false, timeout: 10_000 });
  db.exec("INSERT INTO anime (code, title) VALUES (3, 'only in the old file')");
  db.exec(script);
  db.close();
}

const rewrite = (table: string, to: string): string =>
  `PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = ${to} WHERE name = '${table}'; PRAGMA writable_schema = RESET;`;

const CASES: readonly (readonly [string, string, RegExp])[] = [
  [
    'an unknown collation',
    rewrite('admins', "replace(sql, 'role TEXT NOT NULL', 'role TEXT COLLATE evilcoll NOT NULL')"),
    /no such collation sequence/,
  ],
  [
    'a foreign key of backup_runs to a missing table',
    rewrite(
      'backup_runs',
      "substr(sql, 1, length(sql) - 1) || ', FOREIGN KEY (fence) REFERENCES nosuch (x) DEFERRABLE INITIALLY DEFERRED)'",
    ),
    /no such table: main\.nosuch/,
  ],
  [
    'a full sequence of backup_runs',
    "INSERT INTO sqlite_sequence (name, seq) VALUES ('backup_runs', 9223372036854775807)",
    /SQLITE_FULL|full/,
  ],
];

test.each(CASES)(
  '%s: the failure names --broken-database, and that is accepted',
  async (_, script, reason) => {
    change(script);
    const first = await cli('restore', 'good.db', '--replace', '--yes');
    expect(first.code).toBe(1);
    expect(first.stderr).toMatch(reason);
    expect(first.stderr).toContain('--broken-database');
    const second = await cli('restore', 'good.db', '--replace', '--broken-database', '--yes');
    expect(second).toMatchObject({ code: 0, stderr: '' });
    expect(second.stdout).toMatch(reason);
    expect(second.stdout).toContain('no backup of the old database could be made');
    const [kept = ''] = readdirSync(directory).filter((name) => /^bot\.db\.broken-[\d_]+$/.test(name));
    const count = (name: string): unknown => {
      const db = new DatabaseSync(at(name), { readOnly: true, timeout: 10_000 });
      try {
        return db.prepare('SELECT count(*) AS n FROM anime').get()?.['n'];
      } finally {
        db.close();
      }
    };
    expect([count('bot.db'), count(kept)]).toEqual([2, 3]);
    expect(existsSync(at('bot.db.restoring'))).toBe(false);
    expect(await cli('full')).toMatchObject({ code: 0 });
  },
);

test('a full disk, or a bucket that takes nothing, is not the database’s fault', async () => {
  const env = { DATABASE_URL: 'file:bot.db', BACKUP_DIR: 'bucket' };
  const full = await runCliWithoutRoom(directory, env, 'restore', 'good.db', '--replace', '--yes');
  expect(full.code).toBe(1);
  expect(full.stderr).not.toContain('--broken-database');
  const bucket = await runCli(
    directory,
    { ...env, BACKUP_DIR: 'good.db/bucket' },
    'restore',
    'good.db',
    '--replace',
    '--yes',
  );
  expect(bucket.code).not.toBe(0);
  expect(bucket.stderr).not.toContain('--broken-database');
  const called = await runCliWithoutRoom(
    directory,
    env,
    'restore',
    'good.db',
    '--replace',
    '--broken-database',
    '--yes',
  );
  expect(called.code).toBe(1);
  expect(readdirSync(directory).filter((name) => name.includes('.broken-'))).toEqual([]);
});
