/** Runs statements and batches on a stream: conditions, the write lock, back-pressure. */

import type { Dialect } from './hosted.ts';
import type { Column } from './kept-statements.ts';
import { type Lack, withoutWhatLacks } from './lacks.ts';
import type { Condition, WireStatement } from './parse-requests.ts';
import type { Limits } from './server-limits.ts';
import type { Connection, Execution } from './sql-connection.ts';
import { failureFromSqlite, isBusy, isLocked, ResponseTooLarge, SqlFailure } from './sql-errors.ts';
import { parseOneStatement, type Statement } from './statement.ts';
import { bindArguments } from './wire-values.ts';
import type { WriteLock } from './write-lock.ts';

export interface Query {
  readonly statement: Statement;
  readonly wire: WireStatement;
}

export interface Step {
  readonly condition: Condition | undefined;
  readonly query: Query;
}

export interface StepOutcome {
  readonly affectedRows: number;
  readonly lastInsertRowid: bigint | null;
}

/** Where a program's results go. A returned promise holds the program back. */
export interface ProgramSink {
  stepBegan(step: number, columns: readonly Column[]): void | Promise<void>;
  /** Rows as JSON arrays. Throws {@link ResponseTooLarge} to end the program. */
  rows(rows: readonly string[]): void | Promise<void>;
  stepEnded(outcome: StepOutcome): void | Promise<void>;
  stepFailed(step: number, failure: SqlFailure): void | Promise<void>;
}

export interface Machine {
  readonly lock: WriteLock;
  readonly limits: Limits;
  readonly dialect: Dialect;
  readonly lacks: readonly Lack[];
  /** What it tells of a change; undefined: the truth. */
  readonly affectedRows: AffectedRows | undefined;
}

/** A hosted server tells 0 after every change (libsql-client-ts#312); `off`: one too many. */
export type AffectedRows = 'zero' | 'off';

/** Other requests get their turn at least this often while a long result is read. */
const SLICE_MS = 5;

/** The statement of a request, with stored SQL looked up. */
export function toQuery(wire: WireStatement, sql: string, dialect: Dialect): Query {
  if (wire.args.length > 0 && wire.namedArgs.size > 0) {
    throw new SqlFailure(
      'ARGS_BOTH_POSITIONAL_AND_NAMED',
      'Specifying both positional and named arguments is not supported',
    );
  }
  return { statement: parseOneStatement(sql, dialect), wire };
}

/**
 * Runs the steps in order. A failing step does not end the program; {@link ResponseTooLarge}, a
 * value that cannot be encoded and the signal do, and leave the transaction as it is.
 */
export async function runProgram(
  machine: Machine,
  connection: Connection,
  steps: readonly Step[],
  sink: ProgramSink,
  signal?: AbortSignal,
): Promise<void> {
  const succeeded: boolean[] = [];
  let timedOut = false;
  for (const [index, step] of steps.entries()) {
    if (signal?.aborted) return;
    succeeded.push(
      await connection.exclusively(async () => {
        if (connection.forcedRollback) timedOut = true;
        connection.forcedRollback = false;
        if (timedOut) {
          await sink.stepFailed(index, new SqlFailure('TRANSACTION_TIMEOUT', 'Transaction timed out'));
          return false;
        }
        if (step.condition !== undefined && !holds(step.condition, succeeded, connection)) return false;
        try {
          await runStep(machine, connection, index, step.query, sink, signal);
          return true;
        } catch (error) {
          if (!(error instanceof SqlFailure) || error instanceof ResponseTooLarge) throw error;
          await sink.stepFailed(index, error);
          return false;
        } finally {
          connection.leaveStuckConnection();
          machine.lock.note(connection);
        }
      }),
    );
  }
}

async function runStep(
  machine: Machine,
  connection: Connection,
  index: number,
  { statement: asked, wire }: Query,
  sink: ProgramSink,
  signal: AbortSignal | undefined,
): Promise<void> {
  const statement = withoutWhatLacks(asked, machine.lacks);
  const execution = await start(machine, connection, { statement, wire });
  if (statement.kind === 'write' || statement.kind === 'ddl' || statement.locks)
    machine.lock.taken(connection);
  let finished = false;
  try {
    await sink.stepBegan(index, execution.columns);
    let sliceStarted = performance.now();
    for (let rows = execution.next(); rows !== undefined; rows = execution.next()) {
      if (wire.wantRows) await sink.rows(rows);
      if (signal?.aborted) return;
      if (performance.now() - sliceStarted > SLICE_MS) {
        await new Promise(setImmediate);
        sliceStarted = performance.now();
      }
    }
    finished = true;
  } finally {
    if (!finished) execution.abort();
  }
  const outcome = execution.outcome();
  await sink.stepEnded({ ...outcome, affectedRows: told(machine.affectedRows, outcome.affectedRows) });
}

function told(how: AffectedRows | undefined, affectedRows: number): number {
  if (how === undefined) return affectedRows;
  return how === 'zero' ? 0 : affectedRows + 1;
}

/** Starts the statement; waits for the write lock as long as that takes. */
async function start(
  machine: Machine,
  connection: Connection,
  { statement, wire }: Query,
): Promise<Execution> {
  const args = bindArguments(statement.params, wire.args, wire.namedArgs, statement.isExplain);
  const attempt = connection.prepare(statement, args, machine.limits.rowBytes);
  const patience = performance.now() + machine.limits.foreignLockMs;
  for (;;) {
    try {
      return attempt.start();
    } catch (error) {
      if (isBusy(error) && ((await machine.lock.wait()) || performance.now() < patience)) continue;
      if (isLocked(error)) connection.giveUp();
      throw failureFromSqlite(error, statement.sql);
    }
  }
}

function holds(condition: Condition, succeeded: readonly boolean[], connection: Connection): boolean {
  switch (condition.type) {
    case 'ok':
      return succeeded[condition.step] === true;
    case 'error':
      return succeeded[condition.step] !== true;
    case 'not':
      return !holds(condition.cond, succeeded, connection);
    case 'and':
      return condition.conds.every((cond) => holds(cond, succeeded, connection));
    case 'or':
      return condition.conds.some((cond) => holds(cond, succeeded, connection));
    case 'is_autocommit':
      return connection.isAutocommit;
  }
}

/** Collects one result in memory, up to the limit. */
export class ResultCollector implements ProgramSink {
  readonly results: (string | null)[] = [];
  readonly errors: (SqlFailure | null)[] = [];
  /** Bytes of every result collected. */
  bytes = 0;
  readonly #maxBytes: number;
  #columns: readonly Column[] = [];
  #rows: string[] = [];
  #step = 0;
  #started = performance.now();

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  stepBegan(step: number, columns: readonly Column[]): void {
    this.#step = step;
    this.#columns = columns;
    this.#rows = [];
    this.#started = performance.now();
  }

  rows(rows: readonly string[]): void {
    for (const row of rows) {
      this.bytes += row.length;
      this.#rows.push(row);
    }
    if (this.bytes > this.#maxBytes) throw new ResponseTooLarge();
  }

  stepEnded({ affectedRows, lastInsertRowid }: StepOutcome): void {
    const rowid = lastInsertRowid === null ? 'null' : `"${lastInsertRowid}"`;
    const ms = performance.now() - this.#started;
    this.#put(
      `{"cols":${JSON.stringify(this.#columns)},"rows":[${this.#rows.join(',')}],"affected_row_count":${affectedRows},` +
        `"last_insert_rowid":${rowid},"replication_index":null,"rows_read":${this.#rows.length},` +
        `"rows_written":${affectedRows},"query_duration_ms":${ms.toFixed(3)}}`,
      null,
    );
  }

  stepFailed(step: number, failure: SqlFailure): void {
    this.#step = step;
    this.#put(null, failure);
  }

  /** Skipped steps have neither result nor error. */
  pad(steps: number): void {
    while (this.results.length < steps) {
      this.results.push(null);
      this.errors.push(null);
    }
  }

  #put(result: string | null, failure: SqlFailure | null): void {
    this.pad(this.#step);
    this.results[this.#step] = result;
    this.errors[this.#step] = failure;
  }
}
