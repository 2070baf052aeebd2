/**
 * The backup engine's rows (migration 0002): lease, runs, requests. Implements the engine's
 * `Ledger`.
 */

import { all, type Database, listed, one, type Query, type Statement, sql } from '../../db/database.ts';
import type { Row } from '../../db/row.ts';
import { holdingSince, toSqlTime } from '../../db/time.ts';
import {
  type BackupRequest,
  DIED,
  type Ledger,
  type RequestLedger,
  type RunRecord,
  type RunStart,
} from '../catalog/ledger.ts';
import { TRIGGERS } from '../catalog/manifest.ts';
import { isLease, isLedger } from './ledger-sql.ts';
import { HOLDER, IS_RUN, isTime, READABLE_RUNS, shownHolder, strangeRuns } from './readable-runs.ts';

/** The database's clock: one clock for all hosts. */
const NOW_MS = "CAST(unixepoch('subsec') * 1000 AS INTEGER)";
/**
 * Old runs are forgotten: the table's cost must not grow with the years. As many stay, whatever a
 * clock that ran ahead says of their age.
 */
const KEEP_RUNS_DAYS = 400;
/**
 * Leases are counted one by one: a larger number is somebody's SQL, and beyond 2^53 none is read
 * exactly.
 */
const MOST_FENCE = 2 ** 52;
const IS_FENCE = `(typeof(fence) = 'integer' AND fence BETWEEN 0 AND ${MOST_FENCE})`;
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
  const ledger: Ledger & RequestLedger = {
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
      if (!(await isRecordWhole(db))) return { kind: 'absent' };
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
    async renew(fence, ttlMs) {
      const [result] = await db.write([
        sql(
          `UPDATE backup_lease SET expires_ms = ${NOW_MS} + ? WHERE id = 1 AND fence = ? RETURNING fence`,
          ttlMs,
          fence,
        ),
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
    async recent(limit) {
      const [runs] = await db.read([
        all(sql(`SELECT ${RUN} FROM ${READABLE_RUNS} ORDER BY id DESC LIMIT ?`, limit), runRecord),
      ]);
      return runs;
    },
    async addRequest(request) {
      const [result] = await db.write([requestBackup(request)]);
      const id = result?.rows[0]?.int('id');
      if (id === undefined) throw new Error('backup request was not stored');
      return { ...request, id, attempts: 0 };
    },
    async openRequests(now) {
      const [requests] = await db.read([listed(sql(OPEN_REQUESTS), requestRecord)]);
      const { last } = holdingSince(now, 0);
      const wrong = requests.filter(({ requestedAt }) => !(requestedAt <= last)).map(({ id }) => id);
      if (wrong.length === 0) return requests;
      // A backup is named and judged by this time.
      const results = await db.write([
        sql(`UPDATE backup_requests SET requested_at = ? WHERE id IN (${wrong.join(', ')})`, toSqlTime(now)),
        sql(OPEN_REQUESTS),
      ]);
      return listed(sql(OPEN_REQUESTS), requestRecord).parse(results.at(-1)?.rows ?? []);
    },
    async closeRequest(id, at) {
      await db.write([sql('UPDATE backup_requests SET finished_at = ? WHERE id = ?', toSqlTime(at), id)]);
    },
  };
  return ledger;
}

/** RETURNING id. From then on the backup is made, whatever happens to this process. */
export function requestBackup(request: Omit<BackupRequest, 'id' | 'attempts'>): Statement {
  return sql(
    'INSERT INTO backup_requests (requested_by, chat_id, message_id, requested_at) VALUES (?, ?, ?, ?) RETURNING id',
    request.requestedBy,
    request.chatId,
    request.messageId,
    toSqlTime(request.requestedAt),
  );
}

/** The message that the admin waits at. */
export function requestShown(id: number, messageId: number): Statement {
  return sql('UPDATE backup_requests SET message_id = ? WHERE id = ?', messageId, id);
}

const OPEN_REQUESTS = `SELECT id, requested_by, chat_id, message_id, requested_at,
    (SELECT count(*) FROM backup_runs WHERE scheduled_at = requested_at AND "trigger" = 'command') AS attempts
  FROM backup_requests WHERE finished_at IS NULL ORDER BY id`;
const RUN_START = `name, CASE WHEN ${IS_FENCE} THEN fence ELSE 0 END AS fence, "trigger", scheduled_at, started_at`;
const RUN = `${RUN_START}, CASE WHEN ${isTime('finished_at')} THEN finished_at END AS finished_at, state,
  CASE WHEN typeof(reason) = 'text' THEN reason END AS reason, rows, bytes`;

/**
 * An old database may have other programs' tables of these names; of ours, somebody's SQL may have
 * taken a column.
 */
async function isRecordWhole(db: Database): Promise<boolean> {
  const [lease, runs] = await db.read([columns('backup_lease'), columns('backup_runs')]);
  return isLease(lease) && isLedger(runs);
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

function runStart(row: Row): RunStart {
  return {
    name: row.text('name'),
    fence: row.int('fence'),
    trigger: oneOf(TRIGGERS, row.text('trigger')),
    scheduledAt: fromSqlTime(row.text('scheduled_at')),
    startedAt: fromSqlTime(row.text('started_at')),
  };
}

function runRecord(row: Row): RunRecord {
  const finished = row.textOrNull('finished_at');
  return {
    ...runStart(row),
    finishedAt: finished === null ? null : fromSqlTime(finished),
    state: oneOf(['running', 'done', 'failed'], row.text('state')),
    reason: row.textOrNull('reason'),
    rows: row.intIfReadable('rows'),
    bytes: row.intIfReadable('bytes'),
  };
}

function requestRecord(row: Row): BackupRequest {
  return {
    id: row.int('id'),
    requestedBy: row.int('requested_by'),
    chatId: row.int('chat_id'),
    messageId: row.intOrNull('message_id'),
    // Somebody's SQL may have put anything there; openRequests sets an invalid date right.
    requestedAt: dateOf(row.text('requested_at')),
    attempts: row.int('attempts'),
  };
}

function oneOf<const T extends string>(values: readonly T[], text: string): T {
  const value = values.find((candidate) => candidate === text);
  if (value === undefined)
    throw new TypeError(`unexpected value ${JSON.stringify(text)}, wanted ${values.join(', ')}`);
  return value;
}

function dateOf(text: string): Date {
  return new Date(`${text.replace(' ', 'T')}Z`);
}

function fromSqlTime(text: string): Date {
  const time = dateOf(text);
  if (Number.isNaN(time.getTime())) throw new TypeError(`${JSON.stringify(text)} is not a time`);
  return time;
}
