/** Snapshots while somebody writes at full speed. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import Database from 'libsql';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { SnapshotSource } from '../../../src/backup/model/model.ts';
import { openEmbeddedSnapshotSource } from '../../../src/backup/snapshot/embedded.ts';
import { openFileSnapshotSource } from '../../../src/backup/snapshot/file.ts';
import { openRemoteSnapshotSource } from '../../../src/backup/snapshot/remote.ts';
import { allTargets, makeDatabase, readAll, serve, truth } from './rig.ts';

const ACCOUNTS = 2_000;
const ROWS = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${ACCOUNTS})`;
const BANK = `CREATE TABLE a (id INTEGER PRIMARY KEY, money INT); ${ROWS} INSERT INTO a SELECT i, 100 FROM n;
  CREATE TABLE b (id INTEGER PRIMARY KEY, money INT); ${ROWS} INSERT INTO b SELECT i, 100 FROM n;
  CREATE INDEX b_money ON b (money DESC);
  CREATE TABLE log (n INTEGER PRIMARY KEY, amount INT)`;

/**
 * Moves money from `a` to `b` in one transaction after another, as often as the event loop lets it.
 */
function writer(file: string) {
  // No busy timeout: the first lock that a reader made it wait for would throw.
  const db = new Database(file);
  let transfers = 0;
  let running = true;
  const turn = () => {
    if (!running) return;
    for (let burst = 0; burst < 5; burst++) {
      const [from, to, amount] = [
        (transfers % ACCOUNTS) + 1,
        ((transfers * 7) % ACCOUNTS) + 1,
        transfers % 9,
      ];
      db.exec(`BEGIN IMMEDIATE; UPDATE a SET money = money - ${amount} WHERE id = ${from};
        UPDATE b SET money = money + ${amount} WHERE id = ${to}; INSERT INTO log VALUES (${transfers}, ${amount}); COMMIT`);
      transfers++;
    }
    setImmediate(turn);
  };
  setImmediate(turn);
  onTestFinished(() => {
    running = false;
    db.close();
  });
  return {
    get transfers() {
      return transfers;
    },
  };
}

describe('an invariant over several tables holds in every snapshot', () => {
  test.each(['embedded', 'cursor', 'pages'] as const)('%s', async (how) => {
    const { file } = makeDatabase(BANK);
    const server = await serve(file, how === 'pages' ? { without: 'cursor' } : {});
    const source: SnapshotSource =
      how === 'embedded'
        ? openEmbeddedSnapshotSource({ path: file, batchRows: 100 })
        : openRemoteSnapshotSource({ url: server.url, fetch, batchRows: 100 });
    const live = writer(file);
    for (let turn = 0; turn < 8; turn++) {
      const before = live.transfers;
      const { rows } = await readAll(source);
      // It was written meanwhile, or the test proves nothing.
      expect(live.transfers).toBeGreaterThan(before + 5);
      const sum = (name: string, column: number) =>
        (rows[name] ?? []).reduce((total, row) => total + Number(row[column]), 0);
      const moved = sum('log', 2);
      expect(rows['log']?.length).toBeGreaterThanOrEqual(before);
      expect(sum('a', 2)).toBe(ACCOUNTS * 100 - moved);
      expect(sum('b', 2)).toBe(ACCOUNTS * 100 + moved);
      expect(sum('b_money', 0)).toBe(sum('b', 2));
      expect(rows['log']?.map((row) => row[0])).toEqual(rows['log']?.map((_, index) => BigInt(index)));
    }
  });
});

describe('embedded', () => {
  const MANY = `${ROWS.replace(String(ACCOUNTS), '20000')} INSERT INTO t SELECT i, 'row ' || i FROM n`;

  test('the event loop gets its turns while a snapshot is read', async () => {
    const { file } = makeDatabase(`CREATE TABLE t (id INTEGER PRIMARY KEY, a); ${MANY}`);
    let turns = 0;
    let counting = true;
    const count = () => {
      turns++;
      if (counting) setImmediate(count);
    };
    setImmediate(count);
    await readAll(openEmbeddedSnapshotSource({ path: file, batchRows: 200 }));
    counting = false;
    expect(turns).toBeGreaterThan(90);
  });

  test('a missing file is an error, not a new database', async () => {
    const { file } = makeDatabase();
    await expect(readAll(openEmbeddedSnapshotSource({ path: `${file}.nowhere` }))).rejects.toThrow(
      /does not exist/,
    );
  });

  test('batch sizes and row counts around the size of a batch', async () => {
    for (const count of [0, 1, 99, 100, 101, 200]) {
      const { file } = makeDatabase(
        `CREATE TABLE t (a); ${ROWS.replace(String(ACCOUNTS), String(count))} INSERT INTO t SELECT i FROM n WHERE i <= ${count}`,
      );
      for (const batchRows of [1, 99, 100, 500]) {
        const { rows } = await readAll(openEmbeddedSnapshotSource({ path: file, batchRows }));
        expect(rows['t']?.map((row) => row[0])).toEqual(
          Array.from({ length: count }, (_, index) => BigInt(index + 1)),
        );
      }
    }
  });

  test('large values come whole, also those that are no UTF-8', async () => {
    const { file, db } = makeDatabase(
      'CREATE TABLE t (id INTEGER PRIMARY KEY, a, b); CREATE TABLE w (k PRIMARY KEY, v) WITHOUT ROWID',
    );
    const bytes = Buffer.alloc(300_000, 'ў');
    const broken = Buffer.concat([bytes, Buffer.from([0xff])]);
    db.prepare('INSERT INTO t VALUES (7, ?, CAST(? AS TEXT)), (8, CAST(? AS TEXT), 1)').run([
      bytes,
      bytes,
      broken,
    ]);
    db.prepare('INSERT INTO w VALUES (1, CAST(? AS TEXT)), (2, ?)').run([bytes, bytes]);
    const { rows } = await readAll(openEmbeddedSnapshotSource({ path: file }));
    const plain = new Uint8Array(bytes);
    expect(rows['t']?.[0]).toEqual([7n, 7n, plain, bytes.toString()]);
    expect(rows['t']?.[1]?.[2]).toMatchObject({ bytes: new Uint8Array(broken) });
    expect(rows['w']).toEqual([
      [1n, bytes.toString()],
      [2n, plain],
    ]);
  });

  test.each([
    ['throws', async () => Promise.reject(new Error('enough'))],
    ['leaves a scan half-read', async () => undefined],
  ])('a consumer that %s leaves no read transaction behind', async (_, leave) => {
    const { file, db } = makeDatabase(`CREATE TABLE t (id INTEGER PRIMARY KEY, a); ${MANY}`);
    const read = openEmbeddedSnapshotSource({ path: file }).read(async ({ schema, scans }) => {
      // By hand, so that nothing closes the iterators.
      const scan = await scans(allTargets(schema))[Symbol.asyncIterator]().next();
      await scan.value?.rows[Symbol.asyncIterator]().next();
      await leave();
    });
    await expect(read).rejects.toThrow(/enough|not read to its end/);
    db.exec("UPDATE t SET a = '' WHERE id = 1");
    expect(db.pragma('wal_checkpoint(TRUNCATE)')).toMatchObject([{ busy: 0 }]);
  });

  const copiesOf = (file: string) => readdirSync(dirname(file)).filter((name) => name.includes('.snapshot-'));
  /** More than is copied on the spot: a process of its own does it. */
  const LARGE = `CREATE TABLE t (id INTEGER PRIMARY KEY, a BLOB); ${ROWS} INSERT INTO t SELECT i, randomblob(1000) FROM n`;

  test.each([
    ['small', `CREATE TABLE t (id INTEGER PRIMARY KEY, a); ${MANY}`],
    ['large', LARGE],
  ])('a %s database is copied under a name that is gone before the first row is read', async (_, sql) => {
    const { file } = makeDatabase(sql);
    await openEmbeddedSnapshotSource({ path: file }).read(async ({ schema, scans }) => {
      expect(copiesOf(file)).toEqual([]);
      for await (const { rows } of scans(allTargets(schema))) for await (const _ of rows);
    });
    expect(copiesOf(file)).toEqual([]);
  });

  test('a writer goes on while a large database is copied', async () => {
    const { file, db } = makeDatabase(`${LARGE}; INSERT INTO t SELECT id + 10000, a FROM t`);
    let commits = 0;
    let longest = 0;
    let going = true;
    const write = () => {
      if (!going) return;
      const begun = performance.now();
      db.exec('UPDATE t SET a = zeroblob(10) WHERE id = 1');
      longest = Math.max(longest, performance.now() - begun);
      commits += 1;
      setImmediate(write);
    };
    setImmediate(write);
    const began = performance.now();
    let took = 0;
    await openEmbeddedSnapshotSource({ path: file }).read(async ({ scans }) => {
      going = false;
      took = performance.now() - began;
      for await (const _ of scans([]));
    });
    expect(commits).toBeGreaterThan(5);
    // Generous: bench/writers.ts measures. Whoever waited for the copy would have waited until it
    // was done, once.
    expect(longest).toBeLessThan(Math.max(1_000, took / 2));
  });

  test('the file of the snapshot is the same database as its rows', async () => {
    const database = makeDatabase(LARGE);
    const pages: Uint8Array[] = [];
    const rows = await openEmbeddedSnapshotSource({ path: database.file }).read(async ({ scans, file }) => {
      for await (const _ of scans([]));
      pages.push(file?.head ?? new Uint8Array());
      for await (const chunk of file?.rest() ?? []) pages.push(Uint8Array.from(chunk));
      return truth(database);
    });
    const path = `${database.file}.taken`;
    writeFileSync(path, Buffer.concat(pages));
    expect((await readAll(openFileSnapshotSource({ path }))).rows).toEqual(rows);
    const taken = new DatabaseSync(path);
    expect(taken.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
    expect(taken.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'delete' });
    expect(taken.prepare('PRAGMA page_size').get()).toEqual({ page_size: 4096 });
    taken.close();
  });

  test('deleted rows, other page sizes and auto_vacuum do not come along', async () => {
    const { file } = makeDatabase();
    const old = `${file}.old`;
    const db = new Database(old);
    db.exec(`PRAGMA page_size = 1024; PRAGMA auto_vacuum = FULL; ${LARGE.replace('2000', '500')};
      CREATE TABLE gone (a); INSERT INTO gone VALUES ('a secret of somebody'); DELETE FROM gone`);
    db.close();
    const bytes = await openEmbeddedSnapshotSource({ path: old }).read(async ({ scans, file: taken }) => {
      for await (const _ of scans([]));
      const chunks = [Uint8Array.from(taken?.head ?? [])];
      for await (const chunk of taken?.rest() ?? []) chunks.push(Uint8Array.from(chunk));
      return Buffer.concat(chunks);
    });
    expect(bytes.includes('a secret of somebody')).toBe(false);
    expect(bytes.readUInt16BE(16)).toBe(4096);
    expect(bytes.readUInt32BE(52)).toBe(0);
  });

  test.each(['on the spot', 'by a process'])(
    'a damaged database is named as such, copied %s',
    async (how) => {
      const { file, db } = makeDatabase(how === 'by a process' ? LARGE : 'CREATE TABLE t (a)');
      db.close();
      const bytes = readFileSync(file);
      writeFileSync(file, Buffer.concat([bytes.subarray(0, 100), Buffer.alloc(bytes.length - 100, 7)]));
      await expect(readAll(openEmbeddedSnapshotSource({ path: file }))).rejects.toMatchObject({
        message: expect.stringContaining(`no copy of the database ${file}: the database is damaged`),
        cause: { code: 'SQLITE_CORRUPT' },
      });
      expect(copiesOf(file)).toEqual([]);
    },
  );

  test('a schema change while rows are read does not show', async () => {
    const { file, db } = makeDatabase(`CREATE TABLE t (id INTEGER PRIMARY KEY, a); ${MANY}`);
    const source = openEmbeddedSnapshotSource({ path: file });
    let count = 0;
    await source.read(async ({ schema, scans }) => {
      for await (const { rows } of scans(allTargets(schema))) {
        for await (const batch of rows) {
          if (count === 0) db.exec('ALTER TABLE t ADD COLUMN b DEFAULT 5; DELETE FROM t WHERE id > 10');
          count += batch.length;
          expect([...batch][0]).toHaveLength(3);
        }
      }
    });
    expect(count).toBe(20_000);
  });
});
