/** The requests of a pipeline, one result each (libsql-server hrana/http/request.rs). */

import type { SqlText, WireRequest, WireStatement, WireStep } from './parse-requests.ts';
import { type Machine, type Query, ResultCollector, runProgram, type Step, toQuery } from './run-program.ts';
import type { Connection } from './sql-connection.ts';
import { ProtocolError, SqlFailure, wireError } from './sql-errors.ts';
import { parseStatements } from './statement.ts';
import type { Stream } from './streams.ts';

const NO_ARGUMENTS = { args: [], namedArgs: new Map(), wantRows: false };

/** Answers one request as JSON text. `spent` bytes of results are already in this answer. */
export async function answerRequest(
  machine: Machine,
  stream: Stream,
  request: WireRequest,
  spent: number,
): Promise<{ readonly json: string; readonly bytes: number }> {
  try {
    const { fields, bytes } = await handle(machine, stream, request, spent);
    const separator = fields === '' ? '' : ',';
    return { json: `{"type":"ok","response":{"type":"${request.type}"${separator}${fields}}}`, bytes };
  } catch (error) {
    if (!(error instanceof SqlFailure)) throw error;
    return { json: `{"type":"error","error":${JSON.stringify(wireError(error))}}`, bytes: 0 };
  }
}

interface Answer {
  /** The fields of the response after its type, as JSON. */
  readonly fields: string;
  readonly bytes: number;
}

const EMPTY: Answer = { fields: '', bytes: 0 };

async function handle(
  machine: Machine,
  stream: Stream,
  request: WireRequest,
  spent: number,
): Promise<Answer> {
  const connection = openConnection(stream);
  switch (request.type) {
    case 'execute': {
      const query = toQuery(request.statement, lookUpSql(stream, request.statement), machine.dialect);
      const collector = await collect(machine, connection, [{ condition: undefined, query }], spent);
      const failure = collector.errors[0];
      if (failure) throw failure;
      return { fields: `"result":${collector.results[0]}`, bytes: collector.bytes };
    }
    case 'batch': {
      const steps = toSteps(machine, stream, request.steps);
      const collector = await collect(machine, connection, steps, spent);
      collector.pad(steps.length);
      const errors = collector.errors.map((failure) =>
        failure === null ? 'null' : JSON.stringify(wireError(failure)),
      );
      const results = collector.results.map((result) => result ?? 'null');
      return {
        fields: `"result":{"step_results":[${results.join(',')}],"step_errors":[${errors.join(',')}],"replication_index":null}`,
        bytes: collector.bytes,
      };
    }
    case 'sequence':
      await runSequence(machine, connection, lookUpSql(stream, request));
      return EMPTY;
    case 'store_sql':
      storeSql(machine, stream, request.sqlId, request.sql);
      return EMPTY;
    case 'close_sql':
      stream.sqls.delete(request.sqlId);
      return EMPTY;
    case 'get_autocommit':
      return { fields: `"is_autocommit":${connection.isAutocommit}`, bytes: 0 };
    case 'close':
      return EMPTY; // the caller closes the stream
  }
}

/** The connection, or the error of a stream that a `close` has ended. */
export function openConnection(stream: Stream): Connection {
  if (stream.connection === undefined) throw new ProtocolError('Stream for this baton was closed');
  return stream.connection;
}

/** A batch ready to run; one statement that cannot be parsed fails all of it, as on the server. */
export function toSteps({ dialect }: Machine, stream: Stream, steps: readonly WireStep[]): Step[] {
  return steps.map(({ condition, statement }) => ({
    condition,
    query: toQuery(statement, lookUpSql(stream, statement), dialect),
  }));
}

async function collect(
  machine: Machine,
  connection: Connection,
  steps: readonly Step[],
  spent: number,
): Promise<ResultCollector> {
  const { resultBytes, totalResultBytes } = machine.limits;
  const collector = new ResultCollector(Math.min(resultBytes, totalResultBytes - spent));
  await runProgram(machine, connection, steps, collector);
  return collector;
}

async function runSequence(machine: Machine, connection: Connection, sql: string): Promise<void> {
  const steps = parseStatements(sql, machine.dialect).map((statement, index): Step => {
    const wire: WireStatement = { sql: statement.sql, sqlId: undefined, ...NO_ARGUMENTS };
    const query: Query = { statement, wire };
    return { condition: index === 0 ? undefined : { type: 'ok', step: index - 1 }, query };
  });
  const collector = new ResultCollector(machine.limits.resultBytes);
  await runProgram(machine, connection, steps, collector);
  const failure = collector.errors.find((error) => error !== null);
  if (failure) throw failure;
}

function storeSql(machine: Machine, stream: Stream, sqlId: number, sql: string): void {
  const { storedSqlCount, storedSqlBytes } = machine.limits;
  if (stream.sqls.has(sqlId)) throw new ProtocolError(`SQL text ${sqlId} already exists`);
  if (stream.sqls.size >= storedSqlCount) {
    throw new SqlFailure(
      'SQL_STORE_TOO_MANY',
      `The server already stores ${stream.sqls.size} SQL texts, it cannot store more`,
    );
  }
  if (Buffer.byteLength(sql) > storedSqlBytes) {
    throw new SqlFailure(
      'SQL_STORE_TOO_LARGE',
      `The statement is too large to be stored: ${Buffer.byteLength(sql)}`,
    );
  }
  stream.sqls.set(sqlId, sql);
}

function lookUpSql(stream: Stream, { sql, sqlId }: SqlText): string {
  if (sql !== undefined && sqlId !== undefined) {
    throw new ProtocolError('Either `sql` or `sql_id` are required, but not both');
  }
  if (sql !== undefined) return sql;
  if (sqlId === undefined) throw new ProtocolError('Either `sql` or `sql_id` are required');
  const stored = stream.sqls.get(sqlId);
  if (stored === undefined) throw new ProtocolError(`SQL text ${sqlId} not found`);
  return stored;
}
