/**
 * Fault runs (issue "Getting it all back", 4). More of them: `FAULT_SEEDS=3000 npx vitest run --project node test/faults`;
 * one again: `FAULT_SEED=17 npx vitest run --project node test/faults`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openEmbeddedDatabase } from '../../src/db/embedded.ts';
import { migrate } from '../../src/db/migrate.ts';
import { simulate } from './simulation.ts';

const SEEDS = Number(process.env['FAULT_SEEDS'] ?? 30);
const ONE = process.env['FAULT_SEED'];

let directory: string;
let template: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'fault-template-'));
  template = join(directory, 'template.db');
  const db = await openEmbeddedDatabase(template);
  await migrate(db, { now: () => new Date('2026-01-01T00:00:00Z'), backup: async () => {} });
  await db.write([{ sql: 'SELECT 1', args: [] }]);
  db.close();
  const { DatabaseSync } = await import('node:sqlite');
  const own = new DatabaseSync(template);
  own.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  own.close();
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

test(`${ONE === undefined ? `${SEEDS} seeds` : `seed ${ONE}`}: whatever breaks, every promise holds`, {
  timeout: 60_000 + SEEDS * 5_000,
}, async () => {
  const seeds = ONE === undefined ? Array.from({ length: SEEDS }, (_, seed) => seed) : [Number(ONE)];
  const broken: string[] = [];
  for (const seed of seeds)
    await simulate(seed, template).catch((error: unknown) => {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause.stack : '';
      broken.push(
        `${String(error)}\n${cause}\nReplay: FAULT_SEED=${seed} npx vitest run --project node test/faults`,
      );
    });
  expect(broken.join('\n\n')).toBe('');
});
