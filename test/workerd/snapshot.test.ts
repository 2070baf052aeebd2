/** The remote snapshot reader where it will run. */
import { describe, expect, inject, test } from 'vitest';
import { InvalidText, type Row, type SnapshotSource } from '../../src/backup/model/model.ts';
import { openRemoteSnapshotSource } from '../../src/backup/snapshot/remote.ts';
import type { SqlStandIns } from './sql-stand-in.ts';

const { sql } = JSON.parse(inject('standIns')) as { sql: SqlStandIns };

async function readTables(source: SnapshotSource): Promise<Record<string, Row[]>> {
  return source.read(async ({ schema, scans }) => {
    const rows: Record<string, Row[]> = {};
    const tables = schema.tables.map((table) => ({ kind: 'table', table }) as const);
    const indexes = schema.indexes.map((index) => ({ kind: 'index', index }) as const);
    for await (const scan of scans([...tables, ...indexes])) {
      const name =
        scan.target.kind === 'table'
          ? scan.target.table.name
          : scan.target.kind === 'index'
            ? scan.target.index.name
            : '';
      const found: Row[] = [];
      for await (const batch of scan.rows) found.push(...batch);
      rows[name] = found;
    }
    return rows;
  });
}

const EXPECTED = {
  t: [
    [-5n, -5n, 9007199254740993n, 5e-324, 'шумный', new Uint8Array([255])],
    [1n, 1n, 9223372036854775807n, 0.1, 'o‘lim "daftari"', new Uint8Array([0, 255, 16])],
    [2n, 2n, -9223372036854775808n, Number.POSITIVE_INFINITY, 'x\0💥', new Uint8Array([])],
    [3n, 3n, 1, Number.NEGATIVE_INFINITY, null, null],
  ],
  odd: [
    [1n, new InvalidText(new Uint8Array([0x61, 0xff]))],
    [2n, new Uint8Array([0x61, 0xff])],
    [3n, 'fine'],
  ],
  t_s: [
    ['шумный', -5n],
    ['x\0💥', 2n],
    ['o‘lim "daftari"', 1n],
    [null, 3n],
  ],
};

describe('in workerd', () => {
  test.each([
    ['by cursor', { url: sql.values.url, authToken: sql.values.authToken }],
    ['by pages', { url: sql.pages.url }],
  ])('every value comes exactly, %s; a text that is not UTF-8 takes a second try', async (_, address) => {
    const source = openRemoteSnapshotSource({ ...address, fetch });
    await expect(readTables(source)).rejects.toThrow(/database server/);
    const rows = await readTables(source);
    expect(rows).toEqual(EXPECTED);
    expect(rows['odd']?.[0]?.[1]).toBeInstanceOf(InvalidText);
  });

  test('a database larger than the memory of a Worker streams through', async () => {
    const source = openRemoteSnapshotSource({ url: sql.big.url, fetch });
    const seen = await source.read(async ({ schema, scans }) => {
      let [rows, characters, largestBatch] = [0, 0, 0];
      for await (const scan of scans(schema.tables.map((table) => ({ kind: 'table', table }) as const))) {
        for await (const batch of scan.rows) {
          rows += batch.length;
          largestBatch = Math.max(largestBatch, batch.length);
          for (const row of batch) characters += String(row[2]).length;
        }
      }
      return { rows, characters, largestBatch };
    });
    expect(seen).toMatchObject({ rows: sql.big.rows, characters: sql.big.characters });
    expect(seen.largestBatch).toBeLessThanOrEqual(500);
  });

  test('a consumer that gives up is heard', async () => {
    const source = openRemoteSnapshotSource({ url: sql.big.url, fetch });
    const stopped = source.read(async ({ schema, scans }) => {
      for await (const scan of scans(schema.tables.map((table) => ({ kind: 'table', table }) as const))) {
        for await (const batch of scan.rows) throw new Error(`enough after ${batch.length}`);
      }
    });
    await expect(stopped).rejects.toThrow(/^enough after/);
  });
});
