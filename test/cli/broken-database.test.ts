/** The living database breaks: nobody is called safe, and what the messages recommend works. */
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sql } from '../../src/db/database.ts';
import { databaseFault, SALVAGE } from '../../src/db/database-fault.ts';
import { openEmbeddedDatabase } from '../../src/db/file/embedded-database.ts';
import { migrate } from '../../src/db/migrate.ts';
import { BREAKS } from '../support/break-file.ts';
import { damageIndex } from '../support/damage-index.ts';
import { runCli } from './spawn-cli.ts';

let directory: string;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'broken-db-'));
  const db = await openEmbeddedDatabase(join(directory, 'bot.db'));
  await migrate(db, { now: () => new Date(0), backup: async () => {} });
  await db.write([
    sql(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900)
       INSERT INTO users (user_id, first_name) SELECT i, hex(randomblob(40)) FROM n`,
    ),
    sql("INSERT INTO anime (code, title) VALUES (1, 'One'), (2, 'Two')"),
    sql("INSERT INTO anime_parts (anime_code, part_number, file_id) VALUES (1, 1, 'F1'), (1, 2, 'F2')"),
  ]);
  await db.closeWhole();
  copyFileSync(join(directory, 'bot.db'), join(directory, 'good.db'));
  writeFileSync(join(directory, 'one.json'), '{"users":[{"user_id":7}],"anime":[]}');
});
afterEach(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }));

const cli = (...args: readonly string[]) =>
  runCli(directory, { DATABASE_URL: 'file:bot.db', BACKUP_DIR: 'bucket' }, ...args);

function putBack(): void {
  for (const suffix of ['-wal', '-shm', '.lock']) rmSync(join(directory, `bot.db${suffix}`), { force: true });
  copyFileSync(join(directory, 'good.db'), join(directory, 'bot.db'));
}

const NEXT_STEP = /docs\/operations\.md|npm run backup|make room|chown/;
const COMMANDS: readonly (readonly string[])[] = [
  ['full'],
  ['export', '-o', 'out.json', '--yes'],
  ['diff', 'live', 'latest'],
  ['restore', 'latest', '--dry-run'],
  ['restore', 'latest', '--replace', '--yes'],
  ['restore', 'latest', '--only', 'users', '--yes'],
  ['import', 'good.db', '--yes'],
];

describe.each(Object.entries(BREAKS))('%s is broken', (_, breakIt) => {
  test('every command says what to do, and list knows of it until a good run', {
    timeout: 200_000,
  }, async () => {
    expect(await cli('full')).toMatchObject({ code: 0 });
    for (const command of COMMANDS) {
      putBack();
      breakIt(join(directory, 'bot.db'));
      const { code, stdout, stderr } = await cli(...command);
      const said = `${stdout}${stderr}`;
      expect(said, command.join(' ')).toMatch(NEXT_STEP);
      expect(said, command.join(' ')).not.toMatch(/^(error|failed): SQLITE|SQLITE_\w+: SQLITE/m);
      expect(code, command.join(' ')).toBe(1);
    }
    const listed = await cli('list');
    expect(listed.stdout).toMatch(/^Not safe: the run of .* found the database damaged/m);
    expect(listed.stdout).toContain('docs/operations.md, "The database file is damaged"');
    expect(await cli('list', '--check')).toMatchObject({ code: 3 });
    putBack();
    expect(await cli('full')).toMatchObject({ code: 0 });
    expect(await cli('list', '--check')).toMatchObject({ code: 0, stdout: expect.stringContaining('Safe:') });
  });
});

test('each code that SQLite has for an unusable file has a next step', () => {
  for (const code of [
    'NOTADB',
    'CORRUPT',
    'CORRUPT_VTAB',
    'READONLY',
    'READONLY_DIRECTORY',
    'CANTOPEN',
    'FULL',
    'IOERR',
    'IOERR_READ',
  ])
    expect(databaseFault(Object.assign(new Error('x'), { code: `SQLITE_${code}` })).what, code).toMatch(
      /restore|copy|right|make room/,
    );
});

/** Debian's package is what an owner has. */
const hasShell = spawnSync('sqlite3', ['--version']).status === 0;

describe.skipIf(!hasShell)('what the messages recommend', () => {
  const shell = (script: string): string =>
    execFileSync('bash', ['--norc', '-c', script], {
      cwd: directory,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });

  test('the shell’s dump saves what can be read, and the bot can use it', async () => {
    BREAKS['a page of users'](join(directory, 'bot.db'));
    const command = /"(.*)"$/.exec(SALVAGE)?.[1] ?? '';
    shell(command.replace('FILE', 'bot.db'));
    const db = new DatabaseSync(join(directory, 'new.db'), { timeout: 10_000 });
    const count = (table: string): unknown => db.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.['n'];
    expect(count('users')).toBeGreaterThan(800);
    expect([count('anime'), count('anime_parts')]).toEqual([2, 2]);
    expect(db.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
    db.close();
    copyFileSync(join(directory, 'new.db'), join(directory, 'bot.db'));
    expect(await cli('full')).toMatchObject({ code: 0 });
  });

  test('REINDEX mends a damaged index', async () => {
    damageIndex(join(directory, 'bot.db'));
    expect((await cli('full')).code).toBe(1);
    shell('sqlite3 bot.db REINDEX');
    expect(await cli('full')).toMatchObject({ code: 0 });
  });
});

test.each(Object.entries(BREAKS))(
  'list looks into the file itself: %s is broken',
  {
    timeout: 60_000,
  },
  async (_, breakIt) => {
    expect((await cli('full')).code).toBe(0);
    expect((await cli('list', '--check')).code).toBe(0);
    breakIt(join(directory, 'bot.db'));
    const check = await cli('list', '--check');
    expect(check.stdout).toBe('');
    expect(check.stderr).toMatch(
      /^Not safe: the database file .*bot\.db is damaged \(.+docs\/operations\.md/,
    );
    expect(check.code).toBe(3);
    expect((await cli('list')).stdout).toMatch(/^Not safe: the database file/);
    putBack();
    expect((await cli('list', '--check')).code).toBe(0);
  },
);
