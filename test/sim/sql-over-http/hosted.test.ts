/** The stand-in as the hosted service: what it refuses, and what it takes that others do not. */
import { describe, expect, test } from 'vitest';
import { execute, startRig } from './plain-client.ts';

describe('hosted', () => {
  test.each([
    'PRAGMA user_version',
    'PRAGMA user_version = 7',
    'PRAGMA application_id',
    'PRAGMA application_id = 7',
    'PRAGMA busy_timeout = 5000',
    'PRAGMA main.journal_mode',
    'PRAGMA optimize',
    'ANALYZE',
    'VACUUM',
  ])('%s is refused in the words of the service', async (sql) => {
    const { pipeline } = await startRig({ hosted: true });
    const { results } = await pipeline([execute(sql)]);
    expect(results[0]?.error).toEqual({
      message: `SQL not allowed statement: ${sql}`,
      code: 'SQL_PARSE_ERROR',
    });
  });

  test.each([
    'PRAGMA foreign_keys = OFF',
    'PRAGMA defer_foreign_keys = ON',
    'PRAGMA integrity_check',
    'PRAGMA quick_check',
    'SELECT user_version FROM pragma_user_version',
    'REINDEX',
  ])('%s is taken', async (sql) => {
    const { pipeline } = await startRig({ hosted: true });
    const { results } = await pipeline([execute(sql)]);
    expect(results[0]?.type).toBe('ok');
  });

  test('a name in double quotes that fits no column is a text; elsewhere it is an error', async () => {
    const sql = `SELECT "it's", 'x' = "x" FROM (SELECT 1 AS y) WHERE "y" = 1`;
    const hosted = await startRig({ hosted: true });
    const { results } = await hosted.pipeline([execute(sql)]);
    expect(results[0]?.response?.result?.rows).toEqual([
      [
        { type: 'text', value: "it's" },
        { type: 'integer', value: '1' },
      ],
    ]);
    const own = await startRig();
    expect((await own.pipeline([execute(sql)])).results[0]?.error?.code).toBe('SQL_INPUT_ERROR');
  });
});

test.each([
  ['zero', 0],
  ['off', 3],
] as const)('affected rows told as %s, by pipelines and cursors', async (affectedRows, told) => {
  const { pipeline, cursor } = await startRig({ affectedRows });
  const { results } = await pipeline([
    execute('CREATE TABLE t (a)'),
    execute('INSERT INTO t VALUES (1), (2)'),
    execute('UPDATE t SET a = a + 1 RETURNING a'),
  ]);
  expect(results.slice(1).map(({ response }) => response?.result?.affected_row_count)).toEqual([told, told]);
  expect(results[2]?.response?.result?.rows).toHaveLength(2);
  const entries = await cursor([{ stmt: { sql: 'DELETE FROM t' } }]);
  expect(entries.find(({ type }) => type === 'step_end')).toMatchObject({ affected_row_count: told });
});
