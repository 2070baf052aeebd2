/** What is refused, the lock page, and how the output is driven. */

import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import type { Row, SqlValue } from '../../../src/backup/model/model.ts';
import { type FileLimits, SQLITE_LIMITS } from '../../../src/backup/sqlite/format.ts';
import { createSqliteSink } from '../../../src/backup/sqlite/sqlite-sink.ts';
import { readSqliteSchema } from '../../support/sqlite-source.ts';
import { integrity, memoryWriter, openBytes, writeRows } from './oracle.ts';

const TABLE = 'CREATE TABLE t(a)';

describe('refused, with the place named', () => {
  const big = new Uint8Array(100_000);
  const cases: [string, Row[], string][] = [
    [
      'rowids that fall',
      [
        [2n, 'a'],
        [1n, 'b'],
      ],
      'table t, row 2: rowid 1 after 2, rows must ascend',
    ],
    [
      'rowids twice',
      [
        [2n, 'a'],
        [2n, 'b'],
      ],
      'table t, row 2: rowid 2 after 2, rows must ascend',
    ],
    [
      'rowids that fall, with large rows',
      [
        [2n, big],
        [1n, big],
      ],
      'table t, row 2: rowid 1 after 2, rows must ascend',
    ],
    ['a row without a rowid', [['a', 'b']], 'table t, row 1: rowid is no integer'],
    ['too few values', [[1n]], 'table t, row 1: 1 values, expected 2'],
    ['too many values', [[1n, 2n, 3n]], 'table t, row 1: 3 values, expected 2'],
    ['a rowid beyond 64 bits', [[2n ** 63n, 'a']], `table t, row 1: rowid ${2n ** 63n} is beyond 64 bits`],
    [
      'an integer beyond 64 bits',
      [[1n, -(2n ** 63n) - 1n]],
      `table t, row 1: integer ${-(2n ** 63n) - 1n} is beyond 64 bits`,
    ],
    ['NaN', [[1n, Number.NaN]], 'table t, row 1: NaN cannot be stored'],
    [
      'half a surrogate pair',
      [[1n, 'a\ud800']],
      'table t, row 1: text with half a surrogate pair cannot be stored',
    ],
    [
      'half a surrogate pair in a large row',
      [[1n, 'a\ud800'.repeat(30_000)]],
      'table t, row 1: text with half a surrogate pair cannot be stored',
    ],
  ];
  test.each(cases)('%s', async (_name, rows, message) => {
    await expect(writeRows(TABLE, { t: rows })).rejects.toThrow(message);
  });

  test('a row longer than SQLite reads', async () => {
    const limits = { ...SQLITE_LIMITS, maxRecord: 50_000 };
    await expect(writeRows(TABLE, { t: [[1n, big]] }, limits)).rejects.toThrow(
      'table t, row 1: row of 100004 bytes, sqlite takes at most 50000',
    );
  });

  test('a file longer than SQLite addresses', async () => {
    const rows = Array.from({ length: 20 }, (_, i): Row => [BigInt(i), big]);
    const pages = (await writeRows(TABLE, { t: rows })).length / 4096;
    await writeRows(TABLE, { t: rows }, { ...SQLITE_LIMITS, maxPages: pages });
    await expect(writeRows(TABLE, { t: rows }, { ...SQLITE_LIMITS, maxPages: pages - 1 })).rejects.toThrow(
      `database too large: sqlite files have at most ${pages - 1} pages`,
    );
  });
});

test('the lock page is left empty, wherever in the file it falls', async () => {
  const text = (i: number) => `${String(i).padStart(4, '0')}${'z'.repeat((i * 37) % 900)}`;
  const value = (i: number): SqlValue =>
    i % 20 === 0 ? new Uint8Array(i === 60 ? 50_000 : 9000).fill(i) : null;
  const numbers = Array.from({ length: 150 }, (_, i) => i);
  // No view here: with one, SQLite may skip its check for unused pages (it takes the missing root
  // for a partial check).
  const ddl = `CREATE TABLE t(a, b); CREATE INDEX i ON t(a); CREATE TABLE u(a /*${'-'.repeat(5000)}*/)`;
  const rows = {
    t: numbers.map((i): Row => [BigInt(i), text(i), value(i)]),
    i: numbers.map((i): Row => [text(i), BigInt(i)]),
  };
  const plain = await writeRows(ddl, rows);
  const pages = plain.length / 4096;
  expect(pages).toBeGreaterThan(60);
  for (let lockPage = 2; lockPage <= pages + 2; lockPage += 1) {
    const limits: FileLimits = { ...SQLITE_LIMITS, lockPage };
    const bytes = await writeRows(ddl, rows, limits);
    using db = openBytes(bytes);
    if (lockPage > pages) {
      expect(bytes).toEqual(plain);
      continue;
    }
    expect(bytes.length).toBe(plain.length + 4096);
    expect(bytes.subarray((lockPage - 1) * 4096, lockPage * 4096)).toEqual(new Uint8Array(4096));
    // SQLite looks for the lock page elsewhere, so it misses this one, and nothing else.
    expect(integrity(db).filter((line) => !line.startsWith('***'))).toEqual([`Page ${lockPage}: never used`]);
    expect(db.prepare('SELECT sum(length(a)) AS a, sum(length(b)) AS b FROM t').get()).toEqual({
      a: numbers.reduce((sum, i) => sum + text(i).length, 0),
      b: 7 * 9000 + 50_000,
    });
  }
});

test('the lock page of real files is the one that holds byte 2^30', () => {
  expect(SQLITE_LIMITS.lockPage).toBe(262_145);
  expect((SQLITE_LIMITS.lockPage - 1) * 4096).toBe(2 ** 30);
});

describe('output', () => {
  const blob = new Uint8Array(20_000);
  const many = Array.from(
    { length: 500 },
    (_, i): Row => [BigInt(i), i === 250 ? new Uint8Array(5_000_000) : blob],
  );

  function open(out: Parameters<typeof createSqliteSink>[0]) {
    using db = new DatabaseSync(':memory:');
    db.exec(TABLE);
    const schema = readSqliteSchema(db);
    const sink = createSqliteSink(out);
    sink.begin(schema);
    return { sink, schema, targets: sink.targets(schema) };
  }

  test('goes out in chunks of 256 to 512 KiB, one write at a time, rows waiting for writes', async () => {
    const memory = memoryWriter();
    let pending = 0;
    const { sink, targets } = open({
      ...memory,
      async write(chunk) {
        pending += 1;
        expect(pending).toBe(1);
        await new Promise(setImmediate);
        await memory.write(chunk);
        pending -= 1;
      },
    });
    for (const target of targets) {
      await sink.beginScan(target);
      await sink.rows(many);
      expect(pending).toBe(0);
      await sink.endScan();
    }
    await sink.finish();
    const last = memory.sizes.pop() ?? 0;
    expect(last).toBeLessThan(512 * 1024);
    expect(memory.sizes.length).toBeGreaterThan(20);
    for (const size of memory.sizes) {
      expect(size % 4096).toBe(0);
      expect(size).toBeGreaterThanOrEqual(256 * 1024);
      expect(size).toBeLessThanOrEqual(512 * 1024);
    }
    using db = openBytes(memory.bytes());
    expect(integrity(db)).toEqual(['ok']);
  });

  test('that fails rejects with what it failed with', async () => {
    const failure = new RangeError('disk full');
    const { sink, targets } = open({ ...memoryWriter(), write: () => Promise.reject(failure) });
    const [target] = targets;
    if (target === undefined) throw new Error('no target');
    await sink.beginScan(target);
    await expect(sink.rows(many)).rejects.toBe(failure);
    await expect(sink.endScan()).rejects.toThrow('an earlier step of this sqlite file failed');
    await expect(sink.finish()).rejects.toThrow('not all rows were read');
  });

  test('is not closed after a failure, nor twice, and steps do not overlap', async () => {
    let closed = 0;
    let failing = true;
    const write = async () => {
      if (failing) throw new Error('no route to bucket');
    };
    const close = async () => {
      closed += 1;
    };
    const first = open({ ...memoryWriter(), write, close });
    for (const target of first.targets) {
      await first.sink.beginScan(target);
      await first.sink.endScan();
    }
    await expect(first.sink.finish()).rejects.toThrow('no route to bucket');
    failing = false;
    await expect(first.sink.finish()).rejects.toThrow('an earlier step of this sqlite file failed');
    expect(closed).toBe(0);

    const second = open({ ...memoryWriter(), write, close });
    for (const target of second.targets) {
      await second.sink.beginScan(target);
      const running = second.sink.rows(many);
      await expect(second.sink.rows([])).rejects.toThrow('is not at its end');
      await running;
      await second.sink.endScan();
    }
    await second.sink.finish();
    await expect(second.sink.finish()).rejects.toThrow('is not at its end');
    expect(closed).toBe(1);
  });

  test('is not closed when scans are missing, doubled or unknown', async () => {
    const memory = memoryWriter();
    const { sink, schema, targets } = open(memory);
    const [target] = targets;
    if (target === undefined || target.kind !== 'table') throw new Error('no target');
    const between = { parent: target.table, child: target.table, parentKey: 0, childKey: 0, orderBy: null };
    await expect(sink.rows([])).rejects.toThrow('rows outside a scan');
    await sink.beginScan(target);
    expect(() => sink.beginScan(target)).toThrow('scan of t is not at its end');
    await expect(sink.finish()).rejects.toThrow('not all rows were read');
    await sink.endScan();
    expect(() => sink.beginScan(target)).toThrow('t was scanned before');
    expect(() => sink.beginScan({ kind: 'table', table: { ...target.table, name: 'u' } })).toThrow(
      'u is not in the schema',
    );
    expect(() => sink.beginScan({ kind: 'nested', ...between })).toThrow('no nested rows');
    expect(() => sink.begin(schema)).toThrow('writes one file');

    const other = open(memory);
    await expect(other.sink.finish()).rejects.toThrow('table t was not scanned');
    const strange = { ...schema, tables: [] };
    expect(() => createSqliteSink(memory).begin(strange)).toThrow('no columns known for t');
    expect(() => createSqliteSink(memory).begin({ ...schema, objects: [] })).toThrow(
      't is not in the schema',
    );
    expect(() => memory.bytes()).toThrow('never closed');
  });
});
