/** Shapes of b-trees that random databases seldom hit: every boundary is walked over row by row. */
import { describe, expect, test } from 'vitest';
import type { Row } from '../../../src/backup/model/model.ts';
import { integrity, openBytes, writeRows } from './oracle.ts';

const MIN_ROWID = -(2n ** 63n);

describe('the last page of a level', () => {
  test('an index of any length has no empty page, at the leaf or above', async () => {
    // Four entries fill a page, so every few rows start a page, and every few of those a level.
    for (let count = 0; count <= 150; count += 1) {
      const rows = Array.from(
        { length: count },
        (_, i): Row => [`${String(i).padStart(4, '0')}${'x'.repeat(960)}`],
      );
      using db = openBytes(await writeRows('CREATE TABLE t(k TEXT PRIMARY KEY) WITHOUT ROWID', { t: rows }));
      expect([count, ...integrity(db)]).toEqual([count, 'ok']);
      expect(db.prepare('SELECT count(*) AS n FROM t').get()).toEqual({ n: count });
    }
  });

  test('a table whose interior page fills has no empty page behind it', async () => {
    // One row a leaf and rowids of 9 bytes: 272 children an interior page.
    const wide = new Uint8Array(3000);
    const around = (full: number) => [-2, -1, 0, 1, 2, 3].map((more) => full + more);
    for (const count of [...around(271), ...around(543)]) {
      const rows = Array.from({ length: count }, (_, i): Row => [MIN_ROWID + BigInt(i), wide]);
      using db = openBytes(await writeRows('CREATE TABLE t(a BLOB)', { t: rows }));
      expect([count, ...integrity(db)]).toEqual([count, 'ok']);
      expect(db.prepare('SELECT count(*) AS n FROM t').get()).toEqual({ n: count });
      db.exec('INSERT INTO t VALUES (1); DELETE FROM t WHERE rowid % 2 = 0');
      expect(integrity(db)).toEqual(['ok']);
    }
  });

  test('cells shorter than four bytes are padded with zero, and not when they move up', async () => {
    let movedUp = 0;
    let padded = 0;
    // Around 605 numbers fill the first leaf, so the short cell of '' is now its last one, now the
    // first of the next.
    for (let numbers = 590; numbers <= 620; numbers += 1) {
      const rows = Array.from({ length: numbers }, (_, i): Row => [BigInt(i + 2)]);
      for (let i = 1000; i < 1300; i += 1) rows.push(i === 1000 ? [''] : [`${i}`]);
      const bytes = await writeRows('CREATE TABLE t(k PRIMARY KEY) WITHOUT ROWID', { t: rows });
      using db = openBytes(bytes);
      expect([numbers, ...integrity(db)]).toEqual([numbers, 'ok']);
      expect(db.prepare("SELECT count(*) AS n FROM t WHERE k = ''").get()).toEqual({ n: 1 });
      // The root is the last page, its only cell at its end: child, length 2, header of 2 bytes,
      // type 13.
      movedUp += Buffer.from(bytes.subarray(-3)).toString('hex') === '02020d' ? 1 : 0;
      const second = Buffer.from(bytes.subarray(3 * 4096 - 4, 3 * 4096));
      padded += second.toString('hex') === '02020d00' ? 1 : 0;
    }
    expect(movedUp).toBeGreaterThan(0);
    expect(padded).toBeGreaterThan(0);
  });
});

test('three levels of a table, searched and written to', async () => {
  const wide = new Uint8Array(3000);
  const rows = Array.from({ length: 1200 }, (_, i): Row => [MIN_ROWID + BigInt(i * 2), wide]);
  using db = openBytes(await writeRows('CREATE TABLE t(a BLOB)', { t: rows }));
  const find = db.prepare('SELECT length(a) AS bytes FROM t WHERE rowid = ?');
  for (let i = 0; i < 1200; i += 1) expect(find.get(MIN_ROWID + BigInt(i * 2))).toEqual({ bytes: 3000 });
  expect(find.get(MIN_ROWID + 1n)).toBeUndefined();
  db.prepare('INSERT INTO t(rowid, a) VALUES (?, ?)').run(MIN_ROWID + 1001n, wide);
  expect(integrity(db)).toEqual(['ok']);
});

test('every rowid keeps its place, from the least to the greatest', async () => {
  const edges = [0n, 7n, 14n, 21n, 28n, 35n, 42n, 49n, 53n, 56n, 62n].flatMap((bits) => [
    2n ** bits - 1n,
    2n ** bits,
    2n ** bits + 1n,
  ]);
  const rowids = [
    ...new Set([MIN_ROWID, MIN_ROWID + 1n, -(2n ** 56n), -129n, -1n, ...edges, 2n ** 63n - 1n]),
  ].sort((a, b) => (a < b ? -1 : 1));
  const rows = rowids.map((rowid): Row => [rowid, `${rowid}`]);
  using db = openBytes(await writeRows('CREATE TABLE t(a)', { t: rows }));
  expect(integrity(db)).toEqual(['ok']);
  const select = db.prepare('SELECT rowid, a FROM t ORDER BY rowid');
  select.setReadBigInts(true);
  expect(select.all()).toEqual(rowids.map((rowid) => ({ rowid, a: `${rowid}` })));
});

describe('overflow', () => {
  test('payloads of every length around the places where they spill', async () => {
    const lengths = [
      [0, 140],
      [480, 500],
      [980, 1020],
      [4040, 4110],
      [4570, 4590],
      [5080, 5110],
      [8150, 8200],
      [9160, 9190],
      [32_700, 32_800],
    ].flatMap(([from = 0, to = 0]) => Array.from({ length: to - from }, (_, i) => from + i));
    const texts = lengths.map((length) =>
      `${String(length).padStart(6, '0')}`.slice(0, length).padEnd(length, 'y'),
    );
    const sorted = texts
      .map((text, i) => ({ text, rowid: BigInt(i + 1) }))
      .sort((a, b) => (a.text < b.text ? -1 : 1));
    const bytes = await writeRows('CREATE TABLE t(a); CREATE INDEX i ON t(a)', {
      t: texts.map((text, i): Row => [BigInt(i + 1), text]),
      i: sorted.map(({ text, rowid }): Row => [text, rowid]),
    });
    using db = openBytes(bytes);
    expect(integrity(db)).toEqual(['ok']);
    expect(
      db
        .prepare('SELECT a FROM t ORDER BY rowid')
        .all()
        .map((row) => row['a']),
    ).toEqual(texts);
    expect(
      db
        .prepare('SELECT a FROM t INDEXED BY i ORDER BY a')
        .all()
        .map((row) => row['a']),
    ).toEqual(sorted.map(({ text }) => text));
    db.exec('DELETE FROM t WHERE rowid % 2 = 0');
    expect(integrity(db)).toEqual(['ok']);
  });

  test('blobs and headers where the length of a length changes', async () => {
    const lengths = [57, 58, 59, 8185, 8186, 8187, 1_048_569, 1_048_570, 1_048_571];
    const columns = Array.from({ length: 140 }, (_, i) => `c${i}`);
    for (let width = 120; width < 140; width += 1) {
      const rows = lengths
        .slice(0, 6)
        .map(
          (length, i): Row => [BigInt(i), ...columns.slice(1, width).map(() => null), new Uint8Array(length)],
        );
      using db = openBytes(
        await writeRows(`CREATE TABLE t(${columns.slice(0, width).join(', ')})`, { t: rows }),
      );
      expect([width, ...integrity(db)]).toEqual([width, 'ok']);
      const found = db.prepare(`SELECT length(c${width - 1}) AS n FROM t`).all();
      expect(found.map((row) => row['n'])).toEqual(lengths.slice(0, 6));
    }
    const rows = lengths.map((length, i): Row => [BigInt(i), new Uint8Array(length), 'behind']);
    using db = openBytes(await writeRows('CREATE TABLE t(a, b)', { t: rows }));
    expect(integrity(db)).toEqual(['ok']);
    expect(db.prepare('SELECT length(a) AS n, b FROM t').all()).toEqual(
      lengths.map((n) => ({ n, b: 'behind' })),
    );
  });

  test('rows far larger than any buffer, in a table and in an index', async () => {
    // An odd start puts surrogate pairs across every place where text is cut.
    const text = `x${'😀'.repeat(100_000)}`;
    const blob = new Uint8Array(3_000_000).map((_, i) => i % 251);
    const row: Row = [1n, text, blob, 5n, 2.5, 6, null, 'end'];
    const bytes = await writeRows('CREATE TABLE t(a, b, c, d, e REAL, f, g); CREATE INDEX i ON t(a, b)', {
      t: [row, [2n, 'small', null, null, null, null, null, null]],
      i: [
        ['small', null, 2n],
        [text, blob, 1n],
      ],
    });
    using db = openBytes(bytes);
    expect(integrity(db)).toEqual(['ok']);
    const select = db.prepare('SELECT a, b, c, d, e, typeof(e) AS t, f, g FROM t INDEXED BY i WHERE a = ?');
    const { a, b, ...rest } = select.get(text) ?? {};
    // Not toEqual, which takes seconds for megabytes.
    expect(a === text).toBe(true);
    expect(Buffer.from(b as Uint8Array).equals(blob)).toBe(true);
    expect(rest).toEqual({ c: 5, d: 2.5, e: 6, t: 'real', f: null, g: 'end' });
  });
});
