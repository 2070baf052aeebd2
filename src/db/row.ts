/** One result row, read column by column into narrow types; a surprise names its column. */

/** The value is of a kind that the column never has: somebody else wrote it. */
export class UnreadableValue extends TypeError {
  override readonly name = 'UnreadableValue';
}

export type RowValue = null | bigint | number | string | ArrayBuffer | Uint8Array;

export class Row {
  readonly #values: ArrayLike<RowValue>;
  readonly #columns: readonly string[];
  /** @param values as the driver gives them, one for each of `columns` */
  constructor(values: ArrayLike<RowValue>, columns: readonly string[]) {
    this.#values = values;
    this.#columns = columns;
  }

  int(column: string): number {
    const value = this.intOrNull(column);
    if (value === null) throw new UnreadableValue(`column ${column} is null`);
    return value;
  }

  intOrNull(column: string): number | null {
    const value = this.#value(column);
    if (value === null) return null;
    if (typeof value === 'bigint' || typeof value === 'number') {
      const number = Number(value);
      if (Number.isSafeInteger(number)) return number;
    }
    throw new UnreadableValue(`column ${column} is not an integer within 2^53`);
  }

  /** Of a number that is only shown: null as well where none can be read. */
  intIfReadable(column: string): number | null {
    const value = this.#value(column);
    if (typeof value !== 'bigint' && typeof value !== 'number') return null;
    return Number.isSafeInteger(Number(value)) ? Number(value) : null;
  }

  /** A count that is only shown: 0 where none can be read, and never more than a number holds. */
  figure(column: string): number {
    const value = this.#value(column);
    if (typeof value !== 'bigint' && typeof value !== 'number') return 0;
    return Math.trunc(Math.max(-Number.MAX_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, Number(value))));
  }

  text(column: string): string {
    const value = this.textOrNull(column);
    if (value === null) throw new UnreadableValue(`column ${column} is null`);
    return value;
  }

  /**
   * Old databases sometimes hold numbers in text columns (SQLite's affinities allow it): they read
   * as text.
   */
  textOrNull(column: string): string | null {
    const value = this.#value(column);
    if (value === null || typeof value === 'string') return value;
    if (typeof value === 'bigint' || typeof value === 'number') return String(value);
    throw new UnreadableValue(`column ${column} is not text`);
  }

  /**
   * All values as the driver gives them: integers are bigints, blobs come as bytes. A text must be
   * UTF-8: libsql ends the process over another.
   */
  values(): (null | bigint | number | string | Uint8Array)[] {
    return Array.from(this.#values, (value) =>
      value instanceof ArrayBuffer ? new Uint8Array(value) : value,
    );
  }

  bool(column: string): boolean {
    return this.int(column) !== 0;
  }

  #value(column: string): RowValue {
    const at = this.#columns.indexOf(column);
    const value = this.#values[at === -1 ? this.#inAnyCase(column) : at];
    if (value === undefined) throw new TypeError(`no column ${column} in this row`);
    return value;
  }

  /** SQLite gives a column's name as the table has it; somebody's SQL may have changed its case. */
  #inAnyCase(column: string): number {
    return this.#columns.findIndex((name) => name.toLowerCase() === column.toLowerCase());
  }
}
