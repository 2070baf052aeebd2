/**
 * Somebody's SQL took a table or a column of the bot's own away: no backup of that is called
 * verified, and each message's way back works.
 */
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { parseManifest, serializeManifest } from '../../src/backup/catalog/manifest.ts';
import { sql } from '../../src/db/database.ts';
import { explainUnusable } from '../../src/db/file/database-file.ts';
import { migrations } from '../../src/db/migrations/all-migrations.ts';
import { ownDatabase } from './own-database.ts';

const own = ownDatabase('missing-table');
const { cli, count, full, run } = own;
let good: string;
beforeEach(async () => {
  await own.migrate();
  await own.open((db) =>
    db.write([
      sql("INSERT INTO users (user_id, first_name) VALUES (7, 'Aziza')"),
      sql('INSERT INTO user_history (user_id, anime_code) VALUES (7, 1), (7, 1)'),
      sql("INSERT INTO anime (code, title) VALUES (1, 'One'), (2, 'Two')"),
      sql("INSERT INTO anime_parts (anime_code, part_number, file_id) VALUES (1, 1, 'F1')"),
    ]),
  );
  good = await full();
});

/** What an owner does who read the start's refusal. */
const started = own.migrate;

describe.each([
  ['DROP TABLE anime', 'table anime is missing'],
  ['DROP TABLE anime; DROP TABLE anime_parts', 'table anime is missing; table anime_parts is missing'],
  ['ALTER TABLE anime RENAME COLUMN description TO izoh', 'table anime lacks column description'],
])('the catalogue: %s', (statements, finding) => {
  test('the start refuses, no backup is verified, and the newest good one is restored', async () => {
    // Triggers and views of it go with a rename or hinder it.
    run(`PRAGMA writable_schema = ON; ${statements}`);
    await expect(started()).rejects.toThrow(finding);
    await expect(started()).rejects.toThrow('npm run backup -- restore latest --replace');
    // One document, however the host says it.
    const refused = explainUnusable(await started().catch((error: unknown) => error), 'bot.db');
    expect(String(refused).match(/docs\//g)).toHaveLength(1);
    const bad = await cli('full', '--json');
    expect(bad).toMatchObject({ code: 1 });
    const { name } = bad.json();
    expect(bad.json()).toMatchObject({ ok: false, error: expect.stringContaining(finding) });
    expect((await cli('list')).stdout).toMatch(
      /^Not safe: .* stop the bot and bring back .*: npm run backup -- restore latest --replace \(.*"A table is gone"/,
    );
    expect(await cli('list', '--check')).toMatchObject({ code: 3 });
    expect(await cli('verify', String(name))).toMatchObject({
      code: 1,
      stdout: expect.stringContaining(finding),
    });
    const drilled = await cli('drill');
    expect(drilled).toMatchObject({ code: 0, stdout: expect.stringContaining(`drill passed: ${good}`) });
    expect(drilled.stdout).toContain(`${name} is newer and damaged`);
    expect(await cli('drill', String(name))).toMatchObject({
      code: 1,
      stdout: expect.stringContaining(finding),
    });
    const restored = await cli('restore', 'latest', '--replace', '--yes');
    expect(restored).toMatchObject({ code: 0, stdout: expect.stringContaining(`restored: ${good}`) });
    expect(restored.stdout).toContain(`${name} is newer and damaged`);
    expect(restored.stdout).toContain(finding);
    expect((await started()).lack).toBeUndefined();
    expect(count('anime')).toBe(2);
  });
});

test('another table: the start goes on and names it, and its backup alone brings it back', async () => {
  run('DROP TABLE user_history');
  expect((await started()).lack?.tables).toEqual(['user_history']);
  expect(await cli('full')).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(
      /table user_history is missing[\s\S]*npm run backup -- restore latest --only user_history \(/,
    ),
  });
  expect((await cli('list')).stdout).toMatch(/^Not safe: .* restore latest --only user_history \(/);
  expect(await cli('restore', 'latest', '--only', 'user_history', '--yes')).toMatchObject({
    code: 0,
    stderr: '',
  });
  expect(count('user_history')).toBe(2);
  expect((await started()).lack).toBeUndefined();
  expect(await cli('full')).toMatchObject({ code: 0 });
  expect((await cli('list')).stdout).toMatch(/^Safe: /);
});

describe.each(['anime_parts', 'anime'])('%s is gone, and changes are stored', (table) => {
  test('list names one command, and it brings back what came after the newest backup', async () => {
    // The log begins, and asks for its first full backup.
    await cli('changes', 'ship');
    await full();
    run("INSERT INTO anime (code, title) VALUES (3, 'Three')");
    run("INSERT INTO anime_parts (anime_code, part_number, file_id) VALUES (3, 1, 'F3')");
    expect(await cli('changes', 'ship')).toMatchObject({ code: 0 });
    const before = count(table);
    run(`DROP TABLE ${table}`);
    await cli('full');
    const [, advised = ''] =
      /What to do: stop the bot and bring it back as it was at .*?: npm run backup -- (restore --at \S+ --\w+(?: \w+)?) \(docs/.exec(
        (await cli('list')).stdout,
      ) ?? [];
    expect(advised).toContain(table === 'anime' ? '--replace' : `--only ${table}`);
    const restored = await cli(...advised.split(' '), '--yes');
    expect(restored).toMatchObject({ code: 0, stderr: '' });
    // Its change log's triggers are no loss: the next start makes them.
    expect(restored.stdout).not.toContain('not made again');
    expect(count(table)).toBe(before);
    expect((await started()).lack).toBeUndefined();
  });
});

test('a renamed table: the advice is to name it again, which loses nothing and works', async () => {
  run('ALTER TABLE user_history RENAME TO tarix; INSERT INTO tarix (user_id, anime_code) VALUES (7, 2)');
  const WAY =
    /table user_history is missing \(tarix has its columns\)[\s\S]* ALTER TABLE tarix RENAME TO user_history/;
  const { lack } = await started();
  expect(lack?.findings).toEqual(['table user_history is missing (tarix has its columns)']);
  const bad = await cli('full');
  expect(bad).toMatchObject({ code: 1, stdout: expect.stringMatching(WAY) });
  expect(bad.stdout).not.toContain('--only');
  const [, advised = ''] =
    /(ALTER TABLE tarix RENAME TO user_history)/.exec((await cli('list')).stdout) ?? [];
  run(advised);
  expect(count('user_history')).toBe(3);
  expect((await started()).lack).toBeUndefined();
  expect(await cli('full')).toMatchObject({ code: 0 });
});

test('a copy of a table without its keys is not the renamed one', async () => {
  run('CREATE TABLE nusxa AS SELECT * FROM users; DROP TABLE users');
  expect((await started()).lack?.findings).toEqual(['table users is missing']);
});

test('a column of another table comes back the same way', async () => {
  run('ALTER TABLE user_history RENAME COLUMN viewed_at TO kun');
  expect((await started()).lack?.findings).toEqual(['table user_history lacks column viewed_at']);
  expect(await cli('restore', 'latest', '--only', 'user_history', '--yes')).toMatchObject({
    code: 0,
    stderr: '',
  });
  expect((await started()).lack).toBeUndefined();
});

test('a backup that an earlier program called verified is passed over all the same', async () => {
  const copy = join(own.directory, 'kept.db');
  copyFileSync(join(own.directory, 'bot.db'), copy);
  run('DROP TABLE anime');
  const bad = await full();
  const path = join(own.directory, `bucket/anime_backup_${bad}.manifest.json`);
  const { findings: _, ...manifest } = parseManifest(readFileSync(path));
  rmSync(path);
  writeFileSync(path, serializeManifest({ ...manifest, state: 'verified' }));
  copyFileSync(copy, join(own.directory, 'bot.db'));
  expect(await cli('list', '--check')).toMatchObject({ code: 3 });
  expect(await cli('restore', 'latest', '--replace', '--yes')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining(`restored: ${good}`),
  });
});

test('a database of an older version, and an old bot’s, lack nothing', async () => {
  rmSync(join(own.directory, 'bot.db'));
  run(
    [
      'CREATE TABLE schema_migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at TEXT NOT NULL)',
      ...migrations
        .slice(0, 3)
        .flatMap(({ version, name, up }) => [
          ...up(new Map()),
          `INSERT INTO schema_migrations VALUES (${version}, '${name}', '')`,
        ]),
    ].join(';\n'),
  );
  expect(await cli('full')).toMatchObject({ code: 0 });
  rmSync(join(own.directory, 'bot.db'));
  run('CREATE TABLE anime (id INTEGER PRIMARY KEY, code INTEGER); CREATE TABLE anime_parts (id INTEGER)');
  expect(await cli('full')).toMatchObject({ code: 0 });
});

describe('a table rebuilt without its keys', () => {
  const rebuilt = (table: string): string =>
    `CREATE TABLE x AS SELECT * FROM ${table}; DROP TABLE ${table}; ALTER TABLE x RENAME TO ${table}`;

  test('no backup of it is verified, latest is the good one, and one table comes back with its keys', {
    timeout: 120_000,
  }, async () => {
    run(rebuilt('users'));
    expect((await started()).lack?.findings).toEqual(['table users lacks its key (user_id)']);
    const { name, state } = (await cli('full', '--json')).json();
    expect(state ?? 'damaged').toBe('damaged');
    const listed = (await cli('list', '--json')).json();
    expect(listed['newest_verified']).toBe(good);
    expect(listed['damaged']).toMatchObject({
      name,
      problem: expect.stringContaining('lacks its key (user_id)'),
    });
    const only = await cli('restore', good, '--only', 'users', '--yes');
    expect(only.code, only.stderr).toBe(0);
    expect((await started()).lack).toBeUndefined();
    expect(count('users')).toBe(1);
    expect((await cli('full', '--json')).code).toBe(0);
  });

  test('of the catalogue: the start refuses', async () => {
    run(rebuilt('anime_parts'));
    await expect(started()).rejects.toThrow(
      'table anime_parts lacks its keys (id), (anime_code, part_number)',
    );
  });
});

test('numbers kept as texts: no row is set aside, no backup is verified, and the start says what to do', async () => {
  const asTexts = (table: string): string => {
    const columns = own.rows(`SELECT name, type FROM pragma_table_info('${table}')`) as readonly {
      name: string;
      type: string;
    }[];
    const typed = columns.map(({ name, type }) => `${name} ${/^(code|user_id)$/.test(name) ? 'TEXT' : type}`);
    return `CREATE TABLE x (${typed}); INSERT INTO x SELECT * FROM ${table}; DROP TABLE ${table}; ALTER TABLE x RENAME TO ${table}`;
  };
  run(asTexts('anime'));
  await expect(started()).rejects.toThrow('table anime keeps texts where numbers belong (code)');
  expect(count('anime')).toBe(2);
  expect((await cli('full', '--json')).code).not.toBe(0);
  expect((await cli('list', '--json')).json()['newest_verified']).toBe(good);
  expect((await cli('restore', 'latest', '--replace', '--yes')).code).toBe(0);
  expect((await started()).lack).toBeUndefined();
  run(asTexts('users'));
  expect((await started()).lack?.findings).toEqual([
    'table users keeps texts where numbers belong (user_id)',
  ]);
  expect(count('users')).toBe(1);
});
