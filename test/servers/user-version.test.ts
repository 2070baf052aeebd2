/**
 * `user_version` and names in double quotes, where the hosted service differs from a server of
 * one's own.
 */
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type SqlServer, startSqlServer } from '../../sim/sql-over-http/sql-server.ts';
import { copyColumns } from '../../src/backup/restore/staging.ts';
import { backUp, partsOf, restoreNewest } from '../backup/restore/support.ts';
import { createWorld, type World } from '../support/backup-world.ts';

let world: World;
let server: SqlServer | undefined;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(async () => {
  await server?.close();
  world.close();
});

async function restoreInto(kind: { readonly hosted?: true }) {
  server = await startSqlServer({ file: `${world.directory}/server.db`, ...kind });
  const target = { kind: 'remote' as const, url: server.url, authToken: undefined };
  const report = await restoreNewest(world, partsOf(world, { target }));
  const sent = server.requests.flatMap(({ sql }) => sql).filter((sql) => /^PRAGMA user_version/i.test(sql));
  await server.close();
  const db = new DatabaseSync(`${world.directory}/server.db`, { readOnly: true, timeout: 10_000 });
  const version = db.prepare('PRAGMA user_version').get()?.['user_version'];
  const rows = db.prepare('SELECT count(*) AS n FROM anime').get()?.['n'];
  db.close();
  return { report, sent, version, rows };
}

async function setVersion(version: number): Promise<void> {
  await world.db.write([{ sql: `PRAGMA user_version = ${version}`, args: [] }]);
}

test('it matches already: nothing is sent, nothing is said', async () => {
  await backUp(world);
  const { report, sent, rows } = await restoreInto({});
  expect(sent).toEqual([]);
  expect(report.notes).toEqual([]);
  expect(rows).toBe(40);
});

test('a server of one’s own takes it, in the same transaction', async () => {
  await setVersion(7);
  await backUp(world);
  const { report, version } = await restoreInto({});
  expect(version).toBe(7);
  expect(report.notes).toEqual([]);
});

test('the hosted service refuses it: the restore goes on, with a note', async () => {
  await setVersion(7);
  await backUp(world);
  const { report, version, rows } = await restoreInto({ hosted: true });
  expect(version).toBe(0);
  expect(rows).toBe(40);
  expect(report.notes).toEqual([
    'user_version is 0, not 7 as in the backup: the server does not let it be set',
  ]);
});

test('a column that is not there is an error, never a text that bears its name', () => {
  const db = new DatabaseSync(':memory:', { enableDoubleQuotedStringLiterals: true });
  db.exec('CREATE TABLE old (a); CREATE TABLE new (a, b); INSERT INTO old VALUES (1)');
  expect(() => db.exec(copyColumns('new', ['"a"', '"b"'], 'old'))).toThrow(/no such column: s\.b/);
  db.exec(copyColumns('new', ['"a"'], 'old'));
  expect(db.prepare('SELECT a, b FROM new').all()).toEqual([{ a: 1, b: null }]);
  db.close();
});
