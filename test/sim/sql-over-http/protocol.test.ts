import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { execute, startRig } from './plain-client.ts';

const setup = {
  type: 'sequence',
  sql: 'CREATE TABLE t (id INTEGER PRIMARY KEY, a); INSERT INTO t (a) VALUES (1), (2)',
};

describe('routes and authentication', () => {
  test('version checks answer without a token, everything else needs it', async () => {
    const { server, post } = await startRig({ authToken: 'secret' });
    for (const path of ['/v2', '/v3']) expect((await fetch(server.url + path)).status).toBe(200);
    const body = { baton: null, requests: [{ type: 'close' }] };
    expect((await post('/v3/pipeline', body)).status).toBe(401);
    expect((await post('/v2/pipeline', body, { authorization: 'Bearer wrong' })).status).toBe(401);
    expect((await post('/v3/cursor', body, { authorization: 'Basic secret' })).status).toBe(401);
    expect((await post('/v2/pipeline', body, { authorization: 'Bearer secret' })).status).toBe(200);
  });

  test('unknown paths are 404, wrong methods 405', async () => {
    const { server, post } = await startRig();
    expect((await post('/v4/pipeline', {})).status).toBe(404);
    expect((await post('/v2/cursor', {})).status).toBe(404);
    expect((await fetch(`${server.url}/v3-protobuf`)).status).toBe(404);
    expect((await fetch(`${server.url}/v3/pipeline`)).status).toBe(405);
  });

  test('an older server has no cursors, or no version 3 at all', async () => {
    const { post } = await startRig({ without: 'cursor' });
    expect((await post('/v3/cursor', { batch: { steps: [] } })).status).toBe(404);
    expect((await post('/v3/pipeline', { requests: [] })).status).toBe(200);
    const older = await startRig({ without: 'v3' });
    expect((await older.post('/v3/pipeline', { requests: [] })).status).toBe(404);
    expect((await fetch(`${older.server.url}/v3`)).status).toBe(404);
  });

  test('version 2 does not know get_autocommit and is_autocommit', async () => {
    const { post } = await startRig();
    const batch = { steps: [{ condition: { type: 'is_autocommit' }, stmt: { sql: 'SELECT 1' } }] };
    expect((await post('/v2/pipeline', { requests: [{ type: 'get_autocommit' }] })).status).toBe(400);
    expect((await post('/v2/pipeline', { requests: [{ type: 'batch', batch }] })).status).toBe(400);
    expect((await post('/v3/pipeline', { requests: [{ type: 'batch', batch }] })).status).toBe(200);
  });

  const statement = (stmt: string) => `{"requests":[{"type":"execute","stmt":${stmt}}]}`;
  const argument = (value: string) => statement(`{"sql":"SELECT ?","args":[${value}]}`);
  const condition = (value: string) =>
    `{"requests":[{"type":"batch","batch":{"steps":[{"condition":${value},"stmt":{"sql":"SELECT 1"}}]}}]}`;
  test.each([
    ['not JSON', 'not json'],
    ['an array', '[]'],
    ['no requests', '{}'],
    ['a request without type', '{"requests":[{}]}'],
    ['an unknown request', '{"requests":[{"type":"none"}]}'],
    ['no statement', '{"requests":[{"type":"execute"}]}'],
    ['integer as number', argument('{"type":"integer","value":1}')],
    ['integer beyond 64 bits', argument('{"type":"integer","value":"9223372036854775808"}')],
    ['float null', argument('{"type":"float","value":null}')],
    ['lone surrogate', argument('{"type":"text","value":"\\ud800"}')],
    ['base64 of another alphabet', argument('{"type":"blob","base64":"a*"}')],
    ['cut base64', argument('{"type":"blob","base64":"A"}')],
    ['neither sql nor sql_id', statement('{}')],
    ['both sql and sql_id', statement('{"sql":"SELECT 1","sql_id":1}')],
    ['unknown sql_id', statement('{"sql_id":1}')],
    ['a request after close', '{"requests":[{"type":"close"},{"type":"execute","stmt":{"sql":"SELECT 1"}}]}'],
    ['a condition on its own step', condition('{"type":"ok","step":0}')],
    [
      'a condition nested too deep',
      condition(`${'{"type":"not","cond":'.repeat(20)}{"type":"is_autocommit"}${'}'.repeat(20)}`),
    ],
  ])('a broken protocol is a 400: %s', async (_, body) => {
    const { post, server } = await startRig();
    expect((await post('/v3/pipeline', body)).status).toBe(400);
    expect(server.openStreams).toBe(0);
  });

  test('a client that sends half a request leaves nothing behind', async () => {
    const { server } = await startRig();
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    await new Promise<void>((resolve) => socket.once('connect', resolve));
    socket.write('POST /v3/pipeline HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"requests":');
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.destroy();
    await closed;
    expect((await fetch(`${server.url}/v3`)).status).toBe(200);
    expect(server.openStreams).toBe(0);
  });
});

describe('batons', () => {
  test('rotate, work once, and cannot be forged', async () => {
    const { pipeline, post } = await startRig();
    const first = await pipeline([setup]);
    const second = await pipeline([execute('SELECT 1')], first.baton);
    expect(second.baton).not.toBe(first.baton);
    const reused = await post('/v3/pipeline', { baton: first.baton, requests: [] });
    expect(reused).toEqual({ status: 400, text: 'Received a baton that has already been used' });
    for (const baton of [
      '',
      'abc',
      `${second.baton?.startsWith('A') ? 'B' : 'A'}${second.baton?.slice(1)}`,
      `${second.baton?.slice(0, -1)}`,
    ]) {
      expect((await post('/v3/pipeline', { baton, requests: [] })).status).toBe(400);
    }
    expect((await pipeline([{ type: 'close' }], second.baton)).baton).toBeNull();
    const closed = await post('/v3/pipeline', { baton: second.baton, requests: [] });
    expect(closed).toEqual({ status: 400, text: 'Received an invalid baton' });
  });

  test('expire after 10 s of idleness, and the transaction is rolled back', async () => {
    const { pipeline, post, clock, server } = await startRig();
    await pipeline([setup, { type: 'close' }]);
    const { baton } = await pipeline([execute('BEGIN'), execute('DELETE FROM t')]);
    clock.advance(9_999);
    const alive = await pipeline([{ type: 'get_autocommit' }], baton);
    expect(alive.results[0]?.response?.is_autocommit).toBe(false);
    clock.advance(10_000);
    const expired = await post('/v3/pipeline', { baton: alive.baton, requests: [] });
    expect(expired.status).toBe(400);
    expect(JSON.parse(expired.text)).toEqual({
      message: 'The stream has expired due to inactivity',
      code: 'STREAM_EXPIRED',
    });
    expect(server.openStreams).toBe(0);
    clock.advance(300_000);
    expect((await post('/v3/pipeline', { baton: alive.baton, requests: [] })).text).toBe(
      'Received an invalid baton',
    );
    const { results } = await pipeline([execute('SELECT count(*) FROM t'), { type: 'close' }]);
    expect(results[0]?.response?.result?.rows).toEqual([[{ type: 'integer', value: '2' }]]);
  });

  test('a pipeline that breaks the protocol keeps its effects and closes its stream', async () => {
    const { pipeline, post, server } = await startRig();
    const { baton } = await pipeline([setup]);
    const broken = await post('/v3/pipeline', {
      baton,
      requests: [execute('INSERT INTO t (a) VALUES (3)'), { type: 'execute', stmt: { sql_id: 7 } }],
    });
    expect(broken).toEqual({ status: 400, text: 'SQL text 7 not found' });
    expect(server.openStreams).toBe(0);
    const { results } = await pipeline([execute('SELECT max(a) FROM t'), { type: 'close' }]);
    expect(results[0]?.response?.result?.rows).toEqual([[{ type: 'integer', value: '3' }]]);
  });
});

describe('requests', () => {
  test('results carry columns, counts and rowids as the protocol spells them', async () => {
    const { pipeline } = await startRig();
    const { results } = await pipeline([
      setup,
      execute('INSERT INTO t VALUES (9007199254740993, ?)', [{ type: 'float', value: 1 }]),
      execute('SELECT id, a AS x, 1 FROM t WHERE id > 5'),
      execute('UPDATE t SET a = 0'),
      execute('SELECT 1 WHERE 0'),
    ]);
    expect(results[0]).toEqual({ type: 'ok', response: { type: 'sequence' } });
    expect(results[1]?.response?.result).toMatchObject({
      cols: [],
      rows: [],
      affected_row_count: 1,
      last_insert_rowid: '9007199254740993',
    });
    expect(results[2]?.response?.result).toMatchObject({
      cols: [
        { name: 'id', decltype: 'INTEGER' },
        { name: 'x', decltype: null },
        { name: '1', decltype: null },
      ],
      rows: [
        [
          { type: 'integer', value: '9007199254740993' },
          { type: 'float', value: 1 },
          { type: 'integer', value: '1' },
        ],
      ],
      affected_row_count: 0,
      last_insert_rowid: null,
    });
    expect(results[3]?.response?.result).toMatchObject({ affected_row_count: 3, last_insert_rowid: null });
    expect(results[4]?.response?.result?.rows).toEqual([]);
  });

  test('a failing request does not stop the pipeline; errors carry their codes', async () => {
    const { pipeline } = await startRig();
    const { results } = await pipeline([
      setup,
      execute('INSERT INTO t VALUES (1, 1)'),
      execute('SELEC 1'),
      execute('SELECT nope FROM t'),
      execute('SELECT * FROM nowhere'),
      execute(''),
      execute('SELECT 1; SELECT 2'),
      execute('SELECT ?, ?', [{ type: 'null' }]),
      execute('SELECT 1', [{ type: 'null' }]),
      execute('VACUUM'),
      execute('ATTACH x AS y'),
      execute('CREATE TEMP TABLE x (a)'),
      execute('PRAGMA wal_checkpoint'),
      execute('PRAGMA journal_mode = DELETE'),
      {
        type: 'execute',
        stmt: { sql: 'SELECT :a, ?', args: [], named_args: [{ name: 'a', value: { type: 'null' } }] },
      },
      execute('SELECT 1'),
    ]);
    expect(results.slice(1).map(({ error }) => error?.code)).toEqual([
      'SQLITE_CONSTRAINT',
      'SQL_PARSE_ERROR',
      'SQL_INPUT_ERROR',
      'SQLITE_UNKNOWN',
      'SQL_NO_STATEMENT',
      'SQL_MANY_STATEMENTS',
      'ARGS_INVALID',
      'ARGS_INVALID',
      'SQL_PARSE_ERROR',
      'SQL_PARSE_ERROR',
      'SQL_PARSE_ERROR',
      'SQL_PARSE_ERROR',
      'SQL_PARSE_ERROR',
      'ARGS_INVALID',
      undefined,
    ]);
    expect(results[1]?.error).toEqual({
      message: 'SQLite error: UNIQUE constraint failed: t.id',
      code: 'SQLITE_CONSTRAINT',
      extended_code: 'SQLITE_CONSTRAINT_PRIMARYKEY',
    });
  });

  test('batch: conditions decide, skipped steps have neither result nor error', async () => {
    const { pipeline } = await startRig();
    const step = (sql: string, condition?: unknown) => ({
      stmt: { sql },
      ...(condition ? { condition } : {}),
    });
    const { results } = await pipeline([
      setup,
      {
        type: 'batch',
        batch: {
          steps: [
            step('BEGIN'),
            step('INSERT INTO t VALUES (1, 1)', { type: 'ok', step: 0 }),
            step('SELECT 2', { type: 'ok', step: 1 }),
            step('SELECT 3', { type: 'error', step: 2 }),
            step('SELECT 4', {
              type: 'and',
              conds: [
                { type: 'ok', step: 0 },
                { type: 'not', cond: { type: 'ok', step: 3 } },
              ],
            }),
            step('SELECT 5', {
              type: 'or',
              conds: [
                { type: 'ok', step: 4 },
                { type: 'ok', step: 3 },
              ],
            }),
            step('SELECT 6', { type: 'is_autocommit' }),
            step('ROLLBACK', { type: 'not', cond: { type: 'is_autocommit' } }),
          ],
        },
      },
    ]);
    const result = results[1]?.response?.result;
    expect(result?.step_results.map((entry) => entry !== null)).toEqual([
      true,
      false,
      false,
      true,
      false,
      true,
      false,
      true,
    ]);
    expect(result?.step_errors.map((entry) => entry?.code ?? null)).toEqual([
      null,
      'SQLITE_CONSTRAINT',
      null,
      null,
      null,
      null,
      null,
      null,
    ]);
  });

  test('stored SQL: used by id, limited in number and length', async () => {
    const { pipeline, post } = await startRig();
    const { baton, results } = await pipeline([
      { type: 'store_sql', sql_id: 1, sql: 'SELECT 41 + ?' },
      { type: 'execute', stmt: { sql_id: 1, args: [{ type: 'integer', value: '1' }] } },
      { type: 'store_sql', sql_id: 2, sql: `SELECT '${'x'.repeat(5_000)}'` },
      { type: 'close_sql', sql_id: 99 },
      ...Array.from({ length: 50 }, (_, index) => ({
        type: 'store_sql',
        sql_id: 10 + index,
        sql: 'SELECT 1',
      })),
    ]);
    expect(results[1]?.response?.result?.rows).toEqual([[{ type: 'integer', value: '42' }]]);
    expect(results[2]?.error?.code).toBe('SQL_STORE_TOO_LARGE');
    expect(results.at(-1)?.error?.code).toBe('SQL_STORE_TOO_MANY');
    const again = await post('/v3/pipeline', {
      baton,
      requests: [{ type: 'store_sql', sql_id: 1, sql: 'SELECT 1' }],
    });
    expect(again).toEqual({ status: 400, text: 'SQL text 1 already exists' });
  });

  test('sequence runs triggers whole and stops at the first failure', async () => {
    const { pipeline } = await startRig();
    const { results } = await pipeline([
      setup,
      {
        type: 'sequence',
        sql: `CREATE TABLE log (x); -- ; not the end
          CREATE TRIGGER after_t AFTER INSERT ON t BEGIN INSERT INTO log VALUES (CASE WHEN 1 THEN ';' END); END;
          INSERT INTO t (a) VALUES (1); SELECT 1; INSERT INTO t VALUES (1, 1); INSERT INTO t (a) VALUES (2)`,
      },
      execute('SELECT (SELECT count(*) FROM log), (SELECT count(*) FROM t)'),
    ]);
    expect(results[1]?.error?.code).toBe('SQLITE_CONSTRAINT');
    expect(results[2]?.response?.result?.rows).toEqual([
      [
        { type: 'integer', value: '1' },
        { type: 'integer', value: '3' },
      ],
    ]);
  });

  test('foreign keys switched off on one stream are on again on the next', async () => {
    const { pipeline } = await startRig();
    await pipeline([execute('PRAGMA foreign_keys = off'), { type: 'close' }]);
    const { results } = await pipeline([execute('PRAGMA foreign_keys'), { type: 'close' }]);
    expect(results[0]?.response?.result?.rows).toEqual([[{ type: 'integer', value: '1' }]]);
  });
});
