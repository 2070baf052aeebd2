/** The rows of `backup_runs` (migration 0002): which runs were begun, and how each ended. */
import { all, type Database, one, type Statement, sql } from '../../db/database.ts';
import { columnsOf } from '../../db/existing-schema.ts';
import { forgetFailed } from '../../db/stored-files.ts';
import { toSqlTime } from '../../db/time.ts';
import { DIED, type RunEnd, type RunStart, type RunsBefore } from '../catalog/ledger.ts';
import { type BackupName, manifestKey } from '../catalog/names.ts';
import { isLedger } from '../schema/engine-tables.ts';
import { IS_FENCE, READABLE_RUNS, RUN_START, runStart } from './run-rows.ts';

/**
 * Old runs are forgotten: the table's cost must not grow with the years. As many stay, whatever a
 * clock that ran ahead says of their age.
 */
const KEEP_RUNS_DAYS = 400;
/** Each costs the sweep two requests, and of those that died a message. */
const RECENT_FAILURES = 3;
/** Runs back that a failure is recent: one dated ahead by a clock is not swept after for a year. */
const RECENT_RUNS = 30;

export async function recordedTriggers(
  db: Database,
  names: readonly BackupName[],
): Promise<Map<BackupName, string>> {
  const [found] = await db.read([
    all(
      sql(
        `SELECT name, "trigger" FROM ${READABLE_RUNS} WHERE name IN (SELECT value FROM json_each(?))`,
        JSON.stringify(names),
      ),
      (row) => [row.text('name'), row.text('trigger')] as const,
    ),
  ]);
  return new Map(found);
}

export async function beginRun(db: Database, run: RunStart): Promise<RunsBefore> {
  const now = toSqlTime(run.startedAt);
  const results = await db.write([
    sql(
      "DELETE FROM backup_runs WHERE started_at < datetime(?1, '-' || ?2 || ' days') AND id <= (SELECT MAX(id) FROM backup_runs) - ?2",
      now,
      KEEP_RUNS_DAYS,
    ),
    sql(
      `INSERT INTO backup_runs (name, fence, "trigger", scheduled_at, started_at, state) VALUES (?, ?, ?, ?, ?, 'running')`,
      run.name,
      run.fence,
      run.trigger,
      toSqlTime(run.scheduledAt),
      now,
    ),
    sql(
      `SELECT name FROM ${READABLE_RUNS} WHERE state <> 'done' AND name <> ? AND started_at > datetime(?, '-2 days')
         AND id > (SELECT MAX(id) FROM backup_runs) - ? ORDER BY id DESC LIMIT ?`,
      run.name,
      now,
      RECENT_RUNS,
      RECENT_FAILURES,
    ),
    sql(
      `SELECT ${RUN_START} FROM ${READABLE_RUNS} WHERE state = 'running' AND fence < ? ORDER BY id DESC LIMIT ?`,
      run.fence,
      RECENT_FAILURES,
    ),
  ]);
  return {
    dead: (results.at(-2)?.rows ?? []).map((row) => row.text('name')),
    died: (results.at(-1)?.rows ?? []).map(runStart),
  };
}

export async function outdatedAmong(
  db: Database,
  names: readonly BackupName[],
  fence: number,
): Promise<BackupName[]> {
  const [found] = await db.read([
    all(
      sql(
        `SELECT name FROM ${READABLE_RUNS} WHERE fence < ? AND state <> 'done' AND name IN (SELECT value FROM json_each(?))`,
        fence,
        JSON.stringify(names),
      ),
      (row) => row.text('name'),
    ),
  ]);
  return found;
}

export async function endRun(
  db: Database,
  name: BackupName,
  end: RunEnd,
  hasNotes: boolean,
): Promise<boolean> {
  const [before] = await db.write([
    sql("SELECT 1 FROM backup_runs WHERE name = ? AND state = 'failed' AND reason = ?", name, DIED),
    sql(
      "UPDATE backup_runs SET state = ?1, finished_at = ?2, reason = ?3, rows = ?4, bytes = ?5 WHERE name = ?6 AND (state <> 'done' OR ?1 = 'done')",
      end.state,
      toSqlTime(end.finishedAt),
      end.reason,
      end.rows,
      end.bytes,
      name,
    ),
    ...(hasNotes ? [forgetFailed(name, manifestKey('', name))] : []),
  ]);
  return (before?.rows ?? []).length > 0;
}

export function newestDone(db: Database, now: Date): Promise<RunStart | undefined> {
  return runOf(
    db,
    sql(
      `SELECT ${RUN_START} FROM ${READABLE_RUNS} WHERE state = 'done' AND started_at <= ? ORDER BY started_at DESC, id DESC LIMIT 1`,
      toSqlTime(now),
    ),
  );
}

export function madeAfter(db: Database, name: BackupName): Promise<RunStart | undefined> {
  return runOf(
    db,
    sql(
      `WITH done AS (SELECT * FROM ${READABLE_RUNS} WHERE state = 'done' AND ${IS_FENCE})
       SELECT ${RUN_START} FROM done WHERE "trigger" <> 'restore'
         AND fence > (SELECT fence FROM done WHERE name = ?1)
         AND started_at < (SELECT started_at FROM done WHERE name = ?1)
       ORDER BY fence DESC LIMIT 1`,
      name,
    ),
  );
}

export async function lastBegun(db: Database): Promise<RunStart | undefined> {
  const [run] = await db.read([
    one(sql(`SELECT ${RUN_START} FROM ${READABLE_RUNS} ORDER BY id DESC LIMIT 1`), runStart),
  ]);
  return run;
}

async function runOf(db: Database, query: Statement): Promise<RunStart | undefined> {
  const [columns] = await db.read([columnsOf('backup_runs')]);
  if (!isLedger(columns)) return undefined;
  const [run] = await db.read([one(query, runStart)]);
  return run;
}
