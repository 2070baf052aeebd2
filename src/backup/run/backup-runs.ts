/**
 * The backup engine's rows (migration 0002): lease and runs. Implements the engine's `Ledger`.
 */

import { keepLostChanges } from '../../db/bucket-notes.ts';
import { all, type Database, one, type Query, sql } from '../../db/database.ts';
import { forgetFailed, rememberManifest } from '../../db/stored-files.ts';
import { toSqlTime } from '../../db/time.ts';
import { DIED, type Ledger, type RequestLedger } from '../catalog/ledger.ts';
import { manifestKey } from '../catalog/names.ts';
import { isLease, isLedger } from '../schema/engine-tables.ts';
import { createRequestLedger } from './backup-requests.ts';
import { HOLDER, IS_RUN, READABLE_RUNS, shownHolder, strangeRuns } from './readable-runs.ts';
import { IS_FENCE, RUN, RUN_START, runRecord, runStart } from './run-rows.ts';

/** The database's clock: one clock for all hosts. */
const NOW_MS = "CAST(unixepoch('subsec') * 1000 AS INTEGER)";
/**
 * Old runs are forgotten: the table's cost must not grow with the years. As many stay, whatever a
 * clock that ran ahead says of their age.
 */
const KEEP_RUNS_DAYS = 400;
/**
 * In place of a number that is none: the time, which is ahead of every count, whatever was lost
 * with the row.
 */
const NEXT_FENCE = `CASE WHEN ${IS_FENCE} THEN fence + 1
  ELSE MAX(${NOW_MS}, 1 + COALESCE((SELECT MAX(fence) FROM backup_runs WHERE ${IS_FENCE}), 0)) END`;
const NEW_FENCE =
  'backup_lease.fence held a number that no run of the bot can have written; the lease was given a new one';
/** Each costs the sweep two requests, and of those that died a message. */
const RECENT_FAILURES = 3;
/**
 * Runs back that a failure is recent: one dated ahead by a clock must not be swept after for a
 * year.
 */
const RECENT_RUNS = 30;

/**
 * `isDead`: whether the holder that a lease names is known to be dead; its lease is taken over at
 * once. A Worker cannot know.
 */
export function createBackupLedger(
  db: Database,
  isDead: (holder: string) => boolean = () => false,
): Ledger & RequestLedger {
  let hasNotes = false;
  const ledger: Ledger = {
    async schemaVersion() {
      if (!(await columnsOf(db, 'schema_migrations')).includes('version')) return undefined;
      const [row] = await db.read([
        one(
          sql(
            // Another program may keep words there.
            "SELECT COALESCE(MAX(version), 0) AS version FROM schema_migrations WHERE typeof(version) = 'integer'",
          ),
          (found) => found.int('version'),
        ),
      ]);
      return row;
    },
    async acquire(holder, ttlMs) {
      const record = await recordOf(db);
      if (!record.isWhole) return { kind: 'absent' };
      ({ hasNotes } = record);
      const [, , before, taken, strange] = await db.write([
        // The row may be missing after somebody's hand-made import; it must not switch the lease
        // off.
        sql("INSERT OR IGNORE INTO backup_lease (id, fence, holder, expires_ms) VALUES (1, 0, '', 0)"),
        // Further ahead than a beat can have put it: a clock that ran ahead did. A living holder
        // renews it within the time left.
        sql(
          `UPDATE backup_lease SET expires_ms = ${NOW_MS} + ?1
           WHERE id = 1 AND (typeof(expires_ms) <> 'integer' OR expires_ms > ${NOW_MS} + ?1)`,
          ttlMs,
        ),
        sql(
          `SELECT ${HOLDER} AS holder, fence, expires_ms - ${NOW_MS} AS left_ms, ${IS_FENCE} AS is_fence FROM backup_lease WHERE id = 1`,
        ),
        sql(
          `UPDATE backup_lease SET fence = ${NEXT_FENCE}, holder = ?, expires_ms = ${NOW_MS} + ?
           WHERE id = 1 AND expires_ms <= ${NOW_MS} RETURNING fence`,
          holder,
          ttlMs,
        ),
        sql(`SELECT COUNT(*) AS count FROM backup_runs WHERE ${IS_RUN} IS NOT TRUE`),
      ]);
      const [found] = before?.rows ?? [];
      const [mine] = taken?.rows ?? [];
      if (mine !== undefined) {
        const fence = mine.int('fence');
        const strangers = strange?.rows[0]?.int('count') ?? 0;
        const notes = [
          ...(found?.bool('is_fence') === false ? [NEW_FENCE] : []),
          ...(strangers > 0 ? [strangeRuns(strangers)] : []),
        ];
        return { kind: 'acquired', fence, ...(notes.length > 0 && { note: notes.join('; ') }) };
      }
      const other = found?.text('holder') ?? '';
      if (isDead(other)) {
        // Its text is its process's alone: who took the lease since is not meant.
        await db.write([
          sql("UPDATE backup_lease SET expires_ms = 0, holder = '' WHERE id = 1 AND holder = ?", other),
        ]);
        return ledger.acquire(holder, ttlMs);
      }
      return {
        kind: 'held',
        holder: shownHolder(other),
        fence: found?.bool('is_fence') === true ? found.int('fence') : 0,
        leftMs: found?.int('left_ms') ?? 0,
      };
    },
    async renew(fence, ttlMs, stored) {
      const [result] = await db.write([
        sql(
          `UPDATE backup_lease SET expires_ms = ${NOW_MS} + ? WHERE id = 1 AND fence = ? RETURNING fence`,
          ttlMs,
          fence,
        ),
        ...(stored !== undefined && hasNotes ? rememberManifest(stored) : []),
      ]);
      return result !== undefined && result.rows.length === 1;
    },
    async release(fence) {
      await db.write([
        sql("UPDATE backup_lease SET expires_ms = 0, holder = '' WHERE id = 1 AND fence = ?", fence),
      ]);
    },
    async used(names) {
      const [found] = await db.read([
        all(
          sql(
            `SELECT name FROM ${READABLE_RUNS} WHERE name IN (SELECT value FROM json_each(?))`,
            JSON.stringify(names),
          ),
          (row) => row.text('name'),
        ),
      ]);
      return found;
    },
    async triggers(names) {
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
    },
    async begin(run) {
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
    },
    async outdated(names, fence) {
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
    },
    async end(name, end) {
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
    },
    async newestDone(now) {
      if (!isLedger(await columnsOf(db, 'backup_runs'))) return undefined;
      const [[run]] = await db.read([
        all(
          sql(
            `SELECT ${RUN_START} FROM ${READABLE_RUNS} WHERE state = 'done' AND started_at <= ? ORDER BY started_at DESC, id DESC LIMIT 1`,
            toSqlTime(now),
          ),
          runStart,
        ),
      ]);
      return run;
    },
    async madeAfter(name) {
      if (!isLedger(await columnsOf(db, 'backup_runs'))) return undefined;
      const [[run]] = await db.read([
        all(
          sql(
            `WITH done AS (SELECT * FROM ${READABLE_RUNS} WHERE state = 'done' AND ${IS_FENCE})
             SELECT ${RUN_START} FROM done WHERE "trigger" <> 'restore'
               AND fence > (SELECT fence FROM done WHERE name = ?1)
               AND started_at < (SELECT started_at FROM done WHERE name = ?1)
             ORDER BY fence DESC LIMIT 1`,
            name,
          ),
          runStart,
        ),
      ]);
      return run;
    },
    async coverChanges(statements) {
      await db.write(statements);
    },
    async loseChanges(lost) {
      if (hasNotes) await db.write([keepLostChanges(lost)]);
    },
    async recent(limit) {
      const [runs] = await db.read([
        all(sql(`SELECT ${RUN} FROM ${READABLE_RUNS} ORDER BY id DESC LIMIT ?`, limit), runRecord),
      ]);
      return runs;
    },
  };
  return { ...ledger, ...createRequestLedger(db) };
}

/**
 * An old database may have other programs' tables of these names; of ours, somebody's SQL may have
 * taken a column.
 */
async function recordOf(db: Database): Promise<{ readonly isWhole: boolean; readonly hasNotes: boolean }> {
  const tables = ['backup_lease', 'backup_runs', 'bucket_notes'] as const;
  const [lease = [], runs = [], notes = []] = await db.read(tables.map(columns));
  return { isWhole: isLease(lease) && isLedger(runs), hasNotes: notes.includes('value') };
}

async function columnsOf(db: Database, table: string): Promise<string[]> {
  const [found] = await db.read([columns(table)]);
  return found;
}

/** None of what is no table. */
function columns(table: string): Query<string[]> {
  return all(
    sql(
      "SELECT c.name FROM sqlite_schema AS t, pragma_table_info(t.name) AS c WHERE t.type = 'table' AND t.name = ?",
      table,
    ),
    (row) => row.text('name'),
  );
}
