/** A backup that no key at hand opens: neither failed nor damaged. And rows, counted alike. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sql } from '../../src/db/database.ts';
import { openEmbeddedDatabase } from '../../src/db/file/embedded-database.ts';
import { migrate } from '../../src/db/migrate.ts';
import { runCli } from './spawn-cli.ts';

let directory: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'not-opened-'));
  const db = await openEmbeddedDatabase(join(directory, 'bot.db'));
  await migrate(db, { now: () => new Date(0), backup: async () => {} });
  await db.write([
    sql("INSERT INTO anime (code, title) VALUES (1, 'One'), (2, 'Two')"),
    sql("INSERT INTO anime_parts (anime_code, part_number, file_id) VALUES (1, 1, 'F1'), (1, 2, 'F2')"),
    sql('INSERT INTO users (user_id) VALUES (7)'),
  ]);
  await db.closeWhole();
});
afterAll(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }));

const cli = (bucket: string, settings: Readonly<Record<string, string>>, ...args: readonly string[]) =>
  runCli(directory, { DATABASE_URL: 'file:bot.db', BACKUP_DIR: bucket, ...settings }, ...args);

test.each([
  ['a wrong passphrase', { BACKUP_PASSPHRASE: 'quite another passphrase' }],
  ['no key', {}],
] as const)('%s', async (what, settings) => {
  const bucket = what.replaceAll(' ', '-');
  const right = { BACKUP_PASSPHRASE: 'the passphrase that it was made with' };
  expect(await cli(bucket, right, 'full')).toMatchObject({ code: 0 });

  const verified = await cli(bucket, settings, 'verify');
  expect(verified.stdout).toContain('Stored bytes good, contents not opened');
  expect(verified.stdout).not.toMatch(/BAD|Not good|wrong /);
  const drilled = await cli(bucket, settings, 'drill');
  expect(drilled.stdout).toMatch(/drill not made: .* was not opened/);
  expect(drilled.code).toBe(1);
  expect(verified.code).toBe('BACKUP_PASSPHRASE' in settings ? 1 : 0);
  const listed = await cli(bucket, settings, 'list');
  // Without a key nobody can tell; a key that does not fit tells.
  expect(listed.stdout).toMatch(
    'BACKUP_PASSPHRASE' in settings
      ? /^Not safe: the newest backup, \S+, does not open with what is set: none of the keys .* no other one opens/
      : /^Safe: /,
  );
  expect(listed.stdout).toMatch(/The last restore drill, .* ago, could not open /);
  expect(`${drilled.stdout}${listed.stdout}`).not.toMatch(/FAILED|damaged/);
  const files = readdirSync(join(directory, bucket), { recursive: true, encoding: 'utf8' });
  const file = join(bucket, files.find((name) => name.endsWith('.db.gz.age')) ?? '');
  for (const command of [
    ['restore', 'latest', '--to', 'file:new.db'],
    ['restore', file, '--to', 'file:new.db'],
    ['import', file],
    ['diff', 'latest', 'live'],
    ['download', 'latest', '--plain', '-o', 'plain'],
  ]) {
    const { code, stderr } = await cli(bucket, settings, ...command);
    expect(stderr).toMatch(/BACKUP_PASSPHRASE/);
    expect(stderr).not.toMatch(/damaged|cannot be read/);
    expect(code).toBe(1);
  }
  // Nothing is left under the name of a file that could not be made.
  expect(readdirSync(join(directory, 'plain'))).toEqual([]);
  // With the key all is as ever.
  expect((await cli(bucket, right, 'verify')).stdout).toContain('Good: what was checked is whole');
  expect((await cli(bucket, right, 'drill')).code).toBe(0);
});

test('the newest is made with another passphrase: nobody calls that safe, and the newest that opens is named', async () => {
  const own = { BACKUP_PASSPHRASE: 'the passphrase of every day' };
  const typo = { BACKUP_PASSPHRASE: 'the passphrase of evrey day' };
  const full = async (settings: Readonly<Record<string, string>>): Promise<string> =>
    String((await cli('typo', settings, 'full', '--json')).json()['name']);
  const older = await full(own);
  const newest = await full(typo);
  const checked = await cli('typo', own, 'list', '--check');
  expect(checked).toMatchObject({
    code: 3,
    stderr: expect.stringMatching(
      new RegExp(`Not safe: the newest backup, ${newest}, does not open .*the newest that opens is ${older}`),
    ),
  });
  const listed = await cli('typo', own, 'list', '--json');
  expect(listed.json()).toMatchObject({ ok: false, damaged: { name: newest, isUnopened: true } });
  const verified = await cli('typo', own, 'verify', 'latest');
  expect(verified.code).toBe(1);
  expect(verified.stdout).toContain('made with another key than the one that is set');
  const restored = await cli('typo', own, 'restore', 'latest', '--to', 'file:typo.db');
  expect(restored.code).toBe(1);
  expect(restored.stderr).toMatch(
    new RegExp(`none of the keys opens.*restore ${older} --to file:typo.db`, 's'),
  );
  expect((await cli('typo', own, 'restore', older, '--to', 'file:typo.db')).code).toBe(0);
  expect(await cli('typo', typo, 'list', '--check')).toMatchObject({ code: 0 });
  // With both passphrases what either has made is opened.
  const both = { ...typo, BACKUP_PASSPHRASE_OLD: own.BACKUP_PASSPHRASE };
  for (const name of [older, newest]) expect((await cli('typo', both, 'verify', name)).code).toBe(0);
});

test('full, verify, drill, export and restore count the same rows', async () => {
  const rowsIn = (text: string): number[] =>
    [...text.matchAll(/([\d,]+) rows/g)].map(([, count = '']) => Number(count.replaceAll(',', '')));
  const counts: number[][] = [];
  for (const command of [['full'], ['verify'], ['drill'], ['restore', 'latest', '--to', 'file:counted.db']]) {
    const { code, stdout } = await cli('counted', {}, ...command);
    expect(code, command.join(' ')).toBe(0);
    counts.push(rowsIn(stdout));
  }
  const [made] = counts.flat();
  expect(made).toBeGreaterThan(5);
  expect(counts).toEqual([[made], [made, made], [made], [made]]);
  // The last of them; and a file of an older program.
  const OLDER = 'the bot brings an older schema up to date';
  expect((await cli('counted', {}, 'restore', 'latest', '--to', 'file:same.db')).stdout).not.toContain(OLDER);
  const older = new DatabaseSync(join(directory, 'same.db'), { timeout: 10_000 });
  older.exec('DELETE FROM schema_migrations WHERE version > 1');
  older.close();
  expect((await cli('counted', {}, 'restore', 'same.db', '--to', 'file:older.db')).stdout).toContain(OLDER);
  const exported = await cli('counted', {}, 'export', '-o', 'counted.json', '--json');
  // What reads the JSON adds up to the same.
  const sum = (tables: readonly number[]): number => tables.reduce((all, rows) => all + rows, 0);
  const again: unknown = (await cli('counted', {}, 'full', '--json')).json();
  // Of the database as it is: by now it remembers the manifest of the first backup, too.
  expect(exported.json()).toMatchObject({ rows: (made ?? 0) + 1 });
  const { backups } = (await cli('counted', {}, 'list', '--json')).json() as {
    backups: { rows: Record<string, number> }[];
  };
  expect(backups.map(({ rows }) => sum(Object.values(rows)))).toEqual([
    (again as { rows: number }).rows,
    made,
  ]);
});
