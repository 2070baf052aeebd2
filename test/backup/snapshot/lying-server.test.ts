/** A server that answers with other rows than it has: read again, and damaged if it goes on so. */
import { expect, test } from 'vitest';
import { openRemoteSnapshotSource } from '../../../src/backup/snapshot/remote.ts';
import { type Lie, lyingFetch, type Wire } from '../../support/lying-server.ts';
import { allTargets, makeDatabase, readAll, serve } from './rig.ts';

const SQL = `CREATE TABLE w (metric TEXT, day INTEGER, value INTEGER NOT NULL, PRIMARY KEY (metric, day DESC)) WITHOUT ROWID;
  INSERT INTO w VALUES ('a', 2, 1), ('a', 1, 1), ('b', 1, 1), (char(0xffff), 1, 1), ('💥', 1, 1);
  CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL, b BLOB, c TEXT COLLATE NOCASE);
  INSERT INTO t VALUES (1, 'x', x'09', 'B'), (2, 'y', x'10', 'a'), (3, 'y', 1.5, NULL), (4, char(0xe000), NULL, 'A');
  CREATE INDEX by_a ON t (a); CREATE INDEX by_b ON t (b DESC); CREATE INDEX by_c ON t (c)`;

const twice = (rows: readonly Wire[]): readonly Wire[] => [...rows, ...rows.slice(-1)];
const swapped = (rows: readonly Wire[]): readonly Wire[] => [
  ...rows.slice(1, 2),
  ...rows.slice(0, 1),
  ...rows.slice(2),
];
/** Of the quick form one text, of which nothing is left but what parts the values. */
const nulls = (rows: readonly Wire[]): readonly Wire[] =>
  rows.map((row) =>
    row.map((value) => {
      const { value: text } = value;
      return row.length === 1 && typeof text === 'string'
        ? { type: 'text', value: text.replace(/[^\x7f]/g, '') }
        : { type: 'null' };
    }),
  );
/** The first column alone is as it was. */
const hollow = (rows: readonly Wire[]): readonly Wire[] =>
  rows.map((row) => {
    const [first] = row;
    const text = first?.value;
    return row.length === 1 && typeof text === 'string'
      ? [{ type: 'text', value: text.replace(/\x7f.*/s, (rest) => rest.replace(/[^\x7f]/g, '')) }]
      : row.map((value, at) => (at === 0 || at === row.length - 1 ? value : { type: 'null' }));
  });

const source = async (lie: Lie, without?: 'cursor') => {
  const { file } = makeDatabase(SQL);
  const server = await serve(file, without === undefined ? {} : { without });
  const remote = openRemoteSnapshotSource({ url: server.url, fetch: lyingFetch([lie]), batchRows: 2 });
  const damage = () =>
    remote.read(async ({ schema, scans, check }) => {
      for await (const { rows } of scans(allTargets(schema))) for await (const _ of rows);
      return (await check?.())?.damage;
    });
  return { remote, damage };
};

const capped = (rows: readonly Wire[]): readonly Wire[] => rows.slice(0, 2);
/** The rows of the table, and not how many they are. */
const W = /FROM "w" ORDER/;
const T = /FROM "t" NOT INDEXED ORDER/;
const LIES: readonly (readonly [string, RegExp, Lie['change'], string])[] = [
  ['a keyed row twice', W, twice, 'row not in key order for table w'],
  ['keyed rows swapped', W, swapped, 'row not in key order for table w'],
  ['keyed rows of NULLs', W, nulls, 'NULL value in w.metric'],
  ['NULLs in a column that is NOT NULL', T, hollow, 'NULL value in t.a'],
  ['a table cut short', T, capped, 'table t: 2 rows came where count(*) is 4'],
  ['a row left out of a table', W, (rows) => rows.slice(1), 'table w: 4 rows came where count(*) is 5'],
  ['a table without its rows', W, () => [], 'table w: 0 rows came where count(*) is 5'],
  ['an entry of an index twice', /"by_a"/, twice, 'row not in key order for index by_a'],
  ['entries of an index swapped', /"by_a"/, swapped, 'row not in key order for index by_a'],
  ['entries of an index that descends swapped', /"by_b"/, swapped, 'row not in key order for index by_b'],
  ['an entry twice, by another collation', /"by_c"/, twice, 'row not in key order for index by_c'],
  ['entries of NULLs', /"by_c"/, nulls, 'NULL value in t.rowid'],
];

test.each(LIES)('%s: read again, and right', async (_, match, change, fault) => {
  const { remote, damage } = await source({ match, change, left: 1 });
  await expect(readAll(remote)).rejects.toThrow(`broke off: ${fault}`);
  expect(await damage()).toEqual([]);
});

test.each(LIES)('%s, again and again: damage', async (_, match, change, fault) => {
  const { remote, damage } = await source({ match, change, left: Number.POSITIVE_INFINITY });
  await expect(readAll(remote)).rejects.toThrow(fault);
  await expect(readAll(remote)).rejects.toThrow(fault);
  const found = await damage();
  expect(found).toContain(fault);
  expect(new Set(found).size).toBe(found?.length);
});

test.each(LIES.slice(0, 6))('%s by a server without cursors', async (_, match, change, fault) => {
  const { remote, damage } = await source({ match, change, left: 1 }, 'cursor');
  await expect(readAll(remote)).rejects.toThrow(fault);
  expect(await damage()).toEqual([]);
});

test('a count that does not come is missed', async () => {
  const { remote } = await source({ match: /count\(\*\) FROM "w"/, change: () => [], left: 1 });
  await expect(readAll(remote)).rejects.toThrow('table w: 5 rows came where count(*) is undefined');
});
