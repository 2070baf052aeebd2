/**
 * Writes into a file that is restored what settle-runs.ts and carry-ledger.ts have found out. The
 * file is somebody else's: these run in the process for foreign files, and a trigger on the tables
 * they write to is an error. Node only.
 */
import type { DatabaseSync } from 'node:sqlite';
import { FORGET_PLACES } from '../../db/place-notes.ts';
import { quoteName } from '../../lib/sql-tokens.ts';
import { STATE_COLUMNS, STATE_TABLE } from '../catalog/change-state.ts';
import { BEGINS_NOW, beginTimelineSql } from '../changes/timeline.ts';
import { explainFull, openForeignFile } from '../foreign/connection.ts';
import type { Task } from '../foreign/task.ts';
import type { TableDigest } from '../model/digest.ts';
import { INSERT_RUNS, type LiveLedger, SET_FENCE } from '../run/ledger-sql.ts';
import { LOG_TABLE } from '../schema/change-triggers.ts';
import { ENGINE_TABLES, isLease, isLedger, RUN_COLUMNS } from '../schema/engine-tables.ts';
import { digestFile } from '../verify/file-digests.ts';

declare module '../foreign/task.ts' {
  interface Tasks {
    readonly settle: typeof settleTask;
    readonly carry: typeof carryTask;
  }
}

/** What became of the run that made the backup. */
export interface RunEnd {
  readonly name: string;
  readonly finishedAt: string | null;
  readonly rows: number;
  readonly bytes: number | null;
}

export interface Settled {
  /** Digests of the tables that it may have changed. */
  readonly tables: readonly TableDigest[];
  readonly notes: readonly string[];
}

interface SettleInput {
  readonly path: string;
  readonly end: RunEnd | undefined;
  /** Replayed into it. */
  readonly lastChange: number | undefined;
}

export const settleTask: Task<SettleInput, Settled> = async ({ path, end, lastChange }) => {
  const { db, close } = openForeignFile(path, 'write');
  let notes: string[];
  try {
    db.exec('BEGIN');
    settle(db, end, lastChange);
    notes = boundSequences(db);
    db.exec('COMMIT');
  } catch (error) {
    throw explainFull(db, path, error);
  } finally {
    close();
  }
  const { tables } = await digestFile(path, { only: [...ENGINE_TABLES, 'sqlite_sequence'] });
  return { tables, notes };
};

function settle(db: DatabaseSync, end: RunEnd | undefined, lastChange = 0): void {
  const run = (sql: string, ...args: (string | number | null)[]): void => void db.prepare(sql).run(...args);
  if (hasColumns(db, 'backup_runs', ['name', 'state', 'finished_at', 'rows', 'bytes', 'scheduled_at'])) {
    if (end !== undefined)
      run(
        "UPDATE backup_runs SET state = 'done', finished_at = ?, rows = ?, bytes = ? WHERE name = ? AND state = 'running'",
        end.finishedAt,
        end.rows,
        end.bytes,
        end.name,
      );
    run("DELETE FROM backup_runs WHERE state = 'running'");
    // Whoever asked for this backup has it: nobody is to be told again, years later, by the next
    // tick.
    if (
      end !== undefined &&
      isLedger(columnsOf(db, 'backup_runs')) &&
      hasColumns(db, 'backup_requests', ['requested_at', 'finished_at'])
    )
      run(
        `UPDATE backup_requests SET finished_at = COALESCE(r.finished_at, r.started_at) FROM backup_runs AS r
         WHERE backup_requests.finished_at IS NULL AND r.name = ? AND r.state = 'done' AND r."trigger" = 'command'
           AND r.scheduled_at = backup_requests.requested_at`,
        end.name,
      );
  }
  if (hasColumns(db, STATE_TABLE, STATE_COLUMNS.split(', ')) && hasColumns(db, LOG_TABLE, ['seq']))
    // From the position that the backup has, or the last change that was replayed into it.
    run(
      beginTimelineSql(
        'restore',
        `json_object('timeline', timeline, 'seq', max(shipped_seq, COALESCE((SELECT max(seq) FROM ${LOG_TABLE}), 0), ?))`,
      ),
      lastChange,
    );
  if (hasColumns(db, 'bucket_notes', ['key', 'value'])) run(FORGET_PLACES);
  if (hasColumns(db, 'backup_lease', ['id', 'holder', 'expires_ms']))
    run("UPDATE backup_lease SET holder = '', expires_ms = 0 WHERE holder <> '' OR expires_ms <> 0");
}

/** The living database's record into the file that takes its place. */
export const carryTask: Task<{ path: string; live: LiveLedger }, void> = ({ path, live }) => {
  const { db, close } = openForeignFile(path, 'write');
  try {
    db.exec('BEGIN');
    if (live.fence !== undefined && isLease(columnsOf(db, 'backup_lease')))
      db.prepare(`${SET_FENCE}?) WHERE id = 1`).run(live.fence);
    if (isLedger(columnsOf(db, 'backup_runs'))) {
      const insert = db.prepare(`${INSERT_RUNS} VALUES (${RUN_COLUMNS.map(() => '?').join(', ')})`);
      for (const run of live.runs) insert.run(...run);
    }
    // Until the safety backup was made the old history went on.
    if (hasColumns(db, STATE_TABLE, STATE_COLUMNS.split(', '))) db.exec(BEGINS_NOW);
    db.exec('COMMIT');
  } catch (error) {
    throw explainFull(db, path, error);
  } finally {
    close();
  }
};

function hasColumns(db: DatabaseSync, table: string, columns: readonly string[]): boolean {
  const found = new Set(columnsOf(db, table));
  return columns.every((column) => found.has(column));
}

function columnsOf(db: DatabaseSync, table: string): string[] {
  return db
    .prepare('SELECT name FROM pragma_table_info(?)')
    .all(table)
    .map((row) => String(row['name']));
}

const HIGHEST = Number.MAX_SAFE_INTEGER;

/**
 * Where AUTOINCREMENT goes on. Nothing is signed: a number at the end of the range would have every
 * new row fail as on a full disk, and one beyond 2^53 is none that this program can hold. Sets what
 * is beyond it to the highest id of its table, 0 where there is no such table; returns what it did,
 * for people.
 */
function boundSequences(db: DatabaseSync): string[] {
  if (db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_sequence'").get() === undefined) return [];
  const found = db
    .prepare(
      `SELECT DISTINCT CAST(name AS TEXT) AS name, CAST(CAST(seq AS INTEGER) AS TEXT) AS seq FROM sqlite_sequence
       WHERE CAST(seq AS INTEGER) > ${HIGHEST}`,
    )
    .all();
  return found.map((row) => {
    const [name, seq] = [String(row['name']), String(row['seq'])];
    const key = db
      .prepare(
        `SELECT c.name FROM sqlite_schema AS t, pragma_table_info(t.name) AS c
         WHERE t.type = 'table' AND t.rootpage <> 0 AND t.name = ? AND c.pk = 1`,
      )
      .get(name)?.['name'];
    const highest =
      typeof key === 'string' ? `(SELECT max(${quoteName(key)}) FROM ${quoteName(name)})` : 'NULL';
    const [set] = db
      .prepare(
        `UPDATE sqlite_sequence SET seq = coalesce(${highest}, 0)
         WHERE CAST(name AS TEXT) = ? AND CAST(seq AS INTEGER) > ${HIGHEST} RETURNING CAST(seq AS TEXT) AS seq`,
      )
      .all(name);
    return `the number of the newest row ever in ${name} was given as ${seq}, after which no row can be added: it is ${String(set?.['seq'])} now, the highest there is`;
  });
}
