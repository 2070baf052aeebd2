import Database from 'libsql';
import { describe, expect, test } from 'vitest';
import type { Fault } from '../../../sim/sql-over-http/request-faults.ts';
import { execute, startRig } from './plain-client.ts';

const step = (sql: string, condition?: unknown) => ({ stmt: { sql }, ...(condition ? { condition } : {}) });
const MANY_ROWS = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)`;

describe('cursor', () => {
  test('entries come in order, skipped steps leave none, the last line is the terminator', async () => {
    const { cursor } = await startRig();
    const entries = await cursor([
      step('CREATE TABLE t (a INTEGER PRIMARY KEY)'),
      step('INSERT INTO t VALUES (5), (6)', { type: 'ok', step: 0 }),
      step('SELECT a FROM t ORDER BY a'),
      step('SELECT nope'),
      step('SELECT 1', { type: 'ok', step: 3 }),
      step('SELECT 2 WHERE 0'),
    ]);
    expect(entries[0]).toEqual({ baton: expect.any(String), base_url: null });
    expect(entries.slice(1)).toEqual([
      { type: 'step_begin', step: 0, cols: [] },
      { type: 'step_end', affected_row_count: 0, last_insert_rowid: null },
      { type: 'step_begin', step: 1, cols: [] },
      { type: 'step_end', affected_row_count: 2, last_insert_rowid: 6 },
      { type: 'step_begin', step: 2, cols: [{ name: 'a', decltype: 'INTEGER' }] },
      { type: 'row', row: [{ type: 'integer', value: '5' }] },
      { type: 'row', row: [{ type: 'integer', value: '6' }] },
      { type: 'step_end', affected_row_count: 0, last_insert_rowid: null },
      {
        type: 'step_error',
        step: 3,
        error: { message: expect.stringContaining('no such column'), code: 'SQL_INPUT_ERROR' },
      },
      { type: 'step_begin', step: 5, cols: [{ name: '2', decltype: null }] },
      { type: 'step_end', affected_row_count: 0, last_insert_rowid: null },
      { type: 'replication_index', replication_index: null },
    ]);
  });

  test('a step that fails half-way has sent rows, and the batch goes on', async () => {
    const { cursor } = await startRig();
    const entries = await cursor([
      step(`${MANY_ROWS} SELECT abs(CASE i WHEN 151 THEN -9223372036854775807 - 1 ELSE i END) FROM n`),
      step('SELECT 1', { type: 'error', step: 0 }),
    ]);
    // libsql loses up to a hundred rows right before a failure.
    expect(entries.filter(({ type }) => type === 'row').length).toBeGreaterThan(50);
    expect(entries.find(({ type }) => type === 'step_error')).toMatchObject({
      step: 0,
      error: { code: 'SQLITE_UNKNOWN' },
    });
    expect(entries.at(-1)?.['type']).toBe('replication_index');
  });

  test('its baton continues the same stream', async () => {
    const { cursor, pipeline } = await startRig();
    const [first] = await cursor([
      step('CREATE TABLE t (a)'),
      step('BEGIN'),
      step('INSERT INTO t VALUES (1)'),
    ]);
    const { results } = await pipeline(
      [{ type: 'get_autocommit' }, execute('ROLLBACK')],
      first?.['baton'] as string,
    );
    expect(results[0]?.response?.is_autocommit).toBe(false);
    expect(results[1]?.type).toBe('ok');
  });

  test('a long cursor waits for its reader, lets others in, and stops when the reader leaves', async () => {
    const { server, pipeline, file } = await startRig();
    await pipeline([
      {
        type: 'sequence',
        sql: `CREATE TABLE t (a, b); ${MANY_ROWS} INSERT INTO t SELECT i, hex(randomblob(500)) FROM n`,
      },
      { type: 'close' },
    ]);
    const response = await fetch(`${server.url}/v3/cursor`, {
      method: 'POST',
      body: JSON.stringify({ batch: { steps: [step('SELECT a, b FROM t')] } }),
    });
    const reader = response.body?.getReader();
    await reader?.read();
    // The 20 MB are not read: another request is answered, and a writer is not held up.
    const { results } = await pipeline([execute('INSERT INTO t VALUES (0, 0)'), { type: 'close' }]);
    expect(results[0]?.type).toBe('ok');
    await reader?.cancel();
    // Gone with its reader: the WAL can be emptied, so no read transaction is left.
    const outsider = new Database(file);
    await expect.poll(() => outsider.pragma('wal_checkpoint(TRUNCATE)')).toMatchObject([{ busy: 0 }]);
    outsider.close();
  });

  test('a batch of very many small results waits for its reader with one pair of listeners', async () => {
    const { cursor } = await startRig();
    const warnings: string[] = [];
    const onWarning = ({ name, message }: Error): number => warnings.push(`${name}: ${message}`);
    process.on('warning', onWarning);
    const steps = Array.from({ length: 4_000 }, () =>
      step(`SELECT 1 AS "${'long name '.repeat(50)}" WHERE 0`),
    );
    const entries = await cursor(steps);
    await new Promise(setImmediate); // warnings come in a turn of their own
    process.off('warning', onWarning);
    expect(warnings).toEqual([]);
    expect(entries).toHaveLength(2 + 2 * steps.length);
    expect(entries.at(-1)?.['type']).toBe('replication_index');
  });

  test('values of every size and kind come in order across many chunks', async () => {
    const { cursor, pipeline } = await startRig();
    await pipeline([
      {
        type: 'sequence',
        sql: `CREATE TABLE t (a INTEGER PRIMARY KEY, b); ${MANY_ROWS} INSERT INTO t SELECT i, CASE i % 7 WHEN 0 THEN NULL WHEN 1 THEN i * 1.5
          WHEN 2 THEN zeroblob(i % 900) WHEN 3 THEN 'o‘' || i WHEN 4 THEN -i WHEN 5 THEN char(0) || '"\\' || char(10) ELSE replace(hex(zeroblob(i % 3000)), '0', 'x') END FROM n`,
      },
      { type: 'close' },
    ]);
    const rows = (await cursor([step('SELECT a, b FROM t ORDER BY a')])).filter(({ type }) => type === 'row');
    const expected = (i: number): unknown => {
      if (i % 7 === 0) return { type: 'null' };
      if (i % 7 === 1) return { type: 'float', value: i * 1.5 };
      if (i % 7 === 2)
        return {
          type: 'blob',
          base64: Buffer.alloc(i % 900)
            .toString('base64')
            .replaceAll('=', ''),
        };
      if (i % 7 === 3) return { type: 'text', value: `o‘${i}` };
      if (i % 7 === 4) return { type: 'integer', value: `${-i}` };
      return { type: 'text', value: i % 7 === 5 ? '\0"\\\n' : 'x'.repeat((i % 3000) * 2) };
    };
    expect(rows).toHaveLength(20_000);
    const wrong = rows.findIndex(
      ({ row }, at) =>
        JSON.stringify(row) !== JSON.stringify([{ type: 'integer', value: `${at + 1}` }, expected(at + 1)]),
    );
    expect(wrong, JSON.stringify(rows[wrong])?.slice(0, 200)).toBe(-1);
  });

  test('has no size limit', async () => {
    const { cursor } = await startRig({ limits: { resultBytes: 1_000, totalResultBytes: 1_000 } });
    const entries = await cursor([step(`${MANY_ROWS} SELECT i FROM n`)]);
    expect(entries).toHaveLength(20_004);
  });
});

describe('limits', () => {
  test('10 MB a result, 32 MB together, 5 MB a value', async () => {
    const { pipeline } = await startRig();
    const megabytes = (count: number) => execute(`SELECT hex(zeroblob(${count * 500_000}))`);
    const rows = execute(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 11) SELECT hex(zeroblob(500000)) FROM n`,
    );
    const { results } = await pipeline([megabytes(4.9), megabytes(5.1), rows, execute('SELECT 1')]);
    expect(results.map(({ error }) => error?.code)).toEqual([
      undefined,
      'SQLITE_TOOBIG',
      'RESPONSE_TOO_LARGE',
      undefined,
    ]);
    const together = await pipeline(Array.from({ length: 8 }, () => megabytes(4.9)));
    expect(together.results.map(({ type }) => type)).toEqual([...Array(6).fill('ok'), 'error', 'error']);
    const {
      results: [argument],
    } = await pipeline([execute('SELECT ?', [{ type: 'text', value: 'x'.repeat(5_000_001) }])]);
    expect(argument?.error?.code).toBe('SQLITE_TOOBIG');
  });

  test('a write transaction of 5 s loses its lock to a waiting writer, an unchallenged one keeps it', async () => {
    const { pipeline, clock } = await startRig();
    const { baton } = await pipeline([
      execute('CREATE TABLE t (a)'),
      execute('BEGIN IMMEDIATE'),
      execute('INSERT INTO t VALUES (1)'),
    ]);
    clock.advance(7_000);
    const still = await pipeline([execute('INSERT INTO t VALUES (2)')], baton);
    expect(still.results[0]?.type).toBe('ok');
    const stolen = await pipeline([execute('INSERT INTO t VALUES (3)'), { type: 'close' }]);
    expect(stolen.results[0]?.type).toBe('ok');
    const loser = await pipeline(
      [execute('INSERT INTO t VALUES (4)'), execute('SELECT a FROM t')],
      still.baton,
    );
    expect(loser.results[0]?.error?.code).toBe('TRANSACTION_TIMEOUT');
    expect(loser.results[1]?.response?.result?.rows).toEqual([[{ type: 'integer', value: '3' }]]);
  });

  test('a waiting writer goes on as soon as the holder commits', async () => {
    const { pipeline } = await startRig();
    const { baton } = await pipeline([execute('CREATE TABLE t (a)'), execute('BEGIN IMMEDIATE')]);
    const waiting = [1, 2, 3].map((a) =>
      pipeline([execute(`INSERT INTO t VALUES (${a})`), { type: 'close' }]),
    );
    await pipeline([execute('INSERT INTO t VALUES (0)'), execute('COMMIT'), { type: 'close' }], baton);
    for (const { results } of await Promise.all(waiting)) expect(results[0]?.type).toBe('ok');
    const { results } = await pipeline([execute('SELECT count(*) FROM t'), { type: 'close' }]);
    expect(results[0]?.response?.result?.rows).toEqual([[{ type: 'integer', value: '4' }]]);
  });

  test('a transaction that read before somebody else wrote cannot write (SQLITE_BUSY at once)', async () => {
    const { pipeline } = await startRig();
    const { baton } = await pipeline([
      execute('CREATE TABLE t (a)'),
      execute('BEGIN'),
      execute('SELECT * FROM t'),
    ]);
    await pipeline([execute('INSERT INTO t VALUES (1)'), { type: 'close' }]);
    const { results } = await pipeline([execute('INSERT INTO t VALUES (2)')], baton);
    expect(results[0]?.error).toMatchObject({ code: 'SQLITE_BUSY', extended_code: 'SQLITE_BUSY_SNAPSHOT' });
  });

  test('a stream that met a lock and gave up loses nothing it writes later', async () => {
    const { pipeline, file } = await startRig({ limits: { foreignLockMs: 20 } });
    const outsider = new Database(file);
    const first = await pipeline([execute('CREATE TABLE t (a)')]);
    outsider.exec('BEGIN IMMEDIATE');
    const locked = await pipeline([execute('INSERT INTO t VALUES (1)')], first.baton);
    expect(locked.results[0]?.error?.code).toBe('SQLITE_BUSY');
    const inside = await pipeline(
      [execute('BEGIN'), execute('INSERT INTO t VALUES (2)'), execute('SELECT 1')],
      locked.baton,
    );
    expect(inside.results.map(({ type }) => type)).toEqual(['ok', 'error', 'ok']);
    outsider.exec('COMMIT');
    const after = await pipeline([execute('COMMIT'), execute('INSERT INTO t VALUES (3)')], inside.baton);
    expect(after.results.map(({ type }) => type)).toEqual(['ok', 'ok']);
    expect(outsider.prepare('SELECT a FROM t').raw().all()).toEqual([[3]]);
    outsider.close();
  });
});

describe('faults', () => {
  const insert = [execute('INSERT INTO t VALUES (1)'), { type: 'close' }];
  const rig = async (fault: Fault) => {
    const started = await startRig({
      faults: ({ sql }) => (sql[0]?.startsWith('INSERT') ? fault : undefined),
    });
    await started.pipeline([execute('CREATE TABLE t (a)'), { type: 'close' }]);
    const rows = async () => {
      const { results } = await started.pipeline([execute('SELECT count(*) FROM t'), { type: 'close' }]);
      return results[0]?.response?.result?.rows[0];
    };
    return { ...started, rows };
  };
  const count = (value: number) => [{ type: 'integer', value: `${value}` }];

  test('a status instead of an answer, nothing done', async () => {
    const { post, rows } = await rig({ kind: 'status', status: 503 });
    expect((await post('/v3/pipeline', { requests: insert })).status).toBe(503);
    expect(await rows()).toEqual(count(0));
  });

  test('the connection drops before anything is done', async () => {
    const { post, rows } = await rig({ kind: 'drop', when: 'before' });
    await expect(post('/v3/pipeline', { requests: insert })).rejects.toThrow();
    expect(await rows()).toEqual(count(0));
  });

  test('the answer is lost after its effect', async () => {
    const { post, rows } = await rig({ kind: 'drop', when: 'after' });
    await expect(post('/v3/pipeline', { requests: insert })).rejects.toThrow();
    await expect.poll(rows).toEqual(count(1));
  });

  test('a body cut short under status 200', async () => {
    const { post, rows } = await rig({ kind: 'truncate', bytes: 10, afterwards: 'end' });
    expect(await post('/v3/pipeline', { requests: insert })).toEqual({ status: 200, text: '{"baton":n' });
    expect(await rows()).toEqual(count(1));
    const dropped = await rig({ kind: 'truncate', bytes: 10, afterwards: 'drop' });
    await expect(dropped.post('/v3/pipeline', { requests: insert })).rejects.toThrow();
  });

  test('a delay by the clock', async () => {
    const { post, clock, rows } = await rig({ kind: 'delay', ms: 1_000 });
    const answer = post('/v3/pipeline', { requests: insert });
    expect(await rows()).toEqual(count(0));
    clock.advance(1_000);
    expect((await answer).status).toBe(200);
  });

  test('requests are recorded with their SQL', async () => {
    const { server, post } = await startRig();
    await post('/v2/pipeline', {
      requests: [execute('SELECT 1'), { type: 'batch', batch: { steps: [step('SELECT 2')] } }],
    });
    await post('/v3/cursor', { batch: { steps: [step('SELECT 3')] } });
    expect(server.requestCount).toBe(2);
    expect(server.requests).toMatchObject([
      { number: 1, method: 'POST', path: '/v2/pipeline', sql: ['SELECT 1', 'SELECT 2'] },
      { number: 2, path: '/v3/cursor', sql: ['SELECT 3'] },
    ]);
  });
});
