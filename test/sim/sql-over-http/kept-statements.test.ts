/** What the server has prepared must not show: every answer is as if it were prepared anew. */
import Database from 'libsql';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { execute, type Rig, startRig } from './plain-client.ts';

const setup = {
  type: 'sequence',
  sql: 'CREATE TABLE t (id INTEGER PRIMARY KEY, a UNIQUE); INSERT INTO t (a) VALUES (1), (2)',
};
const close = { type: 'close' };

async function rows(rig: Rig, sql: string, args: readonly unknown[] = []): Promise<unknown> {
  const { results } = await rig.pipeline([execute(sql, args), close]);
  return results[0]?.response?.result?.rows ?? results[0]?.error?.code;
}

async function started(options = {}): Promise<Rig> {
  const rig = await startRig(options);
  await rig.pipeline([setup, close]);
  return rig;
}

const int = (value: number) => ({ type: 'integer', value: String(value) });

describe.each([{}, { hosted: true as const }])('what was prepared is used again: %o', (options) => {
  test('nothing of a batch that ran before is prepared again', async () => {
    const rig = await started(options);
    const steps = [
      { stmt: { sql: 'SELECT a FROM t WHERE id = ?', args: [int(1)] } },
      { stmt: { sql: 'UPDATE t SET a = a WHERE id = ?', args: [int(1)] } },
    ];
    const request = { type: 'batch', batch: { steps } };
    for (let i = 0; i < 2; i += 1) await rig.pipeline([request, close]);
    const prepare = vi.spyOn(Database.prototype, 'prepare');
    onTestFinished(() => prepare.mockRestore());
    await rig.pipeline([request, close]);
    expect(prepare).not.toHaveBeenCalled();
  });

  test('arguments of one run are not those of the next', async () => {
    const rig = await started(options);
    const sql = 'SELECT a FROM t WHERE id = ?';
    expect(await rows(rig, sql, [int(1)])).toEqual([[int(1)]]);
    expect(await rows(rig, sql, [int(2)])).toEqual([[int(2)]]);
    expect(await rows(rig, sql, [{ type: 'null' }])).toEqual([]);
    expect(await rows(rig, sql)).toBe('ARGS_INVALID');
    expect(await rows(rig, sql, [int(1)])).toEqual([[int(1)]]);
  });

  test('a refused statement works again afterwards', async () => {
    const rig = await started(options);
    const sql = 'INSERT INTO t (a) VALUES (?)';
    expect(await rows(rig, sql, [int(3)])).toEqual([]);
    expect(await rows(rig, sql, [int(3)])).toContain('SQLITE_CONSTRAINT');
    expect(await rows(rig, sql, [int(4)])).toEqual([]);
    expect(await rows(rig, 'SELECT count(*) FROM t')).toEqual([[int(4)]]);
  });

  test.each([
    ['by another stream', (rig: Rig, sql: string) => rig.pipeline([execute(sql), close])],
    [
      'by another program',
      async ({ file }: Rig, sql: string) => {
        const db = new Database(file);
        db.exec(sql);
        db.close();
      },
    ],
  ])('a column that was added %s is there', async (_, change) => {
    const rig = await started(options);
    const sql = 'SELECT * FROM t WHERE id = 1';
    for (let i = 0; i < 2; i += 1) expect(await rows(rig, sql)).toEqual([[int(1), int(1)]]);
    await change(rig, 'ALTER TABLE t ADD COLUMN b DEFAULT 7');
    expect(await rows(rig, sql)).toEqual([[int(1), int(1), int(7)]]);
  });

  test('a column added and taken back in one stream leaves nothing behind', async () => {
    const rig = await started(options);
    const sql = 'SELECT * FROM t WHERE id = 1';
    const wide = [[int(1), int(1), int(7)]];
    await rows(rig, sql);
    const requests = ['BEGIN', sql, 'ALTER TABLE t ADD COLUMN b DEFAULT 7', sql, 'ROLLBACK', sql];
    const { results } = await rig.pipeline([...requests.map((text) => execute(text)), close]);
    expect(results[3]?.response?.result?.rows).toEqual(wide);
    expect(results[5]?.response?.result?.rows).toEqual([[int(1), int(1)]]);
    expect(await rows(rig, sql)).toEqual([[int(1), int(1)]]);
  });
});
