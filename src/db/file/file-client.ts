/**
 * One connection to a database file that keeps its prepared statements. @libsql/client prepares
 * each anew: half of what an update cost, and megabytes that only V8's collector gives back. Node
 * only.
 */
import { LibsqlError } from '@libsql/client/sqlite3';
import Sqlite from 'libsql';
import type { BatchClient, BatchResult, SqlArg } from '../database.ts';
import type { RowValue } from '../row.ts';

export interface FileClient extends BatchClient {
  /** Runs what no transaction may hold: a PRAGMA, ATTACH. */
  run(sql: string, ...args: readonly SqlArg[]): void;
  /** Drops the connection and opens another. */
  reconnect(): void;
}

type Connection = Sqlite.Database;

interface Prepared {
  readonly statement: Sqlite.Statement<unknown[]>;
  /** Undefined: it gives no rows. */
  columns: readonly string[] | undefined;
}

/** More than the bot has; those of a connection hold some KB each. */
const MOST_KEPT = 400;
/** A kept statement holds its arguments until it runs again. */
const LONGEST_KEPT_ARGUMENT = 16_384;
/** What reads and writes rows. Anything else may change the columns that a statement gives. */
const OF_ROWS = /^\s*(?:SELECT|WITH|INSERT|UPDATE|DELETE|REPLACE)\b/i;
const BEGIN = { write: 'BEGIN IMMEDIATE', read: 'BEGIN TRANSACTION READONLY', deferred: 'BEGIN DEFERRED' };

export function openFileClient(path: string, busyTimeoutMs: number): FileClient {
  const kept = new Map<string, Prepared>();
  let connection = connect();

  function connect(): Connection {
    return new Sqlite(path, { timeout: busyTimeoutMs });
  }

  function execute(sql: string, args: readonly SqlArg[]): BatchResult {
    const isOfRows = OF_ROWS.test(sql);
    if (!isOfRows) kept.clear();
    const found = kept.get(sql);
    const prepared = found ?? prepare(sql);
    const values = args.map(toSql);
    const { statement } = prepared;
    if (prepared.columns === undefined) {
      statement.run(values);
      keep();
      return NO_ROWS;
    }
    const rows = statement.all(values) as unknown[][];
    const [first] = rows;
    // Another program gave a table one more column, or took one.
    if (first !== undefined && first.length !== prepared.columns.length)
      prepared.columns = columnsOf(statement);
    keep();
    return { columns: prepared.columns, rows: rows.map((row) => row.map(fromSql)) };

    /** Not before it has run: a refused statement is not used again. */
    function keep(): void {
      if (args.some(isLong)) kept.delete(sql);
      else if (isOfRows && found === undefined) {
        if (kept.size >= MOST_KEPT) kept.clear();
        kept.set(sql, prepared);
      }
    }
  }

  function prepare(sql: string): Prepared {
    const statement = connection.prepare<unknown[]>(sql);
    statement.safeIntegers(true);
    if (!statement.reader) return { statement, columns: undefined };
    statement.raw(true);
    return { statement, columns: columnsOf(statement) };
  }

  function close(): void {
    kept.clear();
    if (connection.open) connection.close();
  }

  return {
    async batch(statements, mode) {
      try {
        connection.exec(BEGIN[mode]);
        const results = statements.map(({ sql, args }) => execute(sql, args));
        connection.exec('COMMIT');
        return results;
      } catch (error) {
        kept.clear();
        if (connection.open && connection.inTransaction) connection.exec('ROLLBACK');
        throw named(error);
      }
    },
    run(sql, ...args) {
      try {
        execute(sql, args);
      } catch (error) {
        throw named(error);
      }
    },
    reconnect() {
      close();
      connection = connect();
    },
    close,
  };
}

/** By number, without `SQLITE_` (sqlite.org/rescode.html). */
const CODES =
  'OK ERROR INTERNAL PERM ABORT BUSY LOCKED NOMEM READONLY INTERRUPT IOERR CORRUPT NOTFOUND FULL CANTOPEN PROTOCOL EMPTY SCHEMA TOOBIG CONSTRAINT MISMATCH MISUSE NOLFS AUTH FORMAT RANGE NOTADB'.split(
    ' ',
  );

/** In the words of @libsql/client, as the remote adapter says it, too. */
function named(error: unknown): unknown {
  if (!(error instanceof Sqlite.SqliteError)) return error;
  const { message, code, rawCode = 0 } = error;
  return new LibsqlError(message, `SQLITE_${CODES[rawCode & 0xff] ?? 'UNKNOWN'}`, code, rawCode, error);
}

const NO_ROWS: BatchResult = { columns: [], rows: [] };

function columnsOf(statement: Sqlite.Statement<unknown[]>): string[] {
  return statement.columns().map(({ name }) => name);
}

function isLong(arg: SqlArg): boolean {
  return (typeof arg === 'string' || arg instanceof Uint8Array) && arg.length > LONGEST_KEPT_ARGUMENT;
}

/** As @libsql/client binds them in its integer mode `bigint`. */
function toSql(arg: SqlArg | boolean): unknown {
  return typeof arg === 'boolean' ? BigInt(arg) : arg;
}

function fromSql(value: unknown): RowValue {
  return value instanceof Buffer
    ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
    : (value as RowValue);
}
