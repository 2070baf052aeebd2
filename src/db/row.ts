/** One result row, read column by column into narrow types; a surprise names its column. */
import type { Row as ClientRow } from '@libsql/client';

/** The value is of a kind that the column never has: somebody else wrote it. */
export class UnreadableValue extends TypeError {
  override readonly name = 'UnreadableValue';
}

export class Row {
  readonly #row: ClientRow;
  constructor(row: ClientRow) {
    this.#row = row;
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
    return Array.from({ length: this.#row.length }, (_, i) => {
      const value = this.#row[i] ?? null;
      return value instanceof ArrayBuffer ? new Uint8Array(value) : value;
    });
  }

  bool(column: string): boolean {
    return this.int(column) !== 0;
  }

  #value(column: string): ClientRow[string] {
    const found = this.#row[column];
    const value = found === undefined ? this.#inAnyCase(column) : found;
    if (value === undefined) throw new TypeError(`no column ${column} in this row`);
    return value;
  }

  /** SQLite gives a column's name as the table has it; somebody's SQL may have changed its case. */
  #inAnyCase(column: string): ClientRow[string] | undefined {
    const name = Object.keys(this.#row).find((key) => key.toLowerCase() === column.toLowerCase());
    return name === undefined ? undefined : this.#row[name];
  }
}
