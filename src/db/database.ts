/**
 * The database as the bot sees it: one batch of reads, one batch of writes, each one round trip
 * (docs/architecture.md, "The way of one update"). Two adapters: `remote-database.ts` (SQL over
 * HTTP, Worker and Node) and `embedded-database.ts` (a file, Node only).
 */
import { Row, type RowValue, UnreadableValue } from './row.ts';

export type SqlArg = null | string | number | bigint | Uint8Array;

export interface Statement {
  readonly sql: string;
  readonly args: readonly SqlArg[];
}

/**
 * A statement and the reader of its rows; one function in `src/db/*` builds it for each question.
 */
export interface Query<T> extends Statement {
  readonly parse: (rows: readonly Row[]) => T;
}

/**
 * Only a RETURNING clause tells what a statement did: hosted servers have told 0 affected rows
 * after every change (libsql-client-ts#312).
 */
export interface WriteResult {
  /** Rows of a RETURNING clause, or of a query. */
  readonly rows: readonly Row[];
}

/** Whether a statement with a RETURNING clause changed anything. */
export function hasChanged(result: WriteResult | undefined): boolean {
  return result !== undefined && result.rows.length > 0;
}

type Answers<Q extends readonly Query<unknown>[]> = {
  [K in keyof Q]: Q[K] extends Query<infer T> ? T : never;
};

export interface Database {
  /** All queries in one read transaction and one round trip. */
  read<const Q extends readonly Query<unknown>[]>(queries: Q): Promise<Answers<Q>>;
  /** All statements in one write transaction and one round trip: all happen or none. */
  write(statements: readonly Statement[]): Promise<readonly WriteResult[]>;
  /** Round trips so far, for tests and the update log. */
  readonly roundTrips: number;
  close(): void;
}

/**
 * The database did not answer: nothing is known to have happened. The webhook answers 503 and
 * Telegram sends again.
 */
export class DatabaseUnavailable extends Error {
  override readonly name = 'DatabaseUnavailable';
}

/**
 * A constraint refused a statement; the whole batch was rolled back. `constraint` is SQLite's
 * extended code.
 */
export class ConstraintFailed extends Error {
  override readonly name = 'ConstraintFailed';
  readonly constraint: string;
  constructor(constraint: string, cause: unknown) {
    super(`constraint failed: ${constraint}`, { cause });
    this.constraint = constraint;
  }
}

export function sql(text: string, ...args: readonly SqlArg[]): Statement {
  // The driver's own error would look like a lost database, and the update would be tried for ever.
  for (const arg of args)
    if (!isBindable(arg))
      throw new TypeError(`an argument of a statement is ${typeof arg}, which no database takes`);
  return { sql: text, args };
}

const INT64 = 2n ** 63n;

function isBindable(arg: unknown): boolean {
  if (typeof arg === 'number') return Number.isFinite(arg);
  if (typeof arg === 'bigint') return -INT64 <= arg && arg < INT64;
  return arg === null || ['string', 'boolean'].includes(typeof arg) || arg instanceof Uint8Array;
}

/** A query that yields its first row through `parse`, or undefined. */
export function one<T>(statement: Statement, parse: (row: Row) => T): Query<T | undefined> {
  return { ...statement, parse: ([row]) => (row === undefined ? undefined : parse(row)) };
}

/**
 * A row of an answer to a statement that always has one (an aggregate, `SELECT EXISTS`): an answer
 * without it is a broken one, and never means "nothing", "empty" or "no".
 */
export function sureRow<R>(rows: readonly R[] | undefined): R {
  const row = rows?.[0];
  if (row === undefined)
    throw new DatabaseUnavailable('the database answered without the row that it always has');
  return row;
}

/** As {@link one}, for a statement that always has a row. */
export function always<T>(statement: Statement, parse: (row: Row) => T): Query<T> {
  return { ...statement, parse: (rows) => parse(sureRow(rows)) };
}

/** A query that yields all its rows through `parse`. */
export function all<T>(statement: Statement, parse: (row: Row) => T): Query<T[]> {
  return { ...statement, parse: (rows) => rows.map(parse) };
}

/**
 * As {@link all}, for lists that people see: a row that the bot cannot read (somebody else wrote
 * it) takes no other with it. The next start of a Node host mends it or sets it aside
 * (src/takeover/plan-mending.ts).
 */
export function listed<T>(statement: Statement, parse: (row: Row) => T): Query<T[]> {
  return { ...statement, parse: (rows) => rows.flatMap((row) => readable(row, parse)) };
}

function readable<T>(row: Row, parse: (row: Row) => T): T[] {
  try {
    return [parse(row)];
  } catch (error) {
    if (error instanceof UnreadableValue) return [];
    throw error;
  }
}

export interface BatchResult {
  readonly columns: readonly string[];
  readonly rows: readonly ArrayLike<RowValue>[];
}

type Mode = 'write' | 'read' | 'deferred';

/** What either adapter needs of its client: all statements in one transaction. */
export interface BatchClient {
  batch(statements: { sql: string; args: SqlArg[] }[], mode: Mode): Promise<readonly BatchResult[]>;
  close(): void;
}

/**
 * Wraps a libSQL client (integer mode `bigint`) of either adapter. `recover` runs after a batch
 * that the database could not take. `deferred` writes lock only the files that they write to, where
 * several are attached.
 */
export function fromClient(
  client: BatchClient,
  recover: () => Promise<void> | void = () => {},
  writeMode: 'write' | 'deferred' = 'write',
): Database {
  let roundTrips = 0;
  const batch = async (statements: readonly Statement[], mode: Mode): Promise<readonly BatchResult[]> => {
    roundTrips += 1;
    try {
      return await client.batch(
        statements.map((s) => ({ sql: s.sql, args: [...s.args] })),
        mode,
      );
    } catch (error) {
      const explained = explain(error);
      if (explained instanceof DatabaseUnavailable) await recover();
      throw explained;
    }
  };
  return {
    async read<const Q extends readonly Query<unknown>[]>(queries: Q): Promise<Answers<Q>> {
      const results = await batch(queries, 'read');
      return queries.map((query, i) => query.parse(rowsOf(results[i]))) as Answers<Q>;
    },
    async write(statements) {
      const results = await batch(statements, writeMode);
      return results.map((result) => ({ rows: rowsOf(result) }));
    },
    get roundTrips() {
      return roundTrips;
    },
    close: () => client.close(),
  };
}

function rowsOf(result: BatchResult | undefined): Row[] {
  return result?.rows.map((row) => new Row(row, result.columns)) ?? [];
}

const UNAVAILABLE =
  /SQLITE_(BUSY|LOCKED|IOERR|CANTOPEN|FULL|READONLY)|SERVER_ERROR|HRANA_(WEBSOCKET|CLOSED|PROTO)|TRANSACTION_(CLOSED|TIMEOUT)|STREAM_EXPIRED/;

/**
 * Sorts libSQL's errors by what the caller can do: constraint (answer differently), unavailable
 * (try again later), bug (rethrow).
 */
function explain(error: unknown): unknown {
  if (!(error instanceof Error)) return new DatabaseUnavailable('database did not answer', { cause: error });
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const extended =
    'extendedCode' in error && typeof error.extendedCode === 'string' ? error.extendedCode : code;
  if (extended.startsWith('SQLITE_CONSTRAINT') || /SQLITE_CONSTRAINT|constraint failed/i.test(error.message))
    return new ConstraintFailed(
      /(UNIQUE|FOREIGN KEY|NOT NULL|CHECK|PRIMARY KEY)[^\n]*/.exec(error.message)?.[0] ?? extended,
      error,
    );
  const network =
    error instanceof TypeError || error.name === 'AbortError' || error.name === 'TimeoutError' || code === '';
  if (network || UNAVAILABLE.test(code) || UNAVAILABLE.test(error.message))
    return new DatabaseUnavailable(`database unavailable: ${error.message}`, { cause: error });
  return error;
}
