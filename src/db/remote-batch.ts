/**
 * One batch as a libSQL server takes it (Hrana over HTTP, version 2): BEGIN, each statement where
 * the one before it went well, COMMIT, else ROLLBACK, and the end of the stream. Pure.
 */
import { Buffer } from 'node:buffer';
import type { BatchClient, BatchResult, SqlArg } from './database.ts';
import type { RowValue } from './row.ts';

type Mode = Parameters<BatchClient['batch']>[1];
type Statements = Parameters<BatchClient['batch']>[0];

const BEGIN = { write: 'BEGIN IMMEDIATE', read: 'BEGIN TRANSACTION READONLY', deferred: 'BEGIN DEFERRED' };

/** What the server said, in the words of @libsql/client. */
export class RemoteFault extends Error {
  override readonly name = 'RemoteFault';
  readonly code: string;
  constructor(message: string, code: string) {
    super(`${code}: ${message}`);
    this.code = code;
  }
}

export function batchBody(statements: Statements, mode: Mode): string {
  const after = (step: number): object => ({ type: 'ok', step });
  const commit = statements.length + 1;
  const steps = [
    { stmt: { sql: BEGIN[mode], want_rows: false } },
    ...statements.map(({ sql, args }, i) => ({
      condition: after(i),
      stmt: { sql, args: args.map(toWire), want_rows: true },
    })),
    { condition: after(commit - 1), stmt: { sql: 'COMMIT', want_rows: false } },
    { condition: { type: 'not', cond: after(commit) }, stmt: { sql: 'ROLLBACK', want_rows: false } },
  ];
  return JSON.stringify({ requests: [{ type: 'batch', batch: { steps } }, { type: 'close' }] });
}

function toWire(arg: SqlArg | boolean): object {
  if (arg === null) return { type: 'null' };
  if (typeof arg === 'string') return { type: 'text', value: arg };
  if (typeof arg === 'number') return { type: 'float', value: arg };
  if (arg instanceof Uint8Array) return { type: 'blob', base64: Buffer.from(arg).toString('base64') };
  return { type: 'integer', value: String(BigInt(arg)) };
}

/** Parsed JSON that was not looked at yet. */
type Given = Readonly<Record<string, unknown>>;

/** What each of so many statements gave. @throws RemoteFault unless all of them are committed */
export function batchResults(answer: unknown, statements: number): BatchResult[] {
  const { results } = object(answer);
  const [batch, close] = list(results);
  if (close === undefined) throw protocol('not one result a request');
  const { type, error, response } = object(batch);
  if (type === 'error') throw said(error);
  const { step_results: done, step_errors: refused } = object(object(response)['result']);
  const [found, faults] = [list(done), list(refused)];
  const given: BatchResult[] = [];
  // The ROLLBACK behind them is not asked about.
  for (let step = 0; step <= statements + 1; step += 1) {
    if (faults[step] != null) throw said(faults[step]);
    if (found[step] == null) throw new RemoteFault('a statement was not run', 'TRANSACTION_CLOSED');
    if (step > 0 && step <= statements) given.push(result(object(found[step])));
  }
  return given;
}

function result({ cols, rows }: Given): BatchResult {
  return {
    columns: list(cols).map((column) => String(object(column)['name'] ?? '')),
    rows: list(rows).map((row) => list(row).map(fromWire)),
  };
}

function fromWire(given: unknown): RowValue {
  const { type, value, base64 } = object(given);
  if (type === 'null') return null;
  if (type === 'text' && typeof value === 'string') return value;
  if (type === 'integer' && typeof value === 'string') return BigInt(value);
  if (type === 'float' && typeof value === 'number') return value;
  if (type === 'blob' && typeof base64 === 'string') return new Uint8Array(Buffer.from(base64, 'base64'));
  throw protocol('a value of no known type');
}

function said(error: unknown): RemoteFault {
  const { message, code } = object(error);
  return new RemoteFault(String(message), typeof code === 'string' ? code : 'UNKNOWN');
}

function object(given: unknown): Given {
  if (typeof given !== 'object' || given === null) throw protocol('no object where one belongs');
  return given as Given;
}

function list(given: unknown): readonly unknown[] {
  if (!Array.isArray(given)) throw protocol('no list where one belongs');
  return given;
}

function protocol(what: string): RemoteFault {
  return new RemoteFault(`the answer has ${what}`, 'HRANA_PROTO_ERROR');
}
