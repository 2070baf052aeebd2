/** SQL over HTTP: what a server answers is believed only where it says that all is committed. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startSqlServer } from '../../sim/sql-over-http/sql-server.ts';
import { ConstraintFailed, type Database, DatabaseUnavailable, sql } from '../../src/db/database.ts';
import { openRemoteDatabase } from '../../src/db/remote-database.ts';

const valuesOf = (text: string) => ({
  ...sql(text),
  parse: (rows: readonly { values(): unknown[] }[]) => rows.map((row) => row.values()),
});

describe('a server', () => {
  let directory: string;
  let server: Awaited<ReturnType<typeof startSqlServer>>;
  let db: Database;
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'remote-'));
    server = await startSqlServer({ file: join(directory, 'bot.db') });
    db = openRemoteDatabase({ url: server.url, authToken: undefined, fetch });
    await db.write([
      sql('CREATE TABLE t (id INTEGER PRIMARY KEY, v)'),
      sql('CREATE TABLE child (t REFERENCES t (id) DEFERRABLE INITIALLY DEFERRED)'),
    ]);
  });
  afterEach(async () => {
    await server.close();
    rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
  });

  test('values of every kind go there and come back', async () => {
    const given = [
      null,
      9_007_199_254_740_993n,
      -1n,
      0.1,
      'matn “ʻ”\n"\\',
      new Uint8Array([0, 255, 127]),
      '',
    ];
    await db.write(given.map((value) => sql('INSERT INTO t (v) VALUES (?)', value)));
    const [rows] = await db.read([valuesOf('SELECT v FROM t ORDER BY id')]);
    expect(rows.map(([value]) => value)).toEqual(given);
  });

  test('a statement that is refused takes the whole batch back, and so does a COMMIT', async () => {
    const one = sql('INSERT INTO t (id) VALUES (1)');
    await expect(db.write([one, one])).rejects.toThrow(ConstraintFailed);
    const two = sql('INSERT INTO t (id) VALUES (2)');
    await expect(db.write([one, one, two])).rejects.toThrow(ConstraintFailed);
    await expect(db.write([one, sql('INSERT INTO child VALUES (2)')])).rejects.toThrow(ConstraintFailed);
    await expect(db.write([one, sql('INSERT INTO missing VALUES (2)')])).rejects.toThrow('no such table');
    const [rows] = await db.read([valuesOf('SELECT id FROM t')]);
    expect(rows).toEqual([]);
    await db.write([one]);
  });
});

const DONE = { cols: [], rows: [], affected_row_count: 0, last_insert_rowid: null };
const answering = (steps: readonly unknown[], errors: readonly unknown[] = steps.map(() => null)) =>
  Response.json({
    baton: null,
    base_url: null,
    results: [
      { type: 'ok', response: { type: 'batch', result: { step_results: steps, step_errors: errors } } },
      { type: 'ok', response: { type: 'close' } },
    ],
  });

function told(answer: () => Response): { db: Database; asked: [string, RequestInit][] } {
  const asked: [string, RequestInit][] = [];
  const fetched: typeof fetch = async (input, init = {}) => {
    asked.push([String(input), init]);
    return answer();
  };
  return {
    db: openRemoteDatabase({ url: 'libsql://db.example', authToken: 'secret', fetch: fetched }),
    asked,
  };
}

test('a write counts when BEGIN, each statement and COMMIT went well', async () => {
  const { db, asked } = told(() => answering([DONE, DONE, DONE, null]));
  await db.write([sql('DELETE FROM t')]);
  expect(asked[0]?.[0]).toBe('https://db.example/v2/pipeline');
  const init = asked[0]?.[1];
  expect(init).toMatchObject({ redirect: 'manual', headers: { authorization: 'Bearer secret' } });
  const [{ batch }] = JSON.parse(String(init?.body)).requests;
  expect(batch.steps.map(({ stmt }: { stmt: { sql: string } }) => stmt.sql)).toEqual([
    ...['BEGIN IMMEDIATE', 'DELETE FROM t', 'COMMIT', 'ROLLBACK'],
  ]);
});

test.each([
  ['without its COMMIT', () => answering([DONE, DONE, null, null])],
  ['without its statement', () => answering([DONE, null, DONE, null])],
  ['without its BEGIN', () => answering([null, DONE, DONE, null])],
  ['with too few steps', () => answering([DONE, DONE])],
  [
    'with a busy BEGIN',
    () => answering([null, null, null, DONE], [{ message: 'locked', code: 'SQLITE_BUSY' }]),
  ],
  ['of another shape', () => Response.json({ results: [] })],
  ['that is no JSON', () => new Response('<html>')],
  ['of status 503', () => new Response('later', { status: 503 })],
  [
    'that leads elsewhere',
    () => new Response(null, { status: 302, headers: { location: 'https://other.example' } }),
  ],
])('an answer %s is none: nothing is known to have happened', async (_, answer) => {
  const { db } = told(answer);
  await expect(db.write([sql('DELETE FROM t')])).rejects.toThrow(DatabaseUnavailable);
});

test.each([
  ['libsql://h.example?authToken=own', 'https://h.example/v2/pipeline', 'Bearer own'],
  ['libsql://h.example:8080?tls=0', 'http://h.example:8080/v2/pipeline', 'Bearer given'],
  ['http://h.example/db/', 'http://h.example/db/v2/pipeline', 'Bearer given'],
])('%s is asked at %s', async (url, address, authorization) => {
  const asked: unknown[] = [];
  const fetched: typeof fetch = async (input, init) => {
    asked.push([String(input), new Headers(init?.headers).get('authorization')]);
    return answering([DONE, DONE, null]);
  };
  await openRemoteDatabase({ url, authToken: 'given', fetch: fetched }).write([]);
  expect(asked).toEqual([[address, authorization]]);
});
