/**
 * What a connection has prepared, for the next time. libsql-server prepares each statement anew,
 * but once, and on a thread for each program; this server has one thread and needs up to three
 * statements for one. Without this it costs more than all that a bench measures. Node only.
 */
import type Database from 'libsql';
import type { Statement } from './statement.ts';
import type { BoundValue } from './wire-values.ts';

export interface Column {
  readonly name: string;
  readonly decltype: string | null;
}

export interface Prepared {
  /** As the dialect takes it. */
  readonly statement: Statement;
  /** What runs; its texts come as hex where {@link Statement.isQuery}. */
  readonly native: Database.Statement;
  /** Undefined: it gives no rows. */
  readonly columns: readonly Column[] | undefined;
}

/** More than the bot has. */
const MOST_KEPT = 200;
/** A kept statement holds its arguments until it runs again. */
const LONGEST_KEPT_ARGUMENT = 16_384;

export class Kept {
  readonly #statements = new Map<string, Prepared>();
  #isOn = false;

  /** For a new stream. */
  begin(): void {
    this.#isOn = true;
  }

  /** The stream may change the schema from here on, and what a statement gives with it. */
  end(): void {
    this.#statements.clear();
    this.#isOn = false;
  }

  /** Gives a statement to one run: one that fails, or is left half-way, does not come back. */
  take(sql: string): Prepared | undefined {
    const found = this.#isOn ? this.#statements.get(sql) : undefined;
    if (found !== undefined) this.#statements.delete(sql);
    return found;
  }

  /** After it has run to its end. */
  put(sql: string, prepared: Prepared, args: readonly BoundValue[]): void {
    const { statement, columns } = prepared;
    // Columns of a RETURNING clause are not looked up again when another table has the name.
    const isOfRows = statement.isQuery || (statement.isChange && columns === undefined);
    if (!this.#isOn || !isOfRows || args.some(isLong)) return;
    if (this.#statements.size >= MOST_KEPT) this.#statements.clear();
    this.#statements.set(sql, prepared);
  }
}

function isLong(value: BoundValue): boolean {
  return (typeof value === 'string' || value instanceof Uint8Array) && value.length > LONGEST_KEPT_ARGUMENT;
}
