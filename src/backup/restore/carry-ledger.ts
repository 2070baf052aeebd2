/**
 * The engine's record tells of the bucket, not of the bot, so it does not go back in time with the
 * rest of a database: runs since the backup stay known (what a dead one left is still swept, no
 * name is used twice), and the fence of the lease only grows, so that no run that stalled before
 * the restore can take an old number for its own. Node only.
 */
import { statSync } from 'node:fs';
import Database from 'libsql';
import { limitsFor, runInProcess } from '../foreign/process.ts';
import type { DatabaseSchema } from '../model/model.ts';
import {
  INSERT_RUNS,
  type LedgerValue,
  type LiveLedger,
  MOST_RUNS,
  NEWEST_RUNS,
  RUNS,
  SET_FENCE,
} from '../run/ledger-sql.ts';
import { isLease, isLedger } from '../schema/engine-tables.ts';
import { RESTORE_CONTROL } from './staging.ts';

/** How long a lock of the living file is waited for, ms. */
const BUSY_MS = 5_000;

/** From the living database file into the one that takes its place; gives what to say of it. */
export async function carryLedger(path: string, fresh: string): Promise<string[]> {
  const live = readLedger(path);
  await runInProcess('carry', { path: fresh, live }, { limits: limitsFor(statSync(fresh).size) });
  return live.count <= MOST_RUNS
    ? []
    : [
        `the old database's record of backup runs (backup_runs) has ${live.count.toLocaleString('en')} rows: the newest ${MOST_RUNS.toLocaleString('en')} are kept`,
      ];
}

/**
 * With the library that others of this process have the living file open with: two break each
 * other's locks.
 */
function readLedger(path: string): LiveLedger {
  const db = new Database(path, { timeout: BUSY_MS });
  const rows = (query: string): unknown[][] =>
    db.prepare(query).raw().safeIntegers().all().filter(Array.isArray);
  const columns = (table: string): unknown[] =>
    rows(`SELECT name FROM pragma_table_info('${table}')`).map(([name]) => name);
  try {
    const [lease] = isLease(columns('backup_lease'))
      ? rows('SELECT fence FROM backup_lease WHERE id = 1')
      : [];
    const fence = lease?.[0];
    const hasRuns = isLedger(columns('backup_runs'));
    const runs = hasRuns ? rows(`SELECT ${RUNS} FROM (${NEWEST_RUNS})`) : [];
    const [[count] = [0]] = hasRuns ? rows('SELECT COUNT(*) FROM backup_runs') : [];
    return {
      fence: typeof fence === 'bigint' ? fence : undefined,
      runs: runs.flatMap((run) => (run.every(isValue) ? [run] : [])),
      count: Number(count),
    };
  } finally {
    db.close();
  }
}

function isValue(value: unknown): value is LedgerValue {
  return value === null || ['bigint', 'number', 'string'].includes(typeof value);
}

/**
 * Inside the swap of a server: what to do before the living tables go, and when the new ones are
 * filled.
 */
export function carryLedgerSql(
  live: DatabaseSchema,
  schema: DatabaseSchema,
): { readonly before: readonly string[]; readonly after: readonly string[] } {
  const inBoth = (name: string, fits: (columns: readonly string[]) => boolean): boolean =>
    [live, schema].every(({ tables }) =>
      tables.some((table) => table.name === name && fits(table.columns.map((column) => column.name))),
    );
  const before: string[] = [];
  const after: string[] = [];
  if (inBoth('backup_lease', isLease)) {
    before.push(
      `ALTER TABLE ${RESTORE_CONTROL} ADD COLUMN fence INTEGER`,
      `UPDATE ${RESTORE_CONTROL} SET fence = (SELECT fence FROM backup_lease WHERE id = 1)`,
    );
    after.push(`${SET_FENCE}COALESCE((SELECT fence FROM ${RESTORE_CONTROL}), 0)) WHERE id = 1`);
  }
  if (inBoth('backup_runs', isLedger)) {
    before.push(`CREATE TABLE ${CARRIED_RUNS} AS ${NEWEST_RUNS}`);
    after.push(
      `${INSERT_RUNS} SELECT ${RUNS} FROM ${CARRIED_RUNS} ORDER BY id`,
      `DROP TABLE ${CARRIED_RUNS}`,
    );
  }
  return { before, after };
}

/** A staging table like the others (`isStaging`). */
const CARRIED_RUNS = 'restoring_runs';
