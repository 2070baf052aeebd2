import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { startSqlServer } from '../../../sim/sql-over-http/sql-server.ts';
import { openEmbeddedSnapshotSource } from '../../../src/backup/snapshot/embedded.ts';
import { openFileSnapshotSource } from '../../../src/backup/snapshot/file.ts';
import { openRemoteSnapshotSource } from '../../../src/backup/snapshot/remote.ts';
import { anyValue, build, invalidText, tablePlan } from './random-database.ts';
import { copyOf, readAll, readWithRetry, truth } from './rig.ts';

/**
 * For a long soak: SNAPSHOT_RUNS=5000 SNAPSHOT_SEED=7 npx vitest run --project node
 * test/backup/snapshot/exactness.test.ts
 */
const RUNS = Number(process.env['SNAPSHOT_RUNS'] ?? 40);
const SEED = Number(process.env['SNAPSHOT_SEED'] ?? 11);

describe('random schemas and contents come out as SQLite has them, in b-tree order', () => {
  test.each(['embedded', 'file'] as const)(
    '%s',
    { timeout: Math.max(150_000, 1_000 * RUNS) },
    async (kind) => {
      await fc.assert(
        fc.asyncProperty(
          tablePlan(fc.oneof({ weight: 9, arbitrary: anyValue }, { weight: 1, arbitrary: invalidText })),
          async (plan) => {
            const database = build(plan);
            const expected = truth(database);
            const source =
              kind === 'embedded'
                ? openEmbeddedSnapshotSource({ path: database.file, batchRows: 7 })
                : openFileSnapshotSource({ path: copyOf(database), batchRows: 7 });
            expect((await readAll(source)).rows).toEqual(expected);
            database.db.close();
          },
        ),
        { numRuns: RUNS * 2, seed: SEED },
      );
    },
  );

  test.each([
    ['by cursor', undefined],
    ['by pages, version 3', 'cursor'],
    ['by pages, version 2', 'v3'],
  ] as const)('remote, %s', { timeout: Math.max(150_000, 1_000 * RUNS) }, async (_, without) => {
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
            const copy = openFileSnapshotSource({ path: copyOf(database) });
            expect(contents.schema).toEqual((await readAll(copy)).schema);
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
