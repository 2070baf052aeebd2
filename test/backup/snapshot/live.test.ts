/** Snapshots while somebody writes at full speed. */
import Database from 'libsql';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { SnapshotSource } from '../../../src/backup/model.ts';
import { openEmbeddedSnapshotSource } from '../../../src/backup/snapshot/embedded.ts';
import { openRemoteSnapshotSource } from '../../../src/backup/snapshot/remote.ts';
import { allTargets, makeDatabase, readAll, serve } from './rig.ts';

const ACCOUNTS = 2_000;
const ROWS = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${ACCOUNTS})`;
const BANK = `CREATE TABLE a (id INTEGER PRIMARY KEY, money INT); ${ROWS} INSERT INTO a SELECT i, 100 FROM n;
  CREATE TABLE b (id INTEGER PRIMARY KEY, money INT); ${ROWS} INSERT INTO b SELECT i, 100 FROM n;
  CREATE INDEX b_money ON b (money DESC);
  CREATE TABLE log (n INTEGER PRIMARY KEY, amount INT)`;

/** Moves money from `a` to `b` in one transaction after another, as often as the event loop lets it. */
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

  test('batch sizes and row counts around the hundred rows libsql fetches at once', async () => {
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

  test('a schema change while rows are read does not show', async () => {
    const { file, db } = makeDatabase(`CREATE TABLE t (id INTEGER PRIMARY KEY, a); ${MANY}`);
    const source = openEmbeddedSnapshotSource({ path: file });
    let count = 0;
    await source.read(async ({ schema, scans }) => {
      for await (const { rows } of scans(allTargets(schema))) {
        for await (const batch of rows) {
          if (count === 0) db.exec('ALTER TABLE t ADD COLUMN b DEFAULT 5; DELETE FROM t WHERE id > 10');
          count += batch.length;
          expect(batch[0]).toHaveLength(3);
        }
      }
    });
    expect(count).toBe(20_000);
  });
});
