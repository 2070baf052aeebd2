/**
 * What a statement takes away or alters is in the change log, row by row: also what `OR REPLACE`
 * deletes in silence.
 */
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { coverageOf } from '../../../src/backup/changes/coverage.ts';
import { ensureTriggers } from '../../../src/backup/changes/ensure-triggers.ts';
import type { TableInfo } from '../../../src/backup/model/model.ts';
import { keySql } from '../../../src/backup/schema/change-key.ts';
import { openEmbeddedSnapshotSource } from '../../../src/backup/snapshot/embedded.ts';
import { sql } from '../../../src/db/database.ts';
import { quoteName } from '../../../src/lib/sql-tokens.ts';
import { createWorld } from '../../support/backup-world.ts';
import { CHANGES, REPLACES, TABLES } from './any-changes.ts';

const OF_TEST = ['parent', 'child', 'pairs', 'wide', 'short', 'folded', 'part'];
const OF_BOT = ['anime', 'anime_parts', 'drafts'];

test.each([true, false])('no row goes or changes unseen (recursive triggers: %s)', async (isRecursive) => {
  const { db: world, path } = await createWorld();
  const source = openEmbeddedSnapshotSource({ path });
  await world.write(TABLES.map((text) => sql(text)));
  await ensureTriggers(world, source);
  const { covered } = coverageOf(await source.schema());
  const tables = covered.filter(({ name }) => [...OF_TEST, ...OF_BOT].includes(name));
  expect(tables).toHaveLength(OF_TEST.length + OF_BOT.length);
  const db = new DatabaseSync(path);
  db.exec(`PRAGMA foreign_keys = ON; PRAGMA recursive_triggers = ${isRecursive ? 'ON' : 'OFF'}`);
  let gone = 0;
  fc.assert(
    fc.property(fc.array(fc.oneof(REPLACES, CHANGES), { minLength: 15, maxLength: 30 }), (statements) => {
      db.exec('BEGIN');
      try {
        for (const statement of statements) gone += unseen(db, tables, statement);
      } finally {
        db.exec('ROLLBACK');
      }
    }),
    { numRuns: Number(process.env['CHANGE_RUNS'] ?? 25) },
  );
  db.close();
  // Else this would prove nothing.
  expect(gone).toBeGreaterThan(20);
});

/** How many rows the statement took away. */
function unseen(db: DatabaseSync, tables: readonly TableInfo[], statement: string): number {
  const before = new Map(tables.map((table) => [table, rowsOf(db, table)]));
  db.exec('DELETE FROM change_log');
  try {
    db.exec(statement);
  } catch {
    return 0;
  }
  let gone = 0;
  for (const [table, rows] of before) {
    const after = rowsOf(db, table);
    const logged = new Set(
      db
        .prepare("SELECT quote(key) || ' ' || ifnull(rest, '') AS name FROM change_log WHERE tbl = ?")
        .all(table.name)
        .map(({ name }) => sameKey(name)),
    );
    for (const [name, row] of rows) {
      if (after.get(name) === row) continue;
      if (!after.has(name)) gone += 1;
      expect(logged, `${statement}: ${table.name} ${name} ${row}`).toContain(name);
    }
  }
  return gone;
}

function rowsOf(db: DatabaseSync, table: TableInfo): Map<string, string> {
  const { key, rest } = keySql(table, 't');
  const values = table.columns.map(({ name }) => `quote(t.${quoteName(name)})`).join(" || ' ' || ");
  const rows = db
    .prepare(
      `SELECT quote(${key}) || ' ' || ifnull(${rest}, '') AS name, ${values} AS text FROM ${quoteName(table.name)} AS t`,
    )
    .all();
  return new Map(rows.map(({ name, text }) => [sameKey(name), String(text)]));
}

/** 1 and 1.0 are one key. */
function sameKey(name: unknown): string {
  return String(name)
    .replace(/^(-?\d+)\.0 /, '$1 ')
    .replaceAll(/r(-?\d+)\.0\.0/g, '$1');
}
