import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { startSqlServer } from '../../../dev/sql-over-http/server.ts';
import { openEmbeddedSnapshotSource } from '../../../src/backup/snapshot/embedded.ts';
import { openRemoteSnapshotSource } from '../../../src/backup/snapshot/remote.ts';
import { anyValue, build, invalidText, tablePlan } from './random-database.ts';
import { readAll, readWithRetry, truth } from './rig.ts';

/** For a long soak: SNAPSHOT_RUNS=5000 SNAPSHOT_SEED=7 npx vitest run --project node test/backup/snapshot/exactness.test.ts */
const RUNS = Number(process.env['SNAPSHOT_RUNS'] ?? 40);
const SEED = Number(process.env['SNAPSHOT_SEED'] ?? 11);

describe('random schemas and contents come out as SQLite has them, in b-tree order', () => {
  test('embedded', { timeout: 1_000 * RUNS }, async () => {
    await fc.assert(
      fc.asyncProperty(
        tablePlan(fc.oneof({ weight: 9, arbitrary: anyValue }, { weight: 1, arbitrary: invalidText })),
        async (plan) => {
          const database = build(plan);
          const contents = await readAll(openEmbeddedSnapshotSource({ path: database.file, batchRows: 7 }));
          expect(contents.rows).toEqual(truth(database));
          database.db.close();
        },
      ),
      { numRuns: RUNS * 2, seed: SEED },
    );
  });

  test.each([
    ['by cursor', undefined],
    ['by pages, version 3', 'cursor'],
    ['by pages, version 2', 'v3'],
  ] as const)('remote, %s', { timeout: 1_000 * RUNS }, async (_, without) => {
    await fc.assert(
      fc.asyncProperty(
        tablePlan(fc.oneof({ weight: 30, arbitrary: anyValue }, { weight: 1, arbitrary: invalidText })),
        async (plan) => {
          const database = build(plan);
          const server = await startSqlServer({ file: database.file, ...(without ? { without } : {}) });
          try {
            const source = openRemoteSnapshotSource({ url: server.url, fetch, batchRows: 7 });
            const contents = await readWithRetry(source);
            const expected = truth(database);
            expect(contents.rows).toEqual(expected);
            expect(contents.schema).toEqual(
              (await readAll(openEmbeddedSnapshotSource({ path: database.file }))).schema,
            );
          } finally {
            await server.close();
            database.db.close();
          }
        },
      ),
      { numRuns: RUNS, seed: SEED + 1 },
    );
  });
});
