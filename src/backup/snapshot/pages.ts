/**
 * The way round for servers without cursors: one read transaction held open by its baton, read page
 * by page. Tables with a rowid are sought by it; the rest (indexes, WITHOUT ROWID, nested) by
 * OFFSET, which costs the server time but is exact, because the transaction stands still. A
 * transaction that dies rejects the run.
 */
import { sureRow } from '../../db/database.ts';
import type { Row, SqlValue } from '../model/model.ts';
import {
  type PipelineAnswer,
  pipeline,
  resultRows,
  type SqlHttp,
  StatementFailed,
  type StreamAddress,
} from '../sql-http/sql-http.ts';
import { WireError, type WireValue } from '../sql-http/wire.ts';
import { plainRow } from './remote-schema.ts';
import type { RowForm } from './row-form.ts';

/**
 * Aimed at for one answer: far under the server's 10 MB, large enough that round trips do not rule.
 */
const PAGE_CHARACTERS = 2_000_000;
const FIRST_PAGE_ROWS = 200;
const MOST_PAGE_ROWS = 20_000;

export class PagedTransaction {
  readonly #server: SqlHttp;
  readonly #path: string;
  /** The way back into the transaction; undefined when there is none (yet, or any more). */
  #stream: StreamAddress | undefined;
  #begun = false;

  constructor(server: SqlHttp, path: string) {
    this.#server = server;
    this.#path = path;
  }

  /** Opens the transaction with its first reads; gives back the one row of each. */
  async begin(queries: readonly string[]): Promise<Row[]> {
    const { results } = await this.#send(['BEGIN', ...queries].map((sql) => statement(sql)));
    const [, ...answers] = results.map(successful);
    return answers.map((answer) => plainRow(sureRow(resultRows(answer['result']))));
  }

  async *read(form: RowForm, batchRows: number): AsyncGenerator<Row[]> {
    let limit = FIRST_PAGE_ROWS;
    let position: Position = { offset: 0, lastRowid: undefined };
    for (;;) {
      const page = await this.#page(form, position, limit);
      if (page === 'too large') {
        if (limit === 1) throw new Error('one row is too large for an answer of the server');
        limit = Math.ceil(limit / 4);
        continue;
      }
      const { rows, characters } = page;
      let lastRowid: SqlValue | undefined;
      for (let at = 0; at < rows.length; at += batchRows) {
        const batch = rows.slice(at, at + batchRows).map(form.readRow);
        lastRowid = batch.at(-1)?.[0];
        yield batch;
      }
      if (rows.length < limit) return;
      position = { offset: position.offset + rows.length, lastRowid };
      limit = Math.max(1, Math.min(MOST_PAGE_ROWS, Math.floor((limit * PAGE_CHARACTERS) / characters)));
    }
  }

  /** Ends the transaction in order. */
  async commit(): Promise<void> {
    const { results } = await this.#send([statement('COMMIT'), { type: 'close' }]);
    results.map(successful);
    this.#stream = undefined;
  }

  /** Gives it up. Never throws. */
  async abandon(): Promise<void> {
    if (this.#stream === undefined) return;
    try {
      await this.#send([{ type: 'close' }]);
    } catch (error) {
      // It may have died already, and expires otherwise; the run has failed for a better reason
      // than this.
      if (!(error instanceof Error)) throw error;
    }
  }

  async #page(
    form: RowForm,
    { offset, lastRowid }: Position,
    limit: number,
  ): Promise<{ rows: WireValue[][]; characters: number } | 'too large'> {
    const sought = form.seekSql !== undefined && typeof lastRowid === 'bigint';
    const sql = sought ? form.sql(form.seekSql) : form.sql();
    const skip = sought ? '' : ` OFFSET ${offset}`;
    const args = sought ? [{ type: 'integer', value: `${lastRowid}` }] : [];
    const { results, characters } = await this.#send([statement(`${sql} LIMIT ${limit}${skip}`, args)]);
    const [result] = results;
    if (result instanceof StatementFailed && result.code === 'RESPONSE_TOO_LARGE') return 'too large';
    return { rows: resultRows(successful(result)['result']), characters };
  }

  async #send(requests: readonly unknown[]): Promise<PipelineAnswer> {
    const stream = this.#stream;
    // Without a baton the server would open another stream and answer from outside the transaction.
    if (this.#begun && stream === undefined) throw new WireError('the server closed the read transaction');
    this.#begun = true;
    this.#stream = undefined; // a baton works once; without an answer there is no next one
    const answer = await pipeline(this.#server, this.#path, requests, stream);
    if (answer === 404) throw new Error(`${this.#server.host} no longer knows the read transaction`);
    this.#stream = answer.stream;
    return answer;
  }
}

interface Position {
  readonly offset: number;
  readonly lastRowid: SqlValue | undefined;
}

function statement(sql: string, args: readonly unknown[] = []): unknown {
  return { type: 'execute', stmt: { sql, args } };
}

function successful(
  result: Readonly<Record<string, unknown>> | StatementFailed | undefined,
): Readonly<Record<string, unknown>> {
  if (result instanceof StatementFailed) throw result;
  if (result === undefined) throw new WireError('a pipeline answer without its results');
  return result;
}
