/**
 * A server's database as restore works on it: statements of one stream, sent again when the answer
 * was lost.
 */
import { sureRow } from '../../db/database.ts';
import { type Clock, explain } from '../../lib/clock.ts';
import { isObject } from '../../lib/read-json.ts';
import { retry, SQL_REQUEST } from '../../lib/retry.ts';
import { ConnectionLost, pipeline, ServerRefused, type SqlHttp, StatementFailed } from './sql-http.ts';
import { WireError } from './wire.ts';

export interface SqlSession {
  /**
   * Runs statements one after the other, each for itself; they must bear being run twice. Foreign
   * keys are off.
   */
  run(statements: readonly string[]): Promise<void>;
  /** All statements in one transaction, which must bear being run twice. Foreign keys are off. */
  transaction(statements: readonly string[]): Promise<void>;
  /** The row of a query that always has one, as text. */
  row(sql: string): Promise<readonly (string | null)[]>;
  /**
   * All statements in one transaction, sent once as one request: nothing else can come between.
   * Rejects with {@link StatementFailed} when the server refused (nothing happened), with anything
   * else when it is not known whether it happened.
   */
  atomically(statements: readonly string[]): Promise<void>;
}

export interface SqlSessionOptions {
  readonly server: SqlHttp;
  readonly clock: Clock;
  readonly random: () => number;
}

export function openSqlSession({ server, clock, random }: SqlSessionOptions): SqlSession {
  let path = 'v3/pipeline';
  const post = async (requests: readonly unknown[]): Promise<readonly unknown[]> => {
    const answer = await pipeline(server, path, [...requests, { type: 'close' }]);
    if (answer !== 404) {
      const failed = answer.results.find((result) => result instanceof StatementFailed);
      if (failed !== undefined) throw failed;
      return answer.results;
    }
    if (path === 'v2/pipeline') throw new Error(`${server.host} is no database server: it has no pipeline`);
    path = 'v2/pipeline';
    return post(requests);
  };
  const { sleep } = clock;
  const retried = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await retry(SQL_REQUEST, { sleep, random, isPassing }, work);
    } catch (error) {
      if (remedy(error) === '') throw named(server, error);
      throw new Error(`${explain(error)}${remedy(error)}`, { cause: error });
    }
  };
  const atomically = async (statements: readonly string[]): Promise<void> => {
    const [answer] = await post([{ type: 'batch', batch: { steps: transaction(statements) } }]);
    const result = isObject(answer) ? answer['result'] : undefined;
    const errors = isObject(result) && Array.isArray(result['step_errors']) ? result['step_errors'] : [];
    const failed: unknown = errors.find((error: unknown) => error !== null && error !== undefined);
    if (failed !== undefined) throw new StatementFailed(server.host, failed);
    const done = isObject(result) && Array.isArray(result['step_results']) ? result['step_results'] : [];
    // An answer without errors is not yet a COMMIT: a step that was skipped has neither result nor
    // error.
    if (!isObject(done[commitStep(statements)]))
      throw new ConnectionLost(`database server ${server.host} does not say that it committed`);
  };
  return {
    async run(statements) {
      await retried(() => post([execute('PRAGMA foreign_keys = OFF'), ...statements.map(execute)]));
    },
    transaction: (statements) => retried(() => atomically(statements)),
    row: (sql) =>
      retried(async () => {
        const [answer] = await post([{ type: 'execute', stmt: { sql, want_rows: true } }]);
        const rows = isObject(answer) && isObject(answer['result']) ? answer['result']['rows'] : undefined;
        const row: unknown = sureRow(Array.isArray(rows) ? rows : undefined);
        if (!Array.isArray(row)) throw new WireError('a row that is no array');
        return row.map(plainValue);
      }),
    atomically: (statements) =>
      atomically(statements).catch((error: unknown) => {
        throw named(server, error);
      }),
  };
}

function execute(sql: string): unknown {
  return { type: 'execute', stmt: { sql, want_rows: false } };
}

/** Where {@link transaction} has its COMMIT. */
function commitStep(statements: readonly string[]): number {
  return statements.length + 2;
}

/** Foreign keys off (only possible outside a transaction), all or nothing, on again. */
function transaction(statements: readonly string[]): unknown[] {
  const sqls = ['PRAGMA foreign_keys = OFF', 'BEGIN IMMEDIATE', ...statements, 'COMMIT'];
  const steps: unknown[] = sqls.map((sql, i) => ({
    stmt: { sql, want_rows: false },
    ...(i === 0 ? {} : { condition: { type: 'ok', step: i - 1 } }),
  }));
  const failed = { type: 'not', cond: { type: 'ok', step: steps.length - 1 } };
  const open = { type: 'not', cond: { type: 'is_autocommit' } };
  steps.push({
    stmt: { sql: 'ROLLBACK', want_rows: false },
    condition: { type: 'and', conds: [failed, open] },
  });
  steps.push({ stmt: { sql: 'PRAGMA foreign_keys = ON', want_rows: false } });
  return steps;
}

const BUSY = /SQLITE_BUSY|database is locked|transaction timed out|TRANSACTION_TIMEOUT|STREAM_EXPIRED/i;

/** Worth another try: the connection, the server's own trouble, a lock. */
export function isPassing(error: unknown): boolean {
  if (error instanceof StatementFailed) return BUSY.test(`${error.code} ${error.message}`);
  return !(error instanceof ServerRefused) || error.status >= 500 || error.status === 429;
}

/**
 * What to do about a lock that others take away: a server grants a transaction 5 s while somebody
 * waits to write (platform-facts.md), and the swap of several million rows, or one index of them,
 * takes longer.
 */
export function remedy(error: unknown): string {
  return error instanceof StatementFailed && isPassing(error)
    ? '; others write to the database all the while: stop the bot, then restore again'
    : '';
}

function named(server: SqlHttp, error: unknown): unknown {
  if ([StatementFailed, ServerRefused, ConnectionLost].some((type) => error instanceof type)) return error;
  return new Error(`database server ${server.host} did not answer: ${explain(error)}`, { cause: error });
}

function plainValue(value: unknown): string | null {
  return isObject(value) && typeof value['value'] === 'string' ? value['value'] : null;
}
