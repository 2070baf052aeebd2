/**
 * Somebody's SQL took rows of `schema_migrations`, or all of it: the bot's own database is never
 * the old bot's, and no step is done twice.
 */
import { beforeEach, expect, test } from 'vitest';
import { tellLack } from '../../src/db/lack-words.ts';
import { migrate } from '../../src/db/migrate.ts';
import { migrations } from '../../src/db/migrations/all-migrations.ts';
import { lackNow } from '../../src/db/own-schema.ts';
import { takeOverFile } from '../../src/takeover/take-over.ts';
import { ownDatabase } from './own-database.ts';

const own = ownDatabase('missing-record');
const { cli, count, run } = own;
let good: string;
beforeEach(async () => {
  await started();
  run(`INSERT INTO anime (code, title) VALUES (1, 'One'), (2, 'Two');
       INSERT INTO admins (user_id, added_at) VALUES (7, '2026-01-01 00:00:00')`);
  good = await own.full();
});

/** As the host does it. @returns what it said is missing by then */
const started = () =>
  own.open(async (db) => {
    await migrate(db, { now: () => new Date(0), backup: async () => {}, takeOver: takeOverFile });
    return await lackNow(db);
  });

const health = () => own.open(async (db) => (await lackNow(db))?.findings);

const missing = 'table schema_migrations is missing';
const EVERY = migrations.map(({ version }) => version);
test.each([
  ['DROP TABLE schema_migrations', missing],
  ['ALTER TABLE schema_migrations RENAME TO old_ledger', missing],
  ['DELETE FROM schema_migrations', `table schema_migrations has no row of versions ${EVERY.join(', ')}`],
  ['DELETE FROM schema_migrations WHERE version = 6', 'table schema_migrations has no row of version 6'],
  [
    'DELETE FROM schema_migrations WHERE version IN (2, 4)',
    'table schema_migrations has no row of versions 2, 4',
  ],
])('%s: no start, no verified backup, and two ways back that work', async (statement, finding) => {
  run(statement);
  const refusal = await started().then(
    () => 'it started',
    (error: unknown) => String(error),
  );
  expect(refusal).toContain(finding);
  expect(refusal).toContain('npm run backup -- restore latest --replace');
  expect(count('admins')).toBe(1);
  expect(await health()).toEqual([finding]);

  const full = await cli('full');
  expect(full).toMatchObject({ code: 1 });
  expect(full.stdout + full.stderr).toContain(finding);
  expect((await cli('list')).stdout).toMatch(/^Not safe: /);

  const byHand = / run this SQL in it: (.*)$/.exec(refusal)?.[1];
  run(byHand ?? 'no way by hand');
  expect(await started()).toBeUndefined();
  run(statement.replace('old_ledger', 'older_ledger'));
  const restored = await cli('restore', 'latest', '--replace', '--yes');
  expect(restored).toMatchObject({ code: 0, stdout: expect.stringContaining(`restored: ${good}`) });
  expect(await started()).toBeUndefined();
  expect([count('admins'), count('anime')]).toEqual([1, 2]);
});

test('a column of the record renamed: the start refuses, and a backup brings it back', async () => {
  run('ALTER TABLE schema_migrations RENAME COLUMN applied_at TO vaqt');
  await expect(started()).rejects.toThrow('table schema_migrations lacks column applied_at');
  await cli('restore', 'latest', '--replace', '--yes');
  expect(await started()).toBeUndefined();
});

test('triggers of the search: no backup is verified, and the start names the SQL that makes them again', async () => {
  run('DROP TRIGGER anime_added; DROP TRIGGER anime_search_added');
  run("INSERT INTO anime (code, title) VALUES (3, 'Three')");
  const lack = await started();
  expect(lack?.findings).toEqual(['trigger anime_added is missing', 'trigger anime_search_added is missing']);
  expect(await cli('full')).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('trigger anime_added is missing'),
  });
  expect((await cli('list')).stdout).toMatch(/^Not safe: /);
  const told = lack === undefined ? '' : tellLack(lack);
  expect(told).toContain('npm run backup -- restore latest --replace');
  run(/ run this SQL in it: (.*)$/.exec(told)?.[1] ?? 'no way by hand');
  expect(await started()).toBeUndefined();
  expect(count('anime_stale')).toBe(3);
  expect(await cli('full')).toMatchObject({ code: 0 });
});
