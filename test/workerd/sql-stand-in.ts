/**
 * The database that tests in workerd read over HTTP, and what must be found in it. Runs in Node.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { startSqlServer } from '../../sim/sql-over-http/sql-server.ts';

export interface SqlStandIns {
  /** Every kind of value; `t` holds nothing that needs the exact form, `odd` does. */
  readonly values: { readonly url: string; readonly authToken: string };
  /** The same rows from a server without cursors. */
  readonly pages: { readonly url: string };
  /** Larger than a Worker's memory: rows of `big` and the sum of their text lengths. */
  readonly big: { readonly url: string; readonly rows: number; readonly characters: number };
  /** Empty, to be written to. */
  readonly empty: { readonly url: string };
}

const VALUES = `CREATE TABLE t (id INTEGER PRIMARY KEY, i, r REAL, s TEXT, b BLOB);
  INSERT INTO t VALUES (1, 9223372036854775807, 0.1, 'o‘lim "daftari"', x'00ff10'), (2, -9223372036854775808, 9e999, 'x' || char(0) || '💥', x''),
    (3, 1.0, -9e999, NULL, NULL), (-5, 9007199254740993, 5e-324, 'шумный', x'ff');
  CREATE TABLE odd (a); INSERT INTO odd VALUES (CAST(x'61ff' AS TEXT)), (x'61ff'), ('fine');
  CREATE INDEX t_s ON t (s COLLATE NOCASE DESC)`;

/** 1.3 KB a row; past the 128 MB of a Worker. */
const BIG_ROWS = 110_000;
const BIG = `CREATE TABLE big (id INTEGER PRIMARY KEY, a TEXT);
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${BIG_ROWS}) INSERT INTO big SELECT i, hex(zeroblob(650 + i % 7)) FROM n`;

export async function startSqlStandIns(): Promise<{
  readonly settings: SqlStandIns;
  close(): Promise<void>;
}> {
  const directory = mkdtempSync(join(tmpdir(), 'sql-stand-in-'));
  const make = (name: string, sql: string) => {
    const file = join(directory, name);
    const db = new Database(file);
    db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; ${sql}`);
    db.close();
    return file;
  };
  const values = make('values.db', VALUES);
  const servers = {
    values: await startSqlServer({ file: values, authToken: 'workerd' }),
    pages: await startSqlServer({ file: values, without: 'cursor' }),
    big: await startSqlServer({ file: make('big.db', BIG) }),
    empty: await startSqlServer({ file: join(directory, 'empty.db') }),
  };
  let characters = 0;
  for (let id = 1; id <= BIG_ROWS; id++) characters += 2 * (650 + (id % 7));
  return {
    settings: {
      values: { url: servers.values.url, authToken: 'workerd' },
      pages: { url: servers.pages.url },
      big: { url: servers.big.url, rows: BIG_ROWS, characters },
      empty: { url: servers.empty.url },
    },
    async close() {
      await Promise.all(Object.values(servers).map((server) => server.close()));
      rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}
